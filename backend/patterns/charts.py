"""Patterns that confirmed swings draw."""

from backend.domain.bars import BarArrays
from backend.patterns.found import ChartPattern


def find_chart_patterns(bars: BarArrays) -> tuple[ChartPattern, ...]:
    """Chart patterns, in the order in which they were known."""
    raise NotImplementedError
