"""Streaks and lists of weeks, months and years, and questions about several instruments, as numpy finds them on the same bars."""

import asyncio

import numpy as np
import pytest

from backend.errors import InvalidInput
from backend.storage.paths import Home
from tests.fakes.asking import AAPL, MSFT, SPX, open_questions

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A home with the samples, made once."""
    made = Home(tmp_path_factory.mktemp("several") / "home")
    made.make()

    async def fill():
        async with open_questions(made, with_samples=True):
            pass

    asyncio.run(fill())
    return made


async def changes(asked, instrument, unit="day"):
    """Days and changes in percent from the last close of a piece of the calendar to that of the next; of adjusted closes."""
    bars = await asked.bars(instrument, adjusted=True)
    days = bars.event_ns.view("datetime64[ns]").astype("datetime64[D]")
    numbers = days.astype(np.int64)
    if unit == "week":
        numbers = (numbers + 3) // 7
    elif unit != "day":
        numbers = days.astype("datetime64[M]").astype(np.int64) // _MONTHS[unit]
    ends = np.flatnonzero(np.append(numbers[1:] != numbers[:-1], True))
    firsts = days[np.append(0, ends[:-1] + 1)]
    close = bars.close[ends]
    return firsts[1:], (close[1:] / close[:-1] - 1) * 100


def longest(flags) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int64), [0]))))
    return int((edges[1::2] - edges[::2]).max())


@pytest.mark.parametrize(
    ("text", "instrument", "unit", "sign", "year"),
    [
        ("how many months in a row did the S&P 500 rise", SPX, "month", 1, ""),
        ("most consecutive years of gains for the S&P 500", SPX, "year", 1, ""),
        ("longest run of down weeks for AAPL", AAPL, "week", -1, ""),
        ("how many consecutive months did MSFT fall in 2008", MSFT, "month", -1, "2008"),
        ("how many straight weeks did the S&P 500 fall", SPX, "week", -1, ""),
        ("losing streak of AAPL in weeks", AAPL, "week", -1, ""),
        ("longest winning streak of AAPL", AAPL, "day", 1, ""),
    ],
)
async def test_a_streak_is_counted_in_the_unit_that_is_named(filled, text, instrument, unit, sign, year):
    async with open_questions(filled) as asked:
        days, change = await changes(asked, instrument, unit)
        result = await asked.ask(text)

    if year:
        change = change[days.astype("datetime64[Y]") == np.datetime64(year)]
    assert result.facts.named("streak").value == longest(sign * change > 0)
    assert f"the longest run of {unit}s" in result.sentence


@pytest.mark.parametrize(
    ("text", "instrument", "unit", "between", "year"),
    [
        ("list all weeks AAPL fell more than 10%", AAPL, "week", (-100, -10), ""),
        ("list the weeks in 2008 when the S&P 500 fell more than 5%", SPX, "week", (-100, -5), "2008"),
        ("list months in which AAPL gained more than 20%", AAPL, "month", (20, 1000), ""),
        ("list AAPL's down months in 2008", AAPL, "month", (-100, 0), "2008"),
        ("months AAPL gained more than 20%", AAPL, "month", (20, 1000), ""),
        ("give me a list of years in which the S&P 500 fell", SPX, "year", (-100, 0), ""),
        ("list the days MSFT fell more than 10%", MSFT, "day", (-100, -10), ""),
    ],
)
async def test_a_list_is_one_of_the_bars_that_are_named(filled, text, instrument, unit, between, year):
    async with open_questions(filled) as asked:
        days, change = await changes(asked, instrument, unit)
        result = await asked.ask(text)

    held = (change > between[0]) & (change < between[1])
    if year:
        held &= days.astype("datetime64[Y]") == np.datetime64(year)
    listed = [[result.facts[cell.strip("{}")].value for cell in row] for row in result.table.rows]
    letters = {"month": 7, "year": 4}.get(unit, 10)
    assert [row[1] for row in listed] == [pytest.approx(value) for value in change[held]]
    if unit in {"day", "month", "year"}:  # a week is named by its first session
        assert [row[0] for row in listed] == [str(day)[:letters] for day in days[held]]


@pytest.mark.parametrize("text", ["how many days did the S&P 500 rise 3 days in a row", "when did AAPL rise 5 days in a row"])
async def test_runs_of_a_given_length_are_refused_in_words(filled, text):
    async with open_questions(filled) as asked:
        with pytest.raises(InvalidInput, match="Runs of"):
            await asked.questions.parse(text)
