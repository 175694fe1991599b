"""Amounts as traders write them: with a currency's sign, as 50k or 2.5 million, in basis points; made plain numbers."""

import re
from decimal import Decimal
from typing import Final

from backend.errors import InvalidInput

K_IS: Final = "Here k stands for thousand, m for million and b for billion."

_POWERS: Final = {"k": 3, "m": 6, "mn": 6, "b": 9, "bn": 9, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_NUMBER: Final = r"(?<![\w.,])((?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+))"
_SIGNED: Final = re.compile(r"([$€£¥])\s?(?=[\d.])|(?<=\d)\s?([$€£¥])(?!\s?[\d.])")
_IN_WORDS: Final = re.compile(rf"{_NUMBER}\s*(thousand|million|billion|trillion)\b", re.IGNORECASE)
_IN_LETTERS: Final = re.compile(rf"{_NUMBER}(k|mn|m|bn|b)\b(?!\s*\()", re.IGNORECASE)
_POINTS: Final = re.compile(rf"{_NUMBER}\s*(?:bps?|basis points?)\b", re.IGNORECASE)
_UNKNOWN: Final = re.compile(r"=|(?<![A-Za-z'\u2019])[b-df-zB-DF-Z](?![A-Za-z])")


def check_currency(text: str) -> None:
    """Raises InvalidInput where the amounts of a sum are in two currencies."""
    if len(signs := {before or after for before, after in _SIGNED.findall(text)}) > 1:
        raise InvalidInput(
            f"Amounts in {' and '.join(sorted(signs))} cannot be reckoned together.",
            hint="Write them in one currency.",
            code="maths.currency",
        )


def plain_amounts(text: str, *, may_have_unknowns: bool = False) -> tuple[str, bool]:
    """The text with plain numbers, and whether it held a letter for thousands or more.

    may_have_unknowns : leave 2k alone where it may be twice an unknown: beside a sign of equality or another letter
    """
    plain = _IN_WORDS.sub(_scaled, _SIGNED.sub("", text))
    plain = _POINTS.sub(lambda match: f"{_written(match[1], -2)}%", plain)
    scaled = _IN_LETTERS.sub(_scaled, plain)
    if scaled == plain or (may_have_unknowns and _UNKNOWN.search(scaled)):
        return plain, False
    return scaled, True


def _scaled(match: re.Match[str]) -> str:
    return _written(match[1], _POWERS[match[2].lower()])


def _written(number: str, power: int) -> str:
    return f"{Decimal(number.replace(',', '')).scaleb(power):f}"
