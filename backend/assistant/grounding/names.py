"""Names with digits that state no number: indices, forms, tags, list marks; and the parameters of indicators that were computed."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

# Names that everybody knows. What is not here, and not given by the caller, is a number.
_INDICES: Final = (
    r"S\s?&\s?P[\s-]?(?:500|400|600|100|1500)|SP-?500|SPX-?500|Nasdaq[\s-]?(?:100)|NDX\s?100|US(?:30|100|500)|Russell[\s-]?(?:1000|2000|3000)|"
    r"FTSE[\s-]?(?:100|250|350)|CAC[\s-]?40|DAX[\s-]?40|(?:Euro[\s-]?)?Stoxx[\s-]?(?:50|600)|Nikkei[\s-]?(?:225|400)|Topix[\s-]?(?:100|500)|"
    r"Dow[\s-]?30|IBEX[\s-]?35|AEX[\s-]?25|ASX[\s-]?(?:50|200|300)|TSX[\s-]?60|KOSPI[\s-]?200|CSI[\s-]?(?:300|500|1000)|Nifty[\s-]?(?:50|100|500)|"
    r"Sensex[\s-]?30|STAR\s?50|OMXS[\s-]?30|FTSE\s?MIB\s?40|Wilshire[\s-]?5000|MSCI\s?EAFE|S&amp;P\s?500"
)
_PAPERS: Final = (
    r"(?:Form\s)?(?:10-[KQ]|8-K|6-K|20-F|40-F|13-?[DFG]|S-[1348]|N-PORT|11-K)(?:/A)?|DEF\s?14A|401\s?\(k\)|403\s?\(b\)|Rule\s10b5-1|10b5-1|"
    r"IFRS\s?\d{1,2}|IAS\s?\d{1,2}|ASC\s?\d{3}|Basel\s(?:2|3|4|II|III|IV)|MiFID\s?(?:2|II)|ISO\s?8601|SHA-?256|UTF-8"
)
_OTHERS: Final = (
    r"24/7|24/5|COVID-19|G-?(?:7|10|20)|B2[BC]|Web3|[LT]evel\s?(?:2|3|II)\b(?=\s(?:data|quotes?|book|feed))|Y2K|MP3|"
    r"(?-i:Q[1-4](?!\d)|[1-4]Q(?!\d)|Q(?:I{1,3}|IV)|H[12](?!\d)|[12]H(?!\d))"
)
# Number words that are part of a name or a figure of speech.
_WORDS: Final = (
    r"(?:double|triple)[\s-](?:top|bottom)s?|three\s(?:white\ssoldiers|black\scrows|inside\s(?:up|down)|outside\s(?:up|down)|drives)|"
    r"(?:one|two|three|four|five)[\s-](?:sided|way|edged|dimensional|fold\stest)|two[\s-]sided|third[\s-]part(?:y|ies)|third\squarter|fourth\squarter|"
    r"(?:first|second|latter|other|former)[\s-]half|half[\s-]?(?:way|hearted)|half[\s-]year|double[\s-](?:check|edged)\w*|"
    r"(?:three|four)[\s-]star|zero[\s-](?:sum|line)|zero\sline|triple\switching|four[\s-]square|one[\s-]off|at\ssixes\sand\ssevens|"
    r"three\s(?:methods|stars)|ten[\s-]k\sfiling|square\sone|at\sone\spoint|one\sanother|in\sone\sgo"
)
# What an answer says of itself: how many things it is about to tell, and its own steps.
_COUNT: Final = r"(?:[2-9]|10|two|three|four|five|six|seven|eight|nine|ten)"
_OWN: Final = (
    rf"(?:one\sor\s)?{_COUNT}\s(?:\w+\s)?(?:things|reasons|questions|ways|steps|options|aspects|takeaways|caveats|observations|remarks|scenarios)|"
    rf"all\s{_COUNT}\s(?:\w+\s)?(?:averages|oscillators|indicators|bands|levels)|"
    rf"{_COUNT}\s(?:key|main|bullet|important)\s(?:points|factors|figures|numbers)|"
    r"(?:step|option|scenario|example|section|question|figure|phase|tip|reason|chapter)\s\d{1,2}(?![.,%]?\d|\s?%)|"
    r"24[\s-]hours?(?=\s(?:market|a\sday|trading))|(?:7|seven)\sdays\sa\sweek"
)
_LISTED: Final = r"(?:third|fourth|fifth|sixth)(?=,\s)"
_FIXED: Final = re.compile(
    rf"(?<![\w.,$€£])(?:{_INDICES}|{_PAPERS}|{_OTHERS})(?![\w])(?![.,]\d)(?!\s?%)|\b(?:{_WORDS}|{_OWN})\b|(?:^|(?<=[.!?]\s)){_LISTED}",
    re.IGNORECASE,
)
_PATTERNS: Final = (
    re.compile(r"\{[A-Z][A-Za-z]{0,7}\d{1,6}\}"),  # tags
    re.compile(r"(?<![\w.,$€£])\[?F\d{1,4}\]?(?![\w])(?![.,]\d)"),  # links to facts
    # where a link leads, which is not shown; text that only looks like a link is
    re.compile(r"\[[^\[\]\n]{0,200}\](\((?:https?://|mailto:|fact:|#)[^()\s]*)(?=\)|\s\"[^\"\n]{0,200}\"\))"),
    re.compile(r"^\[\^?\d{1,2}\]:", re.MULTILINE),
)
_LIST_MARK: Final = re.compile(r"^(?:[ \t>]|[-*+]\s){0,8}(\d{1,2})[.)](?=[ \t])", re.MULTILINE)
TAG_MENTION: Final = re.compile(r"(?<![\w.,$€£])(?:\{([A-Z][A-Za-z]{0,7}\d{1,6})\}|\[?(F\d{1,4})\]?)(?![\w])(?![.,]\d)")
INDICATORS: Final = (
    r"(?:RSI|EMA|SMA|WMA|VWMA|HMA|DEMA|TEMA|KAMA|MA|ATR|NATR|ADX|ADXR|DI|DMI|MACD|PPO|CCI|MFI|ROC|CMO|TRIX|OBV|CMF|VWAP|BB|"
    r"Stoch(?:astics?)?(?:\sRSI)?|StochRSI|Williams(?:\s%?R)?|%[KDR]|Bollinger(?:\sbands?)?|Keltner(?:\schannels?)?|Donchian(?:\schannels?)?|"
    r"Aroon|Supertrend|Ichimoku|momentum|"
    r"(?:(?:simple|exponential|weighted|smoothed)\s)?(?:moving\s)?average|average\strue\srange|relative\sstrength(?:\sindex)?|"
    r"standard\sdeviation|volatility|rate\sof\schange)"
)
_BLANK: Final = "\ufffc"
_N_CHARS_BEFORE: Final = 240
_UNIT_WORDS: Final = (
    ("bar", "bar candle candlestick period"), ("day", "day session d"), ("week", "week w wk"), ("month", "month mo"),
    ("year", "year yr y"), ("hour", "hour h hr"), ("minute", "minute min m"), ("second", "second sec s"), ("quarter", "quarter"),
)  # fmt: skip
UNITS: Final = {word: unit for unit, words in _UNIT_WORDS for word in words.split()}
LONG_UNITS: Final = "|".join(sorted((word for word in UNITS if len(word) > 2), key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece of text begins: whether at the beginning of a line, the last number of a list and the last words before it.

    "50." at the beginning of a line is the mark of a list only after "49."; else it reads as a number.
    """

    is_line_start: bool = True
    mark: int = 0
    before: str = ""

    def list_marks(self, text: str) -> list[re.Match[str]]:
        """The marks of lists in a piece that begins here."""
        found, last = [], self.mark
        for match in _LIST_MARK.finditer(text):
            if (match.start() or self.is_line_start) and int(match[1]) in {1, last + 1}:
                found.append(match)
                last = int(match[1])
        return found

    def after(self, text: str) -> "Place":
        """Where the next piece begins."""
        marks = self.list_marks(text)
        return Place(text.endswith("\n"), int(marks[-1][1]) if marks else self.mark, (self.before + text)[-_N_CHARS_BEFORE:])


