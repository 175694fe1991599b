"""Resampled bars: the naive twin, pandas and polars as oracles, and no bar that knows its future."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, BarArrays, BarSpec
from backend.errors import InvalidInput
from backend.market.calendars import Calendars
from backend.market.resample import divides, known_ns, resample
from tests.naive import resample as naive

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
NOW_NS = 1_790_000_000 * 10**9
CALENDARS = ("XNYS", "XTKS", "FX", "24/7", "CMES")
START_NS = 1_709_510_400 * 10**9  # Monday 2024-03-04, a week before New York's clocks change


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    calendars = Calendars(tmp_path_factory.mktemp("cache"), ManualClock(NOW_NS))
    return {name: calendars.sessions(name) for name in CALENDARS}


def random_bars(event_ns, seed, *, integer_volume=True):
    rng = np.random.default_rng(seed)
    n = len(event_ns)
    opened, close = 100 + rng.normal(0, 1, n).cumsum(), 100 + rng.normal(0, 1, n).cumsum()
    high, low = np.maximum(opened, close) + rng.random(n), np.minimum(opened, close) - rng.random(n)
    volume = rng.integers(0, 1000, n).astype(np.float64) if integer_volume else rng.random(n) * 1000
    volume[rng.random(n) < 0.1] = np.nan
    return BarArrays(np.asarray(event_ns, np.int64), opened, high, low, close, volume)


def rows(bars):
    return [[int(ns), *map(float, values)] for ns, *values in zip(bars.event_ns, *bars.columns(), strict=True)]


def some_sessions(table, from_ns, to_ns):
    chosen = np.flatnonzero((table.label_ns >= from_ns - 120 * DAY_NS) & (table.label_ns < to_ns + 120 * DAY_NS))
    return [(int(table.label_ns[i]), int(table.open_ns[i]), int(table.close_ns[i])) for i in chosen]


@given(
    st.sampled_from(CALENDARS),
    st.sampled_from(["15m", "1h", "4h", "7m", "1d", "1w", "2w", "1mo", "3mo"]),
    st.integers(0, 60),
    st.lists(st.integers(0, 40 * 24 * 12), min_size=1, max_size=120, unique=True),
)
def test_bars_of_five_minutes_become_those_of_the_naive_twin(tables, name, target, offset, fives):
    spec, table = BarSpec.parse(target), tables[name]
    if not divides(BarSpec.parse("1m"), spec):
        return
    event_ns = np.sort(np.array(fives, np.int64)) * 5 * MINUTE_NS + START_NS + offset * DAY_NS
    bars = random_bars(event_ns, offset, integer_volume=False)
    sessions = some_sessions(table, int(event_ns[0]), int(event_ns[-1]))

    def start_of(ns):
        if spec.is_intraday:
            return naive.intraday_start(ns, spec.duration_ns, sessions)
        session = naive.session_at(ns, sessions)
        return None if session is None else naive.dated_label(session[0], str(spec.unit), int(spec.step), sessions)

    got = rows(resample(bars, BarSpec.parse("1m"), spec, table))
    np.testing.assert_array_equal(np.array(got).reshape(-1, 6), np.array(naive.resample(rows(bars), start_of)).reshape(-1, 6))


@given(
    st.sampled_from(CALENDARS),
    st.sampled_from(["1h", "4h", "1d", "3d", "1w", "1mo"]),
    st.integers(0, 20 * 24 * 60),
    st.integers(0, 5),
)
def test_a_bar_that_is_complete_never_changes_when_the_future_comes(tables, name, target, minutes, seed):
    spec, source, table = BarSpec.parse(target), BarSpec.parse("30m"), tables[name]
    event_ns = np.arange(START_NS, START_NS + 20 * DAY_NS, 30 * MINUTE_NS, dtype=np.int64)
    full = random_bars(event_ns, seed)
    cut_ns = START_NS + minutes * MINUTE_NS
    past = full[: int(np.searchsorted(known_ns(source, full.event_ns, table), cut_ns, side="right"))]
    whole, truncated = resample(full, source, spec, table), resample(past, source, spec, table)
    n_known = int(np.searchsorted(known_ns(spec, whole.event_ns, table), cut_ns, side="right"))
    # Beside the bar under way there may be the one before the opening, which someone else may have cut across it.
    assert n_known <= len(truncated) <= n_known + 2
    for ours, theirs in zip((truncated.event_ns, *truncated.columns()), (whole.event_ns, *whole.columns()), strict=True):
        np.testing.assert_array_equal(ours[:n_known], theirs[:n_known])


@given(st.sampled_from(CALENDARS), st.sampled_from(["1h", "1d", "2d", "5d", "1w", "1mo", "3mo"]), st.integers(0, 2000))
def test_labels_rise_and_bars_are_complete_in_their_order(tables, name, target, day):
    spec, table = BarSpec.parse(target), tables[name]
    event_ns = np.arange(400, dtype=np.int64) * DAY_NS + (15_000 + day) * DAY_NS
    source = BarSpec.parse("1d") if spec.is_dated else BarSpec.parse("1h")
    bars = resample(random_bars(event_ns, day), source, spec, table)
    known = known_ns(spec, bars.event_ns, table)
    assert np.all(np.diff(bars.event_ns) > 0)
    assert np.all(np.diff(known) >= 0)
    assert np.all(known > bars.event_ns)


@given(
    st.sampled_from(CALENDARS),
    st.sampled_from(["2d", "3d", "1w", "2w", "1mo", "3mo"]),
    st.integers(-2000, 25_000),
    st.integers(0, 100),
)
def test_a_complete_bar_of_days_never_changes_though_some_have_no_session(tables, name, target, day, n_later):
    spec, source, table = BarSpec.parse(target), BarSpec.parse("1d"), tables[name]
    full = random_bars((np.arange(150, dtype=np.int64) + day) * DAY_NS, abs(day))
    cut_ns = int(known_ns(source, full.event_ns, table)[n_later])
    past = full[: int(np.searchsorted(known_ns(source, full.event_ns, table), cut_ns, side="right"))]
    whole, truncated = resample(full, source, spec, table), resample(past, source, spec, table)
    n_known = int(np.searchsorted(known_ns(spec, whole.event_ns, table), cut_ns, side="right"))
    assert np.all(np.diff(whole.event_ns) > 0)
    np.testing.assert_array_equal(rows(truncated[:n_known]), rows(whole[:n_known]))
    assert float(np.nansum(whole.volume)) == float(np.nansum(full.volume))


def test_a_sunday_evening_of_foreign_exchange_begins_the_week(tables):
    sunday = int(dt.datetime(2024, 3, 10, tzinfo=dt.UTC).timestamp()) * 10**9
    days = random_bars(sunday + np.arange(6, dtype=np.int64) * DAY_NS, 4)
    weeks = resample(days, BarSpec.parse("1d"), BarSpec.parse("1w"), tables["FX"])
    assert weeks.event_ns.tolist() == [sunday + DAY_NS]
    assert weeks.open[0] == days.open[0]
    # Weeks stored under the Sunday that begins them are complete when their Friday closes, not the one before.
    friday_close = int(dt.datetime(2024, 3, 15, 21, tzinfo=dt.UTC).timestamp()) * 10**9
    assert known_ns(BarSpec.parse("1w"), np.array([sunday]), tables["FX"]).tolist() == [friday_close]


def test_an_hour_cut_by_the_clock_belongs_to_the_session_it_opens_into_and_is_known_at_its_end(tables):
    hour = int(dt.datetime(2024, 3, 11, 13, tzinfo=dt.UTC).timestamp()) * 10**9  # New York opens at 13:30
    bars = random_bars(hour + np.arange(-1, 7, dtype=np.int64) * HOUR_NS, 2)
    days = resample(bars, BarSpec.parse("1h"), BarSpec.parse("1d"), tables["XNYS"])
    assert days.open.tolist() == [bars.open[1]]
    assert known_ns(BarSpec.parse("1h"), bars.event_ns, tables["XNYS"])[1] == hour + HOUR_NS


@pytest.mark.parametrize("year", [1960, 2099])
def test_beyond_the_calendar_days_are_those_of_utc_and_no_bar_is_lost(tables, year):
    first = int((dt.datetime(year, 3, 11, tzinfo=dt.UTC) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).total_seconds()) * 10**9
    bars = random_bars(first + np.arange(96, dtype=np.int64) * HOUR_NS, 6)
    days = resample(bars, BarSpec.parse("1h"), BarSpec.parse("1d"), tables["XNYS"])
    assert days.event_ns.tolist() == [first + day * DAY_NS for day in range(4)]
    assert np.nansum(days.volume) == np.nansum(bars.volume)
    assert known_ns(BarSpec.parse("1d"), days.event_ns, tables["XNYS"]).tolist() == (days.event_ns + DAY_NS).tolist()


def sample(name):
    table = pd.read_csv(SAMPLES / f"{name}_1d.csv")
    dates = pd.to_datetime(table["Date"], format="mixed")
    columns = [table[c].to_numpy(np.float64).copy() for c in ("Open", "High", "Low", "Close", "Volume")]
    return BarArrays(dates.to_numpy().astype("datetime64[ns]").astype(np.int64), *columns)


@pytest.mark.parametrize("name", ["AAPL", "SP500"])
@pytest.mark.parametrize(("target", "rule"), [("1w", "W-SUN"), ("1mo", "ME"), ("3mo", "QE"), ("12mo", "YE")])
def test_weeks_and_months_of_real_bars_are_those_of_pandas(tables, name, target, rule):
    bars = sample(name)
    ours = resample(bars, BarSpec.parse("1d"), BarSpec.parse(target), tables["XNYS"])
    names = dict(zip(("open", "high", "low", "close", "volume"), bars.columns(), strict=True))
    frame = pd.DataFrame(names, index=pd.to_datetime(bars.event_ns))
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    theirs = frame.resample(rule).agg(how).dropna(subset=["open"])
    for got, column in zip(ours.columns(), theirs.columns, strict=True):
        np.testing.assert_array_equal(got, theirs[column].to_numpy())
    firsts = frame.index.to_series().resample(rule).first().dropna().to_numpy().astype("datetime64[ns]").astype(np.int64)
    np.testing.assert_array_equal(ours.event_ns[1:], firsts[1:])


@pytest.mark.parametrize("target", ["5m", "1h", "4h", "1d"])
def test_bars_around_the_clock_are_those_of_polars(tables, target):
    bars = random_bars(np.arange(START_NS, START_NS + 10 * DAY_NS, MINUTE_NS, dtype=np.int64), 3)
    ours = resample(bars, BarSpec.parse("1m"), BarSpec.parse(target), tables["24/7"])
    frame = pl.DataFrame({"t": bars.event_ns} | dict(zip("ohlcv", bars.columns(), strict=True))).with_columns(
        pl.from_epoch("t", "ns"), pl.col("v").fill_nan(None)
    )
    theirs = frame.group_by_dynamic("t", every=target).agg(
        pl.col("o").first(), pl.col("h").max(), pl.col("l").min(), pl.col("c").last(), pl.col("v").sum()
    )
    np.testing.assert_array_equal(ours.event_ns, theirs["t"].cast(pl.Int64).to_numpy())
    for got, column in zip(ours.columns(), "ohlcv", strict=True):
        np.testing.assert_array_equal(got, theirs[column].to_numpy())


def test_new_york_days_are_cut_by_sessions_and_not_by_utc_and_four_hours_end_with_the_session(tables):
    opening = int(dt.datetime(2024, 3, 11, 13, 30, tzinfo=dt.UTC).timestamp()) * 10**9
    event_ns = opening + np.arange(-4, 15, dtype=np.int64) * HOUR_NS // 2
    bars = random_bars(event_ns, 1)
    day = resample(bars, BarSpec.parse("30m"), BarSpec.parse("1d"), tables["XNYS"])
    assert day.event_ns.tolist() == [int(dt.datetime(2024, 3, 11, tzinfo=dt.UTC).timestamp()) * 10**9]
    assert day.open[0] == bars.open[4]
    assert day.close[0] == bars.close[16]
    fours = resample(bars, BarSpec.parse("30m"), BarSpec.parse("4h"), tables["XNYS"])
    assert ((fours.event_ns - opening) / HOUR_NS).tolist() == [-4.5, -0.5, 0.0, 4.0, 6.5]
    assert known_ns(BarSpec.parse("4h"), fours.event_ns, tables["XNYS"])[-2] == opening + 13 * HOUR_NS // 2


@pytest.mark.parametrize(
    ("source", "target", "can"),
    [
        ("1m", "5m", True),
        ("5m", "1m", False),
        ("2m", "5m", False),
        ("30m", "1h", True),
        ("45s", "1m", False),
        ("1h", "1d", True),
        ("1d", "1h", False),
        ("1d", "1mo", True),
        ("1w", "1mo", False),
        ("1w", "2w", True),
        ("2d", "1w", False),
        ("1mo", "3mo", True),
        ("100t", "1h", False),
        ("1h", "100t", False),
    ],
)
def test_only_what_divides_is_built(tables, source, target, can):
    one, other = BarSpec.parse(source), BarSpec.parse(target)
    assert divides(one, other) is can
    if not can:
        with pytest.raises(InvalidInput, match="cannot be built"):
            resample(BarArrays.empty(), one, other, tables["24/7"])
