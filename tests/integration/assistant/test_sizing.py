"""Position sizes are as large as what may be lost allows, to the cent, and rewards are set against risks."""

import contextlib
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.assistant.facts.fact import Unit
from backend.assistant.grounding.tags import render_tags
from backend.assistant.maths.sizing import read_sizing, tell_reward, tell_size
from backend.errors import InvalidInput


def told(text):
    tagged, facts = tell_size(read_sizing(text), 0)
    return "".join(span.text for span in render_tags(tagged, facts)), {fact.label: fact.value for fact in facts.values()}


@pytest.mark.parametrize(
    ("text", "shares", "entry", "stop"),
    [
        ("risk 1% of 50000 with a stop 2.5 below 100", 200, 100, 97.5),
        ("risk 1% of 50000 with a stop 5% below 100", 100, 100, 95),
        ("how many shares can I buy at 100 with a stop at 97 risking 2% of my 10k account", 66, 100, 97),
        ("position size for 1% risk on a 50,000 account, entry 100, stop 103", 166, 100, 103),
        ("position size for $50,000 account risking 1% with entry 100 and stop 95", 100, 100, 95),
        ("how many shares can I buy if I risk 1% of 50000 with entry 100 and stop 98", 250, 100, 98),
        ("my account is 10000 and I risk 1% per trade, entry 20, stop 19", 100, 20, 19),
        ("entry 100 risk 1% stop 95 account 0.05 million", 100, 100, 95),
        ("0.5% risk on $100,000, long at 1.08505 stop 1.08355", 333_333, 1.08505, 1.08355),
    ],
)
def test_a_position_is_as_large_as_what_may_be_lost_allows(text, shares, entry, stop):
    words, values = told(text)
    assert (values["Shares"], values["Entry"], values["Stop"]) == (shares, entry, stop)
    assert values["Worth of the position"] == pytest.approx(shares * entry, abs=1e-9)
    assert words.startswith(f"{shares:,} shares {'short' if stop > entry else 'long'}: ")


cents = st.decimals("0.01", 10_000_000, places=2)


@given(cents, st.decimals("0.1", 100, places=1), st.decimals("0.00001", 100_000, places=5), st.decimals(0, 100_000, places=5))
def test_what_is_lost_at_the_stop_is_never_more_than_may_be_and_one_share_more_would_lose_more(account, percent, entry, stop):
    """Against decimals that round nothing."""
    assume(entry != stop)
    _, values = told(f"risk {percent}% of ${account} with entry {entry} and stop {stop}")
    amount, gap = account * percent / 100, abs(entry - stop)
    assert Decimal(str(values["May be lost"]).replace(",", "")) == amount
    assert Decimal(str(values["At risk a share"]).replace(",", "")) == gap
    shares = (amount / gap).to_integral_value(ROUND_FLOOR)
    if shares:
        assert values["Shares"] == int(shares)
        assert shares * gap <= amount < (shares + 1) * gap
        worth = Decimal(str(values["Worth of the position"]).replace(",", ""))
        assert worth == pytest.approx(shares * entry, rel=Decimal("1e-11"))
    else:
        assert float(values["Shares"]) == pytest.approx(float(amount / gap), rel=1e-11)


def test_where_not_one_whole_share_may_be_bought_its_part_is_told():
    words, values = told("risk 1% of $1,000 buying at 60000 with a stop at 58000")
    assert (values["Shares"], words.partition(":")[0]) == (0.005, "Not one whole share")
    assert words.endswith("In parts of one it is 0.005.")


@pytest.mark.parametrize(
    "text",
    [
        "position size if I risk $500 with entry 100 and stop 95",
        "how many shares for $500 risk entry 100 stop 95",
        "position size, entry 100, risk of 500, stop 95",
    ],
)
def test_an_amount_may_be_risked_without_an_account(text):
    words, values = told(text)
    assert (values["Shares"], "of the account" in words) == (100, False)


@pytest.mark.parametrize(
    ("text", "ratio", "needed"),
    [
        ("risk reward with entry 50 stop 48 target 56", 3, "25%"),
        ("what is my risk/reward if entry is 100, stop is 95 and target is 110", 2, "about 33.33%"),
        ("risk reward ratio entry 50 stop 52 target 44", 3, "25%"),
        ("reward to risk: entry 1.2, stop 1.195, target 1.215", 3, "25%"),
    ],
)
def test_a_reward_is_told_in_risks(text, ratio, needed):
    asked = read_sizing(text)
    tagged, facts = tell_reward(asked, 0)
    words = "".join(span.text for span in render_tags(tagged, facts))
    assert Fraction(abs(asked.target - asked.entry), abs(asked.entry - asked.stop)) == ratio
    assert words.startswith(f"The reward is {ratio} times the risk: ")
    assert words.endswith(f"To lose nothing, {needed} of such trades have to win.")
    assert {fact.unit for fact in facts.values()} == {Unit.PRICE, Unit.RATIO, Unit.PERCENT}


@pytest.mark.parametrize(
    "text",
    [
        "risk of AAPL with a stop",
        "how risky is a stop 2 below 100 at 1%",
        "set a stop at 100",
        "risking 1% with 100 entry and stop 95, $50,000 account",
        "risk 1% with entry 100 and stop 95",
        "what is the risk reward of AAPL with a stop at 90",
        "",
    ],
)
def test_other_words_about_risks_and_stops_are_left_to_others(text):
    assert read_sizing(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("risk 1% of 50000 with a stop at 100 and entry 100", "apart from the entry"),
        ("position size risking 1% of 50000, short at 100, stop 96", "that of a short one above it"),
        ("position size risking 1% of 50000, long at 100, stop 104", "lies below its entry"),
        ("how many shares to buy for 1% risk of 50000 entry 50 stop 52", "lies below its entry"),
        ("position size risking 1% of 50000, selling at 50, stop 48", "lies below its entry"),
        ("risk reward with entry 50 stop 48 target 45", "on the other side of the entry"),
        ("risk 1% of $50000 with a stop at €95 and entry 100", "cannot be reckoned together"),
    ],
)
def test_positions_that_cannot_be_are_refused(text, said):
    with pytest.raises(InvalidInput, match=said):
        read_sizing(text)


@given(st.text(alphabet="0123456789.,%$k riskstopentrywadgbl", max_size=60))
def test_no_words_about_positions_do_harm(text):
    with contextlib.suppress(InvalidInput):
        found = read_sizing(f"risk stop {text}")
        assert found is None or found.text
