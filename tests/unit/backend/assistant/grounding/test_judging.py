"""Typed claims: each kind true and false where it should be, and refused where it makes no sense."""

import pytest

from backend.assistant.facts.fact import BarRange, Fact, FactSet, Unit
from backend.assistant.grounding.claim import Claim, Op
from backend.assistant.grounding.judging import judge
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId

DAYS = BarSpec.parse("1d")
APPLE, OTHER = (BarRange(Series(InstrumentId(code, "XNAS"), DAYS), 0, 1) for code in ("AAPL", "MSFT"))


def facts_of(**values):
    """Facts by name: a value, or a value, a unit and its bars; the id of the first is F1."""
    made = []
    for place, (word, given) in enumerate(values.items(), 1):
        value, unit, bars = given if isinstance(given, tuple) else (given, Unit.PRICE, APPLE)
        name = word.replace("__", ".")
        why = "Too short." if value is None else ""
        made.append(
            Fact(
                id=f"F{place}",
                name=name,
                label=name,
                value=value,
                unit=unit,
                as_of_ns=0,
                source="s",
                formula="f",
                bars=bars,
                why_not=why,
            )
        )
    return FactSet(made)


def said(op, facts, *args):
    return judge(Claim(op, args or tuple(facts)), facts).is_true


def index(value):
    return value, Unit.INDEX, APPLE


def percent(value):
    return value, Unit.PERCENT, APPLE


def ratio(value):
    return value, Unit.RATIO, APPLE


def flag(value):
    return value, Unit.FLAG, APPLE


@pytest.mark.parametrize(
    ("op", "values", "is_true"),
    [
        (Op.ABOVE, {"price__last": 2.0, "average__sma_50": 1.0}, True),
        (Op.ABOVE, {"price__last": 1.0, "average__sma_50": 1.0}, False),
        (Op.BELOW, {"price__last": 1.0, "average__sma_50": 2.0}, True),
        (Op.BELOW, {"price__last": 2.0, "average__sma_50": 1.0}, False),
        (Op.BETWEEN, {"price__last": 2.0, "level__support__1": 1.0, "level__resistance__1": 3.0}, True),
        (Op.BETWEEN, {"price__last": 3.0, "level__support__1": 1.0, "level__resistance__1": 3.0}, False),
        (Op.BETWEEN, {"price__last": 2.0, "level__resistance__1": 3.0, "level__support__1": 1.0}, False),
        (Op.RISING, {"price__change_5": percent(0.1)}, True),
        (Op.RISING, {"price__change_5": percent(0.0)}, False),
        (Op.FALLING, {"average__slope_50": percent(-0.1)}, True),
        (Op.FALLING, {"average__slope_50": percent(0.0)}, False),
        (Op.OVERBOUGHT, {"oscillator__rsi": index(70.0)}, True),
        (Op.OVERBOUGHT, {"oscillator__rsi": index(69.9)}, False),
        (Op.OVERBOUGHT, {"stochastic__k": index(79.0)}, False),
        (Op.OVERSOLD, {"oscillator__rsi": index(30.0)}, True),
        (Op.OVERSOLD, {"stochastic__k": index(20.5)}, False),
        (Op.OVERSOLD, {"band__position": percent(-3.0)}, True),
        (Op.STRONG, {"trend__adx": index(25.0)}, True),
        (Op.STRONG, {"trend__adx": index(24.9)}, False),
        (Op.WEAK, {"trend__adx": index(19.9)}, True),
        (Op.WEAK, {"trend__adx": index(20.0)}, False),
        (Op.HIGHER_THAN_USUAL, {"volume__ratio_20": ratio(1.21)}, True),
        (Op.HIGHER_THAN_USUAL, {"volume__ratio_20": ratio(1.2)}, False),
        (Op.LOWER_THAN_USUAL, {"volume__ratio_20": ratio(0.79)}, True),
        (Op.LOWER_THAN_USUAL, {"volume__ratio_20": ratio(0.8)}, False),
        (Op.DOUBLED, {"volume__ratio_20": ratio(2.0)}, True),
        (Op.DOUBLED, {"volume__ratio_20": ratio(1.99)}, False),
        (Op.DIVERGES, {"divergence__regular_bullish": flag(value=True)}, True),
        (Op.DIVERGES, {"divergence__regular_bullish": flag(value=False)}, False),
        (Op.PRESENT, {"pattern__double_top": flag(value=True)}, True),
        (Op.PRESENT, {"pattern__any": flag(value=False)}, False),
        (Op.ABSENT, {"candle__any": flag(value=False)}, True),
        (Op.ABSENT, {"gap__up": flag(value=True)}, False),
    ],
)
def test_each_kind_of_claim_is_decided_by_its_facts(op, values, is_true):
    assert said(op, facts_of(**values)) is is_true


