"""Wall-clock times become the instants they were, in hours that clocks repeat and skip too."""

import datetime as dt
import zoneinfo

import numpy as np
import pytest

from backend.errors import InvalidInput
from backend.market.importers.zones import ZoneClock, check_timezone, parse_offset_s

NEW_YORK = "America/New_York"


REPEATED = ("00:30", "01:00", "01:30", "01:00", "01:30", "02:00")


def walls(*texts):
    return np.array(texts, "datetime64[ns]").astype(np.int64)


def texts(ns):
    return np.datetime_as_string(ns.astype("datetime64[ns]"), unit="m").tolist()


@pytest.mark.parametrize(
    "zone", [NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Casablanca"]
)
def test_every_hour_of_many_years_agrees_with_the_zone_database(zone):
    utc = np.arange(0, 55 * 365 * 24, 7, dtype=np.int64) * 3600 * 10**9
    wall = ZoneClock(zone).to_wall(utc)
    tz = zoneinfo.ZoneInfo(zone)
    some = np.random.default_rng(1).integers(0, len(utc), 3000)
    for i in some.tolist():
        moment = dt.datetime.fromtimestamp(int(utc[i]) // 10**9, dt.UTC).astimezone(tz)
        assert int(wall[i] - utc[i]) // 10**9 == moment.utcoffset().total_seconds()
    back, exists = ZoneClock(zone).to_utc(wall)
    assert exists.all()
    assert (back == utc).mean() > 0.999


def test_a_repeated_hour_is_read_in_the_order_of_the_file():
    wall = walls(
        "2020-11-01T00:30", "2020-11-01T01:00", "2020-11-01T01:30", "2020-11-01T01:00", "2020-11-01T01:30", "2020-11-01T02:00"
    )
    expected = [
        "2020-11-01T04:30",
        "2020-11-01T05:00",
        "2020-11-01T05:30",
        "2020-11-01T06:00",
        "2020-11-01T06:30",
        "2020-11-01T07:00",
    ]
    assert texts(ZoneClock(NEW_YORK).to_utc(wall)[0]) == expected
    backwards = ZoneClock(NEW_YORK, is_descending=True).to_utc(wall[::-1].copy())[0]
    assert texts(backwards[::-1]) == expected


def test_a_repeated_hour_is_read_alike_when_the_file_comes_in_pieces():
    wall = walls(
        "2020-11-01T00:30", "2020-11-01T01:00", "2020-11-01T01:30", "2020-11-01T01:00", "2020-11-01T01:30", "2020-11-01T02:00"
    )
    whole = ZoneClock(NEW_YORK).to_utc(wall)[0]
    clock = ZoneClock(NEW_YORK)
    assert np.concatenate([clock.to_utc(wall[i : i + 1])[0] for i in range(len(wall))]).tolist() == whole.tolist()


def test_a_skipped_hour_never_was():
    _, exists = ZoneClock(NEW_YORK).to_utc(walls("2020-03-08T01:59", "2020-03-08T02:00", "2020-03-08T02:59", "2020-03-08T03:00"))
    assert exists.tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Z", 0),
        ("utc", 0),
        ("+02:00", 7200),
        ("-0530", -19800),
        ("UTC+2", 7200),
        ("GMT-3", -10800),
        ("EST", -18000),
        ("+25:00", None),
        ("Mars", None),
    ],
)
def test_offsets_are_read(text, seconds):
    assert parse_offset_s(text) == seconds


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "America/New_York\0", "/etc/localtime"])
def test_a_zone_that_nobody_knows_is_refused(name):
    with pytest.raises(InvalidInput, match="is not a time zone"):
        check_timezone(name)
