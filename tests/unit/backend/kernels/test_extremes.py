"""Extremes of moving windows: history and stream give those of the naive twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernels.extremes import extreme_next, extreme_state, extreme_sweep
from tests.naive.extremes import highest, lowest

SIGNS = pytest.mark.parametrize(("sign", "twin"), [(1.0, highest), (-1.0, lowest)], ids=["highest", "lowest"])
VALUES = st.lists(st.integers(-5, 5).map(float), max_size=80).map(np.array)


@SIGNS
@given(value=VALUES, period=st.integers(1, 30), cut=st.integers(0, 80))
def test_history_in_pieces_and_stream_give_the_extremes_of_every_window(sign, twin, value, period, cut):
    state, out = extreme_state(period), np.empty(len(value))
    extreme_sweep(state, value[:cut], sign, out[:cut])
    extreme_sweep(state, value[cut:], sign, out[cut:])
    streamed = extreme_state(period)

    np.testing.assert_array_equal(out, twin(value.tolist(), period))
    np.testing.assert_array_equal([extreme_next(streamed, each, sign) for each in value], out)
    np.testing.assert_array_equal(streamed, state)


@SIGNS
@pytest.mark.parametrize("period", [2, 50, 3000])
def test_long_histories_that_turn_from_calm_to_falling_and_back_are_exact(sign, twin, period):
    rng = np.random.default_rng(5)
    value = np.concatenate([rng.random(9000), np.linspace(1, 0, 9000), rng.random(9000).cumsum(), -np.linspace(0, 1, 9000)])
    out = np.empty(len(value))
    extreme_sweep(extreme_state(period), value, sign, out)

    windows = np.lib.stride_tricks.sliding_window_view(value, period)
    np.testing.assert_array_equal(out[period - 1 :], windows.max(axis=1) if sign > 0 else windows.min(axis=1))
    assert np.isnan(out[: period - 1]).all()
    assert out[period] == twin(value[: period + 1].tolist(), period)[-1]
