"""A number as it was found in a text."""

import enum
from dataclasses import dataclass
from decimal import Decimal

from backend.assistant.grounding.dates import Date


class Kind(enum.StrEnum):
    """What a number is said to be."""

    PLAIN = "plain"
    PERCENT = "percent"  # 2.5 for 2.5 %
    POINTS = "points"  # percentage points and basis points, in percentage points
    MONEY = "money"
    MULTIPLE = "multiple"  # 1.5x, twice, doubled
    RATIO = "ratio"  # 2:1, as 2
    FRACTION = "fraction"  # 1/2, two thirds
    ORDINAL = "ordinal"
    DATE = "date"
    TIME = "time"
    VAGUE = "vague"  # dozens, double-digit, what cannot be read: nothing but the same words can stand for it


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """A number in a text: ``text[start:end]``.

    value : signed as it is written; None where it cannot be read
    grain : what one step of the last written digit is worth: 0.1 for 3.2, 100,000 for 1.2 million
    n_digits : digits written, leading zeros apart
    scale : what a scale word made of it: a million for "1.2 million"
    dates : every way to read a date or a year; empty for other numbers
    clock : hour, minute, second of a time of day
    unit : the bars, days and so on that it counts, if any, as in ``names.UNITS``
    """

    start: int
    end: int
    text: str
    kind: Kind
    value: Decimal | None
    grain: Decimal = Decimal(1)
    n_digits: int = 1
    scale: Decimal = Decimal(1)
    currency: str = ""
    dates: tuple[Date, ...] = ()
    clock: tuple[int, ...] = ()
    unit: str = ""
    is_signed: bool = False
    is_bracketed: bool = False
    is_word: bool = False
