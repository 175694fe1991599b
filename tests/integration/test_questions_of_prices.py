"""Which bars and which prices a question is about: whole months alone, and prices as traded or adjusted, as pandas finds them."""

import numpy as np
import pandas as pd
import pytest

from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument
from tests.fakes.asking import AAPL, MSFT, SPX, WTI, open_questions
from tests.fakes.market import publish
from tests.fakes.pandas_bars import table_of


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
        change = whole(table_of(await asked.bars(instrument, adjusted=True)), rule)

    change = change[change.index.month == month] if month else change
    assert result.facts.named("mean").value == pytest.approx(change.mean())
    assert result.facts.named("count").value == len(change)


async def test_a_piece_whose_last_session_is_stored_is_whole_and_a_return_takes_all_days(filled):
    async with open_questions(filled) as asked:
        years = await asked.ask("average annual return of the S&P 500")
        total = await asked.ask("return of AAPL in 2013")
        index = table_of(await asked.bars(SPX, adjusted=True)).close.resample("YS").last().pct_change(fill_method=None) * 100
        apple = table_of(await asked.bars(AAPL, adjusted=True)).close

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


def both(f, instrument, year, is_so):
    """How many days of a year, with adjusted and with traded bars."""
    return int(is_so(f[0][instrument].loc[year], f[1][instrument].loc[year]).sum())


# f are the adjusted and the traded bars of each instrument.
LEVELS = {
    "how many days did AAPL rise more than 1% and close above 80 in 2005": lambda f: both(
        f, AAPL, "2005", lambda a, r: (a.change > 1) & (r.close > 80)
    ),
    "how many days did AAPL fall more than 2% and close above 600 in 2012": lambda f: both(
        f, AAPL, "2012", lambda a, r: (a.change < -2) & (r.close > 600)
    ),
    "how many days did AAPL close below 40 and rise more than 2% in 2005": lambda f: both(
        f, AAPL, "2005", lambda a, r: (a.change > 2) & (r.close < 40)
    ),
    "how many days did AAPL rise more than 1% while MSFT closed above 27 in 2004": lambda f: int(
        ((f[0][AAPL].loc["2004"].change > 1) & (f[1][MSFT].loc["2004"].close > 27)).sum()
    ),
    "how many days did AAPL rise more than 1% and close above 40 in 2005 with adjusted prices": lambda f: both(
        f, AAPL, "2005", lambda a, _: (a.change > 1) & (a.close > 40)
    ),
    "how many days was AAPL's range above 3 and AAPL rose more than 1% in 2004": lambda f: both(
        f, AAPL, "2004", lambda a, r: (a.change > 1) & (r.high - r.low > 3)
    ),
}


async def test_a_price_beside_a_change_is_compared_with_a_number_as_it_was_traded(filled):
    async with open_questions(filled) as asked:
        tables = [{one: table_of(await asked.bars(one, adjusted=way)) for one in (AAPL, MSFT)} for way in (True, False)]
        results = {text: await asked.ask(text) for text in LEVELS}

    counts = {text: result.facts.named("count").value for text, result in results.items()}
    assert counts == {text: oracle(tables) for text, oracle in LEVELS.items()}
    assert all(count > 0 for count in counts.values())
    for text, result in results.items():
        besides = "" if "adjusted" in text else "; prices compared with a number are as traded"
        assert result.sentence.endswith(f"Prices are adjusted for splits and dividends as of now{besides}.")


async def test_the_values_that_are_shown_of_such_a_condition_are_those_that_were_compared(filled):
    async with open_questions(filled) as asked:
        adjusted, raw = [table_of(await asked.bars(AAPL, adjusted=way)) for way in (True, False)]
        rows = await asked.ask("list the days AAPL rose more than 3% and closed above 80 and above its 50-day average in 2005")
        last = await asked.ask("when did AAPL last rise more than 3% and close above 80")
        whether = await asked.ask("did AAPL rise more than 1% and close above 80 on 2005-02-08")

    mean = adjusted.close.rolling(50).mean()
    held = (adjusted.change > 3) & (raw.close > 80) & (adjusted.close > mean)
    days = held["2005"][held["2005"]].index
    columns = dict(zip(rows.table.heads, zip(*rows.table.rows, strict=True), strict=True))
    values = {one.split(" {")[0]: [rows.facts[cell.strip("{}")].value for cell in cells] for one, cells in columns.items()}
    assert len(days)
    assert values["Date"] == [str(day.date()) for day in days]
    assert values["Close as traded"] == list(raw.close[days])
    assert values["Close"] == pytest.approx(list(adjusted.close[days]))
    assert values["SMA"] == pytest.approx(list(mean[days]))
    newest = ((adjusted.change > 3) & (raw.close > 80)).pipe(lambda flags: flags[flags].index[-1])
    assert last.facts.named("last").value == str(newest.date())
    assert raw.close[newest] in [fact.value for fact in last.facts.values()]
    assert whether.facts.named("whether").value == "Yes"
    close = next(fact for fact in whether.facts.values() if fact.value == raw.close["2005-02-08"])
    assert close.source == "AAPL.XNAS 1d bars, as traded"


