"""Compiles every finder's kernels and keeps what was compiled, so that the first analysis does not wait."""

from typing import Final

import numpy as np

from backend.domain.bars import DAY_NS, BarArrays
from backend.patterns import (
    find_candle_patterns,
    find_chart_patterns,
    find_divergences,
    find_fractals,
    find_gaps,
    find_levels,
    find_period_levels,
    find_pivots,
    find_swings,
    find_volume_profile,
    trend_regime,
    volatility_regime,
)

_N_BARS: Final = 400


def warm() -> None:
    """Run each of them once over a short walk."""
    at = np.arange(_N_BARS, dtype=np.int64)
    close = 100.0 + 10 * np.sin(at / 9.0) + np.sin(at * 1.7)
    open_ = np.concatenate((close[:1], close[:-1]))
    bars = BarArrays(at * DAY_NS, open_, np.maximum(open_, close) + 1, np.minimum(open_, close) - 1, close, 1.0 + at % 7)
    find_candle_patterns(bars)
    find_chart_patterns(bars)
    find_divergences(bars, np.cos(at / 9.0))
    find_fractals(bars)
    find_gaps(bars)
    find_levels(bars)
    find_period_levels(bars, is_dated=True)
    find_pivots(bars)
    find_swings(bars)
    find_volume_profile(bars)
    trend_regime(bars)
    volatility_regime(bars)
