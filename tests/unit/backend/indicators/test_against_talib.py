"""Every indicator against TA-Lib 0.8.2: real bars and random ones, any parameters, from the first bar that TA-Lib gives."""

import functools

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.bars import DAY_NS
from backend.indicators import compute
from backend.indicators.registry import SPECS
from tests.fakes.indicator_bars import make_bars, sample_bars, some_params

RELATIVE = 1e-9
# A line that crosses zero, or the root of a difference, has no relative error of its own there: then of the prices'.
OF_PRICES = 1e-12
BANDS_OF_PRICES = 1e-9  # TA-Lib takes deviations from sums of squares, which keep half the digits


def keltner(b, p):
    """TA-Lib's KC begins its range with its average, ours on its own; from its EMA and ATR every bar can be compared."""
    middle = talib.EMA((b.high + b.low + b.close) / 3, p["period"])
    reach = p["ranges"] * talib.ATR(b.high, b.low, b.close, p["range_period"])
    return middle + reach, middle, middle - reach


ORACLES = {
    "sma": lambda b, p: talib.SMA(b.close, p["period"]),
    "ema": lambda b, p: talib.EMA(b.close, p["period"]),
    "wma": lambda b, p: talib.WMA(b.close, p["period"]),
    "bollinger": lambda b, p: talib.BBANDS(b.close, p["period"], p["deviations"], p["deviations"]),
    "keltner": keltner,
    "donchian": lambda b, p: talib.DONCHIAN(b.high, b.low, p["period"]),
    "supertrend": lambda b, p: talib.SUPERTREND(b.high, b.low, b.close, p["period"], p["ranges"]),
    "rsi": lambda b, p: talib.RSI(b.close, p["period"]),
    "macd": lambda b, p: talib.MACD(b.close, p["fast"], p["slow"], p["signal"]),
    "stochastic": lambda b, p: talib.STOCH(b.high, b.low, b.close, p["period"], p["smooth"], 0, p["signal"], 0),
    "adx": lambda b, p: (f(b.high, b.low, b.close, p["period"]) for f in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)),
    "atr": lambda b, p: talib.ATR(b.high, b.low, b.close, p["period"]),
    "obv": lambda b, _: talib.OBV(b.close, b.volume),
    "vwap": lambda b, _: talib.VWAP(b.high, b.low, b.close, b.volume),
    "heikin_ashi": lambda b, _: talib.HA(b.open, b.high, b.low, b.close),
}
# Smallest period that TA-Lib itself takes.
LEAST = {"ema": 2, "sma": 2, "wma": 2, "bollinger": 2, "keltner": 2, "donchian": 2, "supertrend": 2, "atr": 2, "adx": 2}
KNOWN = {name: functools.cache(lambda name=name: sample_bars(name)) for name in ("AAPL", "MSFT", "SP500", "NASDAQ")}


def compare(name, bars, params):
    """Equal wherever TA-Lib gives a value."""
    options = {"source": "hlc3"} if name == "keltner" else {}
    # TA-Lib's VWAP never begins anew.
    sessions = np.zeros(len(bars)) if name == "vwap" else None
    ours = compute(name, bars, sessions=sessions, **options, **params)
    theirs = ORACLES[name](bars, params)
    theirs = (theirs,) if isinstance(theirs, np.ndarray) else tuple(theirs)
    size = float(np.max(bars.high))
    for (output, values), expected in zip(ours.items(), theirs, strict=True):
        expected = expected.astype(np.float64)  # noqa: PLW2901 - the trend of SUPERTREND comes in whole numbers
        given_rows = ~np.isnan(expected) & ~((expected == 0) & (output == "side"))
        of_prices = BANDS_OF_PRICES if name == "bollinger" else OF_PRICES
        np.testing.assert_allclose(values[given_rows], expected[given_rows], rtol=RELATIVE, atol=of_prices * size, err_msg=output)
        assert given_rows.any() or len(bars) <= 200


def fitting(name, params):
    """Parameters that TA-Lib takes as they are; it knows no signal line of a single bar and no period of 1."""
    least = LEAST.get(name, 1)
    fit = {word: max(value, least) if word in ("period", "range_period") else value for word, value in params.items()}
    if name == "macd" and fit["fast"] == fit["slow"]:
        fit["slow"] += 1
    return fit


EVERY = pytest.mark.parametrize("name", SPECS)


@EVERY
@settings(max_examples=12)
@given(data=st.data())
def test_real_bars_give_what_talib_gives(name, data):
    bars = KNOWN[data.draw(st.sampled_from(sorted(KNOWN)))]()
    compare(name, bars, fitting(name, data.draw(some_params(SPECS[name], 200))))


@EVERY
@settings(max_examples=12)
@given(data=st.data())
def test_random_bars_give_what_talib_gives(name, data):
    bars = make_bars(data.draw(st.integers(1, 800)), seed=data.draw(st.integers(0, 2**32 - 1)))
    compare(name, bars, fitting(name, data.draw(some_params(SPECS[name], 60))))


@pytest.mark.parametrize("name", ["obv", "vwap", "donchian", "heikin_ashi"])
def test_what_needs_no_rounding_of_its_own_has_the_bits_of_talib(name):
    bars = KNOWN["SP500"]()
    theirs = ORACLES[name](bars, {"period": 20})
    theirs = (theirs,) if isinstance(theirs, np.ndarray) else theirs
    ours = compute(name, bars, sessions=np.zeros(len(bars)))
    for values, expected in zip(ours.values(), theirs, strict=True):
        np.testing.assert_allclose(values, expected, rtol=1e-14 if name == "vwap" else 0)


def test_talibs_keltner_channel_is_reached_once_its_other_beginning_has_faded():
    bars = KNOWN["AAPL"]()
    ours = compute("KELTNER", bars, source="hlc3")
    theirs = talib.KC(bars.high, bars.low, bars.close, 20, 10, 2.0)
    for values, expected in zip(ours.values(), theirs, strict=True):
        np.testing.assert_allclose(values[300:], expected[300:], rtol=RELATIVE)


def test_talibs_names_and_parameters_are_understood():
    bars = KNOWN["MSFT"]()
    np.testing.assert_array_equal(compute("RSI", bars, timeperiod=9)["value"], compute("rsi", bars, period=9)["value"])
    np.testing.assert_array_equal(
        compute("BBANDS", bars, nbdevup=1.5)["upper"], compute("bollinger", bars, deviations=1.5)["upper"]
    )
    assert compute("MACD", bars, fastperiod=5, slowperiod=8, signalperiod=3).keys() == {"line", "signal", "histogram"}
    assert bars.event_ns[1] - bars.event_ns[0] == DAY_NS
