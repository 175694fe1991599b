"""Time labels: calendar boundaries, the instrument's zone, bold larger units, no collisions."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, BarArrays
from backend.market.growing_bars import snapshot_of
from trii_desktop.charts.time_ticks import STEPS, TimeStep, TimeTick, Unit, ns_per_bar, step_for, thin_out, time_ticks

NEW_YORK = ZoneInfo("America/New_York")


def bars_at(moments):
    event_ns = np.array([int(moment.timestamp()) * 10**9 for moment in moments], np.int64)
    return snapshot_of(BarArrays(event_ns, *(np.ones(len(event_ns)) for _ in range(5))))


def sessions(days, *, step_minutes=30, zone=NEW_YORK):
    """Bars of 09:30 to 16:00 on the given (year, month, day)."""
    minutes = range(9 * 60 + 30, 16 * 60, step_minutes)
    return bars_at([datetime(*day, m // 60, m % 60, tzinfo=zone) for day in days for m in minutes])


def texts(snapshot, step, zone=UTC):
    return [(tick.row, tick.text, tick.is_major) for tick in time_ticks(snapshot, (0, len(snapshot)), step, zone)]


def of(unit, every):
    return next(step for step in STEPS if step.unit is unit and step.every == every)


def test_months_are_named_and_the_year_stands_out():
    days = bars_at([datetime(2012, 11, 28, tzinfo=UTC).replace(day=d, month=m, year=y) for y, m, d in DAYS])
    assert texts(days, of(Unit.MONTH, 1)) == [(2, "Dec", False), (4, "2013", True), (6, "Feb", False)]


DAYS = [(2012, 11, 28), (2012, 11, 30), (2012, 12, 3), (2012, 12, 31), (2013, 1, 2), (2013, 1, 31), (2013, 2, 1), (2013, 2, 4)]


def test_a_session_begins_a_day_and_hours_follow_in_the_exchange_s_time():
    found = texts(sessions([(2024, 1, 8), (2024, 1, 9)]), of(Unit.HOUR, 2), NEW_YORK)
    assert found == [
        (1, "10:00", False),
        (5, "12:00", False),
        (9, "14:00", False),
        (13, "9", True),
        (14, "10:00", False),
        (18, "12:00", False),
        (22, "14:00", False),
    ]


def test_a_holiday_s_label_goes_to_the_next_session_and_names_that_day():
    days = bars_at([datetime(2024, 1, d, tzinfo=UTC) for d in (5, 9, 10, 16)])
    assert texts(days, of(Unit.DAY, 7)) == [(1, "9", False), (3, "16", False)]


@pytest.mark.parametrize("month", [3, 11])
def test_hours_stay_round_when_clocks_change(month):
    day = {3: 8, 11: 1}[month]
    begin = int(datetime(2026, month, day, tzinfo=NEW_YORK).timestamp()) * 10**9
    event_ns = begin - HOUR_NS + np.arange(48) * HOUR_NS
    snapshot = snapshot_of(BarArrays(event_ns, *(np.ones(48) for _ in range(5))))
    found = time_ticks(snapshot, (0, 48), of(Unit.HOUR, 4), NEW_YORK)
    for tick in found:
        local = datetime.fromtimestamp(snapshot.event_ns_at(tick.row) / 1e9, NEW_YORK)
        assert local.hour % 4 == 0
        assert tick.text == local.strftime("%H:%M") if local.hour else tick.unit >= Unit.DAY
    assert len(found) == {3: 12, 11: 12}[month]


def test_zones_without_whole_hours_keep_their_own_clock():
    zone = ZoneInfo("Asia/Kolkata")
    snapshot = sessions([(2024, 1, 8)], step_minutes=15, zone=zone)
    assert [text for _, text, _ in texts(snapshot, of(Unit.HOUR, 1), zone)] == [f"{h}:00" for h in range(10, 16)]


def test_decades_of_days_get_years():
    snapshot = snapshot_of(BarArrays(np.arange(-8_000, 12_000) * DAY_NS, *(np.ones(20_000) for _ in range(5))))
    found = texts(snapshot, of(Unit.YEAR, 10))
    assert [text for _, text, _ in found] == ["1950", "1960", "1970", "1980", "1990", "2000"]


def test_minutes_of_a_long_series_are_found_without_walking_from_midnight():
    event_ns = int(datetime(2024, 1, 8, tzinfo=UTC).timestamp()) * 10**9 + np.arange(200_000) * 1_000_000_000
    snapshot = snapshot_of(BarArrays(event_ns, *(np.ones(200_000) for _ in range(5))))
    found = time_ticks(snapshot, (80_000, 80_600), of(Unit.MINUTE, 1), UTC)
    assert [tick.text for tick in found] == [f"22:{m:02d}" for m in range(14, 24)]


@given(st.integers(0, 900), st.integers(1, 900), st.sampled_from([s for s in STEPS if s.nominal_ns >= 6 * HOUR_NS]))
def test_a_label_does_not_depend_on_where_the_view_begins(first, length, step):
    snapshot = snapshot_of(BarArrays(np.arange(1_000) * 7 * HOUR_NS + 11 * MINUTE_NS, *(np.ones(1_000) for _ in range(5))))
    everything = {tick.row: tick for tick in time_ticks(snapshot, (0, 1_000), step, NEW_YORK)}
    part = time_ticks(snapshot, (first, min(first + length, 1_000)), step, NEW_YORK)
    assert part == [tick for row, tick in everything.items() if first <= row < first + length]


def test_no_bars_have_no_ticks_and_no_average():
    snapshot = snapshot_of(BarArrays.empty())
    assert time_ticks(snapshot, (0, 0), STEPS[0], UTC) == []
    assert ns_per_bar(snapshot) == 0.0


@given(st.floats(1e3, 1e20), st.floats(10, 200))
def test_the_finest_step_that_is_wide_enough_is_taken(ns_per_px, gap):
    step = step_for(ns_per_px, gap)
    wide_enough = [s for s in STEPS if s.nominal_ns >= ns_per_px * gap]
    assert step == (wide_enough[0] if wide_enough else STEPS[-1])
    assert isinstance(step, TimeStep)


@given(st.lists(st.tuples(st.integers(0, 1500), st.sampled_from(Unit)), max_size=60))
def test_labels_never_overlap_and_larger_units_win(found):
    ticks = [TimeTick(x, unit, "", is_major=False) for x, unit in sorted(dict(found).items())]
    xs, widths = [tick.row for tick in ticks], [40.0] * len(ticks)
    kept = thin_out(ticks, xs, widths, 10)
    assert all(xs[b] - xs[a] >= 50 for a, b in itertools.pairwise(kept))
    for i, tick in enumerate(ticks):
        if i not in kept:
            assert any(abs(xs[k] - xs[i]) < 50 and ticks[k].unit >= tick.unit for k in kept)
