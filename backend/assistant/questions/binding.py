"""Whose values a condition looks at, where a question names several instruments.

Each condition goes with the instruments named together before it, as "AAPL and MSFT rose while SPX fell" says it of three.
"""

import re
from collections.abc import Sequence
from typing import Final, NoReturn

from msgspec.structs import replace

from backend.assistant.questions.names import one_of
from backend.assistant.questions.phrases import Reading
from backend.assistant.questions.plan import CONDITIONED, MAY_BE_CONDITIONED, Ask, Change, Condition, Indicator, Number, Price
from backend.errors import InvalidInput

LETTERS: Final = 26
_MARK: Final = r"@x[a-z](?: ?'s)?(?!\w)"
_GROUP: Final = re.compile(rf"{_MARK}(?:(?: ?,)?(?: (?:and|or|&))?(?: the)? {_MARK})*")
_BEHIND: Final = re.compile(rf" ?(?:of|for|in|by) (?:both )?(?:the )?({_GROUP.pattern})")
_TOGETHER: Final = (
    r"\bboth\b|\ball(?: \d+)?(?: of)?(?: the)?(?= @x)|(?<=@x[a-z]) all\b|(?<!move )(?<!moved )(?<!moves )\btogether\b"
    r"|\bsimultaneously\b|\b(?:at|on|in) (?:the )?same (?:time|trading day|day|session|week|month|quarter|year)s?\b"
)
_ANY_OF: Final = re.compile(rf"{_MARK}(?: ?,)? or (?:the )?{_MARK}")
_OF_SOME_DAYS: Final = re.compile(
    r"(?:%|share|percentage|fraction|proportion) of (?:all |the )*(?:trading )?(?:days?|weeks?|months?|sessions?|times?)"
    rf"(?: (?:when|that|where|(?:on|in) which))? (?:the )?{_MARK}"
)


def takes_together(reading: Reading) -> bool:
    """Whether several instruments are to meet the conditions at one time; the words that say so are taken."""
    is_together = False
    while reading.has_several and reading.drop(_TOGETHER):
        is_together = True
    return is_together


def marks_of(reading: Reading, match: re.Match[str], at: int) -> str:
    """The marks of the instruments that a condition goes with; ``at`` is the group of ``match`` before which they are named.

    Raises InvalidInput for a value of one instrument beside a value of another.
    """
    if not reading.has_several:
        return ""
    text = match.string
    before = [found[0] for found in _GROUP.finditer(text[: match.start(at)])]
    inside = _GROUP.search(text[match.start(at) : match.end()])
    behind = _BEHIND.match(text[match.end() :])
    said = inside[0] if inside else behind[1] if behind else ""
    has_value = "{" in text[match.start(at) : match.end()]
    if said and has_value and before and ids_of(reading, said) != ids_of(reading, before[-1]):
        _refuse("Values of one instrument are not compared with those of another.", "Compare each with its own values.")
    if said:
        return said
    following = _GROUP.search(text[match.end() :])
    return before[-1] if before else following[0] if following else ""


def check_said(marks: str, left: str | None, right: object, where: Sequence[Condition]) -> None:
    """Raises InvalidInput where a number may be meant of the close, or of the value that was named of another instrument."""
    if left or not marks or not where or not isinstance(right, Number):
        return
    last = where[-1]
    is_other = last.instrument != marks and isinstance(last.right, Number)
    if is_other and (isinstance(last.left, Indicator) or last.left == Price("volume")):
        _refuse("It is not clear which value of the second instrument is meant.", "Name it, as in: and the RSI of MSFT below 30.")


def ids_of(reading: Reading, marks: str) -> tuple[tuple[str, ...], ...]:
    """What the marks of a piece of a question may stand for, each once."""
    return tuple(dict.fromkeys(reading.marks[ord(mark) - ord("a")] for mark in re.findall(r"@x([a-z])", marks)))


def bind(reading: Reading, where: Sequence[Condition], ask: Ask) -> tuple[list[Condition], list[tuple[str, ...]]]:
    """The conditions, each of one instrument where they do not go for all, and what the instruments asked about may be.

    Raises InvalidInput where it is not clear which condition goes with which instrument.
    """
    named = list(dict.fromkeys(reading.marks))
    free = [replace(one, instrument="") for one in where]
    if not where or not reading.has_several or ask not in MAY_BE_CONDITIONED:
        return free, named
    if len(reading.marks) > LETTERS:
        _refuse("Too many instruments are named.", "Ask about fewer at a time.")
    if ask is not Ask.WHICH and _ANY_OF.search(reading.opening):
        _refuse("Is each of these instruments meant, or any of them?", "Ask about each with: and. Of any of them nothing is told.")
    groups = [ids_of(reading, one.instrument) for one in where if one.instrument]
    if len(set(groups)) == 1 and len(groups) == len(where) and len(groups[0]) == len(named) and not reading.is_together:
        return free, named
    if ask is Ask.WHICH:
        _refuse(
            "Which of them is told by conditions on each alone.", "Ask how many days each did so, as in: AAPL rose while SPX fell."
        )
    if ask is Ask.SHARE and _OF_SOME_DAYS.search(reading.opening):
        _refuse("Is the share of all days meant, or of those days alone?", "Ask how many days both did so, and how many one did.")
    return _bound(reading, where, ask, named)


def _bound(
    reading: Reading, where: Sequence[Condition], ask: Ask, named: list[tuple[str, ...]]
) -> tuple[list[Condition], list[tuple[str, ...]]]:
    said = "".join(one.instrument for one in where)
    if ask in CONDITIONED:
        subjects = list(ids_of(reading, said))
        if idle := [ids[0] for ids in named if ids not in subjects]:
            _refuse(
                f"What is said of {idle[0]} is not understood.", "Say what each instrument did, as in: AAPL rose while MSFT fell."
            )
        subjects = [ids for ids in named if ids in subjects]
    else:
        marks = [f"@x{chr(ord('a') + place)}" for place in range(len(reading.marks))]
        subjects = list(ids_of(reading, " ".join(mark for mark in marks if mark not in said)))
        if not subjects or (len(subjects) > 1 and not all(one.instrument for one in where)):
            _refuse(
                "It is not clear of which instrument a value is asked.",
                "Say it first, as in: average volume of AAPL when MSFT fell.",
            )
    bound = [replace(one, instrument=one_of(ids)) for one in where for ids in (ids_of(reading, one.instrument) or tuple(subjects))]
    return bound, subjects


def check_moves(where: Sequence[Condition], *, is_ever: bool) -> None:
    """Raises InvalidInput where moves of days may be meant, or those of the whole time: "did it rise while MSFT fell in 2012"."""
    moves = [one for one in where if one.instrument and isinstance(one.left, Change) and one.left.n_bars == 1]
    if moves and not is_ever:
        _refuse(
            "Are moves within a day meant, or the returns of the whole time?",
            "Ask on how many days they did so, or compare their returns.",
            "question.measure",
        )


def _refuse(message: str, hint: str, code: str = "question.binding") -> NoReturn:
    raise InvalidInput(message, hint=hint, code=code)
