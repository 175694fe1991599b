"""Which bars and which prices a question is about: whole months alone, and prices as traded or adjusted, as pandas finds them."""

import numpy as np
import pandas as pd
import pytest

from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument
from backend.storage.paths import Home
from tests.fakes.asking import AAPL, SPX, WTI, open_questions
from tests.fakes.market import publish


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A home with the samples, made once."""
    import asyncio

    made = Home(tmp_path_factory.mktemp("prices") / "home")
    made.make()

    async def fill():
        async with open_questions(made, with_samples=True):
            pass

    asyncio.run(fill())
    return made


async def table_of(asked, instrument, *, adjusted=False):
    """Daily bars with their change in percent."""
    bars = await asked.bars(instrument, adjusted=adjusted)
    columns = dict(zip(("open", "high", "low", "close", "volume"), bars.columns(), strict=True))
    table = pd.DataFrame(columns, index=pd.DatetimeIndex(bars.event_ns))
    return table.assign(change=table["close"].pct_change(fill_method=None) * 100)


def whole(table, rule):
    """The change of each month, quarter, … in percent; the newest one, which the days do not fill, left out."""
    return (table["close"].resample(rule).last().pct_change(fill_method=None) * 100).iloc[1:-1]


# The stored days end on 2013-03-01 for AAPL, on 2018-12-31 for the S&P 500 and on 2019-01-03 for oil.
@pytest.mark.parametrize(
    ("text", "instrument", "rule", "month"),
    [
        ("average March return of AAPL", AAPL, "MS", 3),
        ("average annual return of AAPL", AAPL, "YS", 0),
        ("average quarterly return of AAPL", AAPL, "QS", 0),
        ("average weekly return of the S&P 500", SPX, "W-SUN", 0),
        ("average return of oil in Januarys", WTI, "MS", 1),
    ],
)
async def test_what_the_stored_days_do_not_fill_is_no_bar_yet(filled, text, instrument, rule, month):
    async with open_questions(filled) as asked:
        result = await asked.ask(text)
        change = whole(await table_of(asked, instrument, adjusted=True), rule)

    change = change[change.index.month == month] if month else change
    assert result.facts.named("mean").value == pytest.approx(change.mean())
    assert result.facts.named("count").value == len(change)


async def test_a_piece_whose_last_session_is_stored_is_whole_and_a_return_takes_all_days(filled):
    async with open_questions(filled) as asked:
        years = await asked.ask("average annual return of the S&P 500")
        total = await asked.ask("return of AAPL in 2013")
        index = (await table_of(asked, SPX, adjusted=True)).close.resample("YS").last().pct_change(fill_method=None) * 100
        apple = (await table_of(asked, AAPL, adjusted=True)).close

    assert years.facts.named("count").value == len(index) - 1
    assert years.facts.named("mean").value == pytest.approx(index.mean())
    assert total.facts.named("return").value == pytest.approx((apple["2013"].iloc[-1] / apple["2012"].iloc[-1] - 1) * 100)


def bars_on(days):
    close = 100.0 + np.arange(len(days))
    return BarArrays(days.as_unit("ns").asi8, close, close + 1, close - 1, close, np.full(len(days), 10.0))


# Good Friday is the 29th of March 2024, so that the month ends with the session of the 28th.
@pytest.mark.parametrize(("last", "n_months"), [("2024-03-27", 2), ("2024-03-28", 3), ("2024-04-01", 3)])
async def test_a_month_is_whole_with_its_last_session(home, last, n_months):
    async with open_questions(home) as asked:
        await asked.catalog.put(Instrument(AAPL, "Apple", calendar="XNYS", timezone="America/New_York"))
        await publish(asked.store, bars_on(pd.bdate_range("2024-01-02", last)), Series(AAPL, BarSpec.parse("1d")))
        asks = [f"how many months were there {when} for AAPL" for when in ("since 2000", "from 2024-01-01 to 2024-03-31")]
        counts = [(await asked.ask(text)).facts.named("bars").value for text in asks]

    assert counts == [n_months, n_months]


async def test_imported_months_count_as_they_are_and_make_quarters_that_they_fill(home):
    async with open_questions(home) as asked:
        await asked.catalog.put(Instrument(AAPL, "Apple", calendar="XNYS", timezone="America/New_York"))
        months = pd.DatetimeIndex(["2023-10-02", "2023-11-01", "2023-12-01", "2024-01-02", "2024-02-01"])
        await publish(asked.store, bars_on(months), Series(AAPL, BarSpec.parse("1mo")))
        asks = [f"how many {unit} were there since 2000 for AAPL" for unit in ("months", "quarters")]
        counts = [(await asked.ask(text)).facts.named("bars").value for text in asks]

    assert counts == [5, 1]