async def test_a_volume_that_is_highest_on_such_days_is_told_alone(filled):
    async with open_questions(filled) as asked:
        adjusted, raw = [table_of(await asked.bars(AAPL, adjusted=way)) for way in (True, False)]
        result = await asked.ask("highest volume of AAPL on days it rose more than 1% and closed above 80 in 2005")

    held = (adjusted.change > 1) & (raw.close > 80)
    assert result.facts.named("highest").value == adjusted.volume[held].loc["2005"].max()
    assert not any(fact.name == "traded" for fact in result.facts.values())


# AAPL was split 2:1 with the session of 2005-02-28; f are the adjusted and the traded bars of each instrument.
MEANS = {
    "average close of AAPL in 2005": lambda f: f[0][AAPL].close["2005"].mean(),
    "median high of AAPL in 2005": lambda f: f[0][AAPL].high["2005"].median(),
    "average range of AAPL in 2005": lambda f: (f[0][AAPL].high - f[0][AAPL].low)["2005"].mean(),
    "average close of AAPL from 2005-02-25 to 2005-12-31": lambda f: f[0][AAPL].close["2005-02-25":"2005"].mean(),
    "average close of AAPL from 2005-02-28 to 2005-12-31": lambda f: f[1][AAPL].close["2005-02-28":"2005"].mean(),
    "average close of AAPL from 2004-03-01 to 2005-02-25": lambda f: f[1][AAPL].close["2004-03-01":"2005-02-25"].mean(),
    "average close of AAPL in 2012": lambda f: f[1][AAPL].close["2012"].mean(),
    "average raw close of AAPL in 2005": lambda f: f[1][AAPL].close["2005"].mean(),
    "average close of AAPL in 2012 with adjusted prices": lambda f: f[0][AAPL].close["2012"].mean(),
    "average volume of AAPL in 2005": lambda f: f[1][AAPL].volume["2005"].mean(),
    "average close of MSFT in 2005": lambda f: f[1][MSFT].close["2005"].mean(),
    "average close of AAPL from 2005-02-01 to 2005-06-30 on 1mo bars": lambda f: (
        f[0][AAPL].close["2005-02":"2005-06"].resample("MS").last().mean()
    ),
    "average close of AAPL from 2005-03-01 to 2005-06-30 on 1mo bars": lambda f: (
        f[1][AAPL].close["2005-03":"2005-06"].resample("MS").last().mean()
    ),
    "average close of AAPL in 2005 on days it closed above 80": lambda f: f[0][AAPL].close[f[1][AAPL].close > 80]["2005"].mean(),
}


async def test_a_mean_of_prices_is_as_traded_unless_a_split_parts_them(filled):
    async with open_questions(filled) as asked:
        tables = [{one: table_of(await asked.bars(one, adjusted=way)) for one in (AAPL, MSFT)} for way in (True, False)]
        results = {text: await asked.ask(text) for text in MEANS}

    for text, oracle in MEANS.items():
        name = "median" if "median" in text else "mean"
        assert results[text].facts.named(name).value == pytest.approx(oracle(tables), rel=1e-12), text
        is_adjusted = results[text].facts.named(name).source.endswith("adjusted for splits and dividends")
        assert ("adjusted for splits and dividends" in results[text].sentence) == is_adjusted
    assert "as of now; prices compared with a number are as traded." in results[next(reversed(MEANS))].sentence


async def test_means_that_stand_beside_each_other_are_of_the_same_kind_of_prices(filled):
    async with open_questions(filled) as asked:
        closes = [table_of(await asked.bars(one, adjusted=True)).close for one in (AAPL, MSFT)]
        two = await asked.ask("average close of AAPL and MSFT in 2005")
        yearly = await asked.ask("average close of AAPL by year")
        weekdays = await asked.ask("average close of AAPL by weekday in 2005")

    means = [fact.value for fact in two.facts.values() if fact.name.partition(".")[0] == "mean"]
    assert means == pytest.approx([close["2005"].mean() for close in closes])
    cells = {yearly.facts[one.strip("{}")].value: yearly.facts[mean.strip("{}")].value for one, mean in yearly.table.rows}
    assert cells == {str(year): pytest.approx(mean) for year, mean in closes[0].groupby(closes[0].index.year).mean().items()}
    by_day = closes[0]["2005"].groupby(closes[0]["2005"].index.day_name()).mean()
    assert {row[0]: weekdays.facts[row[1].strip("{}")].value for row in weekdays.table.rows} == pytest.approx(dict(by_day))
