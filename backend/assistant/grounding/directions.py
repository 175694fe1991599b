"""Words that give a number its sign: "fell by 3.2 %", "3.2 % lower"; and whether that is the sign of a fact."""

import re
from functools import cached_property
from typing import Final

from backend.assistant.facts.fact import Fact
from backend.assistant.grounding.found import FoundNumber

_DOWN: Final = (
    r"fell|falls?|fallen|falling|dropp?(?:ed|s|ing)?|declin(?:ed?|es|ing)|los[te]s?|losing|loss(?:es)?|down(?:ward|side)?|decreas(?:ed?|es|ing)|"
    r"slid|slides?|sliding|slipp?(?:ed|s|ing)?|sank|sinks?|shed|sheds|dipp?(?:ed|s|ing)?|plung(?:ed?|es|ing)|tumbl(?:ed?|es|ing)|retreat(?:ed|s)?|"
    r"lower|below|beneath|under|off|weaker|negative|minus|less|short of|drawdown|correct(?:ed|ion)|pullback|"
    r"reduc(?:ed|tion)|shrank|worse|discount|contract(?:ed|ion)"
)
_UP: Final = (
    r"rose|rises?|risen|rising|gain(?:ed|s|ing)?|up(?:ward|side)?|climb(?:ed|s|ing)?|advanc(?:ed?|es|ing)|increas(?:ed?|es|ing)|jump(?:ed|s|ing)?|"
    r"rall(?:y|ied|ies|ying)|surg(?:ed?|es|ing)|higher|added|adds|grew|grows|grown|growth|plus|soar(?:ed|s|ing)?|above|stronger|more|positive|premium|profit|expanded"
)
_MOVES: Final = re.compile(rf"\b(?:(?P<down>{_DOWN})|(?P<up>{_UP}))\b", re.IGNORECASE)
_AFTER: Final = re.compile(
    rf"[\s)*_]*(?:(?:points?|percent|of|a|the|in|on|to|its?|price|net|total)\s+){{0,2}}(?:(?P<down>{_DOWN})|(?P<up>{_UP}))\b",
    re.IGNORECASE,
)
_CLAUSE_END: Final = re.compile(r"[;:.!?](?:\s|$)|,\s|\b(?:and|but|while|whereas|although|though)\b|\n", re.IGNORECASE)


class Direction:
    """Where the words around one number point."""

    def __init__(self, sentence: str, number: FoundNumber) -> None:
        self._sentence = sentence
        self._number = number

    @cached_property
    def moves(self) -> int:
        """1 up, -1 down, 0 not said: the word right after the number, else the last one before it in its clause."""
        after = _AFTER.match(self._sentence, self._number.end)
        if after:
            return -1 if after["down"] else 1
        return motion_before(self._before) or motion_before(self._sentence[max(0, self._number.start - 160) : self._number.start])

    @cached_property
    def falls(self) -> bool:
        """Whether a falling word stands in the number's clause."""
        after = self._sentence[self._number.end : self._number.end + 40]
        stop = _CLAUSE_END.search(after)
        if has_falling_word(self._before) or has_falling_word(after[: stop.start()] if stop else after):
            return True
        return not motion_before(self._before) and self.moves < 0

    @cached_property
    def _before(self) -> str:
        before = self._sentence[max(0, self._number.start - 70) : self._number.start]
        stops = [match.end() for match in _CLAUSE_END.finditer(before)]
        return before[stops[-1] :] if stops else before


def motion_before(clause: str) -> int:
    """1 or -1 for the last word of a clause that points up or down, 0 where there is none."""
    moves = list(_MOVES.finditer(clause))
    return 0 if not moves else -1 if moves[-1]["down"] else 1


def has_falling_word(clause: str) -> bool:
    """Whether any word of a clause points down."""
    return any(match["down"] for match in _MOVES.finditer(clause))


def is_sign_right(number: FoundNumber, fact: Fact, direction: Direction, sign: str, *, is_zero: bool) -> bool:
    """Whether the sign that is written, or that words give, is the value's: "fell 3.2 %" for -3.2, never for 3.2.

    sign : what the fact's own sign says: "change", "fall", "distance" or nothing
    """
    assert number.value is not None
    is_below = fact.number < 0
    if sign == "fall" and direction.moves > 0:
        return False
    if number.is_bracketed or is_zero:
        return True
    if number.is_signed:
        return (number.value < 0) == is_below or (number.value < 0 and sign == "fall")
    if is_below:
        return (direction.falls and not (sign == "change" and direction.moves > 0)) or sign in {"fall", "distance"}
    return not (sign == "change" and direction.moves < 0)
