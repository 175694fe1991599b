"""Streaks and lists of weeks, months and years, and questions about several instruments, as numpy finds them on the same bars."""

import numpy as np
import pytest

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from tests.fakes.asking import AAPL, MSFT, SPX, VIX, WTI, open_questions

COMP = InstrumentId("COMP", "INDEX")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


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


async def joined(asked, *wanted, adjusted=True):
    """The days that all of these instruments have from their second bar on, and of each its closes and those before."""
    found = []
    for instrument in wanted:
        bars = await asked.bars(instrument, adjusted=adjusted)
        found.append((bars.event_ns.view("datetime64[ns]").astype("datetime64[D]")[1:], bars.close[1:], bars.close[:-1]))
    days = found[0][0]
    for other, _, _ in found[1:]:
        days = np.intersect1d(days, other)
    return days, *((close[np.isin(own, days)], before[np.isin(own, days)]) for own, close, before in found)


def of_year(days, year):
    return days.astype("datetime64[Y]") == np.datetime64(year) if year else np.ones(len(days), bool)


def days_in(matches, instrument):
    """The days that stretches of an instrument cover."""
    own = [(m.from_ns, m.to_ns) for m in matches if m.series.instrument == instrument]
    return {day for a, b in own for day in np.arange(a, b + 1, 86_400 * 10**9).view("datetime64[ns]").astype("datetime64[D]")}


@pytest.mark.parametrize(
    ("text", "first", "second", "signs", "year"),
    [
        ("how many days did AAPL rise while MSFT fell in 2012", AAPL, MSFT, (1, -1), "2012"),
        ("how many days did both AAPL and MSFT rise in 2012", AAPL, MSFT, (1, 1), "2012"),
        ("in 2012 how many days did AAPL and MSFT rise together", AAPL, MSFT, (1, 1), "2012"),
        ("how many days did the S&P 500 rise in 2008 while the nasdaq fell", SPX, COMP, (1, -1), "2008"),
        ("how often does the S&P 500 fall on the day VIX rises", SPX, VIX, (-1, 1), ""),
        ("how many days did oil rise while the S&P 500 fell", WTI, SPX, (1, -1), ""),
    ],
)
async def test_a_condition_on_each_instrument_is_counted_on_the_days_that_they_share(filled, text, first, second, signs, year):
    async with open_questions(filled) as asked:
        days, *both = await joined(asked, first, second)
        result = await asked.ask(text)

    held = of_year(days, year)
    for (close, before), sign in zip(both, signs, strict=True):
        held &= sign * (close - before) > 0
    assert result.facts.named("count").value == int(held.sum())
    assert result.facts.named("total").value == int(of_year(days, year).sum())
    for instrument in (first, second):
        assert set(days[held]) <= days_in(result.matches, instrument)
    assert {str(one.instrument) for one in result.plan.where} == {str(first), str(second)}


async def test_averages_and_levels_are_those_of_the_instrument_that_they_are_said_of(filled):
    async with open_questions(filled) as asked:
        averages = await asked.ask(
            "how many days did AAPL close above its 50-day average but MSFT below its 50-day average in 2012"
        )
        levels = await asked.ask("how many days did the S&P 500 close above 2700 and the VIX above 20 in 2018")
        sides = []
        for instrument in (AAPL, MSFT):
            bars = await asked.bars(instrument, adjusted=True)
            mean = np.convolve(bars.close, np.full(50, 1 / 50), "valid")
            year = bars.event_ns[49:].view("datetime64[ns]").astype("datetime64[Y]") == np.datetime64("2012")
            sides.append((bars.close[49:] - mean)[year])
        days, (spx, _), (vix, _) = await joined(asked, SPX, VIX, adjusted=False)

    assert averages.facts.named("count").value == int(((sides[0] > 0) & (sides[1] < 0)).sum())
    assert levels.facts.named("count").value == int(((spx > 2700) & (vix > 20) & of_year(days, "2018")).sum())


