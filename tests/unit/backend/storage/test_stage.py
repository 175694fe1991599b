"""A stage gives back every row once, sorted, whatever the order, and holds a bounded number in memory."""

import numpy as np
import pytest

from backend.domain.bars import BarArrays
from backend.errors import CorruptData, InvalidInput
from backend.storage.segments import SeriesKey, concat_rows
from backend.storage.stage import BATCH_ROWS, FAN_IN, Stage, take
from tests.fakes.bars import make_bars
from tests.fakes.market import same

KEY = SeriesKey("AAPL.XNAS", "1m", "import")


def collect(stage):
    windows = list(stage.windows())
    assert all(len(window) for window in windows)
    return concat_rows(windows) if windows else BarArrays.empty(), windows


def shuffled(bars, seed=0):
    return take(bars, np.random.default_rng(seed).permutation(len(bars)))


@pytest.mark.parametrize("buffer_rows", [10, 97, 1000, 10_000])
def test_rows_come_back_sorted_whatever_the_order_they_were_added_in(tmp_path, buffer_rows):
    bars = make_bars(3000)
    stage = Stage(tmp_path / "stage", KEY, buffer_rows=buffer_rows)
    mixed = shuffled(bars)
    for start in range(0, len(mixed), 700):
        stage.add(mixed[start : start + 700])
    found, _ = collect(stage)
    assert same(found, bars)
    assert stage.n_added == 3000


def test_reading_twice_gives_the_same_rows_and_counts(tmp_path):
    stage = Stage(tmp_path / "stage", KEY, buffer_rows=100)
    stage.add(make_bars(1000))
    stage.add(make_bars(1000)[:300])
    first, _ = collect(stage)
    counts = stage.n_same
    second, _ = collect(stage)
    assert same(first, second)
    assert stage.n_same == counts == 300


def test_more_runs_than_are_merged_at_once_are_merged_in_passes(tmp_path):
    bars = make_bars(5 * FAN_IN * 10)
    stage = Stage(tmp_path / "stage", KEY, buffer_rows=10)
    stage.add(shuffled(bars))
    found, _ = collect(stage)
    assert same(found, bars)
    assert len(list((tmp_path / "stage").iterdir())) <= FAN_IN


@pytest.mark.parametrize("buffer_rows", [4, 100])
def test_of_equal_times_the_row_added_last_counts(tmp_path, buffer_rows):
    older, newer = make_bars(20, seed=1), make_bars(20, seed=2)
    stage = Stage(tmp_path / "stage", KEY, buffer_rows=buffer_rows)
    stage.add(older)
    stage.add(newer)
    stage.add(newer[:5])
    found, _ = collect(stage)
    assert same(found, newer)
    assert (stage.n_same, stage.n_overridden) == (5, 20)


def test_windows_are_bounded_also_when_all_runs_overlap(tmp_path):
    n_runs, per_run = 6, 2 * BATCH_ROWS
    stage = Stage(tmp_path / "stage", KEY, buffer_rows=per_run)
    for run in range(n_runs):
        stage.add(make_bars(per_run, seed=run, start_ns=run, step_ns=n_runs))
    _, windows = collect(stage)
    assert sum(len(window) for window in windows) == n_runs * per_run
    assert max(len(window) for window in windows) <= n_runs * BATCH_ROWS


@pytest.mark.parametrize(
    ("column", "value"),
    [("open", np.nan), ("high", np.inf), ("low", -np.inf), ("close", np.nan), ("high", 0.0), ("low", 1e9), ("volume", -1.0)],
)
def test_bars_that_cannot_be_are_refused_with_their_values(tmp_path, column, value):
    bars = make_bars(5)
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")}
    columns[column][3] = value
    stage = Stage(tmp_path / "stage", KEY)
    with pytest.raises(InvalidInput, match=f"at {bars.event_ns[3]} ns"):
        stage.add(BarArrays(bars.event_ns, **columns))
    assert stage.n_added == 0


def test_negative_prices_and_unknown_volumes_are_taken(tmp_path):
    bars = make_bars(5)
    below = BarArrays(bars.event_ns, *(c - 500 for c in bars.columns()[:4]), np.full(5, np.nan))
    stage = Stage(tmp_path / "stage", KEY)
    stage.add(below)
    assert same(collect(stage)[0], below)


def test_a_dropped_stage_leaves_no_files_and_takes_no_rows(tmp_path):
    stage = Stage(tmp_path / "stage", KEY, buffer_rows=10)
    stage.add(make_bars(100))
    assert list((tmp_path / "stage").iterdir())
    stage.drop()
    stage.drop()
    assert not (tmp_path / "stage").exists()
    with pytest.raises(InvalidInput, match="closed"):
        stage.add(make_bars(1))


@pytest.mark.parametrize("in_order", [True, False])
def test_a_file_damaged_meanwhile_is_said(tmp_path, in_order):
    stage = Stage(tmp_path / "stage", KEY, buffer_rows=10)
    stage.add(make_bars(100) if in_order else shuffled(make_bars(100)))
    next((tmp_path / "stage").iterdir()).write_bytes(b"not rows")
    with pytest.raises(CorruptData, match="Import again"):
        list(stage.windows())


def test_rows_in_order_become_finished_segments_and_can_still_be_read_back(tmp_path):
    bars = make_bars(95)
    stage = Stage(tmp_path / "stage", KEY, buffer_rows=10)
    for start in range(0, 95, 7):
        stage.add(bars[start : start + 7])
    assert stage.span == (int(bars.event_ns[0]), int(bars.event_ns[-1]))
    assert same(collect(stage)[0], bars)
    segments = stage.finish_segments()
    assert [segment.n_rows for segment in segments] == [10] * 9 + [5]
    assert all((stage.folder / segment.name).stat().st_size == segment.n_bytes for segment in segments)
    assert same(collect(stage)[0], bars)


@pytest.mark.parametrize("late", [slice(0, 1), slice(30, 60), slice(94, 95)])
def test_rows_that_leave_the_order_end_it_and_nothing_is_lost(tmp_path, late):
    bars, newer = make_bars(95, seed=1), make_bars(95, seed=2)
    stage = Stage(tmp_path / "stage", KEY, buffer_rows=10)
    stage.add(bars)
    stage.add(newer[late])
    assert stage.span is None
    found, _ = collect(stage)
    places = np.arange(95)
    assert same(found[late], newer[late])
    assert same(take(found, np.delete(places, late)), take(bars, np.delete(places, late)))
    assert stage.n_overridden == len(newer[late])


def test_runs_merged_in_passes_are_read_back_in_small_batches_too(tmp_path):
    n_runs, per_run = 2 * FAN_IN, 2 * BATCH_ROWS
    stage = Stage(tmp_path / "stage", KEY, buffer_rows=per_run)
    for run in range(n_runs):
        stage.add(make_bars(per_run, seed=run, start_ns=n_runs - run, step_ns=n_runs))
    windows = list(stage.windows())
    assert sum(len(window) for window in windows) == n_runs * per_run
    n_runs_left = len(list((tmp_path / "stage").iterdir()))
    assert max(len(window) for window in windows) <= n_runs_left * BATCH_ROWS
