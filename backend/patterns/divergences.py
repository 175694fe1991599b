"""Swings of prices and of an oscillator that disagree."""

from backend.domain.bars import BarArrays, Float64s
from backend.patterns.found import Divergence


def find_divergences(bars: BarArrays, oscillator: Float64s, *, reversal: float = 3.0) -> tuple[Divergence, ...]:
    """Regular and hidden divergences, in the order in which they were known."""
    raise NotImplementedError
