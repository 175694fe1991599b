"""Patterns and levels: nothing looks ahead, upside down is the mirror, and the size of prices does not matter."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend import patterns
from backend.domain.bars import DAY_NS
from backend.indicators import compute
from backend.patterns.found import Bias, ChartKind, Period, PivotFormula, known_by
from backend.patterns.swings import Reversal
from tests.fakes.indicator_bars import KINDS, make_bars, sample_bars
from tests.fakes.pattern_bars import drawing, random_walk, scaled, upside_down

SHAPES = ("drawn", "wandering", *KINDS)


def rsi(bars):
    return compute("rsi", bars)["value"]


# Finders that say what happened, oldest first: what is known is never taken back.
SAYING = {
    "swings": patterns.find_swings,
    "percent swings": lambda bars: patterns.find_swings(bars, reversal=2.0, unit=Reversal.PERCENT),
    "small swings": lambda bars: patterns.find_swings(bars, reversal=1.0),
    "fractals": patterns.find_fractals,
    "candles": patterns.find_candle_patterns,
    "charts": patterns.find_chart_patterns,
    "gaps": lambda bars: patterns.find_gaps(bars, least_atr=0.0),
    "rsi divergences": lambda bars: patterns.find_divergences(bars, rsi(bars)),
    "macd divergences": lambda bars: patterns.find_divergences(bars, compute("macd", bars)["histogram"], reversal=1.0),
} | {
    f"{period} {formula} pivots": lambda bars, period=period, formula=formula: patterns.find_pivots(
        bars, period=period, formula=formula, is_dated=True
    )
    for period in Period
    for formula in PivotFormula
}
# Finders that say how things stand at one bar.
STANDING = {
    "levels": patterns.find_levels,
    "round levels": patterns.find_round_levels,
    "period levels": lambda bars, as_of=None: patterns.find_period_levels(bars, is_dated=True, as_of=as_of),
    "profile": lambda bars, as_of=None: patterns.find_volume_profile(bars, n_bars=60, as_of=as_of),
    "trend": patterns.trend_regime,
    "volatility": patterns.volatility_regime,
}


def bars_like(shape, n_bars, seed):
    """Random bars of one kind or another."""
    if shape == "wandering":
        return random_walk(n_bars, seed)
    if shape == "drawn":
        rng = np.random.default_rng(seed)
        corners = [(0, 100.0)]
        while corners[-1][0] < n_bars:
            corners.append((corners[-1][0] + int(rng.integers(4, 15)), float(rng.integers(90, 120))))
        return drawing(corners, seed)[:n_bars]
    return make_bars(n_bars, kind=shape, seed=seed)


SOME = st.builds(bars_like, st.sampled_from(SHAPES), st.integers(1, 260), st.integers(0, 10**6))
REAL = {name: sample_bars(name) for name in ("AAPL", "SP500", "MSFT")}


def text(found):
    """A value to the last bit, NaN equal to itself."""
    return repr(found)


@pytest.mark.parametrize("name", SAYING)
@settings(max_examples=25, deadline=None)
@given(bars=SOME, data=st.data())
def test_what_is_found_never_depends_on_later_bars(name, bars, data):
    cut = data.draw(st.integers(0, len(bars)))
    whole = SAYING[name](bars)
    assert text(SAYING[name](bars[:cut])) == text(known_by(whole, cut))
    assert all(found.known < len(bars) for found in whole)


@pytest.mark.parametrize("name", STANDING)
@settings(max_examples=25, deadline=None)
@given(bars=SOME, data=st.data())
def test_how_things_stand_at_a_bar_never_depends_on_later_bars(name, bars, data):
    row = data.draw(st.integers(0, len(bars) - 1))
    assert text(STANDING[name](bars[: row + 1])) == text(STANDING[name](bars, as_of=row))


@pytest.mark.parametrize("code", REAL)
@pytest.mark.parametrize("name", SAYING)
def test_real_bars_cut_anywhere_show_what_was_known_by_then(name, code):
    bars = REAL[code]
    whole = SAYING[name](bars)
    assert whole
    for cut in np.random.default_rng(5).integers(0, len(bars), 12):
        assert text(SAYING[name](bars[:cut])) == text(known_by(whole, int(cut)))


ON_AND_ON = drawing([(0, 70), *((20 * k, 60 if k % 2 else 80) for k in range(1, 26))])  # a rectangle that never ends


@pytest.mark.parametrize(
    ("name", "bars", "n_least"),
    [
        ("charts", random_walk(3000, 11), 15),
        ("charts", ON_AND_ON, 3),
        ("gaps", REAL["AAPL"][:1500], 15),
        ("macd divergences", random_walk(3000, 11), 15),
    ],
)
def test_bars_cut_right_after_each_find_show_it_as_it_was_known_then(name, bars, n_least):
    whole = SAYING[name](bars)
    assert len(whole) >= n_least
    for found in whole[:: 1 + len(whole) // 40]:
        assert text(SAYING[name](bars[: found.known + 1])) == text(known_by(whole, found.known + 1))


@pytest.mark.parametrize("code", REAL)
@pytest.mark.parametrize("name", STANDING)
def test_real_bars_stand_at_any_bar_as_they_stood_then(name, code):
    bars = REAL[code]
    for row in np.random.default_rng(6).integers(0, len(bars), 12):
        assert text(STANDING[name](bars[: row + 1])) == text(STANDING[name](bars, as_of=int(row)))


def test_every_swing_was_confirmed_after_its_extreme_by_a_move_of_the_reversal():
    bars = REAL["AAPL"]
    atr = compute("atr", bars)["value"]
    for swing in patterns.find_swings(bars):
        assert swing.known > swing.index
        away = swing.price - bars.low[swing.known] if swing.kind == "high" else bars.high[swing.known] - swing.price
        assert away >= 3.0 * atr[swing.known]


MIRRORED = {ChartKind(a): ChartKind(b) for pair in (
    ("double_top", "double_bottom"),
    ("triple_top", "triple_bottom"),
    ("head_and_shoulders", "inverse_head_and_shoulders"),
    ("ascending_triangle", "descending_triangle"),
    ("symmetrical_triangle", "symmetrical_triangle"),
    ("rising_wedge", "falling_wedge"),
    ("bull_flag", "bear_flag"),
    ("rectangle", "rectangle"),
    ("channel_up", "channel_down"),
    ("cup_and_handle", "inverse_cup_and_handle"),
) for a, b in (pair, pair[::-1])}  # fmt: skip
OTHER_WAY = {Bias.BULLISH: Bias.BEARISH, Bias.BEARISH: Bias.BULLISH, Bias.NEUTRAL: Bias.NEUTRAL}
WITHOUT_TIES = [shape for shape in SHAPES if shape not in ("tied", "constant", "rising", "falling")]


@settings(max_examples=40, deadline=None)
@given(shape=st.sampled_from(WITHOUT_TIES), seed=st.integers(0, 10**6))
def test_prices_upside_down_draw_the_mirrored_chart_patterns(shape, seed):
    bars = bars_like(shape, 400, seed)
    there = patterns.find_chart_patterns(bars)
    mirrored = patterns.find_chart_patterns(upside_down(bars))

    def told(found, kind, bias, sign):
        points = [(at, sign * price) for at, price in found.points]
        fate = found.outcome and (found.outcome.index, found.outcome.known, sign * found.outcome.price, sign * found.outcome.target)
        stakes = (found.height, sign * found.target, sign * found.invalidation, found.strength)
        return text((kind, bias, found.known, found.corners, points, fate, stakes)).replace("-nan", "nan")

    ours = sorted(told(found, found.kind, found.bias, 1.0) for found in there)
    theirs = sorted(told(found, MIRRORED[found.kind], OTHER_WAY[found.bias], -1.0) for found in mirrored)
    assert ours == theirs


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_prices_upside_down_give_mirrored_swings_gaps_divergences_and_trends(seed):
    bars = bars_like("wandering", 300, seed)
    other = upside_down(bars)
    assert [(s.index, s.known, s.price) for s in patterns.find_swings(bars)] == [
        (s.index, s.known, -s.price) for s in patterns.find_swings(other)
    ]
    gaps, mirrored = (patterns.find_gaps(each, least_atr=0.0) for each in (bars, other))
    assert [(g.known, g.kind, OTHER_WAY[g.bias], g.size, g.strength) for g in gaps] == [
        (g.known, g.kind, g.bias, g.size, g.strength) for g in mirrored
    ]
    oscillator = rsi(bars) - 50.0
    one, two = patterns.find_divergences(bars, oscillator), patterns.find_divergences(other, -oscillator)
    assert [(d.known, d.kind, OTHER_WAY[d.bias], d.oscillator_rows) for d in one] == [
        (d.known, d.kind, d.bias, d.oscillator_rows) for d in two
    ]
    up, down = patterns.trend_regime(bars), patterns.trend_regime(other)
    assert (up.slope, up.r2, up.adx) == (-down.slope, down.r2, down.adx)
    assert {"up": "down", "down": "up", "sideways": "sideways"}[up.trend] == down.trend


SYMMETRIC_CANDLES = {"doji", "marubozu", "engulfing", "harami", "tweezers", "morning_star", "evening_star"}
CANDLE_MIRROR = {"morning_star": "evening_star", "evening_star": "morning_star"}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_prices_upside_down_give_mirrored_candles_where_both_sides_have_one_definition(seed):
    bars = bars_like("wandering", 300, seed)
    found, mirrored = (
        {(c.known, c.kind.value, c.bias) for c in patterns.find_candle_patterns(each) if c.kind in SYMMETRIC_CANDLES}
        for each in (bars, upside_down(bars))
    )
    assert found == {(known, CANDLE_MIRROR.get(kind, kind), OTHER_WAY[bias]) for known, kind, bias in mirrored}


PRICES = {"price", "atr", "height", "target", "invalidation", "low", "high", "close", "size", "poc", "value_low", "value_high"}
OF_SIZE = {"points", "prices", "edges", *PRICES}


def halved(value, name=""):
    """A find of doubled prices as it would be of the prices themselves."""
    if dataclasses.is_dataclass(value):
        return type(value).__name__, [(f.name, halved(getattr(value, f.name), f.name)) for f in dataclasses.fields(value)]
    if isinstance(value, tuple):
        return [halved(each, name if name in OF_SIZE or isinstance(each, tuple) else "") for each in value]
    is_price = name in OF_SIZE and isinstance(value, float)
    return repr(value / 2.0 if is_price else value)


def plain(value):
    if dataclasses.is_dataclass(value):
        return type(value).__name__, [(f.name, plain(getattr(value, f.name))) for f in dataclasses.fields(value)]
    return [plain(each) for each in value] if isinstance(value, tuple) else repr(value)


@pytest.mark.parametrize("name", [name for name in (*SAYING, *STANDING) if name not in ("round levels", "macd divergences")])
@settings(max_examples=15, deadline=None)
@given(bars=SOME)
def test_prices_twice_as_high_draw_the_same(name, bars):
    find = SAYING.get(name) or STANDING[name]
    assert halved(find(scaled(bars, 2.0))) == plain(find(bars))


def test_random_walks_rarely_draw_patterns():
    n_walks, counts = 200, dict.fromkeys(ChartKind, 0)
    for seed in range(n_walks):
        for kind in {found.kind for found in patterns.find_chart_patterns(random_walk(250, seed))}:
            counts[kind] += 1
    assert max(counts.values()) <= 0.15 * n_walks
    assert sum(counts.values()) <= 1.3 * n_walks


@pytest.mark.parametrize("name", [*SAYING, *STANDING])
def test_bars_too_few_for_anything_are_no_trouble(name):
    find = SAYING.get(name) or STANDING[name]
    for n_bars in range(1, 20):
        find(make_bars(n_bars, seed=n_bars))
    if name in SAYING:
        assert SAYING[name](make_bars(0)) == ()


def test_sessions_of_hours_are_over_when_the_next_one_begins():
    bars = make_bars(80)
    days = bars.event_ns // DAY_NS
    for pivots in patterns.find_pivots(bars):
        assert pivots.known == pivots.end + 1
        assert days[pivots.known] > days[pivots.end]
        assert (pivots.high, pivots.low) == (max(bars.high[days == days[pivots.end]]), min(bars.low[days == days[pivots.end]]))
