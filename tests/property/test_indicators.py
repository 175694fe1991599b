"""Indicators: history, stream and groups give the same bits; the naive twins agree; scale, shift and gaps do what they must."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.bars import DAY_NS, BarArrays
from backend.indicators import IndicatorStream, Member, StreamGroup, compute, stream
from backend.indicators.registry import SPECS, checked_params
from tests.fakes.indicator_bars import KINDS, make_bars, some_bars, some_params
from tests.naive import averages, bands, bar_shapes, momentum, trend, volatility, volume

TWINS = {
    "sma": averages.sma,
    "ema": averages.ema,
    "wma": averages.wma,
    "bollinger": bands.bollinger,
    "keltner": bands.keltner,
    "donchian": bands.donchian,
    "supertrend": bands.supertrend,
    "rsi": momentum.rsi,
    "macd": momentum.macd,
    "stochastic": momentum.stochastic,
    "adx": trend.adx,
    "atr": volatility.atr,
    "obv": volume.obv,
    "vwap": volume.vwap,
    "heikin_ashi": bar_shapes.heikin_ashi,
}
EVERY = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
UNMOVED_BY_SCALE = {"rsi", "stochastic", "adx", "obv", "supertrend.side"}
UNMOVED_BY_SHIFT = {*UNMOVED_BY_SCALE, "macd", "atr"}


def same_bits(one, other):
    """Whether two dicts of arrays have the same names and bits; NaN equals NaN, whatever its payload."""
    return list(one) == list(other) and all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


def one_by_one(running, bars):
    """What a stream gives bar by bar, as arrays."""
    rows = [running.update(bars.bar(row)) for row in range(len(bars))]
    names = [output.name for output in running.spec.outputs]
    return {name: np.array([row[name] for row in rows], np.float64) for name in names}


def joined(*pieces):
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def prices(bars, field):
    """A source by its words."""
    columns = {"open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close}
    if field == "hlc3":
        return (bars.high + bars.low + bars.close) / 3.0
    return columns[field]


def inputs_of(spec, bars):
    """The lists a naive twin reads."""
    known = {"price": prices(bars, spec.default_source), "volume": bars.volume, "session": bars.event_ns // DAY_NS}
    return [(known[name] if name in known else prices(bars, name)).tolist() for name in spec.inputs]


@EVERY
@settings(max_examples=12)
@given(data=st.data())
def test_history_and_stream_have_the_same_bits_however_the_bars_come(spec, data):
    bars = data.draw(some_bars())
    params = data.draw(some_params(spec))
    cut = data.draw(st.integers(0, len(bars)))
    whole = compute(spec.name, bars, **params)

    running = stream(spec.name, **params)
    assert same_bits(one_by_one(running, bars), whole)

    swept = stream(spec.name, **params)
    start = swept.sweep(bars[:cut])
    again = IndicatorStream.from_state(swept.state)
    twin = swept.copy()
    assert same_bits(joined(start, swept.sweep(bars[cut:])), whole)
    assert same_bits(joined(start, one_by_one(again, bars[cut:])), whole)
    assert same_bits(joined(start, one_by_one(twin, bars[cut:])), whole)
    assert swept.state == again.state == twin.state == running.state


@EVERY
@settings(max_examples=8)
@given(data=st.data())
def test_a_peek_shows_what_an_update_would_give_and_changes_nothing(spec, data):
    bars = data.draw(some_bars(2))
    params = data.draw(some_params(spec, 20))
    running = stream(spec.name, **params)
    for row in range(len(bars) - 1):
        state = running.state
        other = bars.bar(data.draw(st.integers(0, len(bars) - 1))) if row % 7 == 0 else bars.bar(row)
        peeked, copied = running.peek(other), running.copy().update(other)
        assert list(peeked.values()) == pytest.approx(list(copied.values()), rel=0, abs=0, nan_ok=True)
        assert running.state == state
        running.update(bars.bar(row))
    assert same_bits(
        {name: values[-1:] for name, values in compute(spec.name, bars, **params).items()},
        {name: np.array([value]) for name, value in running.peek(bars.bar(-1)).items()},
    )


@EVERY
@settings(max_examples=12)
@given(data=st.data())
def test_every_indicator_is_its_naive_twin(spec, data):
    bars = data.draw(some_bars())
    params = checked_params(spec, data.draw(some_params(spec)))
    expected = TWINS[spec.name](*inputs_of(spec, bars), *params.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    size = max((float(np.max(np.abs(bars.high))), 1.0)) if len(bars) else 1.0
    for output, values in zip(compute(spec.name, bars, **params).values(), expected, strict=True):
        np.testing.assert_allclose(output, values, rtol=1e-9, atol=1e-10 * size)


@EVERY
@settings(max_examples=10)
@given(data=st.data())
def test_values_begin_at_the_stated_warm_up(spec, data):
    params = data.draw(some_params(spec, 15))
    bars = make_bars(130, seed=data.draw(st.integers(0, 1000)))
    running = stream(spec.name, **params)
    values = list(running.sweep(bars).values())
    complete = np.all([np.isfinite(column) for column in values], axis=0)
    traded = int(np.argmax(bars.volume > 0)) if spec.name == "vwap" else 0
    assert int(np.argmax(complete)) == max(running.warm_up, traded)
    for column in values:
        assert not np.isnan(column[int(np.argmax(~np.isnan(column))) :]).any() or spec.name == "vwap"


@EVERY
@settings(max_examples=8)
@given(data=st.data())
def test_no_value_knows_the_future(spec, data):
    bars = data.draw(some_bars(1))
    params = data.draw(some_params(spec))
    stop = data.draw(st.integers(0, len(bars)))
    whole = compute(spec.name, bars, **params)
    assert same_bits(compute(spec.name, bars[:stop], **params), {name: values[:stop] for name, values in whole.items()})


@EVERY
@settings(max_examples=8)
@given(data=st.data())
def test_prices_in_another_unit_give_the_same_picture(spec, data):
    bars = data.draw(some_bars())
    params = data.draw(some_params(spec))
    # By a power of two nothing is rounded: the values scale to the last bit.
    factor = 2.0 ** data.draw(st.integers(-20, 20))
    scaled = BarArrays(bars.event_ns, *(column * factor for column in bars.columns()[:4]), bars.volume)
    for name, values in compute(spec.name, scaled, **params).items():
        is_unmoved = spec.name in UNMOVED_BY_SCALE or f"{spec.name}.{name}" in UNMOVED_BY_SCALE
        expected = compute(spec.name, bars, **params)[name] * (1.0 if is_unmoved else factor)
        np.testing.assert_array_equal(values, expected)


@EVERY
@settings(max_examples=8)
@given(data=st.data())
def test_prices_moved_by_a_constant_move_the_values_or_leave_them(spec, data):
    bars = make_bars(data.draw(st.integers(0, 120)), seed=data.draw(st.integers(0, 1000)))
    params = data.draw(some_params(spec))
    # On a grid of a 64th every sum is exact, so no rounding turns a trend or breaks a tie.
    columns = [np.round(column * 64.0) / 64.0 for column in bars.columns()[:4]]
    moved = BarArrays(bars.event_ns, *(column + 32.0 for column in columns), bars.volume)
    fixed = BarArrays(bars.event_ns, *columns, bars.volume)
    expected = compute(spec.name, fixed, **params)
    for name, values in compute(spec.name, moved, **params).items():
        is_unmoved = spec.name in UNMOVED_BY_SHIFT or f"{spec.name}.{name}" in UNMOVED_BY_SHIFT
        np.testing.assert_allclose(values, expected[name] + (0.0 if is_unmoved else 32.0), rtol=1e-9, atol=1e-5)


@EVERY
@settings(max_examples=8)
@given(data=st.data())
def test_bars_of_unknown_volume_are_passed_over_where_volume_counts_and_nowhere_else(spec, data):
    bars = data.draw(some_bars(1))
    params = data.draw(some_params(spec))
    unknown = np.isnan(bars.volume)
    values = compute(spec.name, bars, **params)
    if "volume" in spec.inputs:
        known = BarArrays(bars.event_ns[~unknown], *(column[~unknown] for column in bars.columns()))
        assert all(np.isnan(column[unknown]).all() for column in values.values())
        assert same_bits({name: column[~unknown] for name, column in values.items()}, compute(spec.name, known, **params))
    else:
        filled = BarArrays(bars.event_ns, *bars.columns()[:4], np.zeros(len(bars)))
        assert same_bits(values, compute(spec.name, filled, **params))


@EVERY
def test_no_bars_and_a_single_bar_give_as_many_values(spec):
    for n_bars in (0, 1):
        values = compute(spec.name, make_bars(n_bars, seed=3))
        assert [len(column) for column in values.values()] == [n_bars] * len(spec.outputs)
        if n_bars and spec.warm_up({p.name: p.default for p in spec.parameters}) > 0:
            assert all(np.isnan(column).all() for column in values.values())


@EVERY
def test_prices_that_never_move_give_calm_values(spec):
    bars = make_bars(200, kind="constant")
    still = {"rsi": 0.0, "stochastic": 0.0, "adx": 0.0, "macd": 0.0, "atr": 0.0}
    for name, values in compute(spec.name, bars).items():
        known = values[~np.isnan(values)]
        assert len(known)
        if spec.name == "obv":
            assert (known == bars.volume[0]).all()
        elif f"{spec.name}.{name}" == "supertrend.side":
            assert (known == 1.0).all()
        else:
            np.testing.assert_allclose(known, still.get(spec.name, 123.45), rtol=1e-12, atol=1e-11)


@settings(max_examples=12)
@given(data=st.data())
def test_a_group_gives_each_member_what_it_gives_alone_and_what_reads_another_reads_its_values(data):
    bars = data.draw(some_bars())
    members = [Member(spec.name, spec.name, tuple(sorted(data.draw(some_params(spec, 20)).items()))) for spec in SPECS.values()]
    outputs = [(member.key, output.name) for member in members for output in SPECS[member.indicator].outputs]
    readers = [name for name in SPECS if SPECS[name].has_source]
    for count in range(data.draw(st.integers(0, 4))):
        key, name = data.draw(st.sampled_from(outputs)), data.draw(st.sampled_from(readers))
        members.append(Member(f"reader {count}", name, (), ".".join(key)))
        outputs += [(f"reader {count}", output.name) for output in SPECS[name].outputs]
    swept = StreamGroup(members).sweep(bars)
    assert list(swept) == outputs == list(StreamGroup(members).keys)

    live = StreamGroup(members)
    rows = []
    for row in range(len(bars)):
        if row % 5 == 0:
            live.peek(bars.bar(-row))
        rows.append(live.update(bars.bar(row)).copy())
    table = np.array(rows).reshape(len(bars), len(outputs))
    for place, key in enumerate(outputs):
        np.testing.assert_array_equal(table[:, place], swept[key])
    for member in members:
        source = swept[tuple(member.source.split("."))] if member.source else SPECS[member.indicator].default_source
        alone = compute(member.indicator, bars, source=source if SPECS[member.indicator].has_source else "", **dict(member.params))
        assert same_bits(alone, {output: swept[member.key, output] for output in alone})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["sma", "wma", "bollinger"])
def test_running_sums_do_not_drift_over_a_long_history(name, kind):
    bars = make_bars(20_000, kind=kind, seed=7)
    params = checked_params(SPECS[name], {"period": 37})
    tail = bars[-2_000:]
    expected = TWINS[name](tail.close.tolist(), *params.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    for output, values in zip(compute(name, bars, **params).values(), expected, strict=True):
        known = np.array(values)[37:]
        np.testing.assert_allclose(output[-len(known) :], known, rtol=1e-9, atol=1e-11 * float(np.max(bars.close)))


def test_steps_and_history_stay_equal_across_many_corrections_of_the_sums():
    bars = make_bars(9_000, kind="spiked", seed=11)
    for name in ("sma", "wma", "bollinger", "stochastic"):
        whole, running = compute(name, bars), stream(name)
        start = running.sweep(bars[:1000])
        assert same_bits(joined(start, one_by_one(running, bars[1000:])), whole)


def test_every_indicator_has_a_twin():
    assert set(TWINS) == set(SPECS)
    assert not any(math.isnan(p.default) for spec in SPECS.values() for p in spec.parameters)
