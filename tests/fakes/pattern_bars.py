"""Bars whose prices follow a drawing, wander at random, or are turned upside down."""

import numpy as np

from backend.domain.bars import DAY_NS, BarArrays
from tests.fakes.indicator_bars import START_NS

N_INSIDE = 16  # prices that each bar is made of


def bars_of(paths, volume=1000.0):
    """Bars from float64[n_bars, n_inside]: prices in the order in which they traded."""
    columns = paths[:, 0], paths.max(axis=1), paths.min(axis=1), paths[:, -1]
    times = START_NS // DAY_NS * DAY_NS + DAY_NS * np.arange(len(paths), dtype=np.int64)
    return BarArrays(times, *(np.ascontiguousarray(column) for column in columns), np.full(len(paths), volume))


def random_walk(n_bars, seed, size=0.3):
    """A walk without drift, every bar of which wandered inside too."""
    steps = np.random.default_rng(seed).normal(0.0, size, (n_bars, N_INSIDE))
    return bars_of(1000.0 + steps.cumsum().reshape(n_bars, N_INSIDE))


def drawing(corners, seed=0, noise=0.25):
    """Bars along straight lines through ``corners``, (row, price) each, with noise; a list of prices a bar may come between."""
    rows, prices = zip(*corners, strict=True)
    at = np.arange(rows[0] * N_INSIDE, rows[-1] * N_INSIDE) / N_INSIDE
    line = np.interp(at, rows, prices)
    wobble = np.random.default_rng(seed).normal(0.0, noise, len(line))
    return bars_of((line + wobble).reshape(-1, N_INSIDE))


def upside_down(bars):
    """The mirror of bars, around zero."""
    return BarArrays(bars.event_ns.copy(), -bars.open, -bars.low, -bars.high, -bars.close, bars.volume.copy())


def scaled(bars, factor):
    """The same with every price ``factor`` times as high."""
    return BarArrays(bars.event_ns.copy(), *(column * factor for column in bars.columns()[:4]), bars.volume.copy())
