"""Questions in which one word decides: answered with what numpy finds on the same bars, each oracle written from the bars alone."""

import asyncio
import itertools

import numpy as np
import pytest

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

    def below_high(self, day):
        """How far the close of a day is from the highest high up to then."""
        row = self.rows(day)[0]
        return (self.c[row] / self.h[: row + 1].max() - 1) * 100

    def mean_gain(self, *starts):
        change = self.pct[self.rows(*starts)]
        return change[change > 0].mean()

    def moved(self, first, last):
        """The return from the close of a day to that of another."""
        return (self.c[self.rows(last)[0]] / self.c[self.rows(first)[0]] - 1) * 100

    def changes(self, piece):
        """The change of each year, quarter, month or week, by its first day."""
        days = self.day.astype("datetime64[D]")
        months = days.astype("datetime64[M]").astype(int)
        weeks = (days.astype(int) + 3) // 7
        keys = {"year": months // 12, "quarter": months // 3, "month": months, "week": weeks}[piece]
        ends = np.append(np.flatnonzero(np.diff(keys)), len(keys) - 1)
        return {self.day[before + 1]: (self.c[end] / self.c[before] - 1) * 100 for before, end in itertools.pairwise(ends)}

    def changes_in(self, piece, *starts):
        """The changes of the pieces that begin on such days."""
        return np.array([value for day, value in self.changes(piece).items() if day.startswith(starts)])

    def average(self, n):
        out = np.full(len(self.c), np.nan)
        out[n - 1 :] = np.lib.stride_tricks.sliding_window_view(self.c, n).mean(axis=1)
        return out


def drawdown(close):
    return ((close / np.maximum.accumulate(close) - 1) * 100).min()


def longest(flags):
    best = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        best = max(best, run)
    return best


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
    "in which year did AAPL perform best": ("highest", lambda _, a: max(a[AAPL].changes("year").values())),
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
    # Forty as a trader types them.
    "how many days did MSFT close below 20 in 2009": ("count", lambda r, _: r[MSFT].count(r[MSFT].c < 20, "2009")),
    "how often did the S&P 500 gain more than 2% in a day in 2011": ("count", lambda r, _: r[SPX].count(r[SPX].pct > 2, "2011")),
    "what was the biggest weekly drop of AAPL in 2010": ("lowest", lambda _, a: a[AAPL].changes_in("week", "2010").min()),
    "what was MSFT's lowest close in March 2009": ("lowest", lambda r, _: r[MSFT].c[r[MSFT].rows("2009-03")].min()),
    "average close of oil in 2014": ("mean", lambda r, _: r[WTI].c[r[WTI].rows("2014")].mean()),
    "how many up weeks did the S&P 500 have in 2013": ("count", lambda r, _: int((r[SPX].changes_in("week", "2013") > 0).sum())),
    "what was the VIX high in 2015": ("highest", lambda r, _: r[VIX].h[r[VIX].rows("2015")].max()),
    "longest streak of days the VIX closed above 30": ("streak", lambda r, _: longest(r[VIX].c > 30)),
    "did MSFT ever trade above 100": ("count", lambda r, _: r[MSFT].count(r[MSFT].h > 100)),
    "how far below its all-time high was AAPL on 2013-01-31": ("distance", lambda _, a: a[AAPL].below_high("2013-01-31")),
    "which year was the worst for the S&P 500": ("lowest", lambda r, _: min(r[SPX].changes("year").values())),
    "what was AAPL's return from January to March 2012": ("return", lambda _, a: a[AAPL].moved("2011-12-30", "2012-03-30")),
    "how much did oil lose in 2014": ("return", lambda r, _: r[WTI].moved("2013-12-31", "2014-12-31")),
    "highest volume day of MSFT in 2008": ("highest", lambda r, _: r[MSFT].v[r[MSFT].rows("2008")].max()),
    "number of days AAPL moved up more than 5% since 2008": (
        "count",
        lambda _, a: a[AAPL].count((a[AAPL].pct > 5) & (a[AAPL].day >= "2008")),
    ),
    "when was the last time AAPL fell more than 5% in a day": (
        "last",
        lambda _, a: a[AAPL].day[np.flatnonzero(a[AAPL].pct < -5)[-1]],
    ),
    "average daily range of MSFT in 2012": ("mean", lambda r, _: (r[MSFT].h - r[MSFT].low)[r[MSFT].rows("2012")].mean()),
    "median close of VIX in 2017": ("median", lambda r, _: np.median(r[VIX].c[r[VIX].rows("2017")])),
    "did the S&P 500 close below its 200-day average in 2011": (
        "count",
        lambda r, _: r[SPX].count(r[SPX].c < r[SPX].average(200), "2011"),
    ),
    "what percent of months was the S&P 500 up since 2000": (
        "share",
        lambda r, _: (r[SPX].changes_in("month", "20") > 0).mean() * 100,
    ),
    "total volume of AAPL on 2012-09-21": ("sum", lambda r, _: r[AAPL].v[r[AAPL].rows("2012-09-21")].sum()),
    "max drawdown of oil from 2008 to 2009": ("drawdown", lambda r, _: drawdown(r[WTI].c[r[WTI].rows("2008", "2009")])),
    "AAPL's best quarter": ("highest", lambda _, a: max(a[AAPL].changes("quarter").values())),
    "biggest one-day dollar gain of AAPL in 2012": ("highest", lambda _, a: a[AAPL].points[a[AAPL].rows("2012")].max()),
    "did AAPL rise every quarter in 2009": ("count", lambda _, a: int((a[AAPL].changes_in("quarter", "2009") > 0).sum())),
    "what was the S&P 500's close at the end of 2008": ("value", lambda r, _: r[SPX].c[r[SPX].rows("2008")[-1]]),
    "what was the first close of MSFT in 2010": ("first value", lambda r, _: r[MSFT].c[r[MSFT].rows("2010")[0]]),
    "how much was oil up in 2016": ("return", lambda r, _: r[WTI].moved("2015-12-31", "2016-12-30")),
    "the 3 worst months of MSFT since 2005": (
        "lowest",
        lambda _, a: a[MSFT].changes_in("month", "2005", "2006", "2007", "2008", "2009", "201").min(),
    ),
    "how many days was volume above 100 million for MSFT in 2008": ("count", lambda r, _: r[MSFT].count(r[MSFT].v > 1e8, "2008")),
    "AAPL high on 2012-09-21": ("value", lambda r, _: r[AAPL].h[r[AAPL].rows("2012-09-21")[0]]),
    "average gain on up days for AAPL in 2012": (
        "mean",
        lambda _, a: a[AAPL].mean_gain("2012"),
    ),
    "what is the highest 5-day gain of MSFT": ("highest", lambda _, a: (a[MSFT].c[5:] / a[MSFT].c[:-5] - 1).max() * 100),
    "biggest gain of AAPL in a month since 2005": (
        "highest",
        lambda _, a: a[AAPL].changes_in("month", "2005", "2006", "2007", "2008", "2009", "201").max(),
    ),
    "was VIX below 30 throughout 2017": ("count", lambda r, _: r[VIX].count(r[VIX].c < 30, "2017")),
    "how many red days did AAPL have in 2011": ("count", lambda r, _: r[AAPL].count(r[AAPL].c < r[AAPL].o, "2011")),
    "how many down months did MSFT have since 2010": ("count", lambda _, a: int((a[MSFT].changes_in("month", "201") < 0).sum())),
    "smallest daily range of the S&P 500 in 2017": ("lowest", lambda r, _: (r[SPX].h - r[SPX].low)[r[SPX].rows("2017")].min()),
    "did oil trade under 40 in 2015": ("count", lambda r, _: r[WTI].count(r[WTI].low < 40, "2015")),
    "when did the S&P 500 first reach 2000": ("first", lambda r, _: r[SPX].day[np.flatnonzero(r[SPX].h >= 2000)[0]]),
    "how many days was AAPL not above 600 in 2012": ("count", lambda r, _: r[AAPL].count(r[AAPL].c <= 600, "2012")),
}


@pytest.fixture(scope="module")
def answered(filled):
    """Every question with its answer and what numpy says."""

    async def ask_all():
        async with open_questions(filled) as asked:
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