@pytest.mark.parametrize(("distance", "is_true"), [(0.5, True), (0.51, False), (-0.5, True)])
def test_near_is_half_an_average_true_range(distance, is_true):
    facts = facts_of(price__last=10.0 + distance, level__support__1=10.0, volatility__atr=1.0)
    assert said(Op.NEAR, facts, "F1", "F2") is is_true


@pytest.mark.parametrize(
    ("op", "values"),
    [
        (Op.ABOVE, {"price__last": None, "average__sma_50": 1.0}),
        (Op.ABOVE, {"price__last": 2.0, "oscillator__rsi": index(1.0)}),  # a price and an index
        (Op.ABOVE, {"price__last": 2.0, "average__sma_50": (1.0, Unit.PRICE, OTHER)}),  # two instruments
        (Op.ABOVE, {"price__last": 2.0, "volatility__atr": 1.0}),  # a place and a distance
        (Op.ABOVE, {"oscillator__rsi": index(50.0), "trend__adx": index(20.0)}),  # two oscillators
        (Op.ABOVE, {"risk__beta": ratio(2.0), "risk__sharpe": ratio(1.0)}),
        (Op.BELOW, {"price__change_5": percent(1.0), "risk__var": percent(2.0)}),
        (Op.ABOVE, {"trend__direction": ("up", Unit.WORD, APPLE), "average__cross": ("golden", Unit.WORD, APPLE)}),
        (Op.ABOVE, {"pattern__any": flag(value=True), "candle__any": flag(value=False)}),
        (Op.RISING, {"price__last": 2.0}),
        (Op.RISING, {"macd__histogram": index(1.0)}),
        (Op.OVERBOUGHT, {"trend__adx": index(90.0)}),
        (Op.STRONG, {"oscillator__rsi": index(90.0)}),
        (Op.DOUBLED, {"risk__beta": ratio(3.0)}),
        (Op.HIGHER_THAN_USUAL, {"price__last": 3.0}),
        (Op.DIVERGES, {"pattern__any": flag(value=True)}),
        (Op.PRESENT, {"price__last": 3.0}),
        (Op.ABSENT, {"divergence__regular_bullish": flag(value=False)}),
        (Op.ABOVE, {"price__last": 3.0}),  # too few
        (Op.RISING, {"price__change_1": percent(1.0), "price__change_5": percent(1.0)}),  # too many
        (Op.NEAR, {"price__last": 3.0, "average__sma_50": 3.0}),  # nothing says what is near
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(op, values):
    facts = facts_of(**values)
    verdict = judge(Claim(op, tuple(facts)), facts)
    assert verdict.is_true is None
    assert verdict.why.endswith((".", "Too short."))


def test_unknown_and_doubled_arguments_are_refused():
    facts = facts_of(price__last=2.0, average__sma_50=1.0)
    assert said(Op.ABOVE, facts, "F1", "F9") is None
    assert said(Op.ABOVE, facts, "F1", "F1") is None
    assert said(Op.ABOVE, facts, "F1", "") is None


def test_prices_of_one_instrument_compare_whatever_bars_they_come_from():
    weeks = BarRange(Series(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1w")), 0, 1)
    facts = facts_of(price__last=2.0, level__support__1=(1.0, Unit.PRICE, weeks))
    assert said(Op.ABOVE, facts) is True


def test_each_kind_of_claim_has_a_rule():
    facts = facts_of(price__last=2.0)
    for op in Op:
        assert judge(Claim(op, ()), facts).is_true is None


def test_the_reason_tells_the_values_that_decided():
    facts = facts_of(price__last=2.5, average__sma_50=1.25)
    why = judge(Claim(Op.ABOVE, ("F1", "F2")), facts).why
    assert "2.50" in why
    assert "1.25" in why
