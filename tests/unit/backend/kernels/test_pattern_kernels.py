"""Kernels of swings, candles, shapes, gaps and volume by price against their slow, obvious twins and tables checked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kernels import shapes as shape_kernels
from backend.kernels.candles import N_KINDS, candle_sweep
from backend.kernels.gaps import gap_sweep
from backend.kernels.profile import profile_sweep
from backend.kernels.shapes import first_break, shape_sweep
from backend.kernels.swings import fractal_sweep, swing_next, swing_state, swing_sweep
from tests.fakes.indicator_bars import KINDS, make_bars, sample_bars, some_bars
from tests.fakes.pattern_bars import random_walk
from tests.naive.candles import candles
from tests.naive.gaps import gaps
from tests.naive.profile import profile
from tests.naive.shapes import first_break as naive_break
from tests.naive.shapes import shapes
from tests.naive.swings import fractals, swings


def swept(high, low, reversal, state=None):
    """Swings as rows (side, row, price, known)."""
    columns = [np.empty(len(high), dtype) for dtype in (np.int64, np.int64, np.float64, np.int64)]
    n_found = swing_sweep(swing_state() if state is None else state, high, low, reversal, *columns)
    return list(zip(*(column[:n_found].tolist() for column in columns), strict=True))


@settings(max_examples=60, deadline=None)
@given(bars=some_bars(), size=st.floats(0.0, 20.0))
def test_swings_are_their_naive_twin(bars, size):
    reversal = np.full(len(bars), size)
    reversal[: len(bars) // 4] = np.nan
    assert swept(bars.high, bars.low, reversal) == swings(bars.high.tolist(), bars.low.tolist(), reversal.tolist())


@settings(max_examples=30, deadline=None)
@given(bars=some_bars(), size=st.floats(0.1, 10.0), data=st.data())
def test_swings_are_the_same_however_the_bars_come(bars, size, data):
    reversal = np.full(len(bars), size)
    whole = swept(bars.high, bars.low, reversal)
    state, one_by_one = swing_state(), []
    for i in range(len(bars)):
        side, row, price = swing_next(state, bars.high[i], bars.low[i], size)
        one_by_one += [(side, row, price, i)] if side else []
    assert one_by_one == whole
    cut, state = data.draw(st.integers(0, len(bars))), swing_state()
    pieces = [swept(bars.high[part], bars.low[part], reversal[part], state) for part in (slice(cut), slice(cut, None))]
    assert pieces[0] + pieces[1] == whole


def test_swings_of_ten_bars_as_drawn_on_paper():
    high = np.array([10.0, 12.0, 15.0, 14.0, 11.0, 10.0, 13.0, 16.0, 15.0, 12.0])
    low = high - 1.0
    # 9 at row 0 is a low once a high lies 4 or more above it: 15 at row 2, itself a high once 10 at row 4 lies 4 or more below.
    assert swept(high, low, np.full(10, 4.0)) == [(-1, 0, 9.0, 2), (1, 2, 15.0, 4), (-1, 5, 9.0, 6), (1, 7, 16.0, 9)]


def test_a_bar_that_reaches_both_ways_confirms_nothing():
    high, low = np.array([10.0, 12.0, 13.0, 12.0]), np.array([9.0, 11.0, 5.0, 4.0])
    assert swept(high, low, np.full(4, 3.5)) == [(1, 2, 13.0, 3)]


@settings(max_examples=40, deadline=None)
@given(bars=some_bars(), n_beside=st.integers(1, 5))
def test_fractals_are_their_naive_twin(bars, n_beside):
    columns = [np.empty(2 * len(bars), dtype) for dtype in (np.int64, np.int64, np.float64, np.int64)]
    n_found = fractal_sweep(bars.high, bars.low, n_beside, *columns)
    found = list(zip(*(column[:n_found].tolist() for column in columns), strict=True))
    assert found == fractals(bars.high.tolist(), bars.low.tolist(), n_beside)


def whole_prices(seed, n_bars, reach):
    """Random bars of whole prices, so that many are equal and every sum is exact."""
    rng = np.random.default_rng(seed)
    drift = rng.integers(-3, 4, n_bars).cumsum() + 1000.0
    opened, close = drift + rng.integers(0, reach, n_bars), drift + rng.integers(0, reach, n_bars)
    high = np.maximum(opened, close) + rng.integers(0, reach, n_bars) * (rng.random(n_bars) < 0.6)
    low = np.minimum(opened, close) - rng.integers(0, reach, n_bars) * (rng.random(n_bars) < 0.6)
    return opened, high, low, close


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n_bars=st.integers(0, 200), reach=st.sampled_from([2, 5, 12, 50]))
def test_candles_are_their_naive_twin(seed, n_bars, reach):
    columns = whole_prices(seed, n_bars, reach)
    out = np.empty((N_KINDS, n_bars), np.int8)
    candle_sweep(*columns, out)
    assert out.tolist() == candles(*(column.tolist() for column in columns))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), reach=st.sampled_from([1, 2, 4]), n_bars=st.integers(0, 150))
def test_gaps_are_their_naive_twin(seed, reach, n_bars):
    _, high, low, _ = whole_prices(seed, n_bars, reach)
    side, row, filled = (np.empty(n_bars, np.int64) for _ in range(3))
    n_found = gap_sweep(high, low, side, row, filled)
    found = list(zip(side[:n_found].tolist(), row[:n_found].tolist(), filled[:n_found].tolist(), strict=True))
    assert found == gaps(high.tolist(), low.tolist())


def test_gaps_of_eight_bars_as_drawn_on_paper():
    high = np.array([10.0, 13.0, 16.0, 15.0, 12.0, 9.0, 8.0, 11.0])
    low = np.array([9.0, 12.0, 15.0, 14.0, 11.0, 8.5, 7.0, 7.5])
    side, row, filled = (np.empty(8, np.int64) for _ in range(3))
    n_found = gap_sweep(high, low, side, row, filled)
    found = list(zip(side[:n_found].tolist(), row[:n_found].tolist(), filled[:n_found].tolist(), strict=True))
    assert found == [(1, 1, 5), (1, 2, 4), (-1, 4, -1), (-1, 5, 7), (-1, 6, 7)]


@settings(max_examples=40, deadline=None)
@given(bars=some_bars(1), n_bins=st.integers(1, 40))
def test_volume_by_price_is_its_naive_twin_and_loses_nothing(bars, n_bins):
    least, most = float(bars.low.min()), float(bars.high.max())
    width = (most - least) / n_bins or 1.0
    out = np.empty(n_bins)
    profile_sweep(bars.high, bars.low, bars.volume, least, width, out)
    total = np.nansum(bars.volume)
    assert out.sum() == pytest.approx(total)
    expected = profile(bars.high.tolist(), bars.low.tolist(), bars.volume.tolist(), least, width, n_bins)
    flat = (bars.high == bars.low).any()  # a bar of one price on the edge of two bins may fall to either
    assert flat or out == pytest.approx(np.array(expected), rel=1e-9, abs=1e-6 * total)


def test_volume_of_three_bars_as_computed_by_hand():
    high, low, volume = np.array([4.0, 2.0, 3.0]), np.array([0.0, 1.0, 3.0]), np.array([40.0, 5.0, 7.0])
    out = np.empty(4)
    profile_sweep(high, low, volume, 0.0, 1.0, out)
    assert out.tolist() == [10.0, 15.0, 10.0, 17.0]


def shapes_of(bars, size):
    """What the kernel finds, as its twin gives it, and the swings it looked at."""
    atr = np.full(len(bars), np.mean(bars.high - bars.low))
    columns = [np.empty(len(bars), dtype) for dtype in (np.int64, np.int64, np.float64, np.int64)]
    n_swings = swing_sweep(swing_state(), bars.high, bars.low, size * atr, *columns)
    side, row, price, _ = (column[:n_swings].copy() for column in columns)
    close = np.ascontiguousarray(bars.close)
    whole = np.empty((shape_kernels.N_MOST * n_swings, shape_kernels.N_WHOLE), np.int64)
    real = np.empty((len(whole), shape_kernels.N_REAL))
    n_found = shape_sweep(side, row, price, atr[:n_swings], close, whole, real)
    inputs = [column.tolist() for column in (side, row, price, atr[:n_swings], close)]
    return whole[:n_found].tolist(), real[:n_found], inputs


def test_shapes_are_their_naive_twin_on_real_and_random_bars():
    kinds_seen = set()
    samples = [sample_bars(name) for name in ("AAPL", "SP500", "NASDAQ", "MSFT")]
    random = [random_walk(4000, seed) for seed in range(8)] + [make_bars(2000, kind=kind, seed=3) for kind in KINDS]
    for bars in samples + random:
        for size in (1.0, 2.0, 4.0):
            whole, real, inputs = shapes_of(bars, size)
            expected = shapes(*inputs)
            assert whole == [list(place) for place, _ in expected]
            figures = np.array([figures for _, figures in expected]).reshape(len(expected), shape_kernels.N_REAL)
            np.testing.assert_allclose(real, figures, rtol=1e-9, atol=1e-9)
            kinds_seen |= {kind for kind, _, _ in whole}
    assert kinds_seen == set(range(13))


@settings(max_examples=80, deadline=None)
@given(
    close=st.lists(st.integers(-6, 6), max_size=40),
    ends=st.lists(st.integers(-4, 4), min_size=4, max_size=4),
    places=st.tuples(st.integers(0, 5), st.integers(1, 12), st.integers(0, 30)),
)
def test_breaks_are_their_naive_twin(close, ends, places):
    begin, span, life = places
    prices = np.array(close, np.float64)
    upper, lower = (float(ends[0]), float(ends[1])), (float(ends[2]), float(ends[3]))
    stop = begin + span
    found = first_break(prices, upper, lower, begin, stop, stop + life)
    expected = naive_break(close, upper, lower, begin, stop, stop + life)
    assert found == (expected if stop + life < len(close) or expected[1] != stop + life else (0, -1))


@pytest.mark.parametrize(
    ("close", "expected"),
    [([0, 0, 0, 3], (1, 3)), ([0, 0, 0, -3], (-1, 3)), ([0, 0, 0, 1, 1], (0, -1)), ([0] * 9, (0, 8)), ([0] * 8, (0, -1))],
)
def test_breaks_of_level_lines_as_drawn_on_paper(close, expected):
    assert first_break(np.array(close, np.float64), (2.0, 2.0), (-2.0, -2.0), 0, 2, 8) == expected
