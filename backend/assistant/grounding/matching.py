"""What numbers may be said: facts within display rounding, numbers in the person's words or in searched text, derived numbers."""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from decimal import Decimal
from functools import cached_property
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.grounding.derived import find_distance
from backend.assistant.grounding.directions import is_sign_right
from backend.assistant.grounding.found import FoundNumber, Kind
from backend.assistant.grounding.judging import DISTANCES
from backend.assistant.grounding.known_dates import KnownDates
from backend.assistant.grounding.names import INDICATORS, LONG_UNITS, UNITS, Names, Parameters, Place
from backend.assistant.grounding.quotes import Quotes
from backend.assistant.grounding.results import asks_for_number, is_result, is_retold, is_supposed, words_beside
from backend.assistant.grounding.sentence import Sentence
from backend.assistant.grounding.span import Mark, Standing
from backend.assistant.grounding.speaking import Stated
from backend.assistant.grounding.subjects import Subjects
from backend.assistant.grounding.values import decimal_of, shown_decimals

_FORMS: Final = {
    Kind.PLAIN: frozenset({"money", "number", "count", "ratio", "percent"}),
    Kind.PERCENT: frozenset({"percent", "share"}),
    Kind.POINTS: frozenset({"percent"}),
    Kind.MONEY: frozenset({"money"}),
    Kind.MULTIPLE: frozenset({"ratio", "count"}),
    Kind.RATIO: frozenset({"ratio"}),
    Kind.FRACTION: frozenset({"ratio", "part"}),
    Kind.ORDINAL: frozenset({"count"}),
}
_FORM_OF: Final = {
    Unit.PRICE: "money", Unit.MONEY: "money", Unit.PERCENT: "percent", Unit.RATIO: "ratio", Unit.COUNT: "count",
    Unit.QUANTITY: "number", Unit.INDEX: "number",
}  # fmt: skip
_COUNTED: Final = frozenset({"count", "ratio", "number"})  # what bars and days may be; no price, no percent
_COINS: Final = {"BTC", "ETH", "USDT", "USDC"}
# Words that allow a coarser rounding, and which way: 1 the value is at least what is said, -1 at most.
_COARSE: Final = re.compile(
    r"(?:(?P<any>\b(?:about|around|roughly|approximately|circa|some|close to|near)|\bca\.|~|\u2248)|"
    r"(?P<low>\b(?:over|more than|above|at least|just over|just above|exceeding|upwards of))|"
    r"(?P<high>\b(?:under|less than|below|at most|almost|nearly|just under|just below|up to)))\s*[$\u20ac\u00a3]?\Z",
    re.IGNORECASE,
)
_PARAMETER_BEFORE: Final = re.compile(
    rf"(?<![A-Za-z])({INDICATORS})(?:[\s-]?\(|[\s-]|of\s|\s\w+\sof\s)?(?:\d+(?:\.\d+)?(?:\s?[,/]\s?|\s))*\Z", re.IGNORECASE
)
_PARAMETER_AFTER: Final = re.compile(
    rf"[\s-](?:(?:bar|day|period|week|hour|minute|session)s?[\s-])?(?:\w+[\s-])?({INDICATORS})(?![A-Za-z])", re.IGNORECASE
)
_WINDOW_BEFORE: Final = re.compile(
    r"(?:\b(?:last|past|previous|prior|newest|trailing|recent|latest|over|of|by|in|these|those|across|the)|\()\s?\Z", re.IGNORECASE
)
_LASTING: Final = re.compile(
    r"[\s-]?(?:\w+[\s-]){0,2}?(?:in\sa\srow|ago|straight|running|streak|later|ahead|from\snow|to\scome|consecutive|(?:winning|losing)\b)",
    re.IGNORECASE,
)
_OF_RISK: Final = re.compile(
    r"\b(?:C?VaR|(?:value|loss)\sat\srisk|expected\sshortfall)[\s*_`,(]*(?:C?VaR[\s,]*)?(?:at\s(?:a\s|the\s)?)?\Z", re.IGNORECASE
)
_AS_CONFIDENCE: Final = re.compile(r"\)|\sconfidence\b", re.IGNORECASE)
_YEAR_BEFORE: Final = re.compile(r"\b(?:in|since|of|during|from|until|year|early|late)\s\Z", re.IGNORECASE)
_OVER: Final = re.compile(r"\bover\s\d{1,3}\s(?:day|session|bar)s?\b.*\bover\s\Z", re.IGNORECASE)
_SHARED_UNIT: Final = re.compile(
    rf"-?(?:\s?(?:,\s(?:and\s|or\s)?|/|and\s|or\s|&\s)\d{{1,3}}-?)+[\s-]({LONG_UNITS})s?\b", re.IGNORECASE
)
_LEADS: Final = re.compile(rf"[\s-]?(?:{LONG_UNITS})s?(?:\schange)?\s?(?:[:|]\s|\s[-+\u2212]\d)", re.IGNORECASE)
_ROUND_MAX: Final = 10_000
_WHOLE: Final = 10**6


