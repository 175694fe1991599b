"""Questions about one weekday or one month of the year alone, answered with what pandas finds on the same bars."""

import asyncio

import pandas as pd
import pytest

from backend.assistant.grounding.tags import render_tags
from backend.assistant.questions.following import vary
from backend.errors import InvalidInput
from tests.fakes.asking import AAPL, MSFT, SAMPLE_NAMES, SPX, VIX, open_questions
from tests.fakes.pandas_bars import table_of


def on(table, weekday, year=""):
    return table.loc[year or slice(None)].pipe(lambda rows: rows[rows.index.day_name() == weekday])


def months(table, month):
    """The change of each such month in percent, the first stored month left out."""
    closes = table["close"].resample("MS").last().dropna()
    change = (closes.pct_change(fill_method=None) * 100).dropna()
    return change[change.index.month == month]


# A question, the fact that answers it, and what pandas finds; r as traded, a adjusted.
ORACLES = {
    "how many Mondays did AAPL close higher in 2012": ("count", lambda _, a: int((on(a[AAPL], "Monday", "2012").change > 0).sum())),
    "how many Mondays were there in 2012 for AAPL": ("bars", lambda r, _: len(on(r[AAPL], "Monday", "2012"))),
    "on how many Fridays did MSFT rise more than 1% in 2010": (
        "count",
        lambda _, a: int((on(a[MSFT], "Friday", "2010").change > 1).sum()),
    ),
    "what percentage of Tuesdays did the S&P 500 rise in 2011": (
        "share",
        lambda _, a: (on(a[SPX], "Tuesday", "2011").change > 0).mean() * 100,
    ),
    "average return of AAPL on Mondays": ("mean", lambda _, a: on(a[AAPL], "Monday").change.mean()),
    "MSFT's average Wednesday return in 2009": ("mean", lambda _, a: on(a[MSFT], "Wednesday", "2009").change.mean()),
    "average volume of AAPL on Fridays in 2012": ("mean", lambda r, _: on(r[AAPL], "Friday", "2012").volume.mean()),
    "biggest drop of the S&P 500 on a Monday": ("lowest", lambda _, a: on(a[SPX], "Monday").change.min()),
    "worst Thursday of AAPL in 2008": ("lowest", lambda _, a: on(a[AAPL], "Thursday", "2008").change.min()),
    "highest close of VIX on Mondays in 2018": ("highest", lambda r, _: on(r[VIX], "Monday", "2018").close.max()),
    "when did AAPL last fall more than 3% on a Monday": (
        "last",
        lambda _, a: str(on(a[AAPL], "Monday").query("change < -3").index[-1])[:10],
    ),
    "first Tuesday on which VIX closed above 30": (
        "first",
        lambda r, _: str(on(r[VIX], "Tuesday").query("close > 30").index[0])[:10],
    ),
    "did MSFT rise every Monday in 2012": ("count", lambda _, a: int((on(a[MSFT], "Monday", "2012").change > 0).sum())),
    "did AAPL rise on Mondays in 2012": ("count", lambda _, a: int((on(a[AAPL], "Monday", "2012").change > 0).sum())),
    "average September return of the S&P 500": ("mean", lambda _, a: months(a[SPX], 9).mean()),
    "median return of AAPL in Octobers": ("median", lambda _, a: months(a[AAPL], 10).median()),
    "how many Septembers was the S&P 500 up": ("count", lambda _, a: int((months(a[SPX], 9) > 0).sum())),
    "worst 5 Mondays of MSFT": ("lowest", lambda _, a: on(a[MSFT], "Monday").change.min()),
    "best December of MSFT": ("highest", lambda _, a: months(a[MSFT], 12).max()),
    "what is AAPL's average return in January of each year": ("mean", lambda _, a: months(a[AAPL], 1).mean()),
    "how many days did the S&P 500 fall more than 2% in Octobers": (
        "count",
        lambda _, a: int((a[SPX][a[SPX].index.month == 10].change < -2).sum()),
    ),
    "average daily return of AAPL in Septembers since 2000": (
        "mean",
        lambda _, a: a[AAPL].loc["2000":].pipe(lambda rows: rows[rows.index.month == 9]).change.mean(),
    ),
    "how many days did AAPL rise while MSFT fell on Mondays in 2012": (
        "count",
        lambda _, a: int(((on(a[AAPL], "Monday", "2012").change > 0) & (on(a[MSFT], "Monday", "2012").change < 0)).sum()),
    ),
}
NEVER = "how many Saturdays did AAPL rise in 2012"


