"""Of rows out of order as few as possible are refused, and of repeated times the last wins."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.market.importers.ordering import drop_repeats, longest_run


def keys(values):
    return np.array(values, np.int64)


def kept_of(values, floor=None):
    kept = longest_run(keys(values), floor)
    return list(values) if kept is None else keys(values)[kept].tolist()


def longest_naive(values):
    chosen = (rows for n in range(len(values) + 1) for rows in itertools.combinations(values, n))
    return max(len(rows) for rows in chosen if list(rows) == sorted(rows))


@pytest.mark.parametrize(
    ("values", "floor", "kept"),
    [
        ([1, 2, 3], None, [1, 2, 3]),
        ([1, 2, 50, 3, 4, 5], None, [1, 2, 3, 4, 5]),
        ([10, 11, 2, 12, 13], None, [10, 11, 12, 13]),
        ([7, 9, 8], None, [7, 9]),
        ([1, 2, 3, 4], 3, [3, 4]),
        ([2], 3, []),
        ([], None, []),
        ([5, 5, 5], None, [5, 5, 5]),
    ],
)
def test_one_wrong_time_costs_itself(values, floor, kept):
    assert kept_of(values, floor) == kept


@given(st.lists(st.integers(0, 9), max_size=11))
def test_no_larger_set_of_rows_runs_one_way(values):
    kept = kept_of(values)
    assert kept == sorted(kept)
    assert len(kept) == longest_naive(values)


def test_the_last_of_equal_times_wins_and_differing_ones_are_named():
    key = keys([1, 2, 2, 2, 3, 3])
    prices = np.array([1.0, 5.0, 6.0, 6.0, 7.0, np.nan])
    found = drop_repeats(key, [prices])
    assert key[found.kept].tolist() == [1, 2, 3]
    assert found.n_same == 1
    assert found.differing == ((1, 3), (4, 5))
    assert drop_repeats(keys([1, 2, 3]), [np.zeros(3)]) is None
