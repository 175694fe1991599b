"""Yes or no, weekdays, trends, ratios and counts of bars: answered with what pandas finds on the same bars."""

import re

import numpy as np
import pandas as pd
import pytest

from backend.assistant.grounding.tags import render_tags
from backend.assistant.modes.lookup import told
from backend.errors import InvalidInput
from tests.fakes.asking import AAPL, SPX, VIX, open_questions


async def adjusted(asked, instrument) -> pd.DataFrame:
    bars = await asked.bars(instrument, adjusted=True)
    columns = dict(zip(("open", "high", "low", "close", "volume"), bars.columns(), strict=True))
    return pd.DataFrame(columns, index=pd.to_datetime(bars.event_ns))


def words_of(result) -> str:
    return "".join(span.text for span in told(result))


async def test_a_question_of_one_bar_is_answered_yes_or_no_with_its_values(filled):
    async with open_questions(filled) as asked:
        close = (await adjusted(asked, AAPL)).close
        newest = await asked.ask("is AAPL above its 50-day average")
        then = await asked.ask("was AAPL above its 200-day average on 2012-11-15")
        up = await asked.ask("did AAPL close higher on 2012-09-21")
        early = await asked.ask("was AAPL above its 200-day average on 2000-06-01")

    for result, n, day in ((newest, 50, "2013-03-01"), (then, 200, "2012-11-15")):
        mean = close.rolling(n).mean()[day]
        assert close[day] < mean
        values = f"{close[day]:.2f} against {mean:.2f} on {day}"
        assert words_of(result).startswith(f"No: {values}, the close and the SMA {n} of Apple")
    before = close[:"2012-09-20"].iloc[-1]
    change = (close["2012-09-21"] / before - 1) * 100
    assert words_of(up).startswith(f"Yes: {close['2012-09-21']:.2f} against {before:.2f} before, {change:.2f}% on 2012-09-21")
    assert "too few bars before" in early.sentence
    assert not early.is_answered


async def test_overbought_is_told_by_the_value_beside_its_bound(filled):
    async with open_questions(filled) as asked:
        result = await asked.ask("is AAPL overbought")
        value = await asked.ask("RSI of AAPL")

    rsi = value.facts.named("value").value
    assert words_of(result).startswith(f"No: {rsi:.2f} against 70 on 2013-03-01, the RSI 14 of Apple")
    assert {"whether", "value", "asked"} <= {fact.name for fact in result.facts.values()}


async def test_a_crossing_is_told_with_the_bar_before(filled):
    async with open_questions(filled) as asked:
        close = (await adjusted(asked, AAPL)).close
        crossed = await asked.ask("when did AAPL last cross its 200-day average")
        day = crossed.facts.named("last").value
        result = await asked.ask(f"did AAPL cross its 200-day average on {day}")

    mean = close.rolling(200).mean()
    before = close[:day].index[-2]
    pairs = [f"{close[one]:.2f} against {mean[one]:.2f} on {one.date()}" for one in (pd.Timestamp(day), before)]
    assert words_of(result).startswith(f"Yes: {', after '.join(pairs)}, the close and the SMA 200 of Apple")


async def test_a_question_of_many_bars_is_answered_yes_or_no_with_how_often_and_when_last(filled):
    async with open_questions(filled) as asked:
        close = (await adjusted(asked, AAPL)).close
        high = await asked.ask("did AAPL close above 600 in 2012 with adjusted prices")
        never = await asked.ask("did AAPL ever close above 1000")

    above = close["2012"][close["2012"] > 600]
    assert (high.facts.named("whether").value, never.facts.named("whether").value) == ("Yes", "No")
    assert high.facts.named("count").value == len(above)
    assert words_of(high).split(". ")[0].endswith(f"the last time on {above.index[-1].date()}")
    assert never.facts.named("count").value == 0


async def test_the_move_of_a_whole_time_is_its_return(filled):
    async with open_questions(filled) as asked:
        close = (await adjusted(asked, AAPL)).close
        result = await asked.ask("was AAPL up in 2012")

    assert result.facts.named("return").value == pytest.approx((close[:"2012"].iloc[-1] / close[:"2011"].iloc[-1] - 1) * 100)


