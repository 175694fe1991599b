"""Questions that only say what is other than in the one before, as "and in 2011?" and "what about MSFT"."""

import re
from typing import Final

import msgspec

from backend.assistant.questions.names import Names, one_of
from backend.assistant.questions.parsing import take_subject
from backend.assistant.questions.periods import take_period
from backend.assistant.questions.phrases import Reading
from backend.assistant.questions.plain_text import plain_question
from backend.assistant.questions.plan import OF_TWO, Plan, Whole
from backend.assistant.questions.plan_checks import check_plan
from backend.assistant.questions.seasonal import take_season

_MARK: Final = re.compile(r"@x[a-z]")
_BEGINS: Final = re.compile(r"(?:(?:and|or|but|so|ok|okay|now|then)\b[ ,]*)*(?:(?:what|how) (?:about|is it|was it)\b)?")
_IDLE: Final = frozenset(re.findall(r"\w+", "for in of on the same again with then instead too also please it this that"))


def vary(text: str, before: Plan, names: Names) -> Plan | None:
    """The plan of the question before, of other instruments or another time; None where the text says anything else.

    Raises InvalidInput for a name that may mean several instruments, and for a time that does not exist.
    """
    line, ids, watchlist = take_subject(re.sub(r"[{}@~\x00-\x1f]", " ", text), names)
    line = plain_question(line)
    begun = _BEGINS.match(line)
    if begun is None or not begun[0].strip() or before.ask in OF_TWO or any(one.instrument for one in before.where):
        return None
    reading = Reading(line[begun.end() :])
    season = take_season(reading)
    period, rest = take_period(_MARK.sub(" ", reading.text))
    if set(re.findall(r"[^\s;,?!.]+", rest)) - _IDLE:
        return None
    changes: dict[str, object] = {} if period == Whole() else {"period": period}
    if season:
        changes["season"] = season
    if ids or watchlist is not None:
        changes |= {"instruments": tuple(dict.fromkeys(one_of(one) for one in ids)), "watchlist": watchlist}
    return check_plan(msgspec.structs.replace(before, **changes)) if changes else None


def goes_on(text: str) -> bool:
    """Whether a text begins as one that goes on from the question before."""
    begun = _BEGINS.match(plain_question(text))
    return begun is not None and bool(begun[0].strip())
