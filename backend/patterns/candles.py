"""Patterns of one to three bars, as TA-Lib defines them."""

from backend.domain.bars import BarArrays
from backend.patterns.found import CandlePattern


def find_candle_patterns(bars: BarArrays) -> tuple[CandlePattern, ...]:
    """Candle patterns, in the order in which they were known."""
    raise NotImplementedError
