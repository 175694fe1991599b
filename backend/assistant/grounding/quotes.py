"""Numbers of texts that may be quoted: the person's own words, and what was searched."""

import bisect
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from backend.assistant.grounding.dates import Date
from backend.assistant.grounding.folding import fold_text
from backend.assistant.grounding.found import FoundNumber, Kind
from backend.assistant.grounding.names import Names
from backend.assistant.grounding.numbers import find_numbers
from backend.assistant.grounding.results import asked_for, words_beside
from backend.assistant.grounding.span import Mark, Standing

_SCALE_WORDS: Final = re.compile(
    r"\b(?:(?P<three>thousands?|000s?|k)|(?P<six>millions?|mn|mln|mm|m)|(?P<nine>billions?|bn|b)|(?P<twelve>trillions?|tn))\b",
    re.IGNORECASE,
)
_SCALES: Final = {"three": Decimal(10) ** 3, "six": Decimal(10) ** 6, "nine": Decimal(10) ** 9, "twelve": Decimal(10) ** 12}
_N_DIGITS_ROUNDED: Final = 3
_SHARES: Final = {Kind.PERCENT, Kind.POINTS}


class Quotes:
    """The numbers of some texts. A quoted number keeps its value; one of three digits or more may be rounded by half a percent."""

    def __init__(self, texts: Sequence[str], names: Names) -> None:
        numbers: list[FoundNumber] = []
        self._scales: set[Decimal] = set()
        self._conditions: dict[int, frozenset[str]] = {}
        for text in texts:
            found = find_numbers(text, names)
            asked = asked_for(text)
            for number in found:
                self._conditions[id(number)] = words_beside(text, number.start, number.end, n_words=2) - asked
            numbers += found
            self._scales |= {_SCALES[match.lastgroup or ""] for match in _SCALE_WORDS.finditer(text)}
        self._valued = sorted((number for number in numbers if number.value is not None), key=_size)
        self._sizes = [float(_size(number)) for number in self._valued]
        self._figures = {_size(number) / number.scale for number in self._valued if number.scale != 1}
        self._dates = {date for number in numbers for date in number.dates}
        self._clocks = {number.clock[:2] for number in numbers if number.clock}
        self._words = {_plain(number.text) for number in numbers if number.kind is Kind.VAGUE}

    def find(self, number: FoundNumber, beside: frozenset[str] | None = None) -> Standing | None:
        """That it is quoted, and how it stands there; None where it stands nowhere.

        beside : words of which one must stand beside it there too, where it may only repeat what it was
        """
        if number.kind is Kind.VAGUE:
            return Standing(Mark.QUOTED, why="quoted") if _plain(number.text) in self._words else None
        if number.clock:
            return Standing(Mark.QUOTED, why="quoted") if number.clock[:2] in self._clocks else None
        if any(_agree(said, known) for said in number.dates for known in self._dates):
            return Standing(Mark.QUOTED, why="quoted")
        if number.value is None:
            return None
        several = self._of_value(number, abs(number.value), number.grain)
        if number.scale in self._scales:
            several += self._of_value(number, abs(number.value) / number.scale, number.grain / number.scale, is_unscaled=True)
        found = next((one for one in several if beside is None or beside & self._conditions[id(one)]), None)
        return Standing(Mark.QUOTED, why=f"quoted: {found.text}") if found else None

    def has_figure(self, number: FoundNumber) -> bool:
        """Whether these figures stand in a text before a scale word, as arithmetic leaves "million" away."""
        return number.value is not None and abs(number.value) in self._figures

    def _of_value(self, number: FoundNumber, size: Decimal, grain: Decimal, *, is_unscaled: bool = False) -> list[FoundNumber]:
        """The numbers that are this one: those of just its size, else those that it rounds."""
        reach = float(grain) * 0.51
        low = bisect.bisect_left(self._sizes, float(size) - reach)
        high = bisect.bisect_right(self._sizes, float(size) + reach)
        near = [one for one in self._valued[low:high] if _fits(number, one) and not (is_unscaled and one.scale != 1)]
        exact = [one for one in near if _size(one) == size]
        if exact or number.n_digits < _N_DIGITS_ROUNDED:
            return exact
        return [one for one in near if abs(_size(one) - size) <= min(grain / 2, _size(one) / 200) and one.grain < grain]


def _size(number: FoundNumber) -> Decimal:
    return abs(number.value or Decimal(0))


def _fits(number: FoundNumber, quoted: FoundNumber) -> bool:
    """Whether what is said may be this: a percent is no amount of money, and a plus is no minus."""
    if (number.kind in _SHARES and quoted.kind is Kind.MONEY) or (number.kind is Kind.MONEY and quoted.kind in _SHARES):
        return False
    if number.kind is Kind.ORDINAL and quoted.kind not in {Kind.ORDINAL, Kind.PLAIN}:
        return False
    return not (number.is_signed and not quoted.is_bracketed and (number.value or 0) * (quoted.value or 0) < 0)


def _agree(said: Date, known: Date) -> bool:
    """Whether every said part stands in the text."""
    return all(part is None or part == other for part, other in zip(said, known, strict=True)) and any(said)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", fold_text(text).text.lower()).strip()