START: Final = Place()


class Names:
    """Where names with digits stand in a folded text; ``more`` are names that the caller knows, as codes of instruments."""

    def __init__(self, more: Collection[str] = ()) -> None:
        known = sorted({name for name in more if re.search(r"\d", name)}, key=len, reverse=True)
        self._more = (
            re.compile(rf"(?<![\w.,$€£])(?:{'|'.join(re.escape(name) for name in known)})(?!\w)(?![.,]\d)", re.IGNORECASE)
            if known
            else None
        )

    def mask(self, text: str, place: "Place") -> str:
        """The text with every name's letters replaced, one for one, by what is neither digit nor word."""
        for match in place.list_marks(text):
            text = text[: match.start(1)] + _BLANK * len(match[1]) + text[match.end(1) :]
        for pattern in (*_PATTERNS, _FIXED, *([self._more] if self._more else [])):
            text = pattern.sub(_blank, text)
        return text


def _blank(match: re.Match[str]) -> str:
    if match.re.groups and match[1]:
        start, end = match.start(1) - match.start(), match.end(1) - match.start()
        return f"{match[0][:start]}{_BLANK * (end - start)}{match[0][end:]}"
    return _BLANK * len(match[0])


class Parameters:
    """Windows and parameters that facts were computed with: "RSI 14", "50-day average". Others are numbers to be judged.

    words : labels, names, formulas and inputs of the facts; specs : their intervals, as "5m"
    formulas : of labels; what an indicator is computed with are parameters of it too, as the averages of the MACD
    """

    def __init__(self, words: Iterable[str], specs: Iterable[str] = (), formulas: Iterable[tuple[str, str]] = ()) -> None:
        self.windows: set[tuple[int, str]] = set()
        self.of_indicators: set[tuple[str, str]] = set()
        self.specs = {spec.lower() for spec in specs}
        for said in words:
            self._read(said)
        for label, formula in formulas:
            if named := _INDICATOR.search(label):
                figures = [figure for match in _NAMED.finditer(formula) for figure in re.findall(r"\d+", match[2])]
                figures += [match[1] for match in _NAMED_AFTER.finditer(formula)]
                self.of_indicators |= {(_kind_of(named[1]), figure) for figure in figures}
        for spec in self.specs:
            parts = re.fullmatch(r"(\d+)([a-z]+)", spec)
            if parts and parts[2] in UNITS:
                self.windows.add((int(parts[1]), UNITS[parts[2]]))
        self._is_daily = not self.specs or bool(self.specs & {"1d"})

    def _read(self, said: str) -> None:
        text = said.replace("_", " ").replace(".", " . ")
        for match in _WINDOW.finditer(text):
            self.windows.add((int(match[1]), UNITS[match[2].lower()]))
        for unit in _SINGLE.findall(text):
            self.windows.add((1, UNITS[unit.lower()]))
        for match in _NAMED.finditer(text):
            inner = _OF_ANOTHER.match(text, match.end())
            if inner:  # the window of the MACD's signal is no average of prices
                self.of_indicators |= {(_kind_of(inner[1]), figure) for figure in re.findall(r"\d+", match[2])}
                continue
            for figure in re.findall(r"\d+(?: \. \d+)?", match[2]):
                self.of_indicators.add((_kind_of(match[1]), figure.replace(" ", "")))
                if figure.isdigit():
                    self.windows.add((int(figure), "bar"))
        for match in _NAMED_AFTER.finditer(text):
            self.of_indicators.add((_kind_of(match[2]), match[1]))

    def is_window(self, count: int, unit: str) -> bool:
        """Whether something was computed over so many bars, days and so on."""
        if (count, unit) in self.windows or _WHOLE_OF.get((count, unit), (0, "")) in self.windows:
            return True
        # Sessions of daily bars are bars; of other bars they are not.
        other = {"bar": "day", "day": "bar"}.get(unit, "")
        return bool(other) and self._is_daily and (count, other) in self.windows

    def is_of_indicator(self, indicator: str, figure: str) -> bool:
        """Whether this indicator was computed with this parameter."""
        kind = _kind_of(indicator)
        if (kind, figure) in self.of_indicators:
            return True
        if kind != "average" or not figure.isdigit():
            return False
        return any((int(figure), unit) in self.windows for unit in ("bar", "day"))


