"""Support and resistance."""

from backend.domain.bars import BarArrays
from backend.patterns.found import Level


def find_levels(bars: BarArrays, *, as_of: int | None = None) -> tuple[Level, ...]:
    """Levels at which two or more confirmed swings turned, lowest first."""
    raise NotImplementedError


def find_round_levels(bars: BarArrays, *, as_of: int | None = None) -> tuple[Level, ...]:
    """The round prices next to the newest close."""
    raise NotImplementedError
