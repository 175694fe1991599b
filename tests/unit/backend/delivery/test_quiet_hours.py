"""Quiet hours, against a naive look at the clock on the wall, minute by minute, in zones that change their clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.delivery.quiet_hours import QuietHours, QuietRange, format_range, parse_range, parse_zone
from backend.errors import InvalidInput

MINUTE_NS = 60 * 1_000_000_000
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "UTC")
# Instants around the changes of clocks in 2024, and others.
CHANGES = (
    datetime(2024, 3, 31, 1, tzinfo=UTC),
    datetime(2024, 10, 27, 1, tzinfo=UTC),
    datetime(2024, 3, 10, 7, tzinfo=UTC),
    datetime(2024, 11, 3, 6, tzinfo=UTC),
    datetime(2024, 4, 6, 15, tzinfo=UTC),
    datetime(2024, 3, 10, 2, tzinfo=UTC),
    datetime(2024, 7, 3, 12, tzinfo=UTC),
)
ranges = st.builds(
    QuietRange,
    st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    st.integers(0, 1439),
    st.integers(0, 1439),
)


def ns(moment):
    return round(moment.timestamp()) * 1_000_000_000


def naive_is_quiet(found, wall):
    """Whether a wall time lies in a range, by writing the whole day of the range down."""
    for day in found.days:
        for back in (0, 1):
            begun = wall.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) - timedelta(days=back)
            if begun.weekday() != day:
                continue
            first = begun + timedelta(minutes=found.first)
            last = begun + timedelta(minutes=found.last if found.last > found.first else found.last + 1440)
            if first <= wall.replace(tzinfo=None) < last:
                return True
    return False


@given(
    st.lists(ranges, min_size=1, max_size=3),
    st.sampled_from(ZONES),
    st.sampled_from(CHANGES),
    st.integers(-26 * 3600, 26 * 3600),
)
def test_quiet_hours_end_where_a_naive_look_at_the_wall_says(found, zone_name, change, seconds):
    quiet, zone = QuietHours(tuple(found)), ZoneInfo(zone_name)
    now = change + timedelta(seconds=seconds)

    def naive(moment):
        return any(naive_is_quiet(one, moment.astimezone(zone)) for one in found)

    end_ns = quiet.end_ns(ns(now), zone) if len({m for one in found for m in one.minutes()}) < 7 * 1440 else None
    assert quiet.is_quiet(ns(now), zone) == naive(now)
    if end_ns is None:
        return
    end = datetime.fromtimestamp(end_ns // 1_000_000_000, UTC)
    assert naive(now)
    assert not naive(end)
    assert end_ns % MINUTE_NS == 0
    step = now.replace(second=0)
    for _ in range(30 * 60):
        if step >= end:
            break
        assert step <= now or naive(step)
        step += timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "now", "end"),
    [
        ("22:00-07:00", datetime(2024, 1, 8, 23, tzinfo=BERLIN), datetime(2024, 1, 9, 7, tzinfo=BERLIN)),
        ("22:00-07:00", datetime(2024, 1, 9, 6, 59, 59, tzinfo=BERLIN), datetime(2024, 1, 9, 7, tzinfo=BERLIN)),
        ("mon-fri 22:00-07:00", datetime(2024, 1, 13, 3, tzinfo=BERLIN), datetime(2024, 1, 13, 7, tzinfo=BERLIN)),
        ("sat,sun 00:00-24:00", datetime(2024, 1, 13, 3, tzinfo=BERLIN), datetime(2024, 1, 15, 0, tzinfo=BERLIN)),
        # Clocks go from 02:00 to 03:00: an end at 02:30 comes with the change; from 03:00 back to 02:00: it comes twice.
        ("22:00-02:30", datetime(2024, 3, 31, 1, 30, tzinfo=BERLIN), datetime(2024, 3, 31, 3, tzinfo=BERLIN)),
        ("22:00-07:00", datetime(2024, 3, 30, 23, tzinfo=BERLIN), datetime(2024, 3, 31, 7, tzinfo=BERLIN)),
        ("22:00-07:00", datetime(2024, 10, 26, 23, tzinfo=BERLIN), datetime(2024, 10, 27, 7, tzinfo=BERLIN)),
        ("22:00-02:30", datetime(2024, 10, 27, 2, 10, fold=1, tzinfo=BERLIN), datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN)),
    ],
)
def test_a_night_ends_in_the_morning_whatever_the_clocks_do(text, now, end):
    assert QuietHours((parse_range(text),)).end_ns(ns(now), BERLIN) == ns(end)


def test_outside_of_them_it_is_not_quiet():
    quiet = QuietHours((parse_range("mon-fri 22:00-07:00"),))
    assert quiet.end_ns(ns(datetime(2024, 1, 14, 23, tzinfo=BERLIN)), BERLIN) is None
    assert quiet.end_ns(ns(datetime(2024, 1, 8, 7, tzinfo=BERLIN)), BERLIN) is None
    assert QuietHours().end_ns(0, BERLIN) is None


@given(ranges)
def test_a_range_is_read_as_it_was_written(found):
    if found.first == found.last and found.first:
        return  # a whole day from another hour than midnight is written as two
    assert parse_range(format_range(found)) == found


@pytest.mark.parametrize(
    "text", ["", "22-07", "25:00-07:00", "mon 22:00", "xyz 22:00-07:00", "mon-tue-wed 01:00-02:00", "07:00-07:00"]
)
def test_what_is_no_range_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_range(text)


def test_quiet_hours_without_an_end_and_unknown_zones_are_refused():
    with pytest.raises(InvalidInput, match="no minute"):
        QuietHours((parse_range("00:00-12:00"), parse_range("12:00-24:00"))).check()
    with pytest.raises(InvalidInput, match="no day"):
        QuietHours((QuietRange((), 0, 60),)).check()
    for name in ("Berlin/Europe", "../../etc/passwd", ""):
        with pytest.raises(InvalidInput):
            parse_zone(name)
