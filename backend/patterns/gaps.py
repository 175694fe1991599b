"""Prices that were jumped over."""

from backend.domain.bars import BarArrays
from backend.patterns.found import PriceGap


def find_gaps(bars: BarArrays, *, least_atr: float = 0.1) -> tuple[PriceGap, ...]:
    """Gaps of at least ``least_atr`` average true ranges, in their order."""
    raise NotImplementedError