@pytest.fixture(scope="module")
def answered(filled):
    """Every question with its answer, and both kinds of bars."""

    async def ask_all():
        async with open_questions(filled) as asked:
            ids = (AAPL, MSFT, SPX, VIX)
            raw = {one: table_of(await asked.bars(one)) for one in ids}
            adjusted = {one: table_of(await asked.bars(one, adjusted=True)) for one in ids}
            others = ("how many Mondays did AAPL close higher by year", "average return of AAPL and MSFT on Mondays", NEVER)
            texts = (*ORACLES, *others)
            return {text: await asked.ask(text) for text in texts}, raw, adjusted

    return asyncio.run(ask_all())


def told(result):
    return "".join(span.text for span in render_tags(result.sentence, result.facts))


@pytest.mark.parametrize("text", ORACLES)
def test_an_answer_is_what_pandas_finds_on_the_same_bars(answered, text):
    results, raw, adjusted = answered
    name, oracle = ORACLES[text]
    found, truth = results[text].facts.named(name).value, oracle(raw, adjusted)
    assert found == (truth if isinstance(truth, str | int) else pytest.approx(float(truth), rel=1e-9))


def test_an_answer_says_of_which_days_it_is(answered):
    results, _, adjusted = answered
    n_mondays = len(on(adjusted[AAPL], "Monday", "2012"))
    count = results["how many Mondays did AAPL close higher in 2012"]
    assert f"of {n_mondays} Mondays from 2012-01-03 to 2012-12-31" in told(count)
    assert count.understood.endswith("on mondays on 1d bars")
    assert all(pd.Timestamp(one.from_ns).day_name() == "Monday" and one.from_ns == one.to_ns for one in count.matches)
    assert "mean daily change of Apple (AAPL.XNAS) on Mondays" in told(results["average return of AAPL on Mondays"])
    september = told(results["average September return of the S&P 500"])
    assert "mean monthly change of S&P 500 (SPX.INDEX) in Septembers" in september
    assert september.split(", over ")[1].split(".")[0] == f"{len(months(adjusted[SPX], 9))} Septembers"
    assert told(results[NEVER]) == "Apple (AAPL.XNAS) has no Saturdays from 2012-01-03 to 2012-12-31."
    assert "days in October" in told(results["how many days did the S&P 500 fall more than 2% in Octobers"])


def test_a_table_by_year_and_several_instruments_keep_to_the_day(answered):
    results, _, adjusted = answered
    by_year = results["how many Mondays did AAPL close higher by year"]
    rows = {by_year.facts[one.strip("{}")].value: by_year.facts[n.strip("{}")].value for one, n in by_year.table.rows}
    for year in ("2001", "2008", "2012"):
        assert rows[year] == int((on(adjusted[AAPL], "Monday", year).change > 0).sum())
    both = results["average return of AAPL and MSFT on Mondays"]
    means = [fact.value for fact in both.facts.values() if fact.name.partition(".")[0] == "mean"]
    assert means == pytest.approx([on(adjusted[one], "Monday").change.mean() for one in (AAPL, MSFT)])


@pytest.mark.parametrize("text", ["every Friday in June 2012", "on all Fridays of June 2012", "each Friday in June 2012"])
async def test_every_one_of_them_is_more_than_any(filled, text):
    async with open_questions(filled) as asked:
        result = await asked.ask(f"did AAPL rise {text}")
        anyone = await asked.ask("did AAPL rise on a Friday in June 2012")
    assert (result.facts.named("whether").value, anyone.facts.named("whether").value) == ("No", "Yes")
    assert result.facts.named("count").value == anyone.facts.named("count").value == 4


async def test_what_may_mean_two_things_or_nothing_is_asked_back(filled):
    refused = {
        "average return of AAPL in September": 'or say "in Septembers" for all',
        "average return of AAPL on Mondays and Fridays": "Ask about one of them at a time",
        "how often does AAPL rise in Septembers": "Ask how many days, or how many Septembers",
        "return of AAPL on Mondays in 2012": "The return is not told of Mondays alone",
        "how often does AAPL rise in all of March 2012": "'all'",
        "longest winning streak of AAPL on Mondays": "not told of Mondays alone",
        "is AAPL up on Mondays": "The newest bar and Mondays",
        "average return of AAPL on Mondays on weekly bars": "Bars of 1w are not parted by Mondays",
    }
    async with open_questions(filled) as asked:
        for text, words in refused.items():
            with pytest.raises(InvalidInput) as caught:
                await asked.questions.parse(text)
            assert words in f"{caught.value.message} {caught.value.hint}", text
        assert await asked.questions.offer("how high did AAPL get above average on Mondays in 2012") is None
        before = await asked.questions.parse("how many Mondays did AAPL close higher in 2012")
    assert vary("and on Fridays?", before, SAMPLE_NAMES).season == "friday"
    assert vary("and in 2011?", before, SAMPLE_NAMES).season == "monday"
