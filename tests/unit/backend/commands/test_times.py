"""Dates and times as a command line may give them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.commands.times import find_zone, format_instant, format_time_column, format_times, parse_when
from backend.domain.bars import DAY_NS, HOUR_NS, SECOND_NS
from backend.errors import InvalidInput

NEW_YORK = ZoneInfo("America/New_York")
LABEL = 19727 * DAY_NS  # 2024-01-05


def ns(*parts: int, zone=UTC) -> int:
    return int(datetime(*parts, tzinfo=zone).timestamp()) * SECOND_NS


def test_a_date_is_the_whole_day_in_the_instruments_zone_and_a_label_without_any() -> None:
    day = parse_when("2024-01-05", NEW_YORK)
    assert (day.start_ns, day.end_ns) == (ns(2024, 1, 5, zone=NEW_YORK), ns(2024, 1, 6, zone=NEW_YORK))
    assert (day.first_label_ns, day.next_label_ns) == (LABEL, LABEL + DAY_NS)
    assert day.last_ns == day.end_ns - 1
    assert (day.from_ns(is_dated=True), day.to_ns(is_dated=True)) == (LABEL, LABEL + DAY_NS)


def test_months_and_years_reach_to_their_last_day_across_the_turn_of_the_year() -> None:
    december = parse_when("2023-12", UTC)
    assert (december.start_ns, december.end_ns) == (ns(2023, 12, 1), ns(2024, 1, 1))
    year = parse_when("2024", UTC)
    assert year.next_label_ns - year.first_label_ns == 366 * DAY_NS


def test_a_day_with_a_clock_change_is_as_long_as_it_was() -> None:
    spring = parse_when("2024-03-10", NEW_YORK)
    assert spring.end_ns - spring.start_ns == 23 * HOUR_NS


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-01-05T09:30", ns(2024, 1, 5, 9, 30, zone=NEW_YORK)),
        ("2024-01-05 09:30:15", ns(2024, 1, 5, 9, 30, 15, zone=NEW_YORK)),
        ("2024-01-05T09:30:00.000000001", ns(2024, 1, 5, 9, 30, zone=NEW_YORK) + 1),
        ("2024-01-05T09:30Z", ns(2024, 1, 5, 9, 30)),
        ("2024-01-05T09:30+02:00", ns(2024, 1, 5, 7, 30)),
        ("2024-01-05T09:30-0500", ns(2024, 1, 5, 14, 30)),
        ("1969-12-31T23:59:59.5Z", -SECOND_NS // 2),
    ],
)
def test_instants_are_exact_to_the_nanosecond_and_their_offset_counts(text: str, at: int) -> None:
    when = parse_when(text, NEW_YORK)
    assert when.is_instant
    assert (when.start_ns, when.end_ns, when.last_ns) == (at, at, at)


def test_for_bars_of_days_an_instant_ends_a_range_with_its_own_day_unless_it_is_midnight() -> None:
    assert parse_when("2024-01-05T12:00", NEW_YORK).to_ns(is_dated=True) == LABEL + DAY_NS
    assert parse_when("2024-01-05T00:00", NEW_YORK).to_ns(is_dated=True) == LABEL
    assert parse_when("2024-01-05T02:00Z", NEW_YORK).from_ns(is_dated=True) == LABEL - DAY_NS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2024-13",
        "2024-02-30",
        "2024-1-5",
        "24-01-05",
        "2024-01-05T25:00",
        "2024-01-05T9:30",
        "٢٠٢٤",
        "0000",
        "9999",
        "2024-01-05T09:30+99:99",
        "2024-01-05T09:30:00.1234567890",
    ],
)
def test_what_is_no_time_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(InvalidInput, match="2024-01-31T15:30"):
        parse_when(text, UTC)


def test_an_unknown_zone_is_refused() -> None:
    for name in ("Mars/Olympus", "../etc/passwd", ""):
        with pytest.raises(InvalidInput):
            find_zone(name)


def test_times_are_written_with_the_offset_that_held_then() -> None:
    times = [ns(2024, 1, 5, 14, 30), ns(2024, 7, 5, 13, 30), ns(2024, 7, 5, 13, 30) + 1_500]
    assert list(format_times(times, NEW_YORK, is_dated=False)) == [
        "2024-01-05T09:30:00-05:00",
        "2024-07-05T09:30:00-04:00",
        "2024-07-05T09:30:00.0000015-04:00",
    ]
    assert list(format_times([LABEL, -DAY_NS], NEW_YORK, is_dated=True)) == ["2024-01-05", "1969-12-31"]
    assert format_instant(ns(2024, 1, 5) + 5) == "2024-01-05T00:00:00Z"


@given(st.integers(min_value=-(2**62), max_value=2**62))
def test_a_written_instant_reads_back_as_itself(at_ns: int) -> None:
    (text,) = format_times((at_ns,), NEW_YORK, is_dated=False)
    # Offsets before 1883 have seconds, which ISO 8601 cannot say.
    if at_ns > ns(1884, 1, 1):
        assert parse_when(text, NEW_YORK).start_ns == at_ns


@given(
    steps=st.lists(st.integers(min_value=-(10**9), max_value=4 * 10**9), max_size=40, unique=True),
    zone=st.sampled_from(["America/New_York", "Africa/Casablanca", "Asia/Kolkata", "UTC", "Pacific/Apia"]),
    unit=st.sampled_from([SECOND_NS, SECOND_NS // 1000, DAY_NS // 4]),
    is_dated=st.booleans(),
)
def test_a_column_of_times_is_written_as_each_of_them_alone(*, steps: list[int], zone: str, unit: int, is_dated: bool) -> None:
    column = np.array(sorted({step * unit % (2**61) for step in steps}), np.int64)
    one_by_one = list(format_times(column.tolist(), ZoneInfo(zone), is_dated=is_dated))
    assert format_time_column(column, ZoneInfo(zone), is_dated=is_dated) == one_by_one


def test_a_column_across_a_clock_change_keeps_the_offset_of_each_time() -> None:
    hours = np.arange(ns(2024, 3, 10, 4), ns(2024, 3, 10, 10), HOUR_NS, dtype=np.int64)
    assert [text[-6:] for text in format_time_column(hours, NEW_YORK, is_dated=False)] == ["-05:00"] * 3 + ["-04:00"] * 3
