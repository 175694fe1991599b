"""Trend and volatility on the whole, as of one bar."""

import enum
import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.domain.bars import BarArrays, Float64s
from backend.errors import InvalidInput
from backend.indicators import compute
from backend.patterns.found import Swing, SwingKind
from backend.patterns.swings import average_ranges, swings_of, zigzag

N_TREND: Final = 50  # closes that the straight line goes through
N_REALISED: Final = 20  # returns that realised volatility is of
N_RANKED_MIN: Final = 60  # values that a percentile needs at least
ADX_TRENDING: Final = 20.0
R2_TRENDING: Final = 0.3
QUIET, STORMY = 25.0, 75.0
_TREND_RULE: Final = (
    "Up where at least two of three say so and none more for down: the last two highs and lows both rise; ADX is 20 or more with "
    "+DI above -DI; a straight line through 50 closes rises and explains 30 % or more of them. Down is the mirror of it."
)
_VOLATILITY_RULE: Final = (
    "Quiet where the mean of both percentiles over a year is below 25, stormy where it is above 75; each is the percent of bars "
    "with a value at most as high as the newest."
)


class Structure(enum.StrEnum):
    """What the last two confirmed highs and lows say together."""

    RISING = "rising"  # a higher high and a higher low
    FALLING = "falling"  # a lower high and a lower low
    WIDENING = "widening"  # a higher high and a lower low
    NARROWING = "narrowing"  # a lower high and a higher low
    UNKNOWN = "unknown"  # fewer than two of each, or equal ones


class Trend(enum.StrEnum):
    """Which way prices go on the whole."""

    UP = "up"
    DOWN = "down"
    SIDEWAYS = "sideways"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendRegime:
    """The trend as of one bar. NaN where there are too few bars.

    adx, plus, minus : Wilder's directional movement, 0 to 100
    slope : of a straight line through the last ``n_bars`` closes, in percent of the newest close a bar
    r2 : how much of the closes' movement that line explains, 0 to 1
    strength : 0 to 1, the mean of ADX / 50 (at most 1) and r2
    """

    as_of: int
    as_of_ns: int
    trend: Trend
    structure: Structure
    swings: tuple[Swing, ...]
    adx: float
    plus: float
    minus: float
    slope: float
    r2: float
    n_bars: int
    strength: float
    rule: str


class Volatility(enum.StrEnum):
    """How large movements are beside those of the year before."""

    QUIET = "quiet"  # below the 25th percentile
    ORDINARY = "ordinary"
    STORMY = "stormy"  # above the 75th


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityRegime:
    """How far prices move as of one bar, beside the ``n_year`` bars up to it. NaN where there are too few bars.

    realised : standard deviation of the last ``n_bars`` logarithmic returns, a bar's, in percent
    realised_percentile, atr_percentile : percent of the bars of a year with a value at most this high
    atr_percent : average true range in percent of the close
    """

    as_of: int
    as_of_ns: int
    volatility: Volatility | None
    realised: float
    realised_percentile: float
    atr_percent: float
    atr_percentile: float
    n_bars: int
    n_year: int
    rule: str


def trend_regime(bars: BarArrays, *, as_of: int | None = None) -> TrendRegime:
    """The trend at the close of row ``as_of``, the newest where it is not given; later bars change nothing.

    Raises InvalidInput where there is no such bar.
    """
    row = checked_row(bars, as_of)
    seen = bars[: row + 1]
    swings = swings_of(seen, zigzag(seen, 3.0))[-4:]
    structure = structure_of(swings)
    moves = {name: float(values[-1]) for name, values in compute("adx", seen, period=14).items()}
    slope, r2 = _line_through(np.asarray(seen.close[-N_TREND:])) if len(seen) >= N_TREND else (math.nan, math.nan)
    votes = {Structure.RISING: 1, Structure.FALLING: -1}.get(structure, 0)
    votes += int(np.sign(moves["plus"] - moves["minus"])) if moves["adx"] >= ADX_TRENDING else 0
    votes += int(np.sign(slope)) if r2 >= R2_TRENDING else 0
    close = abs(float(seen.close[-1]))
    return TrendRegime(
        as_of=row,
        as_of_ns=int(bars.event_ns[row]),
        trend=Trend.UP if votes >= 2 else Trend.DOWN if votes <= -2 else Trend.SIDEWAYS,
        structure=structure,
        swings=swings,
        **moves,
        slope=100.0 * slope / close if close > 0.0 else math.nan,
        r2=r2,
        n_bars=N_TREND,
        strength=(min(moves["adx"] / 50.0, 1.0) + r2) / 2.0,
        rule=_TREND_RULE,
    )


