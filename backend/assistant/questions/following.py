"""Questions that only say what is other than in the one before, as "and in 2011?", "what about MSFT", "and the lowest?"."""

import re
from typing import Final

import msgspec

from backend.assistant.questions.each import take_split
from backend.assistant.questions.names import Names, one_of
from backend.assistant.questions.parsing import take_subject
from backend.assistant.questions.periods import is_ever, take_period
from backend.assistant.questions.phrases import Reading
from backend.assistant.questions.plain_text import plain_question
from backend.assistant.questions.plan import MONTHS, OF_TWO, Ask, Change, Period, Plan, Span, Whole
from backend.assistant.questions.plan_checks import check_plan
from backend.assistant.questions.seasonal import take_season

_MARK: Final = re.compile(r"@x[a-z]")
_BEGINS: Final = re.compile(r"(?:(?:and|or|but|so|ok|okay|now|then)\b[ ,]*)*(?:(?:what|how) (?:about|is it|was it)\b)?")
_ADDS: Final = re.compile(r"(?:and|or|but)\b")
_OF_NOW: Final = frozenset({Ask.VALUE, Ask.WHETHER, Ask.WHICH, Ask.TREND})
_IDLE: Final = frozenset(re.findall(r"\w+", "for in of on the same again with then instead too also please it this that"))
_COUNTED: Final = re.compile(r"\bhow (?:many|often)\b(?: (?:days|weeks|months)\b)?")
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
    rest = _MARK.sub(" ", line[begun.end() :])
    reading = Reading(_COUNTED.sub(" ", rest) if before.ask is Ask.COUNT else rest)
    season, by = take_season(reading), take_split(reading)
    period, rest = take_period(_of_the_year(reading.text, before.period))
    left = set(re.findall(r"[^\s;,?!.]+", rest)) - _IDLE
    ask = _other_ask(*left, before=before) if len(left) == 1 else None
    if left and ask is None:
        return None
    said = {"season": season, "by": by, "period": None if period == Whole() else period, "ask": ask}
    changes: dict[str, object] = {name: value for name, value in said.items() if value}
    if by == "year" and period == Whole():
        changes["period"] = period  # of one year alone that would be no table
    if ids or watchlist is not None:
        changes |= {"instruments": tuple(dict.fromkeys(one_of(one) for one in ids)), "watchlist": watchlist}
    return check_plan(msgspec.structs.replace(before, **changes)) if changes else None


def at_the_same_time(plan: Plan, text: str, before: Plan) -> Plan:
    """What a text that goes on asks anew, of the time that was spoken of, where it names none. Raises InvalidInput."""
    line = plain_question(text)
    if plan.period != Whole() or plan.ask in _OF_NOW or is_ever(line) or _ADDS.match(line) is None:
        return plan
    changes: dict[str, object] = {"period": before.period}
    if plan.interval == before.interval:
        changes |= {"season": plan.season or before.season, "by": plan.by or before.by}
    return check_plan(msgspec.structs.replace(plan, **changes))


def goes_on(text: str) -> bool:
    """Whether a text begins as one that goes on from the question before."""
    begun = _BEGINS.match(plain_question(text))
    return begun is not None and bool(begun[0].strip())


def _of_the_year(text: str, period: Period) -> str:
    """The text with the year that was spoken of beside a month that is named alone."""
    year = period.first[:4] if isinstance(period, Span) and period.first[:4] == period.last[:4] else ""
    return _BARE_MONTH.sub(rf"\1 {year}", text) if year else text


def _other_ask(word: str, *, before: Plan) -> Ask | None:
    if before.ask in _OF_VALUES:
        of_size = {} if isinstance(before.measure, Change) else _SIZES
        return _OTHERS.get(word) or of_size.get(word)
    return _ENDS.get(word) if before.ask in _ENDS.values() else None
