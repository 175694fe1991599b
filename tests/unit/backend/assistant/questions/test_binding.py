"""Questions about several instruments are read as plans that say which condition is on which, or are refused in words."""

import pytest

from backend.assistant.questions.parsing import parse_question
from backend.assistant.questions.wording import format_plan
from backend.errors import InvalidInput
from tests.fakes.asking import SAMPLE_NAMES

# A question, and below it what is asked of which instruments and under which conditions; all of 1d bars.
TABLE = """
how many days did AAPL rise while MSFT fell
    count bars of AAPL.XNAS, MSFT.XNAS where AAPL.XNAS change(1) above 0 and MSFT.XNAS change(1) below 0
how many days did both AAPL and MSFT rise
    count bars of AAPL.XNAS, MSFT.XNAS where AAPL.XNAS change(1) above 0 and MSFT.XNAS change(1) above 0
how many days did AAPL and MSFT rise
    count bars of AAPL.XNAS, MSFT.XNAS where change(1) above 0
AAPL up MSFT down how many days
    count bars of AAPL.XNAS, MSFT.XNAS where AAPL.XNAS change(1) above 0 and MSFT.XNAS change(1) below 0
how often did AAPL and MSFT both drop more than 5% on the same day
    count bars of AAPL.XNAS, MSFT.XNAS where AAPL.XNAS change(1) below -5 and MSFT.XNAS change(1) below -5
how many days was AAPL's RSI above 70 and MSFT's RSI below 30
    count bars of AAPL.XNAS, MSFT.XNAS where AAPL.XNAS rsi(14).value above 70 and MSFT.XNAS rsi(14).value below 30
how many days was the RSI above 70 for AAPL and the RSI below 30 for MSFT
    count bars of AAPL.XNAS, MSFT.XNAS where AAPL.XNAS rsi(14).value above 70 and MSFT.XNAS rsi(14).value below 30
how often did AAPL cross above its 50-day average while MSFT was below its 50-day average
    count bars of AAPL.XNAS, MSFT.XNAS where AAPL.XNAS close crosses above sma(50).value and MSFT.XNAS close below sma(50).value
how many days did AAPL rise more than 2% and close above its 50-day average while MSFT fell
    count bars of AAPL.XNAS, MSFT.XNAS where AAPL.XNAS change(1) above 2 and AAPL.XNAS close above sma(50).value \
and MSFT.XNAS change(1) below 0
average return of AAPL on days MSFT fell
    mean change(1) of AAPL.XNAS where MSFT.XNAS change(1) below 0
average volume of AAPL when MSFT fell more than 3%
    mean volume of AAPL.XNAS where MSFT.XNAS change(1) below -3
highest close of MSFT while AAPL was below its 200-day average
    highest close of MSFT.XNAS where AAPL.XNAS close below sma(200).value
which of AAPL and MSFT ever closed above 500
    which of AAPL.XNAS, MSFT.XNAS where close above 500 ever
which had higher volatility, AAPL or MSFT
    volatility of AAPL.XNAS, MSFT.XNAS
was AAPL more volatile than MSFT
    volatility of AAPL.XNAS, MSFT.XNAS
rank AAPL, MSFT by return
    compare of AAPL.XNAS, MSFT.XNAS
which stock rose the most
    compare of AAPL.XNAS, DUP.XNAS, DUP.XNYS, IT.XNYS, MSFT.XNAS, NVDA.XNAS
which index had the highest volatility
    volatility of COMP.INDEX, SPX.INDEX, VIX.INDEX
"""
LINES = TABLE.strip().replace("\\\n", "").splitlines()
PHRASINGS = [(asked, f"{plan.strip()} on 1d bars") for asked, plan in zip(LINES[::2], LINES[1::2], strict=True)]


@pytest.mark.parametrize(("asked", "plan"), PHRASINGS)
def test_a_question_about_several_instruments_is_read_as_the_plan_that_it_means(asked, plan):
    parsed = parse_question(asked, SAMPLE_NAMES)

    assert parsed is not None
    assert format_plan(parsed) == plan
    assert parse_question(plan, SAMPLE_NAMES) == parsed


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("how many days did AAPL close above the 50-day average of MSFT", "not compared"),
        ("how many days did AAPL close above MSFT 50-day average", "not compared"),
        ("how many days did AAPL or MSFT rise in 2012", "any of them"),
        ("how many days was AAPL's RSI above 70 and MSFT's below 30", "which value"),
        ("how many days did AAPL rise versus MSFT", "MSFT"),
        ("how many days did AAPL rise more than MSFT", "MSFT"),
        ("how many days did AAPL rise but not MSFT", "not"),
        ("how many days did neither AAPL nor MSFT rise", "neither"),
        ("how often did AAPL rise after MSFT fell", "after"),
        ("what % of days when AAPL rose did MSFT rise", "those days alone"),
        ("did AAPL rise while MSFT fell in 2012", "within a day"),
        ("which of AAPL and MSFT rose while the S&P 500 fell on 2012-09-21", "alone"),
        ("in how many years did AAPL beat MSFT", "how often one instrument did better"),
        ("on which days did AAPL do better than MSFT in 2009", "how often one instrument did better"),
        ("how many days did the S&P 500 rise 3 days in a row", "Runs of 3 days"),
    ],
)
def test_what_may_be_meant_of_either_instrument_is_refused_in_words(asked, words):
    with pytest.raises(InvalidInput) as raised:
        parse_question(asked, SAMPLE_NAMES)

    assert words in raised.value.message
    assert raised.value.code
    assert raised.value.hint


@pytest.mark.parametrize("asked", ["which stocks pay the best dividends", "which stock is Apple", "what instruments do you know"])
def test_a_question_about_what_is_stored_that_asks_nothing_of_bars_is_left_to_others(asked):
    assert parse_question(asked, SAMPLE_NAMES) is None
