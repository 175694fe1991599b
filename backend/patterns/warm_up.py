"""Loads every kernel of patterns before somebody waits for it."""

import numpy as np

from backend.domain.bars import Bar, BarArrays
from backend.patterns.candles import find_candle_patterns
from backend.patterns.charts import find_chart_patterns
from backend.patterns.gaps import find_gaps
from backend.patterns.profile import find_volume_profile
from backend.patterns.swings import find_fractals


def warm() -> None:
    """Load every kernel: compiled now, which takes many seconds, or read from the cache of an earlier time."""
    from backend.kernels.shapes import first_break  # noqa: PLC0415 - brings numba, which no start should wait for

    bars = BarArrays.of([Bar(0, 1.0, 2.0, 1.0, 1.0, 1.0), Bar(1, 1.0, 2.0, 1.0, 1.0, 1.0)])
    find_candle_patterns(bars)
    find_chart_patterns(bars)  # brings swings too
    find_fractals(bars)
    find_gaps(bars)
    find_volume_profile(bars)
    first_break(np.ascontiguousarray(bars.close), (1.0, 1.0), (0.0, 0.0), 0, 1, 1)
