"""Conditions and alerts written as text or JSON are read back as they were; what is no condition is refused, never crashes."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    When,
)
from backend.alerts.checks import check_alert, check_condition
from backend.alerts.founding import format_conditions, format_moment, format_row, parse_conditions, parse_moment, parse_row
from backend.alerts.grammar import format_text, parse_text
from backend.alerts.words import Wording, tell_condition
from backend.errors import InvalidInput

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)
MOMENTS = st.integers(1, 4 * 10**18)
OPERATORS = st.sampled_from(list(Operator))
REFS = st.sampled_from(
    [
        IndicatorRef("rsi"),
        IndicatorRef("rsi", {"period": 7}, "hl2"),
        IndicatorRef("ema", {"period": 50}),
        IndicatorRef("macd", {"fast": 5, "slow": 34, "signal": 5}, "", "signal"),
        IndicatorRef("bollinger", {"period": 20, "width": 2.5}, "", "upper"),
    ]
)
INDICATORS = st.one_of(
    st.builds(IndicatorCondition, REFS, OPERATORS, NUMBERS),
    st.builds(lambda left, operator, other: IndicatorCondition(left, operator, other=other), REFS, OPERATORS, REFS),
    st.builds(lambda left, operator: IndicatorCondition(left, operator, is_price=True), REFS, OPERATORS),
)
PERCENTS = st.one_of(
    st.builds(PercentCondition, OPERATORS, NUMBERS),
    st.builds(lambda o, v, n: PercentCondition(o, v, "bars", n), OPERATORS, NUMBERS, st.integers(1, 500)),
    st.builds(lambda o, v, r: PercentCondition(o, v, "price", 1, r), OPERATORS, NUMBERS, st.floats(0.01, 1e6)),
)
DRAWINGS = st.builds(
    DrawingCondition, st.from_regex(r"[0-9a-f]{8,32}", fullmatch=True), OPERATORS, st.sampled_from(["line", "upper", "level:0.618"])
)
VOLUMES = st.builds(VolumeCondition, OPERATORS, st.floats(0, 1e9), st.integers(0, 200))
LEAVES = st.one_of(
    st.builds(PriceCondition, OPERATORS, NUMBERS), PERCENTS, INDICATORS, DRAWINGS, VOLUMES, st.builds(TimeCondition, MOMENTS)
)


def groups(kinds):
    return st.one_of(
        *(st.lists(kinds, min_size=2, max_size=3).map(lambda of, kind=kind: kind(tuple(of))) for kind in (AllOf, AnyOf))
    )


CONDITIONS = st.recursive(LEAVES, groups, max_leaves=8)
TEXTS = st.text(st.characters(blacklist_categories=("Cc", "Cs")), max_size=30).filter(str.isprintable)
ALERTS = st.builds(
    Alert,
    id=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    instrument=st.sampled_from(["AAPL.XNAS", "BTCUSDT.BINANCE"]),
    condition=CONDITIONS,
    name=TEXTS,
    spec=st.sampled_from(["1m", "4h", "1d"]),
    when=st.sampled_from(list(When)),
    repeat=st.sampled_from(list(Repeat)),
    cooldown_s=st.floats(0, 1e6),
    rearm=st.floats(0, 50),
    expires_ns=st.one_of(st.just(0), MOMENTS),
    channels=st.lists(st.sampled_from(["push", "email", "phone", "pager"]), unique=True).map(tuple),
    sound=st.sampled_from(["", "chime", "bell"]),
    message=TEXTS,
    is_enabled=st.booleans(),
    created_ns=st.one_of(st.just(0), MOMENTS),
)
WORDS = st.sampled_from(["price", ">", "RSI", "all", "percent", "pct_change"])
KEYS = st.sampled_from(["type", "operator", "value", "indicator", "all", "of", "at", "params", "x"])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=8,
)


def refused(error):
    assert error.message.endswith(".")
    assert error.hint


@given(CONDITIONS)
def test_a_condition_written_as_json_is_read_back_the_same(condition):
    assert parse_conditions(json.loads(json.dumps(format_conditions(condition)))) == condition


@given(CONDITIONS)
def test_a_condition_written_as_text_is_read_back_the_same(condition):
    assert parse_text(format_text(condition)) == condition


@given(ALERTS)
def test_an_alert_written_as_a_row_is_read_back_the_same(alert):
    assert parse_row(json.loads(json.dumps(format_row(alert)))) == alert


@given(MOMENTS)
def test_a_moment_is_read_back_to_the_nanosecond(at_ns):
    assert parse_moment(format_moment(at_ns)) == at_ns


@given(JSON)
def test_json_that_is_no_condition_is_refused_in_words(given_json):
    try:
        condition = parse_conditions(given_json)
    except InvalidInput as error:
        refused(error)
        return
    assert parse_conditions(format_conditions(condition)) == condition


@given(st.text(st.sampled_from([*'price > 180 and or ( ) crosses rsi(14).,%=<"time\n']), max_size=40))
def test_text_that_is_no_condition_is_refused_in_words(text):
    try:
        condition = parse_text(text)
    except InvalidInput as error:
        refused(error)
        return
    assert parse_text(format_text(condition)) == condition


@given(ALERTS)
def test_a_checked_alert_stays_as_it_is_when_checked_again_and_has_words(alert):
    try:
        checked = check_alert(alert)
    except InvalidInput:
        with pytest.raises(InvalidInput):
            check_condition(alert.condition)  # only too many or too deep conditions are wrong with it
        return
    assert check_alert(checked) == checked
    assert msgspec.json.decode(msgspec.json.encode(checked), type=Alert) == checked
    words = tell_condition(checked.condition, Wording("AAPL"))
    assert words
    assert "\n" not in words
