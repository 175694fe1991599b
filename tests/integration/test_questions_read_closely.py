"""Questions in which one word decides: answered with what numpy finds on the same bars, each oracle written from the bars alone."""

import asyncio
import itertools

import numpy as np
import pytest

from backend.storage.paths import Home
from tests.fakes.asking import AAPL, MSFT, SPX, VIX, WTI, open_questions


class Bars:
    """One instrument's daily bars as numpy arrays; ``row("2012")`` are the rows of days that begin so."""

    def __init__(self, bars):
        self.o, self.h, self.low, self.c, self.v = bars.columns()
        self.day = np.array([str(day)[:10] for day in bars.event_ns.view("datetime64[ns]")])
        self.pct = np.concatenate(([np.nan], (self.c[1:] / self.c[:-1] - 1) * 100))
        self.points = np.concatenate(([np.nan], self.c[1:] - self.c[:-1]))

    def rows(self, *starts):
        return np.flatnonzero([day.startswith(starts) for day in self.day])

    def count(self, flags, *starts):
        return int(np.count_nonzero(flags[self.rows(*starts)] if starts else flags))

    def gap(self):
        return np.concatenate(([np.nan], (self.o[1:] / self.c[:-1] - 1) * 100))

    def crossed_below(self, level):
        return np.concatenate(([False], (self.c[1:] < level) & (self.c[:-1] >= level)))

    def moved(self, first, last):
        """The return from the close of a day to that of another."""
        return (self.c[self.rows(last)[0]] / self.c[self.rows(first)[0]] - 1) * 100

    def last_of(self, letters):
        """The last close of each year or month."""
        names = np.array([day[:letters] for day in self.day])
        return {name: self.c[np.flatnonzero(names == name)[-1]] for name in np.unique(names)}


def best_year(one):
    yearly = list(one.last_of(4).values())
    return max((now / before - 1) * 100 for before, now in itertools.pairwise(yearly))


# A question, the fact that answers it, and what numpy finds: r as traded, a adjusted.
ORACLES = {
    "largest one-day point drop of the S&P 500": ("lowest", lambda r, _: np.nanmin(r[SPX].points)),
    "biggest point drop of AAPL in 2012": ("lowest", lambda _, a: a[AAPL].points[a[AAPL].rows("2012")].min()),
    "AAPL's opening price in 2012": ("first value", lambda r, _: r[AAPL].o[r[AAPL].rows("2012")[0]]),
    "price of AAPL at the start of 2012": ("first value", lambda r, _: r[AAPL].c[r[AAPL].rows("2012")[0]]),
    "close of AAPL on the first trading day of 2012": ("first value", lambda r, _: r[AAPL].c[r[AAPL].rows("2012")[0]]),
    "price of AAPL at the end of 2012": ("value", lambda r, _: r[AAPL].c[r[AAPL].rows("2012")[-1]]),
    "max price of AAPL in 2012": ("highest", lambda r, _: r[AAPL].h[r[AAPL].rows("2012")].max()),
    "highest price ever of the S&P 500": ("highest", lambda r, _: r[SPX].h.max()),
    "lowest price of MSFT since 2009": ("lowest", lambda r, _: r[MSFT].low[r[MSFT].day >= "2009"].min()),
    "highest price of WTI in 2008": ("highest", lambda r, _: r[WTI].c[r[WTI].rows("2008")].max()),
    "top 5 days of MSFT": ("highest", lambda _, a: np.nanmax(a[MSFT].pct)),
    "how many days did AAPL trade above 700": ("count", lambda r, _: r[AAPL].count(r[AAPL].h > 700)),
    "did AAPL trade below 400 in 2012": ("count", lambda r, _: r[AAPL].count(r[AAPL].low < 400, "2012")),
    "when did the S&P 500 fall below 700 in 2009": ("count", lambda r, _: r[SPX].count(r[SPX].crossed_below(700), "2009")),
    "did oil drop below 30 in 2016": ("count", lambda r, _: r[WTI].count(r[WTI].crossed_below(30), "2016")),
    "did AAPL reach 700": ("count", lambda r, _: r[AAPL].count(r[AAPL].h >= 700)),
    "when did AAPL reach 600": ("first", lambda r, _: r[AAPL].day[np.flatnonzero(r[AAPL].h >= 600)[0]]),
    "in which year did AAPL perform best": ("highest", lambda _, a: best_year(a[AAPL])),
    "how many days did AAPL close higher than the day before in 2012": (
        "count",
        lambda _, a: a[AAPL].count(a[AAPL].pct > 0, "2012"),
    ),
    "how many days did AAPL open below the previous close in 2012": (
        "count",
        lambda _, a: a[AAPL].count(a[AAPL].gap() < 0, "2012"),
    ),
    "how often did AAPL gap up in 2012": ("count", lambda _, a: a[AAPL].count(a[AAPL].gap() > 0, "2012")),
    "return of AAPL between 2012-01-03 and 2012-09-21": ("return", lambda _, a: a[AAPL].moved("2011-12-30", "2012-09-21")),
    "how many days was AAPL not above 600 in 2012": ("count", lambda r, _: r[AAPL].count(r[AAPL].c <= 600, "2012")),
}


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """Every question with its answer and what numpy says."""
    made = Home(tmp_path_factory.mktemp("closely") / "home")
    made.make()

    async def ask_all():
        async with open_questions(made, with_samples=True) as asked:
            ids = (AAPL, MSFT, SPX, VIX, WTI)
            raw = {one: Bars(await asked.bars(one)) for one in ids}
            adjusted = {one: Bars(await asked.bars(one, adjusted=True)) for one in ids}
            return {text: (await asked.ask(text), oracle(raw, adjusted)) for text, (_, oracle) in ORACLES.items()}

    return asyncio.run(ask_all())


@pytest.mark.parametrize("text", ORACLES)
def test_an_answer_is_what_numpy_finds_on_the_same_bars(answered, text):
    result, truth = answered[text]
    found = result.facts.named({"first value": "value"}.get(ORACLES[text][0], ORACLES[text][0])).value

    assert found == (truth if isinstance(truth, str | int) else pytest.approx(float(truth), rel=1e-9))


def test_a_return_says_from_which_close_it_is_counted(answered):
    result, truth = answered["return of AAPL between 2012-01-03 and 2012-09-21"]

    assert "counted from the close before that time" in result.sentence
    assert result.facts.named("base").value / 100 * (100 + truth) == pytest.approx(result.facts.named("close").value)
