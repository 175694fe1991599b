"""No word that changes what is asked is left out: it is read as what it means, or the question is not answered."""

from contextlib import suppress

import pytest

from backend.assistant.questions.offers import read_offer
from backend.assistant.questions.parsing import parse_question
from backend.assistant.questions.wording import format_plan
from backend.errors import InvalidInput
from tests.fakes.asking import SAMPLE_NAMES

# A question, and below it the plan that it means, in full.
TABLE = """
did AAPL close above 600 every day in 2012
    whether every bar of AAPL.XNAS where close above 600 from 2012-01-01 to 2012-12-31 on 1d bars
was MSFT up every single month in 2003
    whether every bar of MSFT.XNAS where change(1) above 0 from 2003-01-01 to 2003-12-31 on 1mo bars
has AAPL been above its 200-day average all the time since 2012
    whether every bar of AAPL.XNAS where close above sma(200).value since 2012-01-01 on 1d bars
was VIX below 20 throughout 2017
    whether every bar of VIX.INDEX where close below 20 from 2017-01-01 to 2017-12-31 on 1d bars
was VIX below 20 all of 2017
    whether every bar of VIX.INDEX where close below 20 from 2017-01-01 to 2017-12-31 on 1d bars
returns of AAPL by year
    total return of AAPL.XNAS by year on 1d bars
return of AAPL for each year since 2005
    total return of AAPL.XNAS since 2005-01-01 by year on 1d bars
monthly returns of the S&P 500 in 2008
    total return of SPX.INDEX from 2008-01-01 to 2008-12-31 by month on 1d bars
how many days per quarter did AAPL fall more than 5% in 2008
    count bars of AAPL.XNAS where change(1) below -5 from 2008-01-01 to 2008-12-31 by quarter on 1d bars
max drawdown of AAPL year by year
    max drawdown of AAPL.XNAS by year on 1d bars
total volume of MSFT in every week of March 2010
    sum volume of MSFT.XNAS from 2010-03-01 to 2010-03-31 by week on 1d bars
largest one-day point drop of the S&P 500
    lowest change(1, points) of SPX.INDEX on 1d bars
biggest gain of AAPL in a week
    highest change(1) of AAPL.XNAS on 1w bars
AAPL's opening price in 2012
    first value open of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
price of AAPL at the start of 2012
    first value close of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
what was the close of MSFT on the first trading day of March 2010
    first value close of MSFT.XNAS from 2010-03-01 to 2010-03-31 on 1d bars
max price of AAPL in 2012
    highest high of AAPL.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
lowest price of MSFT since 2009
    lowest low of MSFT.XNAS since 2009-01-01 on 1d bars
highest closing price of MSFT since 2009
    highest close of MSFT.XNAS since 2009-01-01 on 1d bars
highest and lowest price of MSFT in 2010
    extremes of MSFT.XNAS from 2010-01-01 to 2010-12-31 on 1d bars
top 5 days of MSFT
    5 highest change(1) of MSFT.XNAS on 1d bars
bottom 3 weeks of MSFT in 2008
    3 lowest change(1) of MSFT.XNAS from 2008-01-01 to 2008-12-31 on 1w bars
which month is best for MSFT
    by calendar month change(1) of MSFT.XNAS on 1mo bars
which day is usually worst for AAPL
    by weekday change(1) of AAPL.XNAS on 1d bars
how many days did AAPL trade above 700
    count bars of AAPL.XNAS where high above 700 on 1d bars
did AAPL trade below 400 in 2012
    whether of AAPL.XNAS where low below 400 from 2012-01-01 to 2012-12-31 on 1d bars
when did the S&P 500 fall below 700 in 2009
    list bars of SPX.INDEX where close crosses below 700 from 2009-01-01 to 2009-12-31 on 1d bars
did oil drop below 30 in 2016
    whether of WTI.FRED where close crosses below 30 from 2016-01-01 to 2016-12-31 on 1d bars
did AAPL reach 700
    whether of AAPL.XNAS where high at least 700 on 1d bars
when did AAPL reach 600
    first time of AAPL.XNAS where high at least 600 on 1d bars
in which year did AAPL perform best
    highest change(1) of AAPL.XNAS on 12mo bars
how many days did AAPL close higher than the day before in 2012
    count bars of AAPL.XNAS where change(1) above 0 from 2012-01-01 to 2012-12-31 on 1d bars
how many days did AAPL open below the previous close in 2012
    count bars of AAPL.XNAS where gap() below 0 from 2012-01-01 to 2012-12-31 on 1d bars
how often did AAPL gap up in 2012
    count bars of AAPL.XNAS where gap() above 0 from 2012-01-01 to 2012-12-31 on 1d bars
how many days has AAPL been below its 200 day average since 2012
    count bars of AAPL.XNAS where close below sma(200).value since 2012-01-01 on 1d bars
how many down weeks did MSFT have in 2008
    count bars of MSFT.XNAS where change(1) below 0 from 2008-01-01 to 2008-12-31 on 1w bars
what was the first close of MSFT in 2010
    first value close of MSFT.XNAS from 2010-01-01 to 2010-12-31 on 1d bars
first close of AAPL above 600
    first time of AAPL.XNAS where close above 600 on 1d bars
are all of my watchlist above their 200-day average
    whether of my watchlist where close above sma(200).value in the last 1 bars on 1d bars
return of each of AAPL and MSFT in 2012
    total return of AAPL.XNAS, MSFT.XNAS from 2012-01-01 to 2012-12-31 on 1d bars
did oil fall under 30 dollars in 2016
    whether of WTI.FRED where close crosses below 30 from 2016-01-01 to 2016-12-31 on 1d bars
annual return of the S&P 500 in 2008
    total return of SPX.INDEX from 2008-01-01 to 2008-12-31 by year on 1d bars
biggest point drop of the S&P 500 in a week
    lowest change(1, points) of SPX.INDEX on 1w bars
how much did AAPL fall from its 52-week high
    value distance(close, highest(high, 52 weeks)) of AAPL.XNAS on 1d bars
"""
LINES = TABLE.strip().splitlines()
READ = [(asked, plan.strip()) for asked, plan in zip(LINES[::2], LINES[1::2], strict=True)]


