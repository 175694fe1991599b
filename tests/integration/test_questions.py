"""Questions are answered with the numbers that pandas finds on the same bars, and every number is a fact."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from backend.assistant.facts.fact import Unit
from backend.assistant.questions.plan import Ask, Change, Condition, Number, Op, Plan
from backend.assistant.questions.wording import format_plan
from backend.domain.bars import DAY_NS, MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument
from backend.errors import InvalidInput, NotFound
from backend.indicators import compute
from tests.fakes.asking import AAPL, MSFT, SPX, VIX, WTI, Asked, open_questions
from tests.fakes.market import publish
from tests.fakes.pandas_bars import table_of


@dataclass
class Frames:
    """Bars as pandas knows them: ``a`` adjusted, ``r`` raw, by instrument."""

    a: dict
    r: dict


async def frames_of(asked: Asked) -> Frames:
    return Frames(
        {one: table_of(await asked.bars(one, adjusted=True)) for one in (AAPL, MSFT, SPX, VIX, WTI)},
        {one: table_of(await asked.bars(one)) for one in (AAPL, MSFT, SPX, VIX, WTI)},
    )


def percent(series):
    return series.pct_change() * 100


def rsi(close, n=14):
    # Wilder's: the first mean is plain, the later ones fade by 1 / n.
    move = close.diff().to_numpy()
    gain, loss = np.clip(move, 0, None), np.clip(-move, 0, None)
    out = np.full(len(close), np.nan)
    up, down = gain[1 : n + 1].mean(), loss[1 : n + 1].mean()
    out[n] = 100 * up / (up + down)
    for row in range(n + 1, len(close)):
        up, down = (up * (n - 1) + gain[row]) / n, (down * (n - 1) + loss[row]) / n
        out[row] = 100 * up / (up + down)
    return pd.Series(out, close.index)


def longest(flags):
    runs = flags.groupby((~flags).cumsum()).sum()
    return int(runs.max())


def crossings(left, right):
    side = left > right
    known = left.notna() & right.notna() & left.shift().notna() & right.shift().notna()
    below = left < right
    up = side & ~side.shift(fill_value=False)
    down = below & ~below.shift(fill_value=False)
    return up & known, down & known


def weekly(frame):
    return frame.resample("W-SUN").agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}).dropna()


def monthly(frame):
    return frame.resample("MS").agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}).dropna()


def drop(close):
    return ((close / close.cummax() - 1) * 100).min()


def sma(values, n):
    return values.rolling(n).mean()


def last(flags):
    return flags[flags].index[-1]


def either(left, right):
    up, down = crossings(left, right)
    return up | down


def together(one, other, when):
    return pd.concat([one, other], axis=1, join="inner").pct_change().loc[when].corr().iloc[0, 1]


def below_high(frame):
    return (frame.close / frame.high.rolling("364D").max() - 1) * 100


def total(close, before, until):
    return (close[:until].iloc[-1] / close[:before].iloc[-1] - 1) * 100


def above_average(f, who, n, when):
    close = f.a[who].close
    return int((close > close.rolling(n).mean())[when].sum())


ORACLES = {
    "how many days did AAPL close above its 50-day average in 2012": lambda f: above_average(f, AAPL, 50, "2012"),
    "In 2004, how often did Microsoft close above its 200 day SMA?": lambda f: above_average(f, MSFT, 200, "2004"),
    "how many days was AAPL's RSI below 30 in 2008": lambda f: int((rsi(f.a[AAPL].close) < 30)["2008"].sum()),
    "what was the biggest one-day drop of SP500 in 2008": lambda f: percent(f.a[SPX].close)["2008"].min(),
    "biggest gain of AAPL in a day since 2005": lambda f: percent(f.a[AAPL].close)["2005":].max(),
    "biggest 5 day drop of SP500 in 2008": lambda f: (f.a[SPX].close.pct_change(5) * 100)["2008"].min(),
    "average volume of MSFT in March 2010": lambda f: f.r[MSFT].volume["2010-03"].mean(),
    "median volume of MSFT in 2010": lambda f: f.r[MSFT].volume["2010"].median(),
    "total volume of AAPL in January 2010": lambda f: f.r[AAPL].volume["2010-01"].sum(),
    "average loss of AAPL on down days in 2008": lambda f: percent(f.a[AAPL].close)["2008"].pipe(lambda s: s[s < 0].mean()),
    "when did AAPL last cross its 200-day average": lambda f: last(either(f.a[AAPL].close, sma(f.a[AAPL].close, 200))),
    "last golden cross of SP500": lambda f: last(crossings(sma(f.a[SPX].close, 50), sma(f.a[SPX].close, 200))[0]),
    "when did SP500 first close above 1500": lambda f: f.r[SPX].close[lambda c: c > 1500].index[0],
    "when did oil last close above 140 dollars": lambda f: f.r[WTI].close[lambda c: c > 140].index[-1],
    "highest close of SP500 since 2010": lambda f: f.r[SPX].close["2010":].max(),
    "lowest low of MSFT in 2009": lambda f: f.r[MSFT].low["2009"].min(),
    "highest adjusted close of AAPL": lambda f: f.a[AAPL].close.max(),
    "how often did MSFT rise more than 3 % in a day": lambda f: int((percent(f.a[MSFT].close) > 3).sum()),
    "how often did MSFT lose over 10% in a week": lambda f: int((percent(weekly(f.a[MSFT]).close) < -10).sum()),
    "longest winning streak of AAPL in 2010": lambda f: longest((percent(f.a[AAPL].close) > 0)["2010"]),
    "longest losing streak of MSFT": lambda f: longest(percent(f.a[MSFT].close) < 0),
    "correlation of AAPL and MSFT in 2010": lambda f: percent(f.a[AAPL].close)["2010"].corr(percent(f.a[MSFT].close)["2010"]),
    "correlation between SP500 and VIX in 2015": lambda f: together(f.a[SPX].close, f.a[VIX].close, "2015"),
    "RSI of AAPL on 2012-05-01": lambda f: rsi(f.a[AAPL].close)["2012-05-01"],
    "50-day average of AAPL on 2012-05-01": lambda f: f.a[AAPL].close.rolling(50).mean()["2012-05-01"],
    "closing price of MSFT on March 9, 2009": lambda f: f.r[MSFT].close["2009-03-09"],
    "what was the upper Bollinger band of AAPL on 2012-05-01": lambda f: (
        (sma(f.a[AAPL].close, 20) + 2 * f.a[AAPL].close.rolling(20).std(ddof=0))["2012-05-01"]
    ),
    "how far is AAPL from its 52 week high": lambda f: below_high(f.a[AAPL]).iloc[-1],
    "how often did AAPL make a new 52 week high in 2012": lambda f: (
        int((f.a[AAPL].high >= f.a[AAPL].high.rolling("364D").max())["2012"].sum())
    ),
    "how many days did AAPL close above the 20-day high in 2012": lambda f: (
        int((f.a[AAPL].close > f.a[AAPL].high.rolling(20).max().shift())["2012"].sum())
    ),
    "how often was SP500 more than 20% below its 52 week high": lambda f: int((below_high(f.a[SPX]) < -20)["2000":].sum()),
    "how much did SP500 fall in 2008": lambda f: total(f.a[SPX].close, "2007", "2008"),
    "return of AAPL since 2003": lambda f: total(f.a[AAPL].close, "2002", "2030"),
    "best month of SP500": lambda f: percent(monthly(f.a[SPX]).close).max(),
    "worst week of MSFT in 2008": lambda f: percent(weekly(f.a[MSFT]).close)["2008-01-07":"2009-01-04"].min(),
    "max drawdown of AAPL in 2008": lambda f: drop(f.a[AAPL].close["2008"]),
    "maximum drawdown of SP500": lambda f: drop(f.a[SPX].close),
    "what percentage of days did MSFT close higher in 2010": lambda f: (percent(f.a[MSFT].close) > 0)["2010"].mean() * 100,
    "what % of days was VIX above 20 in 2015": lambda f: (f.r[VIX].close > 20)["2015"].mean() * 100,
    "how many days did AAPL's volume exceed its 20 day average in 2012": lambda f: (
        int((f.a[AAPL].volume > sma(f.a[AAPL].volume, 20))["2012"].sum())
    ),
    "how often did AAPL gap up more than 2% in 2010": lambda f: (
        int(((f.a[AAPL].open / f.a[AAPL].close.shift() - 1) * 100 > 2)["2010"].sum())
    ),
    "which of AAPL and MSFT closed above 50 on 2012-05-01": lambda _: 1,
    "list the days MSFT gained at least 5 percent in 2009": lambda f: int((percent(f.a[MSFT].close) >= 5)["2009"].sum()),
    "compare AAPL and MSFT returns in 2010": lambda f: total(f.a[AAPL].close, "2009", "2010"),
    "largest range of SP500 in 2008": lambda f: (f.r[SPX].high - f.r[SPX].low)["2008"].max(),
}  # fmt: skip


def main_number(result):
    """The value that was asked for."""
    names = {Ask.LIST: "count", Ask.WHICH: "count", Ask.COMPARE: "return"}
    wanted = "distance" if result.facts.named("distance") else names.get(result.plan.ask, result.plan.ask.value)
    return result.facts.named(wanted).value


@pytest.fixture(scope="module")
def answered(filled):
    """Every question with its answer and what pandas says."""
    import asyncio

    async def ask_all():
        async with open_questions(filled) as asked:
            frames = await frames_of(asked)
            return {text: (await asked.ask(text), oracle(frames)) for text, oracle in ORACLES.items()}

    return asyncio.run(ask_all())


@pytest.mark.parametrize("text", ORACLES)
def test_an_answer_is_what_pandas_finds_on_the_same_bars(answered, text):
    result, truth = answered[text]

    assert result.is_answered
    if isinstance(truth, pd.Timestamp):
        assert main_number(result) == truth.date().isoformat()
    elif isinstance(truth, int):
        assert main_number(result) == truth
    else:
        assert main_number(result) == pytest.approx(float(truth), rel=1e-9)


@pytest.mark.parametrize("text", ORACLES)
def test_every_number_of_an_answer_is_a_fact_with_formula_source_and_bars(answered, text):
    result, _ = answered[text]
    cells = " ".join(cell for row in result.table.rows for cell in row) if result.table else ""
    tags = set(re.findall(r"\{(F\d+)\}", f"{result.sentence} {cells}"))

    assert not re.search(r"\d", re.sub(r"\{F\d+\}", "", f"{result.sentence} {cells}"))
    assert tags <= set(result.facts)
    assert len(tags) >= 3
    for fact in result.facts.values():
        assert fact.is_available
        assert fact.formula
        assert fact.source
        assert fact.bars is not None
        assert fact.bars.from_ns <= fact.bars.to_ns
        assert fact.as_of_ns > fact.bars.from_ns
        assert not [one for one in fact.inputs if re.fullmatch(r"F\d+", one) and one not in result.facts]


def test_an_answer_says_whether_prices_are_adjusted(answered):
    changes, levels = (
        answered["biggest gain of AAPL in a day since 2005"][0],
        answered["lowest low of MSFT in 2009"][0],
    )

    assert changes.sentence.endswith("Prices are adjusted for splits and dividends as of now.")
    assert levels.sentence.endswith("Prices are as traded.")


async def test_matching_bars_are_the_bars_at_which_the_conditions_hold(filled):
    async with open_questions(filled) as asked:
        result = await asked.ask("how many days did AAPL close above its 50-day average in 2012")
        close = table_of(await asked.bars(AAPL, adjusted=True)).close

    flags = (close > close.rolling(50).mean())["2012"]
    days = pd.to_datetime([ns for one in result.matches for ns in range(one.from_ns, one.to_ns + 1, DAY_NS)])
    assert set(flags[flags].index) == set(days) & set(flags.index)
    assert all(one.series == Series(AAPL, BarSpec.parse("1d")) for one in result.matches)


async def test_indicators_are_warm_and_have_the_bits_of_charts(filled):
    async with open_questions(filled) as asked:
        bars = await asked.bars(AAPL, adjusted=True)
        chart = compute("rsi", bars, period=14)["value"]
        on = np.searchsorted(bars.event_ns, int(pd.Timestamp("2012-05-01").value))
        result = await asked.ask("RSI of AAPL on 2012-05-01")
        early = await asked.ask("RSI of AAPL on 2000-03-10")

    assert result.facts.named("value").value == chart[on]
    assert not early.is_answered
    assert not early.facts.named("value").is_available
    assert early.facts.named("value").why_not == "too few bars before"


async def test_nothing_later_than_the_moment_asked_about_counts(filled):
    moment = int(pd.Timestamp("2010-06-15 12:00").value)
    texts = [text for text in ORACLES if not re.search(r"201[1-9]", text)]
    async with open_questions(filled) as asked, open_questions(filled, moment) as then:
        for text in texts:
            plan = await asked.questions.parse(text)
            past, true = await asked.questions.answer(plan, as_of_ns=moment), await then.questions.answer(plan)
            assert [(f.value, f.bars) for f in past.facts.values()] == [(f.value, f.bars) for f in true.facts.values()], text
            assert all(fact.as_of_ns <= moment for fact in past.facts.values())


async def test_recent_times_are_seen_from_now_and_what_is_not_there_is_said(filled):
    now = int(pd.Timestamp("2012-09-20 12:00", tz="America/New_York").value)
    async with open_questions(filled, now) as asked:
        closes = table_of(await asked.bars(AAPL)).close
        yesterday = await asked.ask("close of AAPL yesterday")
        days = await asked.ask("how many days in the last 30 days did AAPL rise")
        year = await asked.ask("return of AAPL YTD")
        bars = await asked.ask("average close of AAPL in the last 20 bars")
        month = await asked.ask("highest close of AAPL last month")
        await asked.watchlists.create("Mine", (AAPL, MSFT))
        which = await asked.ask("which of my watchlist closed above its 50-day average yesterday")
    async with open_questions(filled) as asked:  # long after the last bar
        gone = await asked.ask("close of AAPL yesterday")

    assert yesterday.facts.named("value").value == closes["2012-09-19"]
    assert yesterday.facts.named("bar.date").value == "2012-09-19"
    assert days.facts.named("total").value == len(closes["2012-08-22":"2012-09-19"])
    assert year.facts.named("base").bars.from_ns == int(pd.Timestamp("2011-12-30").value)
    assert bars.facts.named("mean").value == pytest.approx(closes[:"2012-09-19"].iloc[-20:].mean(), rel=1e-12)
    assert month.facts.named("highest").value == closes["2012-08"].max()
    assert which.facts.named("total").value == 2
    assert [one.series.instrument for one in which.matches] == [one for one in (AAPL, MSFT) if above(which, one)]
    assert not gone.is_answered
    assert "newest one up to then is of" in gone.sentence


def above(result, instrument):
    return any(fact.unit is Unit.WORD and f"({instrument})" in str(fact.value) for fact in result.facts.values())


async def test_several_instruments_are_answered_each_and_long_lists_in_a_table(filled):
    async with open_questions(filled) as asked:
        both = await asked.ask("highest close of AAPL and MSFT in 2012")
        many = await asked.ask("how many days did AAPL, MSFT, SP500, VIX and WTI rise in 2014")
        ranked = await asked.ask("compare AAPL, MSFT and SP500 in 2010")

    assert both.sentence.count("The highest close of") == 2
    assert [len(many.table.rows), many.table.heads] == [5, ("Instrument", "Answer")]
    returns = [ranked.facts[row[1].strip("{}")].number for row in ranked.table.rows]
    assert returns == sorted(returns, reverse=True)
    assert len(returns) == 3


async def test_the_most_of_a_kind_are_listed_in_their_order(filled):
    async with open_questions(filled) as asked:
        result = await asked.ask("5 biggest one-day drops of SP500")
        change = percent(table_of(await asked.bars(SPX, adjusted=True)).close)

    cells = [[result.facts[cell.strip("{}")].value for cell in row] for row in result.table.rows]
    assert cells == [[day.date().isoformat(), pytest.approx(value)] for day, value in change.nsmallest(5).items()]


async def test_bars_of_minutes_belong_to_the_days_of_their_instrument(home):
    """Two sessions of New York in January: 14:30 to 21:00 UTC."""
    opens = [int(pd.Timestamp(f"2024-01-{day} 09:30", tz="America/New_York").value) for day in ("08", "09")]
    minutes = np.concatenate([start + np.arange(390, dtype=np.int64) * MINUTE_NS for start in opens])
    close = 100 + np.sin(np.arange(780) / 7)
    bars = BarArrays(minutes, close, close + 0.5, close - 0.5, close, np.full(780, 10.0))
    now = opens[1] + 60 * MINUTE_NS  # one hour into the second session
    async with open_questions(home, now) as asked:
        await asked.catalog.put(Instrument(AAPL, "Apple", calendar="XNYS", timezone="America/New_York"))
        await publish(asked.store, bars, Series(AAPL, BarSpec.parse("1m")))
        first = await asked.ask("total volume of AAPL on 2024-01-08 on 1m bars")
        hours = await asked.ask("how many hours did AAPL close above its 3 hour average on 2024-01-08")
        today = await asked.ask("highest close of AAPL today on 1m bars")
        daily = await asked.ask("close of AAPL")

    assert first.facts.named("sum").value == 3900
    assert first.facts.named("count").value == 390
    hourly = pd.Series(close[:390]).groupby(np.arange(390) // 60).last()
    assert hours.facts.named("count").value == int((hourly > hourly.rolling(3).mean()).sum())
    assert hours.facts.named("total").value == 5  # of 7 hours, the last one short, two are there to warm up
    assert today.facts.named("highest").value == close[390:450].max()
    assert daily.facts.named("bar.date").value == "2024-01-08"  # the second session is not over
    assert max(fact.as_of_ns for fact in today.facts.values()) <= now


async def test_what_is_not_there_is_an_error_that_says_so(filled):
    async with open_questions(filled) as asked:
        for plan, error in (
            (Plan(ask=Ask.RETURN, instruments=("NOPE.XNAS",)), NotFound),
            (Plan(ask=Ask.RETURN, watchlist="Nope"), NotFound),
            (Plan(ask=Ask.RETURN, instruments=("AAPL.XNAS",), interval="1h"), InvalidInput),
            (Plan(ask=Ask.HIGHEST, instruments=("AAPL.XNAS",)), InvalidInput),
        ):
            with pytest.raises(error):
                await asked.questions.answer(plan)


def test_conditions_on_changes_know_their_numbers():
    change = Condition(Change(1), Op.BELOW, Number(-5.0))

    assert format_plan(Plan(ask=Ask.COUNT, instruments=("AAPL.XNAS",), where=(change,))) == (
        "count bars of AAPL.XNAS where change(1) below -5 on 1d bars"
    )