def structure_of(swings: tuple[Swing, ...]) -> Structure:
    """What the last two highs and the last two lows of ``swings`` say."""
    highs = [swing.price for swing in swings if swing.kind is SwingKind.HIGH][-2:]
    lows = [swing.price for swing in swings if swing.kind is SwingKind.LOW][-2:]
    if len(highs) < 2 or len(lows) < 2:
        return Structure.UNKNOWN
    signs = (int(np.sign(highs[1] - highs[0])), int(np.sign(lows[1] - lows[0])))
    named = {(1, 1): Structure.RISING, (-1, -1): Structure.FALLING, (1, -1): Structure.WIDENING, (-1, 1): Structure.NARROWING}
    return named.get(signs, Structure.UNKNOWN)


def volatility_regime(bars: BarArrays, *, as_of: int | None = None, n_year: int = 252) -> VolatilityRegime:
    """The volatility at the close of row ``as_of``, the newest where it is not given; later bars change nothing.

    n_year : bars of a year, 252 for bars of sessions
    Raises InvalidInput where there is no such bar.
    """
    row = checked_row(bars, as_of)
    seen = bars[: row + 1]
    realised = _realised(np.asarray(seen.close[-(n_year + N_REALISED) :]))[-n_year:]
    with np.errstate(divide="ignore", invalid="ignore"):
        spans = np.where(seen.close > 0.0, 100.0 * average_ranges(seen) / seen.close, np.nan)[-n_year:]
    ranks = _percentile(realised), _percentile(spans)
    mean = (ranks[0] + ranks[1]) / 2.0
    named = Volatility.QUIET if mean < QUIET else Volatility.STORMY if mean > STORMY else Volatility.ORDINARY
    return VolatilityRegime(
        as_of=row,
        as_of_ns=int(bars.event_ns[row]),
        volatility=None if math.isnan(mean) else named,
        realised=float(realised[-1]) if len(realised) else math.nan,
        realised_percentile=ranks[0],
        atr_percent=float(spans[-1]),
        atr_percentile=ranks[1],
        n_bars=N_REALISED,
        n_year=n_year,
        rule=_VOLATILITY_RULE,
    )


def checked_row(bars: BarArrays, as_of: int | None) -> int:
    """The row to look from: ``as_of``, or the newest. Raises InvalidInput where there is no such bar."""
    row = len(bars) - 1 if as_of is None else as_of
    if not 0 <= row < len(bars):
        raise InvalidInput(f"There is no bar {row} among {len(bars)}.", hint="Give a row of the bars.", code="patterns.row")
    return row


def _line_through(values: Float64s) -> tuple[float, float]:
    # Slope a bar and the explained share, by least squares; a constant series has neither.
    t = np.arange(len(values)) - (len(values) - 1) / 2.0
    y = values - values.mean()
    both, square, total = float(t @ y), float(t @ t), float(y @ y)
    return both / square, min(both * both / (square * total), 1.0) if total > 0.0 else 0.0


def _realised(closes: Float64s) -> Float64s:
    # Deviation of each full window of logarithmic returns in percent; NaN where a price was not above 0.
    if len(closes) <= N_REALISED:
        return np.empty(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.where(closes > 0.0, closes, np.nan)
        returns = np.log(known[1:] / known[:-1])
    windows = np.lib.stride_tricks.sliding_window_view(returns, N_REALISED)
    deviations: Float64s = 100.0 * windows.std(axis=1, ddof=1)
    return deviations


def _percentile(values: Float64s) -> float:
    # Percent of known values that are at most the newest; NaN for too few.
    known = values[~np.isnan(values)]
    if len(known) < N_RANKED_MIN or math.isnan(values[-1]):
        return math.nan
    return 100.0 * float(np.count_nonzero(known <= values[-1])) / len(known)
