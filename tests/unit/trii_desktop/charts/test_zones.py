"""Labels in local time follow the rules of the machine's zone."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from backend.domain.bars import BarSpec
from tests.fakes.bars import DAYS, INSTRUMENT, MINUTES, START_NS
from trii_desktop.charts.wording import label_zone, time_words
from trii_desktop.charts.zones import LOCAL_ZONE


@pytest.fixture
def berlin(monkeypatch):
    if not hasattr(time, "tzset"):
        pytest.skip("The zone of this machine cannot be set for a test here.")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_local_time_knows_summer_and_winter():
    for month, hours in ((1, 1), (7, 2)):
        moment = datetime(2024, month, 8, 14, 30, tzinfo=UTC)
        local = moment.astimezone(LOCAL_ZONE)
        assert local.utcoffset() == timedelta(hours=hours)
        assert (local.hour, local.minute) == (14 + hours, 30)
        assert local.astimezone(UTC) == moment


@pytest.mark.usefixtures("berlin")
def test_the_hour_that_comes_twice_is_told_apart():
    before = datetime(2024, 10, 27, 0, 30, tzinfo=UTC).astimezone(LOCAL_ZONE)
    after = datetime(2024, 10, 27, 1, 30, tzinfo=UTC).astimezone(LOCAL_ZONE)
    assert (before.hour, after.hour) == (2, 2)
    assert before.timestamp() + 3_600 == after.timestamp()


def test_moments_beyond_the_systems_clock_are_told_in_utc():
    assert datetime(1, 1, 1, tzinfo=LOCAL_ZONE).utcoffset() is not None


@pytest.mark.usefixtures("berlin")
def test_a_chart_is_labelled_in_the_zone_that_was_chosen():
    said = {name: time_words(START_NS, MINUTES, label_zone(name, INSTRUMENT, MINUTES)) for name in ("exchange", "local", "UTC")}
    assert said == {
        "exchange": "Mon 8 Jan 2024  09:30",
        "local": "Mon 8 Jan 2024  15:30",
        "UTC": "Mon 8 Jan 2024  14:30",
    }
    assert label_zone("Mars/Base", INSTRUMENT, MINUTES) == label_zone("exchange", INSTRUMENT, MINUTES)
    assert label_zone("local", INSTRUMENT, DAYS) is UTC
    assert label_zone("local", None, BarSpec.parse("500t")) is LOCAL_ZONE
