"""Trend and volatility on the whole."""

from backend.domain.bars import BarArrays
from backend.patterns.found import TrendRegime, VolatilityRegime


def trend_regime(bars: BarArrays, *, as_of: int | None = None) -> TrendRegime:
    """The trend at the close of row ``as_of``, the newest where it is not given."""
    raise NotImplementedError


def volatility_regime(bars: BarArrays, *, as_of: int | None = None) -> VolatilityRegime:
    """The volatility at the close of row ``as_of``, the newest where it is not given."""
    raise NotImplementedError
