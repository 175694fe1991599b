"""Bars made by a seeded random walk, and instruments to go with them."""

import numpy as np

from backend.domain.bars import DAY_NS, MINUTE_NS, BarArrays, BarSpec
from backend.domain.instruments import CENT, Instrument, InstrumentId

START_NS = 1_704_724_200 * 1_000_000_000  # Monday 2024-01-08 14:30 UTC
INSTRUMENT = Instrument(InstrumentId("AAPL", "XNAS"), "Apple Inc.", price_steps=CENT, timezone="America/New_York")
MINUTES = BarSpec.parse("1m")
DAYS = BarSpec.parse("1d")


def make_bars(n_bars: int, *, seed: int = 1, start_ns: int = START_NS, step_ns: int = MINUTE_NS) -> BarArrays:
    """A walk around 100 in cents, every bar with a body, two wicks and a volume."""
    rng = np.random.default_rng(seed)
    close = 100 + np.round(np.cumsum(rng.normal(0, 0.2, n_bars)), 2)
    open_ = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(open_, close) + np.round(rng.random(n_bars), 2)
    low = np.minimum(open_, close) - np.round(rng.random(n_bars), 2)
    event_ns = start_ns + np.arange(n_bars, dtype=np.int64) * step_ns
    return BarArrays(event_ns, open_, high, low, close, rng.integers(1, 10_000, n_bars).astype(np.float64))


def make_days(n_bars: int, *, seed: int = 1) -> BarArrays:
    """The same as daily bars without weekends missing, from 2024-01-08 on."""
    return make_bars(n_bars, seed=seed, start_ns=START_NS // DAY_NS * DAY_NS, step_ns=DAY_NS)


def make_line(values, *, start_ns: int = START_NS // DAY_NS * DAY_NS, step_ns: int = DAY_NS) -> BarArrays:
    """A close-only series without volume."""
    column = np.array(values, np.float64)
    event_ns = start_ns + np.arange(len(column), dtype=np.int64) * step_ns
    return BarArrays(event_ns, *(column.copy() for _ in range(4)), np.full(len(column), np.nan))
