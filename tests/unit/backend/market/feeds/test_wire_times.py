"""Times of venues are read to the nanosecond, or refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidInput
from backend.market.feeds.wire_times import UNITS, format_rfc3339, parse_count, parse_rfc3339, parse_time

ANY_NS = st.integers(-9 * 10**18 + 1, 9 * 10**18 - 1)


@pytest.mark.parametrize(
    ("text", "at_ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2021-02-22T15:51:44.208123456Z", 1_614_009_104_208_123_456),
        ("2021-02-22T15:51:44.208Z", 1_614_009_104_208_000_000),
        ("2021-02-22T15:51:44.2081234569Z", 1_614_009_104_208_123_456),
        ("2021-02-22T10:51:44.5-05:00", 1_614_009_104_500_000_000),
        ("2021-02-22t15:51:44z", 1_614_009_104_000_000_000),
        ("2021-02-22 15:51:44", 1_614_009_104_000_000_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
        ("1969-12-31T23:59:59.000000001Z", -999_999_999),
    ],
)
def test_rfc3339_is_read_to_the_nanosecond(text, at_ns):
    assert parse_rfc3339(text) == at_ns


@given(ANY_NS)
def test_what_is_written_is_read_back(at_ns):
    assert parse_rfc3339(format_rfc3339(at_ns)) == at_ns


@given(ANY_NS.filter(lambda ns: ns % 1000 == 0), st.integers(-14 * 60, 14 * 60))
def test_offsets_change_the_words_and_not_the_instant(at_ns, minutes):
    local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_ns // 1000) + timedelta(minutes=minutes)
    sign = "+" if minutes >= 0 else "-"
    text = f"{local:%Y-%m-%dT%H:%M:%S.%f}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    assert parse_rfc3339(text) == at_ns


@pytest.mark.parametrize(
    "text",
    ["", "now", "2021-02-30T00:00:00Z", "2021-13-01T00:00:00Z", "2021-01-01T24:00:00Z", "2021-01-01T00:00:61Z", "2021-01-01",
     "2021-01-01T00:00:00+99:00", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2021-01-01T00:00:00.Z", "٢٠٢١-01-01T00:00:00Z"],
)  # fmt: skip
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_rfc3339(text)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_is_refused(text):
    for unit in (*UNITS, "iso"):
        try:
            assert isinstance(parse_time(text, unit), int)
        except InvalidInput:
            continue


@pytest.mark.parametrize(
    ("value", "unit", "at_ns"),
    [
        (1_614_009_104, "s", 1_614_009_104_000_000_000),
        ("1688669597.8277369", "s", 1_688_669_597_827_736_900),
        (1688669597.8277369, "s", 1_688_669_597_827_736_900),
        (Decimal("1688669597.827736912"), "s", 1_688_669_597_827_736_912),
        (1_614_009_104_208, "ms", 1_614_009_104_208_000_000),
        ("1614009104208123", "us", 1_614_009_104_208_123_000),
        (1_614_009_104_208_123_456, "ns", 1_614_009_104_208_123_456),
    ],
)
def test_counts_are_exact_as_written(value, unit, at_ns):
    assert parse_count(value, unit) == at_ns


@pytest.mark.parametrize("value", [True, None, [], "x", "nan", "inf", float("nan"), 10**40, "1e400", "-1e30"])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(InvalidInput):
        parse_count(value, "s")


def test_a_whole_day_is_its_midnight():
    assert parse_time("2021-02-22", "iso") == 1_613_952_000_000_000_000
