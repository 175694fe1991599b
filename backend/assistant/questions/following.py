"""Questions that only say what is other than in the one before, as "and in 2011?", "what about MSFT", "and the lowest?"."""

import re
from typing import Final, Literal

import msgspec

from backend.assistant.questions.each import take_split
from backend.assistant.questions.names import Names, one_of
from backend.assistant.questions.parsing import is_one_bar, take_subject
from backend.assistant.questions.periods import is_ever, take_period
from backend.assistant.questions.phrases import UNIT_INTERVALS, Reading
from backend.assistant.questions.plain_text import plain_question
from backend.assistant.questions.plan import MONTHS, OF_NOW, OF_TWO, Ask, Change, Period, Plan, Price, Span, Whole
from backend.assistant.questions.plan_checks import check_plan
from backend.assistant.questions.seasonal import take_season

_MARK: Final = re.compile(r"@x[a-z]")
_BEGINS: Final = re.compile(r"(?:(?:and|or|but|so|ok|okay|now|then)\b[ ,]*)*(?:(?:what|how) (?:about|is it|was it)\b)?")
_ADDS: Final = re.compile(r"(?:and|or|but)\b")
_IDLE: Final = frozenset(re.findall(r"\w+", "for in of on the same again with then instead too also please it this that"))
_UNIT: Final = r"(day|week|month|quarter|year)s?\b"
_COUNTED: Final = re.compile(rf"\bhow (?:many|often)\b(?: {_UNIT})?")
_ASIDE: Final = re.compile(r"(?:why|really|thanks?|thank you|hm+|oh|sure|great|nice|wow|when was (?:that|it))\b")
_BARE_MONTH: Final = re.compile(rf"\b({'|'.join(MONTHS)})\b(?! \d)")
# What may be asked of the same value instead: a biggest fall is a lowest change, so that sizes of changes are not among them.
_SIZES: Final = {**dict.fromkeys(("biggest", "largest"), Ask.HIGHEST), "smallest": Ask.LOWEST}
_OTHERS: Final = {
    **dict.fromkeys(("highest", "best"), Ask.HIGHEST),
    **dict.fromkeys(("lowest", "worst"), Ask.LOWEST),
    **dict.fromkeys(("average", "mean"), Ask.MEAN),
    "median": Ask.MEDIAN,
}
_OF_VALUES: Final = frozenset({Ask.HIGHEST, Ask.LOWEST, Ask.MEAN, Ask.MEDIAN})
_SIDES: Final[dict[Ask | None, Literal["high", "low"]]] = {Ask.HIGHEST: "high", Ask.LOWEST: "low"}
_ENDS: Final = {"first": Ask.FIRST, "last": Ask.LAST}


def vary(text: str, before: Plan, names: Names) -> Plan | None:
    """The plan of the question before, with another instrument, time, weekday, split or extreme; None where a text says more.

    Raises InvalidInput for a name that may mean several instruments, and for a time that does not exist.
    """
    line, ids, watchlist = take_subject(re.sub(r"[{}@~\x00-\x1f]", " ", text), names)
    line = plain_question(line)
    begun = _BEGINS.match(line)
    is_of_several = before.ask in OF_TWO or any(one.instrument for one in before.where)
    if begun is None or not begun[0].strip() or (is_of_several and (ids or watchlist is not None)):
        return None
    reading = Reading(_counted_alike(_MARK.sub(" ", line[begun.end() :]), before))
    take_season(reading)
    by = take_split(reading)
    period, rest = take_period(_of_the_year(reading.text, before.period))
    left = set(re.findall(r"[^\s;,?!.]+", rest)) - _IDLE
    ask = _other_ask(*left, before=before) if len(left) == 1 else None
    if left and ask is None:
        return None
    said = {"season": reading.season, "by": by, "period": None if period == Whole() else period, "ask": ask}
    changes: dict[str, object] = {name: value for name, value in said.items() if value}
    if ask in _SIDES and isinstance(before.measure, Price) and before.measure.field in {"high", "low"}:
        changes["measure"] = Price(_SIDES[ask])
    if by == "year" and period == Whole():
        changes["period"] = period  # of one year alone that would be no table
    if ids or watchlist is not None:
        changes |= {"instruments": tuple(dict.fromkeys(one_of(one) for one in ids)), "watchlist": watchlist}
    return check_plan(msgspec.structs.replace(before, **changes)) if changes else None


def at_the_same_time(plan: Plan, text: str, before: Plan) -> Plan:
    """What a text that goes on asks anew, of the time that was spoken of, where it names none. Raises InvalidInput."""
    line = plain_question(text)
    is_of_now = plan.ask in OF_NOW or is_one_bar(before.period)
    if plan.period != Whole() or is_of_now or is_ever(line) or _ADDS.match(line) is None:
        return plan
    changes: dict[str, object] = {"period": before.period}
    if before.season and not plan.season and not re.search(_UNIT, line):
        changes["interval"] = before.interval
    if changes.get("interval", plan.interval) == before.interval:
        changes |= {"season": plan.season or before.season, "by": plan.by or before.by}
    return check_plan(msgspec.structs.replace(plan, **changes))


def goes_on(text: str) -> bool:
    """Whether a text begins as one that goes on from the question before."""
    begun = _BEGINS.match(plain_question(text))
    return begun is not None and bool(begun[0].strip())


def is_aside(text: str) -> bool:
    """Whether a text leaves open what is spoken of: one that goes on though it is not understood, or a word in between."""
    return goes_on(text) or _ASIDE.match(plain_question(text)) is not None


def _counted_alike(text: str, before: Plan) -> str:
    """The text without "how many", where that counts the bars that were counted before."""
    match = _COUNTED.search(text) if before.ask is Ask.COUNT else None
    if match is None or (match[1] and (before.season or UNIT_INTERVALS[match[1]] != before.interval)):
        return text
    return f"{text[: match.start()]} {text[match.end() :]}"


def _of_the_year(text: str, period: Period) -> str:
    """The text with the year that was spoken of beside a month that is named alone."""
    year = period.first[:4] if isinstance(period, Span) and period.first[:4] == period.last[:4] else ""
    return _BARE_MONTH.sub(rf"\1 {year}", text) if year else text


def _other_ask(word: str, *, before: Plan) -> Ask | None:
    if before.ask in _OF_VALUES and isinstance(before.measure, Change):
        ask = _OTHERS.get(word)  # of falls there is another mean than that of all changes
        return ask if {ask, before.ask} <= _SIDES.keys() else None
    if before.ask in _OF_VALUES:
        return _OTHERS.get(word) or _SIZES.get(word)
    return _ENDS.get(word) if before.ask in _ENDS.values() else None
