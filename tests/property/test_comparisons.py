"""A comparison that follows two growing series gives, after every change, what one look at both gives; and never looks ahead."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.charts.comparisons import RunningComparison, align
from backend.charts.series_times import SeriesTimes
from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, BarArrays, BarSpec
from backend.domain.sessions import SessionTable
from backend.market.growing_bars import GrowingBars, snapshot_of
from backend.market.resample import known_ns

LABELS = np.arange(40, dtype=np.int64) * DAY_NS
SESSIONS = SessionTable("test", LABELS, LABELS + 9 * HOUR_NS, LABELS + 10 * HOUR_NS)
SPECS = (BarSpec.parse("1m"), BarSpec.parse("100t"))
MORE_SPECS = (*SPECS, BarSpec.parse("7m"), BarSpec.parse("1d"))


def make_bars(rows, seed):
    """Bars at some of the minutes of the sessions, by number."""
    close = np.random.default_rng(seed).normal(100, 1, len(rows))
    return BarArrays(LABELS[rows // 60] + 9 * HOUR_NS + rows % 60 * MINUTE_NS, *(close.copy() for _ in range(4)), close)


def whole(spec, main, other):
    return align(known_ns(spec, main.event_ns, SESSIONS), known_ns(spec, other.event_ns, SESSIONS), other.close)


class Pair:
    """Two series over the same minutes, the other one with gaps and maybe behind."""

    def __init__(self, spec, n_main, n_other, seed):
        self.rng = np.random.default_rng(seed)
        self.rows = [np.arange(n_main), np.flatnonzero(self.rng.random(n_other) < 0.8)]
        self.growing = [GrowingBars(make_bars(rows, seed)) for rows in self.rows]
        self.running = RunningComparison(SeriesTimes(spec, SESSIONS), SeriesTimes(spec, SESSIONS))
        self.spec = spec
        self.version = 1
        self.follow()

    def follow(self):
        main, other = (growing.snapshot(self.version) for growing in self.growing)
        if self.running.bars is not None and self.running.bars.lineage != main.lineage:
            self.running = RunningComparison(SeriesTimes(self.spec, SESSIONS), SeriesTimes(self.spec, SESSIONS))
        self.running.advance(main, other)

    def change(self, which, back, n):
        self.version += 1
        rows = self.rows[which]
        kept = rows[: max(len(rows) - back, 0)]
        first = int(kept[-1]) + 1 if len(kept) else 0
        fresh = first + np.flatnonzero(self.rng.random(max(n, 2)) < 0.9)
        if not len(fresh) or fresh[-1] >= 2_300:
            return
        self.rows[which] = np.concatenate((kept, fresh))
        cut_ns = make_bars(fresh[:1], 0).event_ns[0]
        self.growing[which].cut(int(cut_ns), make_bars(fresh, self.version))

    def check(self):
        main, other = (growing.snapshot(1).bars for growing in self.growing)
        line = self.running.line()
        assert len(line) == len(main)
        np.testing.assert_array_equal(line.rows(0, len(main)), whole(self.spec, main, other))


changes = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 150), st.integers(1, 220)), min_size=3, max_size=10)


@settings(max_examples=80)
@given(st.sampled_from(SPECS), st.integers(0, 500), st.integers(0, 500), changes, st.integers(0, 1000))
def test_after_every_change_the_line_is_that_of_one_look_at_both(spec, n_main, n_other, steps, seed):
    pair = Pair(spec, n_main, n_other, seed)
    pair.check()
    for which, back, n in steps:
        before = pair.running.line()
        kept = before.rows(0, len(before)).copy()
        pair.change(which, back, n)
        pair.follow()
        pair.check()
        np.testing.assert_array_equal(before.rows(0, len(before)), kept)  # what was given out stays


@settings(max_examples=60)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 299), st.integers(0, 1000))
def test_what_was_known_at_a_moment_gives_the_same_values_as_what_came_later(n_main, n_other, row, seed):
    spec = SPECS[0]
    pair = Pair(spec, n_main, n_other, seed)
    main, other = (growing.snapshot(1).bars for growing in pair.growing)
    now_ns = known_ns(spec, main.event_ns, SESSIONS)[min(row, n_main - 1)]
    then = [bars[: int(np.searchsorted(known_ns(spec, bars.event_ns, SESSIONS), now_ns, side="right"))] for bars in (main, other)]
    running = RunningComparison(SeriesTimes(spec, SESSIONS), SeriesTimes(spec, SESSIONS))
    running.advance(*map(snapshot_of, then))
    n_then = len(then[0])
    np.testing.assert_array_equal(running.line().rows(0, n_then), whole(spec, main, other)[:n_then])


@settings(max_examples=100)
@given(
    st.sampled_from((*SPECS, BarSpec.parse("7m"), BarSpec.parse("1d"))),
    st.integers(0, 400),
    st.integers(0, 2_400),
    st.integers(-1, 1),
)
def test_how_many_bars_were_complete_is_found_without_looking_at_all(spec, n_bars, at, by):
    rows = np.arange(n_bars) if spec.is_intraday or not spec.is_time else np.arange(n_bars // 60) * 60
    bars = make_bars(rows, 1)
    if spec.is_dated:
        bars = BarArrays(bars.event_ns // DAY_NS * DAY_NS, *bars.columns())
    known = known_ns(spec, bars.event_ns, SESSIONS)
    now_ns = int(make_bars(np.array([min(at, 2_399)]), 0).event_ns[0]) + by
    found = SeriesTimes(spec, SESSIONS).n_until(snapshot_of(bars), now_ns)
    assert found == np.searchsorted(known, now_ns, side="right")