async def test_days_that_only_one_instrument_has_are_left_out_and_told(filled):
    async with open_questions(filled) as asked:
        result = await asked.ask("how many days did oil rise while the S&P 500 fell")
        oil, spx = [(await asked.bars(one)).event_ns for one in (WTI, SPX)]

    shared = np.intersect1d(oil, spx)
    alone = sum(int(((one >= shared[0]) & (one <= shared[-1]) & ~np.isin(one, shared)).sum()) for one in (oil, spx))
    assert alone
    assert result.facts.named("alone").value == alone


async def test_yes_or_no_of_two_instruments_is_told_with_the_values_of_each(filled):
    async with open_questions(filled) as asked:
        yes = await asked.ask("did aapl rise and msft fall on 2012-09-21")
        no = await asked.ask("did aapl fall and msft rise on 2012-09-21")

    assert (yes.facts.named("whether").value, no.facts.named("whether").value) == ("Yes", "No")
    assert yes.sentence.count("the daily change of") == 2


async def test_runs_first_and_last_times_and_lists_are_of_both_instruments(filled):
    async with open_questions(filled) as asked:
        days, aapl, msft = await joined(asked, AAPL, MSFT)
        run = await asked.ask("longest streak of days both AAPL and MSFT rose")
        last = await asked.ask("when did AAPL last fall more than 3% while MSFT rose")
        listed = await asked.ask("list the days in 2012 when AAPL rose more than 2% and MSFT fell more than 1%")

    apple, microsoft = ((close / before - 1) * 100 for close, before in (aapl, msft))
    assert run.facts.named("streak").value == longest((apple > 0) & (microsoft > 0))
    assert last.facts.named("last").value == str(days[(apple < -3) & (microsoft > 0)][-1])
    held = (apple > 2) & (microsoft < -1) & of_year(days, "2012")
    rows = [[listed.facts[cell.strip("{}")].value for cell in row] for row in listed.table.rows]
    truth = zip(days[held], apple[held], microsoft[held], strict=True)
    assert rows == [[str(day), pytest.approx(one), pytest.approx(other)] for day, one, other in truth]


async def test_a_value_of_one_instrument_is_asked_for_on_the_days_of_another(filled):
    async with open_questions(filled) as asked:
        _, aapl, msft = await joined(asked, AAPL, MSFT)
        days, apple, spx = await joined(asked, AAPL, SPX)
        mean = await asked.ask("average return of AAPL on days MSFT fell")
        drop = await asked.ask("biggest drop of AAPL on days the S&P 500 rose")

    change = (aapl[0] / aapl[1] - 1) * 100
    assert mean.facts.named("mean").value == pytest.approx(change[msft[0] < msft[1]].mean())
    change = (apple[0] / apple[1] - 1) * 100
    held = spx[0] > spx[1]
    assert drop.facts.named("lowest").value == pytest.approx(change[held].min())
    assert days_in(drop.matches, AAPL) == {days[held][change[held].argmin()]}


