"""What a number is of: the move that was spoken of, volume in shares, a distance in percent; else it is asked back."""

import asyncio

import pytest

from backend.errors import InvalidInput
from tests.fakes.asking import AAPL, MSFT, SPX, open_questions
from tests.fakes.pandas_bars import table_of


def of_pandas(bars):
    table = table_of(bars)
    return table.assign(
        points=table["close"].diff(),
        gap=(table["open"] / table["close"].shift() - 1) * 100,
        usual=table["volume"].rolling(20).mean(),
    )


def monthly(table):
    return (table["close"].resample("MS").last().dropna().pct_change(fill_method=None) * 100).dropna()


# A question, the fact that answers it, and what pandas finds; r as traded, a adjusted.
ORACLES = {
    "how many days did AAPL rise more than 3% but less than 5% in 2012": (
        "count",
        lambda _, a: int(a[AAPL].loc["2012"].change.between(3, 5, inclusive="neither").sum()),
    ),
    "how many days did AAPL fall more than 1% and less than 2% in 2012": (
        "count",
        lambda _, a: int(a[AAPL].loc["2012"].change.between(-2, -1, inclusive="neither").sum()),
    ),
    "how many days did AAPL rise at least 1% but no more than 2% in 2012": (
        "count",
        lambda _, a: int(a[AAPL].loc["2012"].change.between(1, 2).sum()),
    ),
    "how many days did AAPL gap up more than 1% but less than 2% in 2012": (
        "count",
        lambda _, a: int(a[AAPL].loc["2012"].gap.between(1, 2, inclusive="neither").sum()),
    ),
    "when did AAPL last fall more than 5% but less than 6%": (
        "last",
        lambda _, a: str(a[AAPL].query("-6 < change < -5").index[-1])[:10],
    ),
    "list the months AAPL rose over 10% but under 20% since 2005": (
        "count",
        lambda _, a: int(monthly(a[AAPL]).loc["2005":].between(10, 20, inclusive="neither").sum()),
    ),
    "how many days did AAPL trade more than 20 million shares in 2012": (
        "count",
        lambda r, _: int((r[AAPL].loc["2012"].volume > 20e6).sum()),
    ),
    "how many days did AAPL trade over 30 million shares in 2012": (
        "count",
        lambda r, _: int((r[AAPL].loc["2012"].volume > 30e6).sum()),
    ),
    "how many days was AAPL's volume more than 50% above its 20-day average in 2012": (
        "count",
        lambda _, a: int((a[AAPL].loc["2012"].volume > 1.5 * a[AAPL].loc["2012"].usual).sum()),
    ),
    "how many days did AAPL rise between 1% and 2% in 2012": (
        "count",
        lambda _, a: int(a[AAPL].loc["2012"].change.between(1, 2).sum()),
    ),
    "how many days did AAPL fall by between 1 and 2% in 2012": (
        "count",
        lambda _, a: int(a[AAPL].loc["2012"].change.between(-2, -1).sum()),
    ),
    "how many days was AAPL within 2% of its 50-day average in 2012": (
        "count",
        lambda _, a: int((a[AAPL].close / a[AAPL].close.rolling(50).mean() - 1).loc["2012"].abs().le(0.02).sum()),
    ),
    "how many days was the daily change of AAPL above -1% and below 1% in 2012": (
        "count",
        lambda _, a: int(a[AAPL].loc["2012"].change.between(-1, 1, inclusive="neither").sum()),
    ),
    "how many days was the daily change of AAPL below -3% and above -5% in 2012": (
        "count",
        lambda _, a: int(a[AAPL].loc["2012"].change.between(-5, -3, inclusive="neither").sum()),
    ),
    "how many days did AAPL fall more than 3 points but less than 5 points in 2012": (
        "count",
        lambda _, a: int(a[AAPL].loc["2012"].points.between(-5, -3, inclusive="neither").sum()),
    ),
    "top 5 Mondays of MSFT": ("highest", lambda _, a: a[MSFT][a[MSFT].index.day_name() == "Monday"].change.max()),
    "bottom 3 Octobers of SP500": ("lowest", lambda _, a: monthly(a[SPX]).pipe(lambda m: m[m.index.month == 10]).min()),
}