UNKNOWN: Final = Standing(Mark.UNVERIFIED)
NAME: Final = Standing(Mark.PLAIN)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to state a fact's value: its own, or a ratio as percent; ``shown`` is rounded as the fact is shown."""

    value: Decimal
    shown: Decimal
    form: str
    fact: Fact


class Known:
    """Everything that an answer's numbers may stand for. Its own values are never changed; making it costs, judging is fast.

    quoted : the person's own words and the texts that were searched
    names : more names with digits that are no numbers, as codes of instruments ("600519.XSHG")
    zone : in which dates may be told, beside UTC
    asked : the question, which says what an answer's first words are about; where it asks for a number, no quoted one is the answer
    """

    def __init__(
        self, facts: FactSet, quoted: Sequence[str] = (), *, names: Sequence[str] = (), zone: tzinfo = UTC, asked: str = ""
    ) -> None:
        self.facts = facts
        self.place = Place(before=asked)
        self.quoted = tuple(quoted)
        self.zone = zone
        self.asked = asked
        self._answers = asks_for_number(asked)
        codes = {str(fact.bars.series.instrument) for fact in facts.values() if fact.bars}
        self._called = tuple(names)
        self.names = Names({*names, *codes, *(code.rpartition(".")[0] for code in codes)})
        readings = sorted((reading for fact in facts.values() for reading in _readings(fact)), key=lambda one: abs(one.value))
        self._readings = readings
        self._sizes = [float(abs(reading.value)) for reading in readings]

    @cached_property
    def parameters(self) -> Parameters:
        """With which windows and parameters the facts were computed."""
        said = [words for fact in self.facts.values() for words in (fact.label, fact.name, fact.formula, fact.source, *fact.inputs)]
        specs = {str(fact.bars.series.spec) for fact in self.facts.values() if fact.bars}
        return Parameters(said, specs, [(fact.label, fact.formula) for fact in self.facts.values()])

    @cached_property
    def dates(self) -> KnownDates:
        """The days and times that facts tell or are about."""
        return KnownDates(self.facts, self.zone)

    @cached_property
    def subjects(self) -> Subjects:
        """Which facts are of which subject."""
        return Subjects(self.facts, self._called)

    @cached_property
    def quotes(self) -> Quotes:
        """The numbers of the quoted texts."""
        return Quotes(self.quoted, self.names)

    def sentence(self, text: str, numbers: Sequence[FoundNumber], place: Place) -> Sentence:
        """A sentence of an answer, to judge its numbers in."""
        dates = tuple((number.start, number.dates) for number in numbers if number.kind is Kind.DATE or _is_year(number, text))
        return Sentence(text, self.subjects.phrases, place.before, dates)

    def judge(self, number: FoundNumber, sentence: Sentence) -> Standing:
        """What a number in a sentence stands for, its arithmetic apart. Offsets are the sentence's."""
        if number.kind is Kind.VAGUE or (number.value is None and not number.dates and not number.clock):
            return self._as_several(number, sentence.text) or self.quotes.find(number) or UNKNOWN
        if (named := self._as_parameter(number, sentence.text)) is not None:
            return named
        stated = Stated(sentence, number)
        if number.kind in {Kind.DATE, Kind.TIME}:
            return self._of_date(stated) or self._of_quotes(stated) or UNKNOWN
        found = self._of_fact(stated) or self._of_distance(stated)
        if found is None and not is_result(number, sentence.text, answers=self._answers):  # a year is no result
            found = self._of_date(stated)
        return found or self._as_confidence(number, sentence.text) or self._of_quotes(stated) or UNKNOWN

    def _as_confidence(self, number: FoundNumber, sentence: str) -> Standing | None:
        """A name where it is the confidence that the value at risk was computed at: "VaR (95%)"."""
        if number.kind is not Kind.PERCENT or number.value is None or not _OF_RISK.search(sentence, 0, number.start):
            return None
        is_aside = number.is_bracketed or _AS_CONFIDENCE.match(sentence, number.end) is not None
        said = f"loss that {abs(number.value).normalize():f} % of"
        return NAME if is_aside and any(said in fact.formula for fact in self.facts.values()) else None

    def price_at(self, number: FoundNumber) -> Fact | None:
        """The price whose value a number is by its size alone, distances apart."""
        if number.value is None or number.kind not in {Kind.PLAIN, Kind.MONEY}:
            return None
        exact = (one.fact for one in self._candidates(number, None) if _gap(number, one, None) == 0)
        return next((fact for fact in exact if fact.unit is Unit.PRICE and fact.name not in DISTANCES), None)

    def _of_quotes(self, stated: Stated) -> Standing | None:
        """That it is quoted; never as a result, and never of what is known to be another number.

        Where a number was asked for, only as the condition that it is in the question.
        """
        number, text = stated.number, stated.sentence.text
        if is_result(number, text, answers=self._answers):
            return None
        is_bound = self._answers and not is_retold(number, text)
        beside = words_beside(text, number.start, number.end, n_words=1) if is_bound else None
        quoted = self.quotes.find(number, beside)
        return None if quoted and not is_supposed(number, text) and self.subjects.knows(stated.spoken) else quoted

    def _of_date(self, stated: Stated) -> Standing | None:
        """The fact whose day or time it is, if the sentence speaks of it there."""
        moment = next((one for one in self.dates.find(stated.number) if self.subjects.is_dated(one, stated.dated)), None)
        return Standing(Mark.NUMBER, moment.fact.id, moment.why) if moment else None

    def _as_parameter(self, number: FoundNumber, sentence: str) -> Standing | None:
        """A name where it is a window or parameter that was computed with ("RSI 14", "50-day average"), unknown where it was not.

        None where it does not stand as one.
        """
        value = number.value
        if value is None or number.kind not in {Kind.PLAIN, Kind.ORDINAL} or number.is_signed:
            return None
        after = _PARAMETER_AFTER.match(sentence, number.end)
        before = _PARAMETER_BEFORE.search(sentence, max(0, number.start - 60), number.start)
        indicator = after or before
        if self._is_named_window(number, value, sentence):
            return NAME
        if number.scale != 1 or number.currency or indicator is None or (after is None and _is_stated(sentence, number)):
            return None
        if self.parameters.is_of_indicator(indicator[1], f"{abs(value).normalize():f}"):
            return NAME
        is_place = (after is not None and number.unit) or (
            before is not None and number.is_bracketed and before[0].endswith(before[1])
        )
        return (self.quotes.find(number) or UNKNOWN) if is_place else None

    def _as_several(self, number: FoundNumber, sentence: str) -> Standing | None:
        """A name where it is several parameters of an indicator without blanks between: "MACD (12,26,9)"."""
        before = _PARAMETER_BEFORE.search(sentence, max(0, number.start - 60), number.start)
        figures = number.text.strip("()").split(",")
        is_known = before is not None and all(self.parameters.is_of_indicator(before[1], figure) for figure in figures)
        return NAME if is_known else None

    def _is_named_window(self, number: FoundNumber, value: Decimal, sentence: str) -> bool:
        """Whether it says over how long, with its own unit or with that of another: "the 20-, 50- and 200-day averages"."""
        if number.unit:
            return self._is_window(number, value) and _stands_as_window(sentence, number)
        shared = _SHARED_UNIT.match(sentence, number.end)
        if shared is None and not _OVER.search(sentence, 0, number.start):
            return False
        return number.kind is Kind.PLAIN and self._is_window(
            replace(number, unit=UNITS[shared[1].lower()] if shared else "day"), value
        )

    def _is_window(self, number: FoundNumber, value: Decimal) -> bool:
        count = value / number.scale
        return count % 1 == 0 and count < _WHOLE and self.parameters.is_window(int(count), number.unit)

    def _of_fact(self, stated: Stated) -> Standing | None:
        """The fact whose value it is, if the sentence speaks of it there; of several the exact one, then the most spoken of."""
        number, text = stated.number, stated.sentence.text
        coarse = _COARSE.search(text, max(0, number.start - 24), number.start)
        best: tuple[int, int, Decimal] | None = None
        chosen: _Reading | None = None
        for reading in self._candidates(number, coarse):
            gap, sign = _gap(number, reading, coarse), self.subjects.sign(reading.fact)
            if gap is None or not self.subjects.fits(reading.fact, stated):
                continue
            if not is_sign_right(number, reading.fact, stated.direction, sign, is_zero=reading.shown == 0):
                continue
            rank = (int(gap > 0), -_spoken(reading.fact, text), gap)
            if best is None or rank < best:
                best, chosen = rank, reading
        if chosen is None or best is None:
            return None
        return Standing(Mark.NUMBER, chosen.fact.id, chosen.fact.id if best[0] == 0 else f"{chosen.fact.id} rounded")

    def _of_distance(self, stated: Stated) -> Standing | None:
        """How far the price stands from a level, where facts have how far that is from the price: "10.7 % below resistance"."""
        pair = self.subjects.compared_with(stated) if stated.number.kind is Kind.PERCENT else None
        found = find_distance(stated.number, *pair, stated.spoken.side) if pair else None
        return Standing(Mark.NUMBER, *found) if found else None

    def _candidates(self, number: FoundNumber, coarse: re.Match[str] | None) -> Iterator[_Reading]:
        """Readings of about this size whose form can be said so."""
        assert number.value is not None
        size = float(abs(number.value))
        reach = float(_coarse_grain(number) if coarse else number.grain) * 0.51 + size * 1e-9
        forms = _FORMS[number.kind]
        if number.unit and number.scale == 1:
            forms = forms & _COUNTED
        if number.kind is Kind.MONEY and number.currency in _COINS:
            forms = forms | {"number"}
        low = bisect.bisect_left(self._sizes, size - reach)
        high = bisect.bisect_right(self._sizes, size + reach)
        return (reading for reading in self._readings[low:high] if reading.form in forms)


