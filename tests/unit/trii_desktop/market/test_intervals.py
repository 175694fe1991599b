"""What a trader types for an interval."""

import pytest

from backend.errors import InvalidInput
from trii_desktop.market.intervals import describe_interval, parse_interval


@pytest.mark.parametrize(
    ("typed", "spec"),
    [
        ("5", "5m"),
        ("60", "1h"),
        ("240", "4h"),
        ("90", "90m"),
        ("d", "1d"),
        (",W", "1w"),
        ("1M", "1mo"),
        ("4h", "4h"),
        (" 100t ", "100t"),
        ("mo", "1mo"),
    ],
)
def test_numbers_are_minutes_and_letters_stand_for_one(typed, spec):
    assert str(parse_interval(typed)) == spec


@pytest.mark.parametrize("typed", ["", "0", "x", "5 parsecs", "-3", "1 2"])
def test_nonsense_is_refused(typed):
    with pytest.raises(InvalidInput):
        parse_interval(typed)


def test_intervals_are_said_in_words():
    assert [describe_interval(parse_interval(t)) for t in ("1", "15", "4h", "d", "2w", "100t")] == [
        "1 minute",
        "15 minutes",
        "4 hours",
        "1 day",
        "2 weeks",
        "100 trades",
    ]
