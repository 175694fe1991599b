"""Sums as traders type them, each held against a computation of its own: exact ones to the last digit, rounded ones to eleven."""

from decimal import Decimal, localcontext
from fractions import Fraction

import mpmath
import pytest

from backend.assistant.facts.fact import Unit
from backend.assistant.maths.algebra import Algebra
from backend.assistant.maths.reading import read_sum
from backend.assistant.maths.sizing import read_sizing
from backend.assistant.maths.solving import solve
from backend.errors import InvalidInput

mpmath.mp.dps = 60
D = Decimal

EXACT = {
    "how much is 3% of $48,250": D("0.03") * 48_250,
    "150 * $43.27": D("43.27") * 150,
    "(43.27 - 41.10) * 150 - 2*4.95": (D("43.27") - D("41.10")) * 150 - 2 * D("4.95"),
    "61.8% of 128.50": D("128.50") * D("0.618"),
    "128.50 - 38.2%": D("128.50") * (1 - D("0.382")),
    "100 - 30% + 30%": 100 * D("0.7") * D("1.3"),
    "1/3 + 1/3 + 1/3": Fraction(1, 3) * 3,
    "0.1 * 3 - 0.3": 0,
    "50 bps of $3.5 million": D(3_500_000) * D("0.005"),
    "what's 1/8 of 2k": Fraction(2_000, 8),
    "25 * 4 =": 100,
    "1e400 * 1e400": Fraction(10) ** 800,
    "1e-30 * 1e-30": Fraction(1, 10**60),
    "what percent is 20 of 80": Fraction(20, 80) * 100,
    "increase from 40 to 50 in percent": Fraction(50 - 40, 40) * 100,
    "percentage loss from 120 to 90": Fraction(90 - 120, 120) * 100,
    "what is my profit if I buy 200 at 12.50 and sell at 14.10": 200 * (D("14.10") - D("12.50")),
    "cost of 150 shares at $43.27": 150 * D("43.27"),
    "average price of 10.5, 11 and 12.25": (D("10.5") + 11 + D("12.25")) / 3,
    "20% off $80": 80 - D("0.2") * 80,
    "19.99 * 3 - 5%": D("19.99") * 3 * D("0.95"),
    "$3bn / 1.5m": D(3_000_000_000) / D(1_500_000),
    "1000 at 7% for 2 years": 1000 * D("1.07") ** 2,
    "99999999999.99 * 99999999999.99": Fraction("99999999999.99") ** 2,
}
ABOUT = {
    "compound 10000 at 7% for 10 years": 10_000 * mpmath.mpf("1.07") ** 10,
    "10,000 compounding at 1% monthly for 24 months": 10_000 * mpmath.mpf("1.01") ** 24,
    "10,000 at 6% compounded monthly for 24 months": 10_000 * (1 + mpmath.mpf("0.06") / 12) ** 24,
    "what is $5000 worth after 18 months at 4%": 5_000 * mpmath.mpf("1.04") ** mpmath.mpf("1.5"),
    "1000 at 2% a day for 20 days": 1000 * mpmath.mpf("1.02") ** 20,
    "1000 at 5% compounded daily for 1 year": 1000 * (1 + mpmath.mpf("0.05") / 365) ** 365,
    "ln(2)/ln(1.07)": mpmath.log(2) / mpmath.log(mpmath.mpf("1.07")),
    "100k/12": mpmath.mpf(100_000) / 12,
    "1e-400 / 3": mpmath.mpf("1e-400") / 3,
    "sqrt(252) * 1.2%": mpmath.sqrt(252) * mpmath.mpf("0.012"),
    "0.00000001 / 7": mpmath.mpf("1e-8") / 7,
    "1000000 * 1.0000001^365": 1_000_000 * mpmath.mpf("1.0000001") ** 365,
    "annualized return from 10000 to 15000 over 3 years": (mpmath.mpf("1.5") ** (mpmath.mpf(1) / 3) - 1) * 100,
    "how much gain do I need to break even after a 33% drawdown": (1 / mpmath.mpf("0.67") - 1) * 100,
}


async def result(text):
    """The first fact, and the words around it: numbers need no child."""
    algebra = Algebra()
    solved = await solve(read_sizing(text) or read_sum(text), algebra, 0)
    assert not algebra.pid
    return solved.facts["F1"], solved.tagged


@pytest.mark.parametrize(("text", "wanted"), EXACT.items())
async def test_what_can_be_said_exactly_is(text, wanted):
    fact, tagged = await result(text)
    with localcontext() as context:
        context.prec = 100
        assert Fraction(str(fact.value).replace(",", "")) == Fraction(wanted)
    assert "about" not in tagged


@pytest.mark.parametrize(("text", "wanted"), ABOUT.items())
async def test_what_is_rounded_is_near_and_said_to_be(text, wanted):
    fact, tagged = await result(text)
    found = mpmath.mpf(str(fact.value).replace(",", ""))
    assert abs(found - wanted) <= (mpmath.mpf("0.005") if fact.unit is Unit.PERCENT else abs(wanted) * mpmath.mpf("1e-11"))
    assert "about {F1}" in tagged


@pytest.mark.parametrize(
    "text", ["10/0", "0 * (1/0)", "(((1+2)", "2***3", "7//2", "€1.234,50 * 2", "5'000 * 2", "sqrt(-4)", "2..5 + 1"]
)
async def test_nonsense_is_refused_in_words(text):
    with pytest.raises(InvalidInput) as told:
        await result(text)
    assert told.value.message.endswith(".")
    assert told.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "#$%^",
        "buy 150 shares at 43.27",
        "EURUSD 1.0850 - 1.0732",
        "1:3",
        "1,2,3",
        "AAPL - 10%",
        "1000 at 2% a day for 3 months",
        "which stocks gained 10% in 3M",
        "volume above 3.5M",
        "why does the $5 share trade at €4",
        "is the risk of a stop at $5 that at €4",
    ],
)
def test_what_is_no_sum_is_left_to_others(text):
    assert (read_sizing(text), read_sum(text)) == (None, None)


@pytest.mark.parametrize(
    ("text", "account", "percent", "entry", "stop"),
    [
        ("risk 1.5% of my $12,345.67 account with entry 33.33 and stop 31.87", "12345.67", "1.5", "33.33", "31.87"),
        ("position size: account 25000, risk 2%, entry 150, stop 145", "25000", "2", "150", "145"),
        ("how many contracts can I trade risking 0.25% of 200k with entry 4500 and stop 4490", "200000", "0.25", "4500", "4490"),
        (
            "I have $5,000 and want to risk 1% per trade, entry at 12, stop loss at 11.4, how many shares?",
            "5000",
            "1",
            "12",
            "11.4",
        ),
        ("0.5% risk on $100,000, short at 1.08355 stop 1.08505", "100000", "0.5", "1.08355", "1.08505"),
    ],
)
async def test_positions_are_those_of_a_pocket_calculator(text, account, percent, entry, stop):
    algebra = Algebra()
    solved = await solve(read_sizing(text), algebra, 0)
    told = {fact.label: fact.value for fact in solved.facts.values()}
    may_lose, gap = D(account) * D(percent) / 100, abs(D(entry) - D(stop))
    assert D(str(told["May be lost"])) == may_lose
    assert told["Shares"] == int(may_lose // gap)
    assert D(str(told["Worth of the position"])) == (may_lose // gap) * D(entry)
