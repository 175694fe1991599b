"""What is asked of every bar or of each piece of the calendar is answered so: with what numpy finds on the same bars."""

import itertools
import re

import numpy as np
import pytest

from backend.assistant.grounding.tags import render_tags
from tests.fakes.asking import AAPL, MSFT, SPX, open_questions


def pieces(bars, letters):
    """The rows of each year (4 letters) or month (7 letters), in their order."""
    names = np.array([str(day)[:letters] for day in bars.event_ns.view("datetime64[ns]")])
    return {str(name): np.flatnonzero(names == name) for name in np.unique(names)}


def cells_of(result):
    """The rows of the table as values, by their first cell."""
    rows = [[result.facts[cell.strip("{}")].value for cell in row] for row in result.table.rows]
    return {row[0]: row[1:] for row in rows}


def last_closes(bars, letters):
    return {name: bars.close[rows[-1]] for name, rows in pieces(bars, letters).items()}


async def test_every_day_asks_for_no_day_on_which_it_was_not_so(filled):
    async with open_questions(filled) as asked:
        apple, microsoft = await asked.bars(AAPL), await asked.bars(MSFT)
        results = {
            text: await asked.ask(text)
            for text in (
                "did AAPL close above 600 every day in 2012",
                "was AAPL always above 600 in 2012",
                "did AAPL close above 600 throughout 2012",
                "did AAPL close above 600 on each day of 2012",
                "did MSFT close above 30 every day in February 2012",
                "did MSFT close above 29 all days in February 2012",
            )
        }

    close = apple.close[pieces(apple, 4)["2012"]]
    for text in list(results)[:4]:
        assert results[text].facts.named("whether").value == "No", text
        assert results[text].facts.named("count").value == np.count_nonzero(close > 600)
        assert results[text].facts.named("total").value == len(close)
    february = microsoft.close[pieces(microsoft, 7)["2012-02"]]
    assert (february > 29).all()
    assert not (february > 30).all()
    assert [results[text].facts.named("whether").value for text in list(results)[4:]] == ["No", "Yes"]


async def test_every_month_and_every_year_are_asked_of_bars_of_such_a_length(filled):
    async with open_questions(filled) as asked:
        microsoft, index = await asked.bars(MSFT, adjusted=True), await asked.bars(SPX)
        months = await asked.ask("was MSFT up every month in 2003")
        years = await asked.ask("did the S&P 500 rise every year from 2003 to 2007")

    closes = list(last_closes(microsoft, 7).items())
    rose = [now > before for (_, before), (name, now) in itertools.pairwise(closes) if name.startswith("2003")]
    assert (months.facts.named("count").value, months.facts.named("total").value) == (sum(rose), 12)
    assert months.facts.named("whether").value == "No"
    yearly = last_closes(index, 4)
    assert all(yearly[str(year)] > yearly[str(year - 1)] for year in range(2003, 2008))
    assert years.facts.named("whether").value == "Yes"


@pytest.mark.parametrize(
    "text",
    [
        "returns of AAPL by year",
        "yearly returns of AAPL",
        "return of AAPL for each year",
        "annual returns of AAPL",
        "AAPL return per year",
    ],
)
async def test_returns_are_told_of_each_year(filled, text):
    async with open_questions(filled) as asked:
        yearly = last_closes(await asked.bars(AAPL, adjusted=True), 4)
        result = await asked.ask(text)

    truth = {year: [pytest.approx((yearly[year] / yearly[str(int(year) - 1)] - 1) * 100)] for year in list(yearly)[1:]}
    assert cells_of(result) == truth


async def test_of_more_pieces_than_fit_a_table_the_newest_are_told(filled):
    async with open_questions(filled) as asked:
        monthly = list(last_closes(await asked.bars(SPX), 7).items())
        result = await asked.ask("returns by month for the S&P 500")

    truth = {name: [pytest.approx((now / before - 1) * 100)] for (_, before), (name, now) in itertools.pairwise(monthly)}
    assert cells_of(result) == dict(list(truth.items())[-50:])
    assert result.facts.named("pieces").value == len(truth)


async def test_prices_volumes_and_counts_are_told_of_each_piece(filled):
    async with open_questions(filled) as asked:
        apple, microsoft = await asked.bars(AAPL), await asked.bars(MSFT)
        means = await asked.ask("average close of AAPL by month in 2012")
        highs = await asked.ask("highest close of AAPL in each month of 2012")
        volumes = await asked.ask("average daily volume by year for MSFT")
        counts = await asked.ask("how many days per year did AAPL close above 500")

    of_2012 = {month: rows for month, rows in pieces(apple, 7).items() if month.startswith("2012")}
    assert cells_of(means) == {month: [pytest.approx(apple.close[rows].mean())] for month, rows in of_2012.items()}
    best = {month: rows[apple.close[rows].argmax()] for month, rows in of_2012.items()}
    days = apple.event_ns.view("datetime64[ns]")
    assert cells_of(highs) == {month: [apple.close[row], str(days[row])[:10]] for month, row in best.items()}
    by_year = pieces(microsoft, 4)
    assert cells_of(volumes) == {year: [pytest.approx(microsoft.volume[rows].mean())] for year, rows in by_year.items()}
    assert cells_of(counts) == {year: [np.count_nonzero(apple.close[rows] > 500)] for year, rows in pieces(apple, 4).items()}


@pytest.mark.parametrize(
    "text",
    [
        "did AAPL close above 600 every day in 2012",
        "highest close of AAPL by month in 2012",
        "volatility of AAPL by quarter in 2012",
    ],
)
async def test_every_number_of_such_an_answer_is_a_fact(filled, text):
    async with open_questions(filled) as asked:
        result = await asked.ask(text)

    cells = " ".join(cell for row in result.table.rows for cell in row) if result.table else ""
    assert not re.search(r"\d", re.sub(r"\{F\d+\}", "", f"{result.sentence} {cells}"))
    assert render_tags(f"{result.sentence} {cells}", result.facts)
    assert all(fact.is_available and fact.formula for fact in result.facts.values())