def _stands_as_window(sentence: str, number: FoundNumber) -> bool:
    """Whether it says over how many bars something was computed ("50-day", "the last 20 sessions"), not how often something was."""
    if _LASTING.match(sentence, number.end):
        return False
    if _LEADS.match(sentence, number.end):  # "1 week: -4.51%"
        return True
    is_joined = sentence[number.end : number.end + 1] == "-" or (number.text[-1:].isalpha() and not number.is_word)
    return is_joined or _WINDOW_BEFORE.search(sentence, max(0, number.start - 24), number.start) is not None


def _readings(fact: Fact) -> Iterator[_Reading]:
    """How a fact's value may be stated; none for words, dates, flags and what is unavailable."""
    form = _FORM_OF.get(fact.unit)
    if form is None or isinstance(fact.value, bool | str) or fact.value is None or not abs(fact.value) < float("inf"):
        return
    value = decimal_of(fact.value)
    shown = round(value, shown_decimals(value, fact.decimals))
    yield _Reading(value, shown, form, fact)
    if fact.unit is Unit.RATIO:
        yield _Reading(value * 100, shown * 100, "share", fact)
    if fact.unit is Unit.PERCENT:
        yield _Reading(value / 100, shown / 100, "part", fact)


def _gap(number: FoundNumber, reading: _Reading, coarse: re.Match[str] | None) -> Decimal | None:
    """How far what is said is from the value, if rounding to the written digits explains it; else None."""
    assert number.value is not None
    said, value, shown = abs(number.value), abs(reading.value), abs(reading.shown)
    if said in {shown, value}:
        return Decimal(0)
    is_single = number.kind is Kind.PLAIN and number.n_digits == 1 and number.grain >= 1 and number.scale == 1
    is_exact_only = is_single or (reading.form == "count" and number.scale == 1)
    if is_exact_only and coarse is None:
        return None
    gap = min(abs(said - value), abs(said - shown))
    if gap <= number.grain / 2 and gap <= value / 20:
        return gap
    return gap if coarse is not None and _is_coarsely(number, value, gap, coarse) else None


