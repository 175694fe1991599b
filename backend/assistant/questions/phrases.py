"""Values as questions say them: "50-day average", "RSI(14)", "52 week high", "daily return", "volume"; each put in braces."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from backend.assistant.questions.operands import parse_operand
from backend.assistant.questions.plan import Change, Extreme, Gap, Indicator, Number, Operand, Price, Range
from backend.errors import InvalidInput
from backend.indicators.catalogue import CATALOGUE
from backend.indicators.spec import IndicatorSpec

Read: TypeAlias = Callable[[re.Match[str]], Operand | None]

# Words for bars of an interval; a number before them may choose the interval.
UNIT_INTERVALS: Final = {
    "minute": "1m",
    "hour": "1h",
    "day": "1d",
    "week": "1w",
    "month": "1mo",
    "quarter": "3mo",
    "year": "12mo",
}
_UNIT: Final = r"(?:bars?|periods?|sessions?|candles?|(?:trading )?days?|weeks?|months?|quarters?|years?|hours?|minutes?|[dwhm])"
_KINDS: Final = {"simple": "sma", "exponential": "ema", "weighted": "wma", "ma": "sma"}
_AVERAGE: Final = r"(?:moving averages?|averages?|mean|ma|sma|ema|wma|dma)"
_COLUMN: Final = (
    r"(?:opens?|opening prices?|highs?|lows?|close|closes|closed|closing prices?|closing|prices?|volumes?|(?:traded|trading) volume"
    r"|hl2|hlc3|ohlc4|hlcc4)"
)
_FALL: Final = r"drops?|falls?|declines?|loss(?:es)?|decreases?|losers?|down ?moves?|crash(?:es)?|slides?|plunges?"
_RISE: Final = r"gains?|rises?|increases?|jumps?|up ?moves?|rall(?:y|ies)|advances?|surges?"
_ANY: Final = r"changes?|returns?|moves?|performances?"
_OUTPUTS: Final = {
    "upper": r"upper|top",
    "lower": r"lower|bottom",
    "middle": r"middle|mid",
    "signal": r"signal(?: line)?",
    "histogram": r"histogram",
    "line": r"line",
    "k": r"%? ?k(?: line)?",
    "d": r"%? ?d(?: line)?",
    "plus": r"plus|\+",
    "minus": r"minus|-",
    "side": r"direction|side",
}


# A "20-day high" is that of 20 bars; longer times are counted on the calendar.
_WINDOW_UNITS: Final = {"w": "week", "d": "bar", "day": "bar", "trading day": "bar", "m": "month"} | dict.fromkeys(
    ("session", "period", "candle"), "bar"
)


WRITTEN: Final = r"\b[a-z_]+\((?:[^()]|\((?:[^()])*\))*\)(?:\.[a-z]+)?"


@dataclass(slots=True)
class Reading:
    """A question while it is read: what of it is understood, and the words that are left.

    values : what stands for ``{0}``, ``{1}``, … in the text
    prices : places of values that were named as a price, and of which price nobody said
    falls, rises : places of values that were named as one direction of a change
    n_written : how many of the values, the first ones, were written in full and mean just that
    intervals : what was said or follows of how bars are cut
    marks : the ids that each mark of an instrument, ``@xa``, ``@xb``, …, may stand for
    opening : the text before conditions were taken
    is_together : several instruments are to meet the conditions at one time
    is_every : what is asked is to hold at every bar
    season : the weekday or month of the year that is asked about
    """

    text: str
    values: list[Operand] = field(default_factory=list)
    prices: set[int] = field(default_factory=set)
    falls: set[int] = field(default_factory=set)
    rises: set[int] = field(default_factory=set)
    intervals: list[str] = field(default_factory=list)
    n_written: int = 0
    marks: tuple[tuple[str, ...], ...] = ()
    opening: str = ""
    is_together: bool = False
    is_every: bool = False
    season: str = ""

    @property
    def has_several(self) -> bool:
        """Whether more than one instrument is named."""
        return len(set(self.marks)) > 1

    def take(self, pattern: str, read: Read) -> None:
        """Put a value in the place of each piece that matches; what ``read`` gives None for stays."""

        def replaced(match: re.Match[str]) -> str:
            value = read(match)
            return match[0] if value is None else f" {self.put(value)} "

        self.text = re.sub(pattern, replaced, self.text)

    def put(self, value: Operand) -> str:
        """Keep a value; its mark."""
        self.values.append(value)
        return f"{{{len(self.values) - 1}}}"

    def drop(self, pattern: str) -> re.Match[str] | None:
        """Take the first piece that matches out of the text; None where there is none."""
        match = re.search(pattern, self.text)
        if match is not None:
            self.text = f"{self.text[: match.start()]} {self.text[match.end() :]}"
        return match


def take_written(reading: Reading) -> None:
    """Values written in full, as ``sma(50).value``; whatever is in their parentheses is theirs alone."""
    reading.take(WRITTEN, lambda match: parse_operand(match[0]))
    reading.n_written = len(reading.values)


def take_values(reading: Reading) -> None:
    """Values as people say them."""
    _take_averages(reading)
    for spec in CATALOGUE:
        if spec.is_listed:
            _take_indicator(reading, spec)
    _take_extremes(reading)
    _take_changes(reading)
    reading.take(
        r"\b(?:(?:opening|overnight|price) )?gap(?:s|ped)?(?: (?P<side>up|down))?\b", lambda match: _gap(reading, match["side"])
    )
    reading.take(r"\b(?:(?:trading|price|high low|daily) )?ranges?\b", lambda _: Range())
    reading.take(
        rf"\b{_COLUMN}\b(?: (?:prices?|values?|volumes?))?(?! (?:higher|lower|up|down|green|red)\b)",
        lambda match: _column(reading, match[0]),
    )


def interval_of(unit: str) -> str | None:
    """The interval whose bars a unit names; None for bars in general."""
    word = unit.removeprefix("trading ").rstrip("s")
    return UNIT_INTERVALS.get({"d": "day", "w": "week", "h": "hour", "m": "minute"}.get(word, word))


def _take_averages(reading: Reading) -> None:
    kinds = r"(?:(simple|exponential|weighted) )?"
    of = rf"(?: of (?:the |its )?({_COLUMN})|(?= of)| (volume)s?)?"

    def read(match: re.Match[str]) -> Operand | None:
        parts = match.groupdict()
        if parts["unit"]:
            _note_interval(reading, parts["unit"])
        word = parts["word"].split()[0]
        name = _KINDS.get(parts["kind"] or "") or (word if word in {"sma", "ema", "wma"} else "sma")
        source = parts["of"] or parts["volume"]
        column = cast("Price", _column_of(source)).field if source else ""
        return Indicator(name, "value", (float(parts["n"]),), "" if column == "close" else column)

    unit = rf"(?:[ ]?(?P<unit>{_UNIT}))?"
    tail = of.replace(f"({_COLUMN})", f"(?P<of>{_COLUMN})").replace("(volume)", "(?P<volume>volume)")
    kind = kinds.replace("(simple", "(?P<kind>simple")
    reading.take(rf"\b(?P<n>\d+){unit} (?:{kind})(?P<word>{_AVERAGE})\b{tail}", read)
    reading.take(rf"\b{kind}(?P<word>{_AVERAGE}) (?:of|over) (?:the (?:last )?)?(?P<n>\d+) (?P<unit>{_UNIT})\b{tail}", read)
    reading.take(rf"\b{kind}(?P<word>sma|ema|wma|ma|moving average) ?\(?(?P<n>\d+)\)?(?P<unit>(?!)x)?(?!\d|\.\d){tail}", read)


def _take_indicator(reading: Reading, spec: IndicatorSpec) -> None:
    names = {spec.title, spec.short, spec.name.replace("_", " "), *(alias.replace("_", " ") for alias in spec.aliases)}
    extra = {
        "bollinger": {"bollinger"},
        "macd": set(),
        "stochastic": {"stochastic", "stochastics"},
        "keltner": {"keltner"},
        "donchian": {"donchian"},
        "obv": {"on balance volume"},
        "vwap": {"volume weighted average price"},
    }.get(spec.name, set())
    plain_names = sorted(
        (name.lower().replace("-", " ") for name in (names | extra) - {"MA", "ST", "KC", "DC"}), key=len, reverse=True
    )
    called = "|".join(map(re.escape, plain_names))
    outputs = "|".join(f"(?P<{o.name}_a>{_OUTPUTS[o.name]})" for o in spec.outputs if o.name in _OUTPUTS) or "(?!)"
    after = "|".join(f"(?P<{o.name}_b>{_OUTPUTS[o.name]})" for o in spec.outputs if o.name in _OUTPUTS) or "(?!)"
    pattern = (
        rf"(?<![\w.])(?:(?P<n>\d+)[ ]?(?P<unit>{_UNIT})? )?(?:(?:{outputs}) )?(?:{called})"
        rf"(?: ?\((?P<inside>[\d., ]+)\)| (?P<numbers>\d+(?: \d+)*)(?![\d.%]| ?%| {_UNIT}\b))?"
        rf"(?: (?:{after})(?![\w]))?(?: (?:bands?|channels?|lines?|values?|readings?|indicator|oscillator))?(?!\w)"
    )

    def read(match: re.Match[str]) -> Operand | None:
        parts = match.groupdict()
        if parts["unit"]:
            _note_interval(reading, parts["unit"])
        given = re.findall(r"\d+(?:\.\d+)?", parts["inside"] or parts["numbers"] or parts["n"] or "")
        if len(given) > len(spec.parameters):
            raise InvalidInput(
                f"{spec.short} has {len(spec.parameters)} parameters, not {len(given)}.",
                hint=f"Write it as {spec.label({})}.",
                code="question.value",
            )
        numbers = [float(number) for number in given] + [float(p.default) for p in spec.parameters[len(given) :]]
        said = [o.name for o in spec.outputs if parts.get(f"{o.name}_a") or parts.get(f"{o.name}_b")]
        return Indicator(spec.name, said[0] if said else _main_output(spec), tuple(numbers))

    reading.take(pattern, read)
    if spec.name == "macd":
        line = Indicator("macd", "signal", tuple(float(p.default) for p in spec.parameters))
        reading.take(r"\b(?:its )?signal line\b", lambda _: line)


def _main_output(spec: IndicatorSpec) -> str:
    names = [output.name for output in spec.outputs]
    return next((name for name in ("value", "middle", "line", "k") if name in names), names[0])


def _take_extremes(reading: Reading) -> None:
    def read(match: re.Match[str]) -> Operand:
        n, unit = int(match["n"]), match["unit"].rstrip("s")
        unit = _WINDOW_UNITS.get(unit, unit)
        return _extreme(match["side"], n, unit, match["field"])

    unit = r"(?P<unit>weeks?|days?|months?|years?|bars?|sessions?|periods?|candles?|w|d|m)"
    last = r"(?: (?P<field>closes?|closing price))?"
    reading.take(rf"\b(?P<n>\d+) ?{unit} (?:new )?(?P<side>high|low)s?\b{last}", read)
    reading.take(
        rf"\ball times? (?P<side>high|low)s?\b{last}",
        lambda match: _extreme(match["side"], 0, "bar", match["field"]),
    )
    reading.take(rf"\b(?:record) (?P<side>high|low)s?\b{last}", lambda match: _extreme(match["side"], 0, "bar", match["field"]))


def _extreme(side: str, n: int, unit: str, column: str | None) -> Extreme:
    word = "close" if column else side
    return Extreme("highest" if side == "high" else "lowest", cast("Any", word), n, cast("Any", unit))


def _take_changes(reading: Reading) -> None:
    """Changes as nouns: "one-day drop", "daily return", "biggest weekly gain"; a verb is a condition and stays."""
    noun = rf"(?:(?P<fall>{_FALL})|(?P<rise>{_RISE})|(?P<any>{_ANY}))"
    # "Daily" itself is taken with the interval before; then a mark stands there.
    big = (
        "biggest largest greatest worst best highest lowest average mean median steepest smallest max maximum min minimum sharpest"
    )
    qualified = "|".join(f"(?<={word} )" for word in big.split())
    before = rf"(?:(?:(?P<n>\d+)[ ]?|single )(?P<unit>{_UNIT})[ ]|(?P<adjective>~)[ ]|{qualified})"

    def read(match: re.Match[str]) -> Operand:
        n = int(match["n"] or 1)
        if match["unit"]:
            _note_interval(reading, match["unit"])
        place = len(reading.values)
        if match["fall"]:
            reading.falls.add(place)
        if match["rise"]:
            reading.rises.add(place)
        return Change(n, "points" if match["points"] or match["point"] else "percent")

    tail = r"(?: in (?P<points>points|dollars))?(?: in (?:%|percentage))?"
    reading.take(rf"{before}(?:single )?(?:(?:price|closing|%|percentage|(?P<point>points?|dollars?)) )*{noun}\b{tail}", read)


def _gap(reading: Reading, side: str | None) -> Operand:
    if side:
        (reading.rises if side == "up" else reading.falls).add(len(reading.values))
    return Gap()


def _note_interval(reading: Reading, unit: str) -> None:
    interval = interval_of(unit)
    if interval is not None:
        reading.intervals.append(interval)


def _column(reading: Reading, words: str) -> Operand:
    if words in {"price", "prices"}:
        reading.prices.add(len(reading.values))
    return _column_of(words)


def _column_of(words: str) -> Operand:
    if words in {"hl2", "hlc3", "ohlc4", "hlcc4"}:
        return Price(cast("Any", words))
    return Price(next((cast("Any", name) for name in ("volume", "open", "high", "low") if name in words), "close"))


def number_of(text: str) -> Number:
    """A number to compare with, with or without a percent sign."""
    return Number(float(text.replace("%", "").strip()))
