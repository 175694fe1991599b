"""Alerts as people write them become rules, and what cannot be is refused in plain words."""

import math

import pytest

from backend.alerts.alert import (
    Alert,
    AllOf,
    AnyOf,
    DrawingCondition,
    IndicatorCondition,
    IndicatorRef,
    Operator,
    PercentCondition,
    PriceCondition,
    Repeat,
    TimeCondition,
    VolumeCondition,
)
from backend.alerts.compiling import compile_rule, leaves_of
from backend.alerts.rules import CloseBefore, Either, Every, LastPrice, MeanVolume, Moment, Reading, Volume
from backend.domain.bars import SECOND_NS
from backend.errors import InvalidInput, NotFound

A, B, C = PriceCondition(Operator.ABOVE, 1.0), TimeCondition(5), VolumeCondition(Operator.ABOVE, 3.0)


def rule_of(condition, **fields):
    return compile_rule(Alert("id", "AAPL.XNAS", condition, **fields), from_ns=7)


def test_leaves_stand_in_the_order_in_which_they_are_written():
    tree = AllOf((A, AnyOf((B, AllOf((C, A)))), B))

    assert leaves_of(tree) == (A, B, C, A, B)
    assert rule_of(tree).expression == Every((0, Either((1, Every((2, 3)))), 4))
    assert rule_of(A).expression == 0


def test_everything_about_firing_is_carried_over():
    rule = rule_of(A, spec="60m", repeat=Repeat.ONCE_PER_BAR, cooldown_s=1.5, rearm=2.0, expires_ns=9)

    assert (str(rule.series), rule.repeat, rule.rearm_pct) == ("AAPL.XNAS 1h", Repeat.ONCE_PER_BAR, 2.0)
    assert (rule.cooldown_ns, rule.expires_ns, rule.from_ns) == (3 * SECOND_NS // 2, 9, 7)


def right_of(condition):
    (leaf,) = rule_of(condition).leaves
    return leaf.left, leaf.right


def test_percent_moves_become_prices_where_their_reference_is_known():
    _, level = right_of(PercentCondition(Operator.ABOVE, -10.0, since="price", reference=50.0))
    assert level.at(0) == 45.0
    assert math.isnan(right_of(PercentCondition(Operator.ABOVE, 5.0))[1].at(0))
    assert right_of(PercentCondition(Operator.ABOVE, 5.0, since="bars", n_bars=3)) == (LastPrice(), CloseBefore(3, 5.0))


def test_a_percentage_above_a_negative_price_lies_above_it():
    assert right_of(PercentCondition(Operator.ABOVE, 10.0, since="price", reference=-40.0))[1].at(0) == -36.0


def test_lines_of_drawings_come_from_outside():
    assert math.isnan(right_of(DrawingCondition("d", Operator.ABOVE))[1].at(0))


def test_volumes_are_compared_with_a_number_or_with_a_mean():
    assert right_of(C)[0] == Volume()
    assert right_of(VolumeCondition(Operator.ABOVE, 2.0, average=20))[1] == MeanVolume(20, 2.0)


def test_moments_stay_moments():
    assert rule_of(B).leaves == (Moment(5),)


def test_indicators_are_named_as_the_registry_names_them():
    ref = IndicatorRef("RSI", {"timeperiod": 9})
    left, right = right_of(IndicatorCondition(ref, Operator.BELOW, 30.0))

    assert left == Reading("rsi", (("period", 9),), "close", "value")
    assert right.at(0) == 30.0
    assert right_of(IndicatorCondition(ref, Operator.BELOW, is_price=True))[1] == LastPrice()
    assert right_of(IndicatorCondition(ref, Operator.BELOW, other=ref))[1] == left


@pytest.mark.parametrize(
    ("condition", "error", "word"),
    [
        (IndicatorCondition(IndicatorRef("rsj"), Operator.ABOVE), NotFound, "RSI|rsi"),
        (IndicatorCondition(IndicatorRef("rsi", output="upper"), Operator.ABOVE), InvalidInput, "value"),
        (IndicatorCondition(IndicatorRef("rsi", {"period": -1}), Operator.ABOVE), InvalidInput, "-1"),
        (IndicatorCondition(IndicatorRef("rsi", source="given"), Operator.ABOVE), InvalidInput, "given"),
        (VolumeCondition(Operator.ABOVE, 1.0, average=-3), InvalidInput, "-3"),
        (PercentCondition(Operator.ABOVE, 1.0, since="bars", n_bars=0), InvalidInput, "0"),
        (PercentCondition(Operator.ABOVE, 1.0, since="yesterday"), InvalidInput, "yesterday"),
        (PriceCondition(Operator.ABOVE, math.nan), InvalidInput, "nan"),
        (PriceCondition(Operator.ABOVE, math.inf), InvalidInput, "inf"),
        (AllOf(()), InvalidInput, "nothing"),
    ],
)
def test_what_cannot_be_is_refused_in_plain_words(condition, error, word):
    with pytest.raises(error, match=word):
        rule_of(condition)