async def test_weeks_of_two_calendars_are_the_same_weeks(filled):
    async with open_questions(filled) as asked:
        result = await asked.ask("how many weeks did oil rise while the S&P 500 fell in 2010")
        oil, spx = [await changes(asked, one, "week") for one in (WTI, SPX)]

    weeks = [(days.astype(np.int64) + 3) // 7 for days, _ in (oil, spx)]
    both, mine, theirs = np.intersect1d(*weeks, return_indices=True)
    held = (oil[1][mine] > 0) & (spx[1][theirs] < 0) & of_year((both * 7 - 3).astype("datetime64[D]"), "2010")
    assert result.facts.named("count").value == int(held.sum())


@pytest.mark.parametrize(
    "text",
    [
        "number of months where the S&P 500 fell and AAPL rose",
        "count the months in which the S&P 500 fell and AAPL rose",
        "what percentage of months did the S&P 500 fall and AAPL rise",
    ],
)
async def test_a_count_and_a_share_are_of_the_pieces_of_time_that_are_named(filled, text):
    async with open_questions(filled) as asked:
        result = await asked.ask(text)
        spx, aapl = [await changes(asked, one, "month") for one in (SPX, AAPL)]

    aapl = [part[:-1] for part in aapl]  # its days end with the first one of March 2013
    _, mine, theirs = np.intersect1d(spx[0].astype("datetime64[M]"), aapl[0].astype("datetime64[M]"), return_indices=True)
    held = (spx[1][mine] < 0) & (aapl[1][theirs] > 0)
    assert result.facts.named("count").value == int(held.sum())
    assert result.facts.named("share").value == pytest.approx(held.mean() * 100)


async def test_a_list_of_several_instruments_holds_the_bars_of_each(filled):
    async with open_questions(filled) as asked:
        result = await asked.ask("list the days AAPL and MSFT fell more than 10%")
        truth = []
        for name, instrument in (("Apple", AAPL), ("Microsoft", MSFT)):
            days, change = await changes(asked, instrument)
            truth += [
                [f"{name} ({instrument})", str(day), pytest.approx(value)]
                for day, value in zip(days, change, strict=True)
                if value < -10
            ]

    assert [[result.facts[cell.strip("{}")].value for cell in row] for row in result.table.rows] == truth


async def test_which_ever_did_looks_at_all_bars_and_which_do_at_the_newest(filled):
    async with open_questions(filled) as asked:
        ever = await asked.ask("which of AAPL and MSFT ever closed above 500")
        now = await asked.ask("which of AAPL and MSFT closed above 500")
        closes = [(await asked.bars(one)).close for one in (AAPL, MSFT)]

    assert ever.facts.named("count").value == sum(bool((close > 500).any()) for close in closes) == 1
    assert ever.facts.named("bars").value == int((closes[0] > 500).sum())
    assert now.facts.named("count").value == sum(bool(close[-1] > 500) for close in closes) == 0
    assert "Apple" in str(ever.facts.named("instrument").value)
    assert "at their newest bars" in now.sentence


@pytest.mark.parametrize(
    ("text", "pair", "year"),
    [
        ("which had higher volatility, AAPL or MSFT", (AAPL, MSFT), ""),
        ("was AAPL more volatile than the S&P 500", (AAPL, SPX), ""),
        ("rank MSFT and the nasdaq by volatility in 2010", (MSFT, COMP), "2010"),
    ],
)
async def test_the_volatilities_of_several_are_held_against_each_other_on_the_same_days(filled, text, pair, year):
    async with open_questions(filled) as asked:
        days, *both = await joined(asked, *pair)
        result = await asked.ask(text)
        volatilities = []
        for instrument, (close, before) in zip(pair, both, strict=True):
            change = (close / before - 1)[of_year(days, year)] * 100
            times = (await asked.bars(instrument)).event_ns
            times = times[times.view("datetime64[ns]") < np.datetime64("2011" if year else "2100")]
            a_year = (len(times) - 1) / ((times[-1] - times[0]) / (365.25 * 86_400e9))
            volatilities.append(float(np.std(change, ddof=1) * a_year**0.5))

    told = [fact.value for name, fact in ((one.name, one) for one in result.facts.values()) if name.startswith("volatility")]
    assert told == [pytest.approx(value, rel=1e-6) for value in volatilities]
    ahead = pair[int(np.argmax(volatilities))]
    last = [fact.value for fact in result.facts.values() if fact.name.startswith("instrument")][-2:]
    assert [str(ahead) in str(name) for name in last] == [True, False]
    assert "The highest volatility is that of" in result.sentence


async def test_where_no_instrument_is_named_one_is_chosen_among_all_that_are_stored(filled):
    async with open_questions(filled) as asked:
        result = await asked.ask("which instrument gained the most in 2010")
        truth = {}
        for instrument in (AAPL, MSFT, SPX, COMP, WTI):  # no bars of VIX are so old
            bars = await asked.bars(instrument, adjusted=True)
            years = bars.event_ns.view("datetime64[ns]").astype("datetime64[Y]")
            ends = [bars.close[years == np.datetime64(year)][-1] for year in ("2009", "2010")]
            truth[str(instrument)] = (ends[1] / ends[0] - 1) * 100

    cells = [[result.facts[cell.strip("{}")].value for cell in row] for row in result.table.rows]
    ranked = sorted(truth.items(), key=lambda one: -one[1])
    assert [value for _, value in cells] == [pytest.approx(value) for _, value in ranked]
    assert all(f"({name})" in str(cell[0]) for (name, _), cell in zip(ranked, cells, strict=True))
    assert "Left out for want of bars" in result.sentence
