"""Studies that run beside a growing series give, after every change, the bits that one computation over all bars gives."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.charts.chart_state import Study, StudySource
from backend.charts.series_lines import SeriesLines, run_through
from backend.charts.series_times import SeriesTimes, session_numbers
from backend.charts.study_plan import plan_of
from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec
from backend.domain.sessions import SessionTable
from backend.indicators import compute
from backend.market.column_cut import ColumnCut
from backend.market.growing_bars import GrowingBars

SPEC = BarSpec.parse("1m")
HOUR = 60 * MINUTE_NS
SESSIONS = SessionTable(
    "test",
    np.arange(40, dtype=np.int64) * 24 * HOUR,
    np.arange(40, dtype=np.int64) * 24 * HOUR + 9 * HOUR,
    np.arange(40, dtype=np.int64) * 24 * HOUR + 10 * HOUR,
)
STUDIES = (
    Study("mean", "sma", (("period", 5),)),
    Study("strength", "rsi", (("period", 3),)),
    Study("of it", "ema", (("period", 4),), StudySource("value", "strength")),
    Study("day", "vwap", source=StudySource("hlc3")),
    Study("bands", "donchian", (("period", 7),)),
    Study("bad", "sma", (("period", -1),)),
    Study("on bad", "sma", (), StudySource("value", "bad")),
)


def make_bars(first, n, seed):
    rng = np.random.default_rng(seed)
    row = np.arange(first, first + n)
    event_ns = (row // 60) * 24 * HOUR + 9 * HOUR + row % 60 * MINUTE_NS
    close = 100 + rng.normal(0, 1, n).cumsum()
    volume = np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 50, n))
    return BarArrays(event_ns, close, close + 1, close - 1, close, volume)


PLAN = plan_of(STUDIES)
TIMES = SeriesTimes(SPEC, SESSIONS)


def started(snapshot, *ids):
    lines = SeriesLines(TIMES, snapshot)
    for chain in {PLAN.chains[key] for key in ids or PLAN.chains}:
        lines.join(chain, run_through(TIMES, snapshot, chain))
    return lines


def shown(lines):
    made = lines.lines()
    return {(key, output): made[chain, output] for key, chain in PLAN.chains.items() for one, output in made if one == chain}


def expected(bars):
    session = session_numbers(SPEC, bars.event_ns, SESSIONS)
    strength = compute("rsi", bars, period=3)["value"]
    bands = compute("donchian", bars, period=7)
    return {
        ("mean", "value"): compute("sma", bars, period=5)["value"],
        ("strength", "value"): strength,
        ("of it", "value"): compute("ema", bars, source=strength, period=4)["value"],
        ("day", "value"): compute("vwap", bars, sessions=session, source="hlc3")["value"],
        **{("bands", name): values for name, values in bands.items()},
    }


changes = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 90)),
        st.tuples(st.just("form"), st.integers(1, 3)),
        st.tuples(st.just("correct"), st.integers(1, 60)),
    ),
    max_size=14,
)


@settings(max_examples=60)
@given(st.integers(0, 700), changes, st.integers(0, 1000))
def test_after_every_change_the_lines_are_those_of_one_computation(n_first, steps, seed):
    growing = GrowingBars(make_bars(0, n_first, seed))
    running = started(growing.snapshot(1))
    for version, (kind, n) in enumerate(steps, 2):
        n_bars = len(growing)
        back = 0 if kind == "append" else min(n, n_bars, 60)
        fresh = n if kind == "append" else back
        if not fresh:
            continue
        growing.replace_from(make_bars(n_bars - back, fresh, seed + version))
        snapshot = growing.snapshot(version)
        running.advance(snapshot)
        lines, bars = shown(running), snapshot.bars
        for key, values in expected(bars).items():
            line = lines[key]
            assert len(line) == len(bars)
            np.testing.assert_array_equal(line.rows(0, len(bars)), values, str(key))
        session = session_numbers(SPEC, bars.event_ns, SESSIONS)
        np.testing.assert_array_equal(running.breaks(), np.flatnonzero(np.diff(session)) + 1)
    assert set(PLAN.errors) == {"bad", "on bad"}


@given(st.integers(1, 3000), st.integers(1, 40), st.integers(0, 100))
@settings(max_examples=40)
def test_columns_keep_every_extreme_of_a_line(n_bars, width, seed):
    snapshot = GrowingBars(make_bars(0, n_bars, seed)).snapshot(1)
    line = shown(started(snapshot, "mean"))["mean", "value"]
    values = line.rows(0, n_bars)
    starts = np.arange(0, n_bars, width)
    first, high, low, last = line.columns(ColumnCut(starts, n_bars))
    assert np.nanmax(high, initial=-np.inf) == np.nanmax(values, initial=-np.inf)
    assert np.nanmin(low, initial=np.inf) == np.nanmin(values, initial=np.inf)
    np.testing.assert_array_equal(first, values[starts])
    np.testing.assert_array_equal(last, values[np.append(starts[1:], n_bars) - 1])


def test_lines_given_out_never_change():
    growing = GrowingBars(make_bars(0, 300, 1))
    running = started(growing.snapshot(1), "mean", "strength")
    line = shown(running)["mean", "value"]
    before = line.rows(0, len(line)).copy()
    for version in range(2, 200):
        growing.replace_from(make_bars(298 + version, 2, version))
        running.advance(growing.snapshot(version))
    np.testing.assert_array_equal(line.rows(0, len(line)), before)
