"""The weekday or month of the year that a question is about wherever it comes: "on Mondays", "how many Septembers"."""

import re
from typing import Final

from backend.assistant.questions.each import IS_WHETHER
from backend.assistant.questions.measuring import Wanted
from backend.assistant.questions.phrases import Reading
from backend.assistant.questions.plan import MONTHLY, MONTHS, WEEKDAYS, Ask, Change, Condition, plural_of
from backend.errors import InvalidInput

_NAME: Final = rf"({'|'.join((*WEEKDAYS, *MONTHS))})"
_EACH: Final = r"each and every|(?:every|each)(?: single)?"
_OF_YEARS: Final = r"of (?:the|each|every|any) year"
_MANY: Final = r"how many|number of|(?:share|percentage|fraction|proportion) of|%(?: of)?|list|which|what"
_RANKED: Final = "best|worst|strongest|weakest"
_MOVES: Final = r"(?:daily )?(?:returns?|changes?|moves?|performances?|gains?|loss(?:es)?|volumes?|ranges?|gaps?)"
# Counted or ranked, where the name stands for days or months; before what is averaged; as the time of something.
_COUNTED: Final = (
    rf"(?P<head>\b(?:(?:{_MANY})(?= [a-z]+s\b)|(?:first|last)(?= [a-z]+ (?:on which|when)\b)|(?:{_RANKED})(?: \d+)?))"
    rf" {_NAME}s?\b"
)
_AVERAGED: Final = rf"\b(?P<head>average|mean|median|typical|usual) {_NAME} (?={_MOVES}\b)"
_DURING: Final = (
    rf"(?:\b(?:on|in|for|of|during) )?\b(?:(?P<each>{_EACH}) (?:the )?{_NAME}s?(?! \d{{4}})|an? {_NAME}(?! \d{{4}})"
    rf"|(?P<all>all(?: of)?(?: the)? )?{_NAME}s|{_NAME}(?= {_OF_YEARS}))\b(?: {_OF_YEARS})?"
)
_HOW_MANY: Final = r"\bhow (?:many|often)\b|\bnumber of\b"
_COUNTING: Final = frozenset({Ask.BARS, Ask.COUNT, Ask.SHARE, Ask.WHETHER, Ask.EVERY, Ask.FIRST, Ask.LAST, Ask.LIST})


def take_season(reading: Reading) -> None:
    """Take the weekday or month out of the question, where one is named so.

    Raises InvalidInput for two, and where it is asked whether something is so "on most".
    """
    asks_whether, found = IS_WHETHER.match(reading.text) is not None, []
    for pattern in (_COUNTED, _AVERAGED, _DURING):
        while (match := re.search(pattern, reading.text)) is not None:
            said = match.groupdict()
            season = next(word for word in match.groups() if word in WEEKDAYS or word in MONTHS)
            found.append(season)
            noun = "" if pattern != _COUNTED else "days" if season in WEEKDAYS else "months"
            if said.get("each") and season in MONTHS and re.search(_HOW_MANY, reading.text):
                noun = "by year"  # in each September there are so many
            head = re.sub(r"^(\w+) (\d+)$", r"\2 \1", said.get("head", ""))
            reading.text = f"{reading.text[: match.start()]} {head} {noun} {reading.text[match.end() :]}"
            reading.is_every |= asks_whether and (said.get("each") or said.get("all")) is not None
    if len(set(found)) > 1:
        both = " and ".join(map(plural_of, dict.fromkeys(found)))
        raise InvalidInput(f"{both} are both named.", hint="Ask about one of them at a time.", code="question.season")
    if found and asks_whether and re.search(r"\bmost\b", reading.text):
        raise InvalidInput(
            f"Most {plural_of(found[0])} are more than half of them.",
            hint=f"Ask for the share, as in: what share of {plural_of(found[0])}.",
            code="question.season",
        )
    reading.season = found[0] if found else ""


def choose_bars(reading: Reading, wanted: Wanted | None, where: list[Condition], line: str) -> None:
    """Let the moves of a month of the year be those of whole months, where nobody speaks of days.

    Raises InvalidInput where either may be meant.
    """
    season = reading.season
    says_which = reading.intervals or reading.n_written or re.search(r"\b(?:days?|daily|sessions?|bars?|months)\b", line)
    if wanted is None or season not in MONTHS or says_which:
        return
    if wanted.measure == Change(1) and not where:
        reading.intervals.append(MONTHLY)
    elif wanted.measure == Change(1) or wanted.ask in _COUNTING:
        name = season.capitalize()
        raise InvalidInput(
            f"Are days in {name} meant, or whole {plural_of(season)}?",
            hint=f"Ask how many days, or how many {plural_of(season)}.",
            code="question.season",
        )
