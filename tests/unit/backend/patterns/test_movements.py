"""Swings, gaps, divergences and regimes: what each says of bars drawn for it."""

import itertools

import numpy as np
import pytest

from backend.domain.bars import DAY_NS, BarArrays
from backend.errors import InvalidInput
from backend.indicators import compute
from backend.patterns import find_divergences, find_fractals, find_gaps, find_swings, trend_regime, volatility_regime
from backend.patterns.found import Bias, DivergenceKind, GapKind, OutcomeKind, SwingKind
from backend.patterns.regimes import Structure, Trend, Volatility
from backend.patterns.swings import Reversal
from tests.fakes.indicator_bars import sample_bars
from tests.fakes.pattern_bars import drawing, random_walk

UP = [(22 * k + 16 * turned, 60 + 16 * k + 28 * turned) for k in range(5) for turned in (0, 1)]


def test_swings_lie_where_they_were_drawn_and_are_known_later():
    swings = find_swings(drawing([(0, 80), (20, 60), (45, 90), (70, 50), (95, 85)]))

    assert [(swing.kind, round(swing.price / 5) * 5) for swing in swings[-3:]] == [("low", 60), ("high", 90), ("low", 50)]
    assert all(abs(swing.index - row) <= 2 for swing, row in zip(swings[-3:], (20, 45, 70), strict=True))
    assert all(swing.known > swing.index and swing.known_ns > swing.event_ns for swing in swings)


def test_swings_take_turns_and_percent_swings_turn_by_percent():
    bars = sample_bars("SP500")
    swings = find_swings(bars, reversal=10.0, unit=Reversal.PERCENT)

    assert all(one.kind != other.kind for one, other in itertools.pairwise(swings))
    for swing in swings:
        away = swing.price - bars.low[swing.known] if swing.kind is SwingKind.HIGH else bars.high[swing.known] - swing.price
        assert away >= 0.1 * bars.close[swing.known]
    assert 20 <= len(swings) <= 60  # the index turned by a tenth a few times a year in 1999 to 2002 and 2008, seldom else


@pytest.mark.parametrize("find", [lambda bars: find_swings(bars, reversal=0.0), lambda bars: find_fractals(bars, n_beside=0)])
def test_turns_of_nothing_are_refused(find):
    with pytest.raises(InvalidInput):
        find(random_walk(30, 1))


def flat_then(*last):
    """Thirty bars from 99 to 101, then these: (low, high)."""
    rows = [(99.0, 101.0)] * 30 + list(last)
    low, high = np.array(rows, np.float64).T.copy()
    middle = (low + high) / 2.0
    return BarArrays(DAY_NS * np.arange(len(rows), dtype=np.int64), middle.copy(), high, low, middle, np.ones(len(rows)))


def test_a_gap_out_of_a_sideways_range_breaks_away_and_stays_open():
    (gap,) = find_gaps(flat_then((104.0, 105.0), (104.0, 106.0)))

    assert (gap.kind, gap.bias, gap.known) == (GapKind.BREAKAWAY, Bias.BULLISH, 30)
    assert (gap.low, gap.high, gap.size, gap.size_atr, gap.strength) == (101.0, 104.0, 3.0, 1.5, 0.75)
    assert gap.filled is None


def test_a_gap_is_filled_by_the_first_bar_that_reaches_its_far_edge():
    (gap,) = find_gaps(flat_then((104.0, 105.0), (101.5, 104.0), (101.0, 103.0), (99.0, 101.0)))

    assert (gap.filled.kind, gap.filled.index, gap.filled.price) == (OutcomeKind.FILLED, 32, 101.0)


def test_a_gap_within_the_range_before_is_common_and_one_after_a_long_way_runs_away():
    steps = [(101.0 + 2 * k, 103.0 + 2 * k) for k in range(10)]
    gaps = find_gaps(flat_then(*steps, (122.5, 124.0), (119.0, 120.0), (117.0, 118.5)))

    assert [(gap.kind, gap.bias) for gap in gaps] == [
        (GapKind.RUNAWAY, Bias.BULLISH),
        (GapKind.COMMON, Bias.BEARISH),
        (GapKind.COMMON, Bias.BEARISH),
    ]


def test_gaps_that_are_too_small_or_too_early_to_measure_are_left_out():
    assert find_gaps(flat_then((101.1, 102.0))) == ()
    assert len(find_gaps(flat_then((101.1, 102.0)), least_atr=0.01)) == 1
    early = flat_then((104.0, 105.0), (104.0, 106.0))[28:]
    assert find_gaps(early) == ()


TWO_LOWS = [(0, 80), (20, 60), (40, 80), (60, 55), (90, 85)]
TWO_HIGHS = [(row, 150 - price) for row, price in TWO_LOWS]


@pytest.mark.parametrize(
    ("corners", "values", "kind", "bias"),
    [
        (TWO_LOWS, (20.0, 30.0), DivergenceKind.REGULAR, Bias.BULLISH),
        ([*TWO_LOWS[:3], (60, 65), (90, 85)], (30.0, 20.0), DivergenceKind.HIDDEN, Bias.BULLISH),
        (TWO_HIGHS, (80.0, 70.0), DivergenceKind.REGULAR, Bias.BEARISH),
        ([*TWO_HIGHS[:3], (60, 85), (90, 65)], (70.0, 80.0), DivergenceKind.HIDDEN, Bias.BEARISH),
    ],
)
def test_prices_and_an_oscillator_that_disagree_are_told(corners, values, kind, bias):
    bars = drawing(corners)
    oscillator = np.interp(np.arange(len(bars)), [0, 20, 40, 60, 90], [50.0, values[0], 50.0, values[1], 50.0])
    (found,) = find_divergences(bars, oscillator)

    assert (found.kind, found.bias) == (kind, bias)
    assert [abs(row - at) <= 1 for row, at in zip(found.oscillator_rows, (20, 60), strict=True)] == [True, True]
    assert [value for _, value in found.oscillator_points] == pytest.approx(list(values), abs=2.0)
    assert found.known > found.end
    assert 0.1 <= found.strength <= 1.0