@pytest.mark.parametrize(("asked", "plan"), READ)
def test_a_word_that_changes_what_is_asked_is_read_as_what_it_means(asked, plan):
    parsed = parse_question(asked, SAMPLE_NAMES)

    assert parsed is not None
    assert format_plan(parsed) == plan
    assert parse_question(plan, SAMPLE_NAMES) == parsed


def plan_or_refusal(asked):
    """The plan of a question; None where it is refused in words, or left to others."""
    with suppress(InvalidInput):
        return parse_question(asked, SAMPLE_NAMES)
    return None


REFUSED = """
did AAPL beat MSFT every year
was AAPL in an uptrend every day in 2012
correlation of AAPL and MSFT by year
longest winning streak of AAPL by year
5 biggest drops of AAPL by year
returns of AAPL and MSFT by year
returns of my watchlist by month
did AAPL only close above 600 in 2012
average volume of AAPL by day
how many hours per week did AAPL rise
return of AAPL other than in 2012
average monthly return of the S&P 500 by month
how many days after the 2008 high did the S&P 500 bottom
how many days since AAPL last closed above 600
how much did AAPL fall in 2012 from its high
how much did the volume of AAPL rise in 2012
oil stocks return in 2010
how is Apple doing
did AAPL hit 700
second highest close of AAPL in 2012
highest close of AAPL in 2012 over a month
list closes of AAPL from 2012-01-03 to 2012-01-10
closing prices of AAPL in 2012
how volatile is AAPL now
current max drawdown of AAPL
how many days has AAPL been below its 200 day average
how often did MSFT gain over 3 in a day
when did the RSI of AAPL reach 70
did AAPL close above 600 most days in 2012
return of AAPL per share
closing high of AAPL in 2012
""".strip().splitlines()


@pytest.mark.parametrize("asked", REFUSED)
def test_what_cannot_be_honoured_is_not_answered_as_something_else(asked):
    assert plan_or_refusal(asked) is None


@pytest.mark.parametrize("asked", ["did AAPL close above 600 every day in a funny mood", "highest close of AAPL per funny year"])
def test_no_model_is_offered_what_it_could_only_propose_without_such_a_word(asked):
    assert read_offer(asked, SAMPLE_NAMES) is None