# What was told as computed though it may be something else, and what is said now.
REFUSED = {
    "which of AAPL, MSFT and SP500 rose in 2011": "within a day",
    "which of AAPL and MSFT rose more than 5% in 2012": "within a day",
    "which of AAPL, MSFT and SP500 had the best day in 2008": "not compared between instruments",
    "which had more up days in 2012, AAPL or MSFT": "not compared between instruments",
    "compare the best day of AAPL and MSFT in 2012": "not compared between instruments",
    "how many days did AAPL rise more than 3% and MSFT less than 1% in 2012": "1 % of what?",
    "how many days was AAPL above 3% in 2012": "3 % of what?",
    "how many days did AAPL fall more than 3% but less than 5 points in 2012": "5 points of what?",
    "how many days did AAPL rise between 3% and 5% above its 50 day average": "rise between",
    "on how many days was the daily range of AAPL over 3% in 2012": "3 % of what?",
    "how many days did AAPL close more than 5 points above its 50-day average in 2012": "Distances are told in percent",
    "how many days did AAPL close more than 10 dollars below its 52 week high in 2012": "Distances are told in percent",
    "how many days did AAPL close at least 10 above its open in 2012": "Distances are told in percent",
    "how many days was AAPL 10% below its high in 2012": "Which high is meant?",
    "how many days was AAPL within 2% of its high in 2012": "Which high is meant?",
    "how many days was AAPL between 1% and 2% in 2012": "% of what?",
}


@pytest.fixture(scope="module")
def answered(filled):
    """Every question with its answer, and what pandas finds."""

    async def ask_all():
        async with open_questions(filled) as asked:
            raw = {one: of_pandas(await asked.bars(one)) for one in (AAPL, MSFT, SPX)}
            adjusted = {one: of_pandas(await asked.bars(one, adjusted=True)) for one in (AAPL, MSFT, SPX)}
            return {text: (await asked.ask(text), oracle(raw, adjusted)) for text, (_, oracle) in ORACLES.items()}

    return asyncio.run(ask_all())


@pytest.mark.parametrize("text", ORACLES)
def test_an_answer_is_what_pandas_finds_on_the_same_bars(answered, text):
    result, truth = answered[text]
    found = result.facts.named(ORACLES[text][0]).value
    assert found == (truth if isinstance(truth, str | int) else pytest.approx(float(truth), rel=1e-9))


async def test_what_may_mean_two_things_is_asked_back(filled):
    async with open_questions(filled) as asked:
        for text, words in REFUSED.items():
            with pytest.raises(InvalidInput) as caught:
                await asked.questions.parse(text)
            assert words in caught.value.message, text
            assert caught.value.hint, text


async def test_what_is_the_same_for_one_bar_or_asked_of_a_day_is_still_answered(filled):
    async with open_questions(filled) as asked:
        for text, understood in {
            "which of AAPL and MSFT rose more than 10% in a day in 2008": "which of AAPL.XNAS, MSFT.XNAS where change(1) above 10",
            "which of AAPL and MSFT had a day up more than 10% in 2008": "which of AAPL.XNAS, MSFT.XNAS where change(1) above 10",
            "which of AAPL and MSFT rose on any day in 2008": "which of AAPL.XNAS, MSFT.XNAS where change(1) above 0",
            "how many days was the RSI of AAPL above 70% in 2012": "count bars of AAPL.XNAS where rsi(14).value above 70",
            "how many days did SP500 close above 1500 points in 2013": "count bars of SPX.INDEX where close above 1500",
            "how many days was AAPL 10% below its 52 week high in 2012": "distance(close, highest(high, 52 weeks)) at most -10",
        }.items():
            assert understood in (await asked.ask(text)).understood, text