def test_prices_and_an_oscillator_that_agree_are_no_divergence():
    bars = drawing(TWO_LOWS)
    oscillator = np.interp(np.arange(len(bars)), [0, 20, 40, 60, 90], [50.0, 30.0, 50.0, 20.0, 50.0])
    assert find_divergences(bars, oscillator) == ()
    assert find_divergences(bars, np.full(len(bars), np.nan)) == ()


def test_an_oscillator_of_other_bars_is_refused():
    with pytest.raises(InvalidInput, match="9 values for 30 bars"):
        find_divergences(random_walk(30, 1), np.zeros(9))


def test_real_bars_have_divergences_of_every_kind():
    bars = sample_bars("AAPL")
    found = find_divergences(bars, compute("rsi", bars)["value"])
    assert {(each.kind, each.bias) for each in found} == {
        (kind, bias) for kind in DivergenceKind for bias in Bias if bias != "neutral"
    }


def test_higher_highs_and_higher_lows_are_an_uptrend():
    regime = trend_regime(drawing(UP))

    assert (regime.trend, regime.structure) == (Trend.UP, Structure.RISING)
    assert regime.slope > 0.0
    assert 0.3 <= regime.r2 <= 1.0
    assert [swing.kind for swing in regime.swings][-2:] in (["high", "low"], ["low", "high"])
    assert regime.strength == pytest.approx((min(regime.adx / 50.0, 1.0) + regime.r2) / 2.0)


def test_the_same_upside_down_is_a_downtrend_and_a_range_is_neither():
    down = trend_regime(drawing([(row, 200 - price) for row, price in UP]))
    assert (down.trend, down.structure) == (Trend.DOWN, Structure.FALLING)

    sideways = drawing([(0, 70), *((8 * k, 66 if k % 2 else 74) for k in range(1, 20))])
    assert trend_regime(sideways).trend is Trend.SIDEWAYS


def test_slope_and_fit_are_those_of_a_straight_line():
    bars = random_walk(200, 3)
    regime = trend_regime(bars, as_of=150)
    closes = bars.close[101:151]
    slope, middle = np.polyfit(np.arange(50), closes, 1)
    line = middle + slope * np.arange(50)
    explained = 1.0 - np.sum((closes - line) ** 2) / np.sum((closes - closes.mean()) ** 2)

    assert regime.slope == pytest.approx(100.0 * slope / closes[-1])
    assert regime.r2 == pytest.approx(explained)
    assert regime.adx == compute("adx", bars, period=14)["adx"][150]


def test_few_bars_have_no_trend_to_speak_of():
    regime = trend_regime(random_walk(10, 1))
    assert (regime.trend, regime.structure) == (Trend.SIDEWAYS, Structure.UNKNOWN)
    assert np.isnan([regime.adx, regime.slope, regime.r2, regime.strength]).all()


def test_bars_that_move_more_than_in_a_year_are_stormy_and_less_quiet():
    calm, wild = random_walk(300, 1, size=0.2), random_walk(40, 2, size=1.0)

    def joined(one, other):
        shift = one.close[-1] - other.open[0]
        times = one.event_ns[0] + DAY_NS * np.arange(len(one) + len(other), dtype=np.int64)
        pairs = zip(one.columns()[:4], other.columns()[:4], strict=True)
        return BarArrays(times, *(np.concatenate((a, b + shift)) for a, b in pairs), np.ones(len(times)))

    stormy = volatility_regime(joined(calm, wild))
    assert stormy.volatility is Volatility.STORMY
    assert stormy.realised_percentile > 90.0
    quiet = volatility_regime(joined(random_walk(300, 2, size=1.0), random_walk(40, 3, size=0.2)))
    assert quiet.volatility is Volatility.QUIET


def test_realised_volatility_is_the_deviation_of_twenty_returns():
    bars = sample_bars("MSFT")
    regime = volatility_regime(bars, as_of=1000)
    returns = np.diff(np.log(bars.close[:1001]))
    windows = [100.0 * returns[end - 20 : end].std(ddof=1) for end in range(1000 - 251, 1001)]
    spans = (100.0 * compute("atr", bars)["value"] / bars.close)[1001 - 252 : 1001]

    assert regime.realised == pytest.approx(windows[-1])
    assert regime.realised_percentile == pytest.approx(100.0 * np.mean(np.array(windows) <= windows[-1] + 1e-12))
    assert regime.atr_percent == pytest.approx(spans[-1])
    assert regime.atr_percentile == pytest.approx(100.0 * np.mean(spans <= spans[-1]))


def test_too_few_bars_and_prices_below_zero_have_no_volatility_regime():
    assert volatility_regime(random_walk(50, 1)).volatility is None
    bars = random_walk(300, 1)
    below = BarArrays(bars.event_ns.copy(), *(column - 2000.0 for column in bars.columns()[:4]), bars.volume.copy())
    regime = volatility_regime(below)
    assert regime.volatility is None
    assert np.isnan([regime.realised, regime.atr_percent]).all()
