"""Growing bars: snapshots never change, and growing gives what building anew gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.bars import MINUTE_NS, BarArrays
from backend.errors import InvalidInput
from backend.kernels.decimation import BASE, FACTOR
from backend.market.bar_snapshot import BarSnapshot
from backend.market.column_cut import ColumnCut
from backend.market.growing_bars import TAIL_MAX, GrowingBars, join, snapshot_of
from tests.fakes.bars import START_NS, make_bars, make_line
from tests.naive import decimation as naive


def assert_same(one: BarArrays, other: BarArrays) -> None:
    np.testing.assert_array_equal(one.event_ns, other.event_ns)
    for left, right in zip(one.columns(), other.columns(), strict=True):
        np.testing.assert_array_equal(left, right)


def assert_sound(snapshot: BarSnapshot, expected: BarArrays) -> None:
    """Bars as expected, and a pyramid as if built from them at once."""
    assert len(snapshot) == len(expected)
    assert_same(snapshot.bars, expected)
    rebuilt = GrowingBars(snapshot.closed).snapshot(1)
    whole = naive.pyramid(
        snapshot.closed.low.tolist(), snapshot.closed.high.tolist(), snapshot.closed.volume.tolist(), BASE, FACTOR
    )
    assert len(snapshot.levels) == len(whole) >= len(rebuilt.levels)
    for level, (size, buckets) in zip(snapshot.levels, whole, strict=True):
        assert level.size == size
        np.testing.assert_array_equal(level.low, [b[0] for b in buckets])
        np.testing.assert_array_equal(level.high, [b[1] for b in buckets])
        np.testing.assert_allclose(level.weight, [b[2] for b in buckets])


@settings(max_examples=40)
@given(
    st.integers(0, 400),
    st.lists(st.tuples(st.integers(0, 260), st.integers(0, 300), st.integers(0, 9)), max_size=12),
)
def test_any_updates_of_the_tail_give_what_building_anew_gives(n_first, updates):
    bars = make_bars(n_first)
    growing = GrowingBars(bars)
    seen = [(growing.snapshot(0), bars)]
    for version, (back, n_new, seed) in enumerate(updates, start=1):
        keep = max(len(bars) - back, 0)
        tail = make_bars(n_new, seed=seed, start_ns=START_NS + keep * MINUTE_NS)
        growing.cut(START_NS + keep * MINUTE_NS, tail)
        bars = join(bars[:keep], tail)
        seen.append((growing.snapshot(version), bars))
    for snapshot, expected in seen:  # also the early ones: nothing given out may change
        assert_sound(snapshot, expected)


def test_the_forming_bar_changes_only_in_newer_snapshots():
    growing = GrowingBars(make_bars(500))
    before = growing.snapshot(1)
    old = before.bar(499)
    forming = BarArrays.of([type(old)(old.event_ns, old.open, old.high + 5, old.low, old.close, old.volume + 1)])
    assert growing.replace_from(forming) == 499
    after = growing.snapshot(2)
    assert before.bar(499) == old
    assert after.bar(499).high == old.high + 5
    assert after.closed.high.base is before.closed.high.base  # the closed rows are shared, not copied
    assert after.lineage == before.lineage


def test_rewriting_an_old_bar_leaves_older_snapshots_alone_and_says_so():
    growing = GrowingBars(make_bars(500))
    before = growing.snapshot(1)
    copy = [column.copy() for column in before.bars.columns()]
    growing.replace_from(make_bars(490, seed=9, start_ns=START_NS + 10 * MINUTE_NS))
    after = growing.snapshot(2)
    for column, kept in zip(before.bars.columns(), copy, strict=True):
        np.testing.assert_array_equal(column, kept)
    assert after.lineage != before.lineage
    assert_same(after.rows(0, 10), before.rows(0, 10))


def test_the_tail_stays_short_however_long_the_series_grows():
    growing = GrowingBars(make_bars(0))
    for row in range(1_000):
        growing.replace_from(make_bars(1, seed=row, start_ns=START_NS + row * MINUTE_NS))
        assert len(growing.snapshot(row).tail) <= TAIL_MAX
    assert len(growing) == 1_000


def test_what_a_feed_does_with_its_own_arrays_afterwards_is_not_seen():
    growing = GrowingBars(BarArrays.empty())
    prices = np.array([10.0])
    bar = BarArrays(np.array([START_NS]), *(prices[:] for _ in range(4)), np.array([1.0]))
    growing.replace_from(bar)
    prices[0] = 99.0
    assert growing.snapshot(1).bar(0).close == 10.0


def test_changing_to_no_bars_is_refused():
    with pytest.raises(InvalidInput, match="empty"):
        GrowingBars(make_bars(3)).replace_from(BarArrays.empty())


def test_snapshots_know_lines_and_volume():
    assert snapshot_of(make_line([1, 2, 3])).is_close_only
    assert not snapshot_of(make_line([1, 2, 3])).has_volume
    assert not snapshot_of(make_bars(3)).is_close_only
    assert snapshot_of(make_bars(3)).has_volume


def test_a_bar_that_is_still_a_single_price_does_not_turn_candles_into_a_line():
    growing = GrowingBars(make_bars(3))
    growing.replace_from(make_line([100.0], start_ns=START_NS + 3 * MINUTE_NS))
    assert not growing.snapshot(2).is_close_only


@given(st.integers(1, 700), st.integers(0, 300), st.data())
def test_rows_times_and_bars_agree_across_closed_and_tail(n_bars, n_more, data):
    bars = make_bars(n_bars + n_more)
    growing = GrowingBars(bars[:n_bars])
    if n_more:
        growing.replace_from(bars[n_bars:])
    snapshot = growing.snapshot(1)
    first = data.draw(st.integers(-5, n_bars + n_more + 5))
    stop = data.draw(st.integers(-5, n_bars + n_more + 5))
    assert_same(snapshot.rows(first, stop), bars[max(first, 0) : max(stop, first, 0)])
    row = data.draw(st.integers(0, len(bars) - 1))
    assert snapshot.bar(row) == bars.bar(row)
    at = snapshot.event_ns_at(row)
    assert (snapshot.row_at(at - 1), snapshot.row_at(at), snapshot.row_at(at + 1)) == (row - 1, row, row)
    assert snapshot.rows_at(np.array([at, at + 1])).tolist() == [row, row + 1]


@settings(max_examples=60)
@given(st.integers(2, 4_000), st.integers(1, 400), st.integers(0, 9))
def test_columns_cover_every_extreme_in_view_and_are_exact_at_their_ends(n_bars, n_columns, seed):
    bars = make_bars(n_bars, seed=seed)
    snapshot = snapshot_of(bars)
    rng = np.random.default_rng(seed)
    starts = np.unique(rng.integers(0, n_bars - 1, n_columns))
    columns = snapshot.columns(ColumnCut(starts, n_bars))
    shown = slice(int(starts[0]), n_bars)
    assert columns.low.min() <= bars.low[shown].min()
    assert columns.high.max() >= bars.high[shown].max()
    np.testing.assert_array_equal(columns.open, bars.open[starts])
    np.testing.assert_array_equal(columns.close, bars.close[np.append(starts[1:], n_bars) - 1])


def test_columns_of_few_bars_equal_the_naive_twin():
    bars = make_bars(200)
    starts = np.arange(3, 200, 7)
    columns = snapshot_of(bars).columns(ColumnCut(starts, 200))
    rows = list(zip(*(c.tolist() for c in bars.columns()), strict=True))
    expected = naive.columns(rows, starts.tolist(), 200)
    made = list(zip(*(c.tolist() for c in columns[1:]), strict=True))
    assert made == [pytest.approx(column) for column in expected]


def test_snapshots_between_two_closed_rows_share_all_but_the_tail():
    bars = make_bars(5_400)
    grown = GrowingBars(bars[:5_000])
    one = grown.snapshot(1)
    grown.replace_from(bars[5_000:5_001])
    other = grown.snapshot(2)
    assert other.closed is one.closed
    assert other.levels is one.levels
    for row in range(5_001, len(bars)):
        grown.replace_from(bars[row : row + 1])
        grown.snapshot(3)
    assert len(grown.snapshot(4).closed) > len(one.closed)
    assert_sound(grown.snapshot(4), bars)
