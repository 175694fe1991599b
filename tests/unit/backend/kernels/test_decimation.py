"""Level-of-detail pyramids: by hand, against the naive twin, and how ranges are cut into buckets."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernels.decimation import (
    BASE,
    FACTOR,
    build_level,
    build_pyramid,
    level_for,
    n_levels,
    runs_between,
)
from tests.naive import decimation as naive

NAN = math.nan
values = st.lists(st.one_of(st.just(NAN), st.floats(-1e6, 1e6)), max_size=300)


def test_neighbours_fold_into_lowest_highest_and_sum():
    low, high, weight = build_level(
        np.array([3.0, 1.0, 2.0, 5.0, 9.0]), np.array([4.0, 2.0, 8.0, 6.0, 9.0]), np.array([1.0, 2.0, NAN, 4.0, 5.0]), 2
    )
    assert low.tolist() == [1.0, 2.0]
    assert high.tolist() == [4.0, 8.0]
    assert weight.tolist() == [3.0, 4.0]


def test_values_that_are_not_numbers_do_not_count_and_alone_stay_unknown():
    low, high, weight = build_level(np.array([NAN, NAN, 1.0, NAN]), np.array([NAN, NAN, 2.0, NAN]), np.full(4, NAN), 2)
    assert math.isnan(low[0])
    assert math.isnan(high[0])
    assert (low[1], high[1], weight.tolist()) == (1.0, 2.0, [0.0, 0.0])


@given(values, st.floats(0, 10))
def test_every_level_equals_the_naive_twin(lows, width):
    low = np.array(lows)
    high, weight = low + width, np.abs(low)
    built = build_pyramid(low, high, weight)
    expected = naive.pyramid(low.tolist(), high.tolist(), weight.tolist(), BASE, FACTOR)
    assert len(built) == len(expected) == n_levels(len(low))
    for level, (size, buckets) in zip(built, expected, strict=True):
        assert level.size == size
        np.testing.assert_array_equal(level.low, [b[0] for b in buckets])
        np.testing.assert_array_equal(level.high, [b[1] for b in buckets])
        np.testing.assert_allclose(level.weight, [b[2] for b in buckets], rtol=1e-12)


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(1, 3000), st.integers(-1, 5))
def test_runs_cover_a_range_once_and_in_order(n_closed, first, n_rows, number):
    rows = np.arange(float(n_closed))
    levels = build_pyramid(rows, rows, rows)
    number = min(number, len(levels) - 1)
    stop = first + n_rows
    runs = runs_between(levels, number, first, stop)
    grid = levels[number].size if number >= 0 else 1
    at = first // grid * grid
    for k, begin, end in runs:
        size = levels[k].size if k >= 0 else 1
        assert begin * size == at
        assert end > begin
        assert k < 0 or end * size <= n_closed
        at = end * size
    assert at == stop


def test_a_million_rows_need_few_buckets():
    rows = np.zeros(1_000_000)
    levels = build_pyramid(rows, rows, rows)
    number = level_for(levels, 1_000_000 / 1500)
    runs = runs_between(levels, number, 0, 1_000_000)
    assert sum(end - begin for _, begin, end in runs) < 1500 * 4 * FACTOR + 100


@pytest.mark.parametrize(("rows_per_column", "number"), [(1, -1), (63, -1), (64, 0), (127, 0), (128, 1), (1e9, 8)])
def test_the_coarsest_level_that_keeps_columns_sharp_is_chosen(rows_per_column, number):
    rows = np.zeros(BASE * FACTOR**8)
    assert level_for(build_pyramid(rows, rows, rows), rows_per_column) == number