@pytest.mark.parametrize("text", ["what day of the week did AAPL rise most", "average return of AAPL by weekday in 2010"])
async def test_weekdays_are_told_by_their_mean_and_count(filled, text):
    async with open_questions(filled) as asked:
        change = (await adjusted(asked, AAPL)).close.pct_change() * 100
        result = await asked.ask(text)

    change = change[text[-4:]].dropna() if text.endswith("2010") else change.dropna()
    by_day = change.groupby(change.index.day_name())
    cells = {row[0]: [result.facts[cell.strip("{}")].value for cell in row[1:]] for row in result.table.rows}
    assert list(cells) == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    for day, values in by_day:
        assert cells[day] == [pytest.approx(values.mean()), len(values), pytest.approx((values > 0).mean() * 100)]
    best, worst = by_day.mean().idxmax(), by_day.mean().idxmin()
    assert f"highest on {best}s" in result.sentence
    assert f"lowest on {worst}s" in result.sentence


async def test_months_of_the_year_are_told_by_their_mean_and_count(filled):
    async with open_questions(filled) as asked:
        close = (await adjusted(asked, SPX)).close
        result = await asked.ask("which month of the year is best for SP500")

    change = (close.resample("MS").last().pct_change() * 100).dropna()
    means = change.groupby(change.index.month_name()).agg(["mean", "count"])
    cells = {row[0]: [result.facts[cell.strip("{}")].value for cell in row[1:3]] for row in result.table.rows}
    assert cells == {month: [pytest.approx(row["mean"]), row["count"]] for month, row in means.iterrows()}
    assert f"highest in {means['mean'].idxmax()}, " in result.sentence


async def test_a_sharpe_ratio_and_a_beta_are_those_of_the_returns_of_the_time(filled):
    async with open_questions(filled) as asked:
        spx, aapl = (await adjusted(asked, SPX)).close, (await adjusted(asked, AAPL)).close
        sharpe = await asked.ask("Sharpe ratio of SPX in 2017")
        beta = await asked.ask("beta of AAPL against SPX in 2012")
        usual = await asked.ask("beta of AAPL in 2012")

    returns = spx.pct_change()["2017"]
    assert sharpe.facts.named("sharpe").value == pytest.approx(returns.mean() / returns.std() * 252**0.5)
    both = pd.concat([aapl, spx], axis=1, join="inner").pct_change().loc["2012"].to_numpy()
    slope = np.polyfit(both[:, 1], both[:, 0], 1)[0]  # a beta is the slope of the line through the returns
    assert beta.facts.named("beta").value == usual.facts.named("beta").value == pytest.approx(slope)
    assert beta.facts.named("count").value == len(both)


async def test_the_trend_is_told_by_the_rule_of_the_facts(filled):
    async with open_questions(filled) as asked:
        frames = {SPX: await adjusted(asked, SPX), AAPL: await adjusted(asked, AAPL)}
        told_of = {
            (SPX, "2018-12-31"): await asked.ask("is SPX in an uptrend"),
            (AAPL, "2012-04-02"): await asked.ask("was AAPL in an uptrend on 2012-04-02"),
            (AAPL, "2012-11-01"): await asked.ask("was AAPL trending up on 2012-11-01"),
        }
        early = await asked.ask("what was the trend of AAPL on 2000-05-01")

    found = []
    for (instrument, day), result in told_of.items():
        close = frames[instrument].close[:day]
        middle, far = close.rolling(50).mean(), close.rolling(200).mean().iloc[-1]
        rising = middle.iloc[-1] - middle.iloc[-6]
        up = close.iloc[-1] > middle.iloc[-1] >= far and rising >= 0
        down = close.iloc[-1] < middle.iloc[-1] <= far and rising <= 0
        found.append("up" if up else "down" if down else "sideways")
        assert result.facts.named("trend").value == found[-1]
    assert set(found) == {"up", "down", "sideways"}
    assert not early.is_answered


