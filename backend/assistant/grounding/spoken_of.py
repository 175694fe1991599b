"""What of the facts a sentence speaks of: the averages, oscillators, levels and prices that it names, and whose they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backend.assistant.facts.fact import FactSet

_LENGTHS: Final = {"short": 20, "middle": 50, "medium": 50, "long": 200}
_KNOWN: Final = (
    r"(?P<high_52w>(?:52-week|yearly|one-year)\shigh|highest\shigh\sof\s(?:a|the)\syear)",
    r"(?P<low_52w>(?:52-week|yearly|one-year)\slow|lowest\slow\sof\s(?:a|the)\syear)",
    (
        r"(?P<average>(?P<bars>\d{1,3})[\s-](?:day|bar|period|session)s?[\s-](?:simple\s)?(?:moving\s)?average|"
        r"(?:SMA|MA)[\s(-]?(?P<length>\d{1,3})\)?|(?P<run>short|middle|medium|long)(?:-term)?\s(?:moving\s)?average)"
    ),
    (
        r"(?P<other>\d{1,3}[\s-](?:day|bar|period|session|week|month)s?[\s-]\w+(?:\s\w+)?|[EWHK]MA\b|exponential|VWAP|Ichimoku|Keltner|Donchian|"
        r"averages?|moving)"
    ),
    r"(?P<rsi>RSI|relative\sstrength(?:\sindex)?)",
    r"(?P<stochastic_d>%D)",
    r"(?P<stochastic>stochastics?|%K)",
    r"(?P<signal>signal(?:\sline)?)",
    r"(?P<histogram>histogram)",
    r"(?P<macd>MACD)",
    r"(?P<adx>ADX|(?:trend\sstrength|strength\sof\sthe\strend))",
    r"(?P<upper>upper\s(?:Bollinger\s)?band)",
    r"(?P<lower>lower\s(?:Bollinger\s)?band)",
    r"(?P<middle>middle\s(?:Bollinger\s)?band)",
    r"(?P<support>supports?)",
    r"(?P<resistance>resistances?)",
    r"(?P<pivot>pivot(?:\spoint)?)",
    r"(?P<volume>volumes?|turnover|trading\sactivity)",
    r"(?P<volatility>volatility)",
    r"(?P<momentum>momentum)",
    r"(?P<trend>(?:up|down)?-?trend)",
    r"(?P<previous>(?:previous|prior|yesterday'?s|last\ssession'?s)\sclose)",
    r"(?P<zero>zero)",
    r"(?P<price>(?:last\s|newest\s|closing\s|share\s|stock\s|current\s)?(?:price|close)|stock|shares?|it|closed|trad(?:es|ed|ing))",
)
_NAMES: Final = {
    "rsi": "oscillator.rsi", "stochastic": "stochastic.k", "stochastic_d": "stochastic.d", "signal": "macd.signal",
    "histogram": "macd.histogram", "macd": "macd.line", "adx": "trend.adx", "upper": "band.upper", "lower": "band.lower",
    "middle": "band.middle", "support": "level.support.1", "resistance": "level.resistance.1", "pivot": "pivot.point",
    "volume": "volume.ratio_20", "volatility": "volatility.regime", "trend": "trend.direction", "price": "price.last",
    "high_52w": "price.high_52w", "low_52w": "price.low_52w", "previous": "price.previous_close",
}  # fmt: skip
_NO_NAMES: Final = (
    "RSI MACD ADX SMA EMA MA ATR VWAP DI CCI MFI OBV I US USD EUR UTC K D AI Bollinger Fibonacci January February March April "
    "May June July August September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
)
_ACRONYMS: Final = frozenset(_NO_NAMES.split())
# Words that often begin a sentence and name nobody.
_BEGIN_SENTENCES: Final = (
    "the a an its this that these those there here in on at as with from by for after before since over under while when "
    "although though because if but and so yes no also now today both one all overall still however meanwhile moreover given "
    "based according to looking despite trading like last next first second finally short long medium near nearest close "
    "price prices volume momentum trend support resistance volatility shares stock it then thus yet even only compared within "
    "above below more most some any each what which who note remember answer strong weak rising falling bullish bearish "
    "relative average moving furthermore you your we our they their i he she everything nothing something sentiment caution"
)
_OPENERS: Final = frozenset(_BEGIN_SENTENCES.split())
_DOES: Final = re.compile(
    r"(?:['\u2019]s)?\s(?:is|was|has|had|did|does|rose|fell|clos|trad|gain|lost|stands|outperf|underperf|beat|price|stock|shares|RSI|MACD|and\s[A-Z])",
)
_BEGINS: Final = re.compile(r"[.!?:\n|][\W_]*\Z")
_WORD: Final = re.compile(r"(?<![\w{])[A-Za-z](?:[\w&-]|\.(?=\w)|['\u2019](?=s\b))*")


@dataclass(frozen=True, slots=True)
class Named:
    """What a stretch of a sentence names: a topic, and the fact of it if there is one that code computed."""

    start: int
    end: int
    topic: str
    fact: str = ""


class SpokenOf:
    """Reads sentences about one instrument; ``facts`` are its own."""

    def __init__(self, facts: FactSet) -> None:
        self._facts = facts
        said = [fact.value for name in ("instrument.name", "instrument.id") if (fact := facts.named(name)) is not None]
        series = [
            str(fact.bars.series.instrument) for fact in facts.values() if fact.bars is not None and fact.name == "price.last"
        ]
        texts = [text for text in (*said, *series) if isinstance(text, str)]
        words = {word for text in texts for word in re.findall(r"[A-Za-z]{2,}", text) if word.lower() not in _OPENERS}
        self._own = {word.lower() for word in words} | {word.lower() for text in texts for word in text.split()}
        own = rf"|(?P<own>{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})" if words else ""
        self._topics = re.compile(rf"\b(?:{'|'.join(_KNOWN)}{own})(?![\w%])|(?P<sign>%[KD])\b", re.IGNORECASE)

    def named_in(self, sentence: str) -> Iterator[Named]:
        """Everything that is named, in order."""
        for match in self._topics.finditer(sentence):
            topic = match.lastgroup or "other"
            if match["average"]:
                topic = "average"
                length = match["bars"] or match["length"] or str(_LENGTHS[match["run"].lower()])
                name = f"average.sma_{length}"
            elif match["sign"]:
                topic, name = "stochastic", "stochastic.k" if match["sign"].upper() == "%K" else "stochastic.d"
            else:
                topic = "price" if topic == "own" else topic
                name = _NAMES.get(topic, "")
            fact = self._facts.named(name) if name else None
            yield Named(match.start(), match.end(), topic, fact.id if fact is not None else "")

    @staticmethod
    def _acts(word: str, following: str) -> bool:
        """Whether the first word of a sentence is a name: no usual beginning, and what follows says what it is or does."""
        return word.lower() not in _OPENERS and not word.endswith("ly") and _DOES.match(following) is not None

    def has_stranger(self, text: str) -> bool:
        """Whether a name stands in the text that may be another's than the instrument's: all may be said of that one."""
        ends = 0
        for match in _WORD.finditer(text):
            is_first = ends == 0 or _BEGINS.search(text, ends, match.start()) is not None
            ends = match.end()
            word = re.sub(r"(?:['\u2019]s)?[.&-]*\Z", "", match[0])
            is_own = {word.lower(), *(part.lower() for part in re.split(r"[.-]", word))} & self._own
            is_opener = word in {"A", "The"} or (is_first and not word.isupper() and not self._acts(word, text[match.end() :]))
            if word[:1].isupper() and not (is_own or is_opener or word in _ACRONYMS or re.fullmatch(r"F\d+", word)):
                return True
        return False
