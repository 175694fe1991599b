"""What is asked of every bar, or of each piece of the calendar for itself: "every day", "always", "by year", "in each month"."""

import re
from typing import Final

from backend.assistant.questions.phrases import UNIT_INTERVALS, Reading

IS_WHETHER: Final = re.compile(r"\s*(?:did|has|have|is|are|was|were|does|do|whether)\b")
EACH: Final = r"(?:each and every|(?:every|each)(?: single)?|all(?: of)?(?: the)?)"
_UNIT: Final = r"(?:trading )?(bar|candle|session|minute|hour|day|week|month|quarter|year)s?"
_EVERY: Final = (
    rf"\b(?:(?:on|in|for|at) )?{EACH} {_UNIT}\b(?: long)?"
    r"|\b(?:always|throughout|at all times)\b|\ball (?:the time\b|(?:of|through|in|during)(?= (?:[a-z]+ )?\d{4}\b))"
)
_PIECE: Final = r"(?:calendar )?(week|quarter|year)s?|(month)s?"
_SPLIT: Final = (
    r"\b(week|month|quarter|year) by (?:week|month|quarter|year)\b"
    rf"|\b(?:by|per|(?:(?:for|in|of|on|during|at the end of) )?(?:each|every)(?: single)?) (?:{_PIECE})\b"
)


def take_every(reading: Reading) -> bool:
    """Whether a yes or no is asked of every bar; the words are taken, and the unit chooses the interval."""
    match = reading.drop(_EVERY) if IS_WHETHER.match(reading.text) else None
    if match is not None and match[1] in UNIT_INTERVALS:
        reading.intervals.append(UNIT_INTERVALS[match[1]])
    return match is not None


def take_split(reading: Reading) -> str:
    """The piece of the calendar of which each is asked about for itself; empty for the period as one."""
    match = reading.drop(_SPLIT)
    return "" if match is None else next(word for word in match.groups() if word)