def _is_coarsely(number: FoundNumber, value: Decimal, gap: Decimal, coarse: re.Match[str]) -> bool:
    """Whether "about", "over" or "nearly" explain what is missing."""
    said = abs(number.value or Decimal(0))
    if gap > _coarse_grain(number) / 2 or gap > value / 5:
        return False
    return not ((coarse["low"] and value < said) or (coarse["high"] and value > said))


def _coarse_grain(number: FoundNumber) -> Decimal:
    """After "about", zeros at the end count as rounding, down to two digits."""
    assert number.value is not None
    grain, mantissa = number.grain, abs(number.value) / number.grain
    if grain < number.scale:
        return grain
    while mantissa >= 100 and mantissa % 10 == 0:
        mantissa, grain = mantissa / 10, grain * 10
    return grain if mantissa < _ROUND_MAX else number.grain


def _is_year(number: FoundNumber, text: str) -> bool:
    """Whether four figures are said as a year: "in 2012", "since 2012"."""
    return bool(number.dates) and _YEAR_BEFORE.search(text, max(0, number.start - 12), number.start) is not None


def _is_stated(sentence: str, number: FoundNumber) -> bool:
    """Whether a word between indicator and number says that this is its value: "RSI is 14"."""
    return re.search(r"(?:\b(?:is|at|was|of|reads)|[:=])\s*\Z", sentence[max(0, number.start - 12) : number.start]) is not None


def _spoken(fact: Fact, sentence: str) -> int:
    """How many of a label's words the sentence has."""
    said = sentence.lower()
    return sum(1 for word in re.findall(r"[a-z]{3,}", fact.label.lower()) if word in said)
