"""Indicators by name, as one types, and with parameters that are checked."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidInput, NotFound
from backend.indicators.registry import SPECS, checked_params, find_indicators, spec_of
from backend.indicators.spec import FIELDS, SOURCES


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("sma", "sma"),
        (" RSI ", "rsi"),
        ("bbands", "bollinger"),
        ("Average true range", "atr"),
        ("PLUS_DI", "adx"),
        ("st", "supertrend"),
    ],
)
def test_a_name_an_alias_or_a_title_finds_its_indicator(word, name):
    assert spec_of(word).name == name


def test_a_name_nobody_knows_is_refused_with_what_is_near():
    with pytest.raises(NotFound, match="no indicator 'rsy'") as refused:
        spec_of("rsy")
    assert "rsi" in refused.value.hint
    with pytest.raises(NotFound) as refused:
        spec_of("§§§§")
    assert "trii indicators list" in refused.value.hint


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("rsi", "rsi"),
        ("RS", "rsi"),
        ("boll", "bollinger"),
        ("moving exp", "ema"),
        ("granville", "obv"),
        ("vw", "vwap"),
        ("macd", "macd"),
        ("stoch", "stochastic"),
    ],
)
def test_what_one_types_finds_the_likeliest_first(query, first):
    found = find_indicators(query)
    assert found
    assert found[0].name == first


def test_nothing_typed_lists_all_by_family_and_what_is_not_listed_never():
    found = find_indicators("  ")
    assert {spec.name for spec in found} == set(SPECS) - {"heikin_ashi"}
    families = [spec.family for spec in found]
    assert families == sorted(families)
    assert not any(spec.name == "heikin_ashi" for spec in find_indicators("heikin"))
    assert find_indicators("no such thing") == ()


@given(st.text(string.printable, max_size=12))
def test_any_query_is_answered_with_listed_indicators_each_once(query):
    found = [spec.name for spec in find_indicators(query)]
    assert len(found) == len(set(found))
    assert set(found) <= set(SPECS)


def test_parameters_are_complete_in_order_and_of_their_own_type():
    macd = SPECS["macd"]
    assert checked_params(macd, {}) == {"fast": 12, "slow": 26, "signal": 9}
    checked = checked_params(macd, {"signalperiod": 5.0, "fast": 3})
    assert list(checked.items()) == [("fast", 3), ("slow", 26), ("signal", 5)]
    assert type(checked["signal"]) is int
    assert type(checked_params(SPECS["bollinger"], {"deviations": 3})["deviations"]) is float


@pytest.mark.parametrize("value", [0, -3, 5001, 2.5, float("nan"), float("inf"), "20", None, True, [20]])
def test_a_parameter_that_cannot_be_is_refused_with_its_bounds(value):
    with pytest.raises(InvalidInput) as refused:
        checked_params(SPECS["sma"], {"period": value})
    assert "1 to 5000" in refused.value.hint
    assert repr(value) in refused.value.message


def test_a_parameter_nobody_knows_is_refused_with_those_there_are():
    with pytest.raises(InvalidInput, match="no parameter 'length'") as refused:
        checked_params(SPECS["macd"], {"length": 3})
    assert "fast, slow, signal" in refused.value.hint


def test_no_two_indicators_answer_to_one_name():
    names = [name.casefold() for spec in SPECS.values() for name in {spec.name, *(alias.casefold() for alias in spec.aliases)}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_every_spec_holds_together(spec):
    outputs = [output.name for output in spec.outputs]
    assert len(set(outputs)) == len(outputs) > 0
    assert all({one, other} <= set(outputs) for one, other in spec.fills)
    assert set(spec.inputs) <= {*FIELDS, "price"}
    assert spec.default_source in SOURCES
    assert spec.description.endswith(".")
    assert spec.source
    assert spec.verified
    assert checked_params(spec, {p.name: p.default for p in spec.parameters}) == {p.name: p.default for p in spec.parameters}
    assert spec.value_range is None or all(spec.value_range[0] <= level <= spec.value_range[1] for level in spec.levels)
    assert spec.label({}).startswith(spec.short)