_WINDOW: Final = re.compile(rf"(?<![\d.])(\d{{1,4}})(?:\s?-\s?|\s+)?({LONG_UNITS}|[dwhy]\b|mo\b)s?\b", re.IGNORECASE)
_SINGLE: Final = re.compile(rf"\b(?:over|of|for) (?:an?|one) ({LONG_UNITS})\b", re.IGNORECASE)
_NAMED: Final = re.compile(rf"\b({INDICATORS})[\s(:-]{{0,3}}(\d+(?: \. \d+)?(?:\s?[,/ ]\s?\d+(?: \. \d+)?)*)", re.IGNORECASE)
_INDICATOR: Final = re.compile(rf"\b({INDICATORS})\b")
_OF_ANOTHER: Final = re.compile(r"\s?\)?\sof\s(?:the\s)?(MACD|RSI|OBV|ATR)\b")
_NAMED_AFTER: Final = re.compile(
    rf"(?<![\d.])(\d{{1,4}})[\s-](?:(?:bar|day|period|week|hour|minute|session)s?[\s-])?({INDICATORS})", re.IGNORECASE
)


# Twelve months are a year, and three a quarter.
_WHOLE_OF: Final = {(3, "month"): (1, "quarter"), (12, "month"): (1, "year")}


def _kind_of(indicator: str) -> str:
    """One word for an indicator however it is called."""
    said = indicator.lower().replace("-", " ")
    for word, kind in (("stoch", "stochastic"), ("bollinger", "bollinger"), ("keltner", "keltner"), ("donchian", "donchian")):
        if word in said:
            return kind
    if said.startswith("average true"):
        return "atr"
    if said.startswith("relative"):
        return "rsi"
    if "average" in said or said in {"ma", "sma", "ema", "wma"}:
        return "average"
    return "roc" if said.startswith("rate") else "bollinger" if said == "bb" else said
