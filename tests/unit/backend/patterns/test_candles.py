"""Candle patterns against TA-Lib 0.8.2, bar by bar: real bars and random ones, as they are and in whole cents."""

import numpy as np
import pytest
import talib

from backend.domain.bars import DAY_NS, BarArrays
from backend.patterns import find_candle_patterns
from backend.patterns.found import Bias, CandleKind
from tests.fakes.indicator_bars import KINDS, make_bars, sample_bars
from tests.fakes.pattern_bars import random_walk

ORACLES = {
    CandleKind.DOJI: talib.CDLDOJI,
    CandleKind.HAMMER: talib.CDLHAMMER,
    CandleKind.HANGING_MAN: talib.CDLHANGINGMAN,
    CandleKind.INVERTED_HAMMER: talib.CDLINVERTEDHAMMER,
    CandleKind.SHOOTING_STAR: talib.CDLSHOOTINGSTAR,
    CandleKind.MARUBOZU: talib.CDLMARUBOZU,
    CandleKind.ENGULFING: talib.CDLENGULFING,
    CandleKind.HARAMI: talib.CDLHARAMI,
    CandleKind.PIERCING_LINE: talib.CDLPIERCING,
    CandleKind.DARK_CLOUD_COVER: talib.CDLDARKCLOUDCOVER,
    CandleKind.MORNING_STAR: talib.CDLMORNINGSTAR,
    CandleKind.EVENING_STAR: talib.CDLEVENINGSTAR,
    CandleKind.THREE_WHITE_SOLDIERS: talib.CDL3WHITESOLDIERS,
    CandleKind.THREE_BLACK_CROWS: talib.CDL3BLACKCROWS,
}
SIGNS = {Bias.BULLISH: 100, Bias.BEARISH: -100, Bias.NEUTRAL: 100}


def in_cents(bars):
    """Prices as whole numbers, whose sums are exact, so that even ties must be judged alike."""
    return BarArrays(bars.event_ns.copy(), *(np.round(column * 100.0) for column in bars.columns()[:4]), bars.volume.copy())


def coarse(seed):
    """Random bars of few prices, full of ties, gaps and equal ends."""
    rng = np.random.default_rng(seed)
    n_bars, reach = 3000, int(rng.integers(3, 40))
    drift = rng.integers(-3, 4, n_bars).cumsum() + 10_000.0
    opened, close = drift + rng.integers(0, reach, n_bars), drift + rng.integers(0, reach, n_bars)
    high = np.maximum(opened, close) + rng.integers(0, reach, n_bars) * (rng.random(n_bars) < 0.5)
    low = np.minimum(opened, close) - rng.integers(0, reach, n_bars) * (rng.random(n_bars) < 0.5)
    return BarArrays(DAY_NS * np.arange(n_bars, dtype=np.int64), opened, high, low, close, np.ones(n_bars))


SAMPLES = {name: sample_bars(name) for name in ("AAPL", "MSFT", "SP500", "NASDAQ")}
BARS = {
    **SAMPLES,
    **{f"{name} in cents": in_cents(bars) for name, bars in SAMPLES.items()},
    **{f"coarse {seed}": coarse(seed) for seed in range(12)},
    **{f"walk {seed}": random_walk(3000, seed) for seed in range(3)},
    **{kind: make_bars(1500, kind=kind, seed=7) for kind in KINDS if kind != "constant"},
}


def by_bar(bars):
    """int[n_bars] for each kind, as TA-Lib gives it."""
    out = {kind: np.zeros(len(bars), np.int64) for kind in CandleKind}
    for found in find_candle_patterns(bars):
        out[found.kind][found.known] = round(SIGNS[found.bias] * found.strength)
    return out


@pytest.mark.parametrize("name", BARS)
def test_every_bar_says_what_talib_says(name):
    bars = BARS[name]
    ours = by_bar(bars)
    for kind, oracle in ORACLES.items():
        np.testing.assert_array_equal(ours[kind], oracle(*bars.columns()[:4]), err_msg=kind)


def test_the_oracle_saw_every_kind_many_times():
    counts = dict.fromkeys(CandleKind, 0)
    for bars in BARS.values():
        for found in find_candle_patterns(bars):
            counts[found.kind] += 1
    assert min(counts.values()) >= 20, counts


def with_bars(*last):
    """Twelve ordinary bars around 100, then these: (open, high, low, close)."""
    before = [(100.0, 102.0, 98.0, 101.0) if row % 2 else (101.0, 102.0, 98.0, 100.0) for row in range(12)]
    columns = np.array([*before, *last]).T.copy()
    return BarArrays(DAY_NS * np.arange(len(before) + len(last), dtype=np.int64), *columns, np.ones(columns.shape[1]))


@pytest.mark.parametrize(
    ("last", "name"),
    [
        ([(105, 106, 96, 97), (97.5, 103, 96, 102)], "Tweezer bottom"),
        ([(97, 106, 96, 105), (104.5, 106.1, 99, 100)], "Tweezer top"),
        ([(99, 99.2, 90, 91), (90, 91, 89.5, 90.5), (91, 97, 91, 96.5)], "Morning star"),
        ([(101, 109.2, 101, 109), (110, 111, 109.5, 110.5), (109, 109, 103, 103.5)], "Evening star"),
    ],
)
def test_a_pattern_drawn_by_hand_is_known_at_its_last_bar(last, name):
    bars = with_bars(*last)
    hits = [found for found in find_candle_patterns(bars) if found.name == name]

    assert [found.known for found in hits] == [len(bars) - 1]
    assert hits[0].start == len(bars) - len(last)
    assert hits[0].points == ((int(bars.event_ns[-1]), float(bars.close[-1])),)


@pytest.mark.parametrize("last", [[(105, 106, 96, 97), (97.5, 103, 95, 102)], [(105, 106, 98.4, 99.5), (100, 103, 98.4, 102)]])
def test_ends_apart_or_within_the_bars_before_are_no_tweezers(last):
    assert not [found for found in find_candle_patterns(with_bars(*last)) if found.kind is CandleKind.TWEEZERS]


def test_only_patterns_since_a_row_are_made_where_one_is_given():
    bars = SAMPLES["AAPL"]
    since = len(bars) - 30
    assert find_candle_patterns(bars, since=since) == tuple(c for c in find_candle_patterns(bars) if c.known >= since)
