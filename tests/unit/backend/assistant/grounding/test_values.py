"""A fact's value is written the same everywhere, exactly and never as zero where it is not."""

from zoneinfo import ZoneInfo

import pytest

from backend.assistant.facts.fact import Unit
from backend.assistant.grounding.values import NOT_AVAILABLE, format_fact
from tests.fakes.grounded_facts import fact


def shown(value, unit, decimals=2, **options):
    return format_fact(fact("F1", "some.name", "Some label", value, unit, decimals=decimals), **options)


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (182.5349, Unit.PRICE, 2, "182.53"),
        (1234567.891, Unit.MONEY, 2, "1,234,567.89"),
        (-1234.5, Unit.MONEY, 2, "-1,234.50"),
        (-3.2, Unit.PERCENT, 2, "-3.20%"),
        (6.755, Unit.PERCENT, 1, "6.8%"),
        (71.34, Unit.INDEX, 1, "71.3"),
        (2.03, Unit.RATIO, 2, "2.03"),
        (4, Unit.COUNT, 0, "4"),
        (12_345_678.0, Unit.QUANTITY, 0, "12,345,678"),
        (0.0, Unit.PERCENT, 2, "0.00%"),
        (-0.0, Unit.PERCENT, 2, "0.00%"),
        (0.000012345, Unit.PRICE, 2, "0.000012"),
        (-0.0004, Unit.PERCENT, 2, "-0.00040%"),
        (0.125, Unit.PRICE, 2, "0.12"),
        (0.375, Unit.PRICE, 2, "0.38"),
        (2.675, Unit.PRICE, 2, "2.68"),
        (1e15, Unit.QUANTITY, 0, "1,000,000,000,000,000"),
        ("2024-03-05", Unit.DATE, 0, "2024-03-05"),
        ("2024-03-05T14:30:00+00:00", Unit.DATE, 0, "2024-03-05 14:30 UTC"),
        ("2024-03-05T14:30:15", Unit.DATE, 0, "2024-03-05 14:30:15 UTC"),
        ("soon", Unit.DATE, 0, "soon"),
        ("up", Unit.WORD, 0, "up"),
        (True, Unit.FLAG, 0, "yes"),
        (False, Unit.FLAG, 0, "no"),
        (None, Unit.PRICE, 2, NOT_AVAILABLE),
        (float("nan"), Unit.PRICE, 2, NOT_AVAILABLE),
        (float("inf"), Unit.RATIO, 2, NOT_AVAILABLE),
    ],
)
def test_a_value_is_written_by_its_unit(value, unit, decimals, text):
    assert shown(value, unit, decimals) == text


def test_an_instant_is_told_in_the_zone_that_is_given_and_a_day_stands_for_itself():
    assert shown("2024-03-05T14:30:00+00:00", Unit.DATE, zone=ZoneInfo("America/New_York")) == "2024-03-05 09:30 EST"
    assert shown("2024-03-05", Unit.DATE, zone=ZoneInfo("America/New_York")) == "2024-03-05"


def test_a_minus_is_left_away_where_words_say_it():
    assert shown(-3.2, Unit.PERCENT, is_unsigned=True) == "3.20%"
