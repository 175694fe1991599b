"""Indicators at work: values that were computed by hand, and what is refused."""

import math
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from backend.domain.bars import DAY_NS, BarArrays
from backend.errors import CorruptData, InvalidInput, NotFound, TriiError
from backend.indicators import IndicatorStream, Member, StreamGroup, compute, stream
from tests.fakes.indicator_bars import make_bars

NAN = math.nan


def bars_of(rows, volumes=None):
    """Daily bars from (open, high, low, close), or from closes alone."""
    table = np.array([row if isinstance(row, tuple) else (row,) * 4 for row in rows], np.float64)
    volume = np.full(len(table), 10.0) if volumes is None else np.array(volumes, np.float64)
    return BarArrays(np.arange(len(table), dtype=np.int64) * DAY_NS, *(table[:, k].copy() for k in range(4)), volume)


CLOSES = [1, 2, 3, 4, 8]
RANGES = [(9, 10, 8, 9), (9, 11, 9, 10), (10, 13, 10, 12), (12, 12, 6, 7), (7, 9, 7, 8)]  # true ranges -, 2, 3, 6, 2


@pytest.mark.parametrize(
    ("name", "params", "rows", "expected"),
    [
        ("sma", {"period": 3}, CLOSES, {"value": [NAN, NAN, 2, 3, 5]}),
        ("ema", {"period": 3}, CLOSES, {"value": [NAN, NAN, 2, 3, 5.5]}),  # weight 1/2: 2, 2+(4-2)/2, 3+(8-3)/2
        ("wma", {"period": 2}, CLOSES, {"value": [NAN, 5 / 3, 8 / 3, 11 / 3, 20 / 3]}),  # (1 + 2*2) / 3, ...
        (
            "bollinger",
            {"period": 2, "deviations": 2},
            [1, 3, 3, 7],
            {"upper": [NAN, 4, 3, 9], "middle": [NAN, 2, 3, 5], "lower": [NAN, 0, 3, 1]},
        ),
        (
            "donchian",
            {"period": 2},
            RANGES,
            {"upper": [NAN, 11, 13, 13, 12], "middle": [NAN, 9.5, 11, 9.5, 9], "lower": [NAN, 8, 9, 6, 6]},
        ),
        ("atr", {"period": 2}, RANGES, {"value": [NAN, NAN, 2.5, 4.25, 3.125]}),  # (2+3)/2, (2.5+6)/2, (4.25+2)/2
        # Average of 9, 10, 12, 7, 8 with period 2 (weight 2/3): 9.5, 11.1667, 8.3889, 8.1296; once a range each.
        (
            "keltner",
            {"period": 2, "range_period": 2, "ranges": 1},
            RANGES,
            {"upper": [NAN, NAN, 67 / 6 + 2.5, 151 / 18 + 4.25, 439 / 54 + 3.125]},
        ),
        # Moves +1, +2, -5, +1: gains (1+2)/2, .75, .875; losses 0, 2.5, 1.25.
        ("rsi", {"period": 2}, RANGES, {"value": [NAN, NAN, 100, 100 * 0.75 / 3.25, 100 * 0.875 / 2.125]}),
        # Averages of 2 and 3 that begin together: fast 2.5, 3.5, 6.5; slow 2, 3, 5.5.
        (
            "macd",
            {"fast": 2, "slow": 3, "signal": 2},
            CLOSES,
            {"line": [NAN, NAN, 0.5, 0.5, 1.0], "signal": [NAN, NAN, NAN, 0.5, 2.5 / 3], "histogram": [NAN, NAN, NAN, 0, 0.5 / 3]},
        ),
        # Place of the close in the range of two bars: (10-8)/3, (12-9)/4, (7-6)/7, (8-6)/6.
        (
            "stochastic",
            {"period": 2, "smooth": 1, "signal": 2},
            RANGES,
            {"k": [NAN, 200 / 3, 75, 100 / 7, 100 / 3], "d": [NAN, NAN, 425 / 6, 625 / 14, 500 / 21]},
        ),
        # Up 1, 2, 0, 0; down 0, 0, 4, 0; sums halved: up 2.5, 1.25, .625; down 0, 4, 2; range 4, 8, 6.
        (
            "adx",
            {"period": 2},
            RANGES,
            {
                "plus": [NAN, NAN, 62.5, 15.625, 125 / 12],
                "minus": [NAN, NAN, 0, 50, 100 / 3],
                "adx": [NAN, NAN, NAN, (100 + 5500 / 105) / 2, (100 + 5500 / 105) / 4 + 2750 / 105],
            },
        ),
        ("obv", {}, RANGES, {"value": [10, 20, 30, 20, 30]}),
        # Open: (9+9)/2, then the middle of the bar before; close: the mean of the four.
        (
            "heikin_ashi",
            {},
            RANGES[:3],
            {"open": [9, 9, 9.375], "high": [10, 11, 13], "low": [8, 9, 9.375], "close": [9, 9.75, 11.25]},
        ),
        # Ranges once: bands 11.5±2.5, 9±4.25; the close of 7 lies below the lower band of 9, so the upper one trails from then on.
        ("supertrend", {"period": 2, "ranges": 1}, RANGES, {"value": [NAN, NAN, 9, 13.25, 11.125], "side": [NAN, NAN, 1, -1, -1]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_are_those_computed_by_hand(name, params, rows, expected):
    values = compute(name, bars_of(rows), **params)
    for output, column in expected.items():
        np.testing.assert_allclose(values[output], column, rtol=1e-14, atol=1e-14, err_msg=output)


def test_vwap_begins_anew_with_each_session_and_waits_for_volume():
    bars = bars_of([10, 20, 30, 40, 50], [1, 3, 0, NAN, 2])
    sessions = np.array([1.0, 1.0, 2.0, 2.0, 2.0])

    np.testing.assert_allclose(compute("vwap", bars, sessions=sessions)["value"], [10, 17.5, NAN, NAN, 50])
    np.testing.assert_allclose(compute("vwap", bars)["value"], [10, 20, NAN, NAN, 50])  # days of their own


@pytest.mark.parametrize(("n_bars", "step_ns"), [(0, 1), (1, DAY_NS), (400, DAY_NS // 100), (400, DAY_NS * 3 + 1)])
def test_without_sessions_each_utc_day_is_one(n_bars, step_ns):
    made = make_bars(n_bars, seed=4)
    bars = BarArrays(np.arange(n_bars, dtype=np.int64) * step_ns - 5 * DAY_NS, *made.columns())
    days = (bars.event_ns // DAY_NS).astype(np.float64)

    np.testing.assert_array_equal(compute("vwap", bars)["value"], compute("vwap", bars, sessions=days)["value"])
    running = stream("vwap")
    np.testing.assert_array_equal([running.update(bars.bar(row))["value"] for row in range(n_bars)], compute("vwap", bars)["value"])


def test_a_source_may_be_a_field_or_any_series():
    bars = make_bars(50, seed=9)
    np.testing.assert_array_equal(compute("sma", bars, source="high")["value"], compute("sma", bars, source=bars.high)["value"])
    gapped = np.where(np.arange(50) % 3 == 0, NAN, bars.close)
    values = compute("sma", bars, source=gapped, period=4)["value"]
    packed = gapped[~np.isnan(gapped)]
    np.testing.assert_array_equal(np.isnan(values[::3]), True)
    np.testing.assert_allclose(values[~np.isnan(gapped)][3:], [packed[i : i + 4].mean() for i in range(len(packed) - 3)])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda bars: compute("nothing", bars), "no indicator 'nothing'"),
        (lambda bars: compute("sma", bars, length=3), "no parameter 'length'"),
        (lambda bars: compute("sma", bars, period=[3]), "cannot be"),
        (lambda bars: compute("sma", bars, period=True), "cannot be True"),
        (lambda bars: compute("sma", bars, source="typical"), "cannot read 'typical'"),
        (lambda bars: compute("sma", bars, source=np.ones(3)), "3 values for 9 bars"),
        (lambda bars: compute("atr", bars, source=np.ones(9)), "reads whole bars"),
        (lambda _: stream("ema", period=0), "cannot be 0"),
        (lambda _: StreamGroup([Member("a", "sma"), Member("a", "ema")]), "called 'a'"),
        (lambda _: StreamGroup([Member("a", "sma", (), "b.value"), Member("b", "ema")]), "reads 'b.value'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(call, said):
    with pytest.raises((InvalidInput, NotFound)) as refused:
        call(make_bars(9))
    assert said in str(refused.value)
    assert refused.value.hint


def test_a_refused_call_does_not_spoil_the_next_one_with_the_same_words():
    bars = make_bars(30)
    compute("sma", bars, period=1)
    with pytest.raises(InvalidInput):
        compute("sma", bars, period=True)
    assert compute("sma", bars, period=1)["value"][0] == bars.close[0]


def test_two_computations_share_no_memory():
    bars = make_bars(30)
    first = compute("sma", bars)["value"].copy()
    compute("sma", bars)["value"][:] = 7.0
    np.testing.assert_array_equal(compute("sma", bars)["value"], first)


def test_a_damaged_state_is_refused():
    running = stream("bollinger")
    running.sweep(make_bars(40))
    state = running.state
    version, [[key, name, params, source, kept]] = msgspec.msgpack.decode(state)
    damaged = [b"", b"nothing", state[:-3], msgspec.msgpack.encode((version, [[key, name, params, source, kept[:8]]]))]
    damaged.append(msgspec.msgpack.encode((version, [[key, "no such indicator", params, source, kept]])))
    damaged.append(msgspec.msgpack.encode((version + 1, [[key, name, params, source, kept]])))
    for each in damaged:
        with pytest.raises(CorruptData):
            IndicatorStream.from_state(each)
    assert IndicatorStream.from_state(state).state == state


def test_a_group_of_nothing_takes_bars_and_gives_nothing():
    group = StreamGroup([])
    bars = make_bars(3)
    assert len(group.update(bars.bar(0))) == len(group.peek(bars.bar(1))) == 0
    assert group.sweep(bars) == {}


def test_what_a_group_shows_cannot_be_written_to():
    group = StreamGroup([Member("a", "sma")])
    with pytest.raises(ValueError, match="read-only"):
        group.update(make_bars(1).bar(0))[:] = 0.0


def test_importing_indicators_and_asking_for_specs_loads_no_compiler():
    code = (
        "import sys\n"
        "from backend.indicators import compute, stream\n"
        "from backend.indicators.registry import find_indicators, spec_of\n"
        "assert find_indicators('rsi')[0] is spec_of('RSI')\n"
        "assert 'numba' not in sys.modules, 'numba'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    assert issubclass(CorruptData, TriiError)
