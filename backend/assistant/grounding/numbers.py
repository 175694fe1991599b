"""Every way in which English text states a number, found and normalised."""

import enum
from dataclasses import dataclass
from decimal import Decimal


class Kind(enum.StrEnum):
    """What a number is said to be."""

    PLAIN = "plain"
    PERCENT = "percent"  # 2.5 for 2.5 %
    POINTS = "points"  # percentage points and basis points, in percentage points
    MONEY = "money"
    MULTIPLE = "multiple"  # 1.5x, twice, doubled
    ORDINAL = "ordinal"
    DATE = "date"
    TIME = "time"
    VAGUE = "vague"  # dozens, double-digit, a number that cannot be read: nothing can stand for it


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """A number in a text: ``text[start:end]``.

    value : None where it cannot be read, and then nothing can stand for it
    grain : what one step of the last written digit is worth: 0.1 for 3.2, 100,000 for 1.2 million
    date : year, month, day, hour, minute, second as far as they are said, else None
    """

    start: int
    end: int
    text: str
    kind: Kind
    value: Decimal | None
    grain: Decimal = Decimal(1)
    currency: str = ""
    date: tuple[int | None, ...] | None = None


def find_numbers(text: str) -> tuple[FoundNumber, ...]:
    """Every number of a text, in order and without overlaps."""
    raise NotImplementedError(text)