async def test_bars_are_counted_and_extremes_told_together(filled):
    async with open_questions(filled) as asked:
        raw = await asked.bars(AAPL)
        days = await asked.ask("how many trading days in 2012 for AAPL")
        both = await asked.ask("highest close and lowest close of AAPL in 2012")
        prices = await asked.ask("highest high and lowest low of AAPL in 2012")

    frame = pd.DataFrame({"high": raw.high, "low": raw.low, "close": raw.close}, index=pd.to_datetime(raw.event_ns)).loc["2012"]
    assert days.facts.named("bars").value == len(frame)
    assert [both.facts.named(name).value for name in ("highest", "lowest")] == [frame.close.max(), frame.close.min()]
    assert [prices.facts.named(name).value for name in ("highest", "lowest")] == [frame.high.max(), frame.low.min()]


async def test_two_averages_of_which_one_is_named_short_are_both_read(filled):
    async with open_questions(filled) as asked:
        close = (await adjusted(asked, AAPL)).close
        result = await asked.ask("how often was AAPL below its 50-day but above its 200-day average in 2012")

    held = (close < close.rolling(50).mean()) & (close > close.rolling(200).mean())
    assert result.facts.named("count").value == int(held["2012"].sum())


async def test_a_price_is_asked_for_by_the_name_alone(filled):
    async with open_questions(filled) as asked:
        apple = await asked.ask("what was AAPL on 2012-09-21")
        vix = await asked.ask("what was the VIX on 2018-02-05")
        bars = {one: pd.Series((b := await asked.bars(one)).close, pd.to_datetime(b.event_ns)) for one in (AAPL, VIX)}

    assert apple.facts.named("value").value == bars[AAPL]["2012-09-21"]
    assert vix.facts.named("value").value == bars[VIX]["2018-02-05"]


@pytest.mark.parametrize(
    "text",
    [
        "is AAPL above its 50-day average",
        "did AAPL close above 600 in 2012",
        "what day of the week did AAPL rise most",
        "Sharpe ratio of SPX in 2017",
        "beta of MSFT against SPX in 2010",
        "is SPX in an uptrend",
        "how many trading days in 2012 for AAPL",
        "highest and lowest close of MSFT in 2010",
    ],
)
async def test_every_number_of_such_an_answer_is_a_fact(filled, text):
    async with open_questions(filled) as asked:
        result = await asked.ask(text)

    cells = " ".join(cell for row in result.table.rows for cell in row) if result.table else ""
    assert not re.search(r"\d", re.sub(r"\{F\d+\}", "", f"{result.sentence} {cells}"))
    assert render_tags(result.sentence, result.facts)
    for fact in result.facts.values():
        assert fact.is_available
        assert fact.formula
        assert fact.bars is not None
        assert not [one for one in fact.inputs if re.fullmatch(r"F\d+", one) and one not in result.facts]


async def test_what_has_no_single_answer_is_asked_back(filled):
    async with open_questions(filled) as asked:
        for text in (
            "was AAPL up more than 20% in 2012",
            "weekly Sharpe ratio of AAPL",
            "on which day of the month did MSFT rise most",
        ):
            with pytest.raises(InvalidInput):
                await asked.questions.parse(text)


@pytest.mark.parametrize("text", ["when did AAPL reach its all-time high", "AAPL all time high", "highest adjusted high of AAPL"])
async def test_a_high_of_long_ago_is_compared_adjusted_and_told_as_it_was_traded_too(filled, text):
    async with open_questions(filled) as asked:
        result = await asked.ask(text)
        frame, raw = await adjusted(asked, AAPL), await asked.bars(AAPL)

    row = int(frame.high.argmax())
    day = frame.index[row].date()
    assert result.facts.named("traded").value == raw.high[row]
    assert result.facts.named("traded").source.endswith(", as traded")
    assert f"{frame.high.iloc[row]:.2f} adjusted, {raw.high[row]:.2f} as traded" in words_of(result)
    assert f"on {day}" in words_of(result)


async def test_a_price_that_no_action_changed_is_told_once(filled):
    async with open_questions(filled) as asked:
        told_so = [words_of(await asked.ask(text)) for text in ("all time high of SPX", "close of AAPL with adjusted prices")]
        day = words_of(await asked.ask("AAPL close on 2005-01-03"))

    assert not [words for words in told_so if "as traded" in words]
    assert "adjusted" not in day
