"""Levels that follow from the session, week, month or year before."""

from backend.domain.bars import BarArrays
from backend.patterns.found import Level, Period, PivotFormula, Pivots


def find_pivots(
    bars: BarArrays, *, period: Period = Period.SESSION, formula: PivotFormula = PivotFormula.CLASSIC, is_dated: bool = False
) -> tuple[Pivots, ...]:
    """Pivots of each period, from the row on at which it was known to be over."""
    raise NotImplementedError


def find_period_levels(bars: BarArrays, *, is_dated: bool = False, as_of: int | None = None) -> tuple[Level, ...]:
    """High and low of the session, week, month and year before the newest bar."""
    raise NotImplementedError
