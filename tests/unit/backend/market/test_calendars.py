"""Sessions against the calendar library, golden daylight-saving weeks, and the kept tables."""

import datetime as dt
import subprocess
import sys

import exchange_calendars
import numpy as np
import pytest

from backend.clock import ManualClock
from backend.domain.bars import DAY_NS
from backend.errors import NotFound
from backend.market.calendars import VENUES, Calendars, venue

NOW_NS = 1_790_000_000 * 10**9


@pytest.fixture
def calendars(home):
    return Calendars(home.cache, ManualClock(NOW_NS))


def ns(text):
    return int(dt.datetime.fromisoformat(text).timestamp()) * 10**9


def hours(table, date):
    row = int(table.row_of_label(np.array([ns(f"{date}T00:00+00:00")]))[0])
    moments = (table.open_ns[row], table.close_ns[row])
    return [dt.datetime.fromtimestamp(int(m) // 10**9, dt.UTC).strftime("%d %H:%M") for m in moments]


@pytest.mark.parametrize("name", ["XNYS", "XLON", "XTKS", "XHKG", "CMES", "XASX"])
def test_sessions_are_those_of_the_calendar_library(calendars, name):
    table = calendars.sessions(name)
    oracle = exchange_calendars.get_calendar(name, start="2005-01-01", end="2026-12-31")
    rows = table.row_of_label(oracle.sessions.to_numpy().astype("datetime64[ns]").astype(np.int64))
    assert (rows >= 0).all()
    np.testing.assert_array_equal(table.open_ns[rows], oracle.opens_nanos)
    np.testing.assert_array_equal(table.close_ns[rows], oracle.closes_nanos)
    assert np.all(np.diff(rows) == 1)


def test_a_day_of_foreign_exchange_ends_at_five_in_new_york_also_when_clocks_change(calendars):
    table = calendars.sessions("FX")
    assert hours(table, "2024-03-08") == ["07 22:00", "08 22:00"]
    assert hours(table, "2024-03-11") == ["10 21:00", "11 21:00"]
    assert hours(table, "2024-11-04") == ["03 22:00", "04 22:00"]
    assert table.row_of_label(np.array([ns("2024-03-10T00:00+00:00")])).tolist() == [-1]


def test_around_the_clock_every_instant_lies_in_the_session_of_its_date(calendars):
    table = calendars.sessions("24/7")
    instants = np.array([0, NOW_NS, NOW_NS - NOW_NS % DAY_NS], np.int64)
    np.testing.assert_array_equal(table.label_ns[table.row_at(instants)], instants // DAY_NS * DAY_NS)


def test_new_york_opens_an_hour_earlier_in_utc_once_its_clocks_change(calendars):
    table = calendars.sessions("XNYS")
    assert hours(table, "2024-03-08") == ["08 14:30", "08 21:00"]
    assert hours(table, "2024-03-11") == ["11 13:30", "11 20:00"]
    assert hours(table, "2024-11-29") == ["29 14:30", "29 18:00"]


def test_an_unknown_calendar_is_refused_with_a_near_name(calendars):
    with pytest.raises(NotFound) as caught:
        calendars.sessions("XNYSE")
    assert "XNYS" in caught.value.hint


def test_every_venue_names_a_calendar_that_exists():
    names = exchange_calendars.get_calendar_names(include_aliases=True)
    assert {v.calendar for v in VENUES.values()} <= {*names, "24/7", "FX"}


@pytest.mark.parametrize("name", ["XTAE", "XBOM", "XSES", "XSHG", "XSAU"])
def test_a_calendar_goes_as_far_as_the_library_knows_its_dates(home, name):
    table = Calendars(home.cache, ManualClock(ns("2035-11-21T00:00+00:00"))).sessions(name)
    assert len(table) > 200
    assert np.all(np.diff(table.label_ns) > 0)
    assert table.row_of_label(np.array([ns("2026-11-18T00:00+00:00")])).tolist() != [-1]


def test_an_unknown_venue_trades_around_the_clock():
    assert venue("NOWHERE").calendar == "24/7"


@pytest.mark.logs("cannot be read and is built again")
def test_a_kept_table_is_read_without_the_library_and_a_damaged_one_is_built_again(calendars, home):
    first = calendars.sessions("XNYS")
    (kept,) = home.cache.glob("sessions-XNYS-*.npy")
    code = (
        "import sys; from pathlib import Path\n"
        "from backend.clock import ManualClock; from backend.market.calendars import Calendars\n"
        f"t = Calendars(Path(sys.argv[1]), ManualClock({NOW_NS})).sessions('XNYS')\n"
        "print(len(t), 'exchange_calendars' in sys.modules, 'pandas' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code, str(home.cache)], capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(len(first)), "False", "False"]
    kept.write_bytes(kept.read_bytes()[:100])
    again = Calendars(home.cache, ManualClock(NOW_NS)).sessions("XNYS")
    np.testing.assert_array_equal(again.open_ns, first.open_ns)
