"""Which prices get a label: round steps of 1, 2, 2.5 or 5 times a power of ten, evenly, by decades, or in percent."""

import itertools
import math
from typing import Final, NamedTuple

import numpy as np

from backend.charts.chart_state import ScaleKind
from trii_desktop.charts.price_scale import Float64s, PriceScale

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_TICKS_MAX: Final = 400
_EVEN_DECADES: Final = 0.7  # below a factor of five even steps read better
_LOG_PARTS: Final = (
    (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0),
    (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
    (1.0, 2.0, 5.0),
    (1.0, 3.0),
    (1.0,),
)


class PriceTicks(NamedTuple):
    """Labelled prices, ascending, and the digits after the point that their step needs.

    percents : what the labels say instead of prices, on a scale of percents; ``step`` and ``decimals`` are then theirs
    """

    values: Float64s
    step: float
    decimals: int
    percents: Float64s | None = None


def nice_step(at_least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not below ``at_least``, which is above 0."""
    power = 10.0 ** math.floor(math.log10(at_least))
    for step in _STEPS:
        if step * power >= at_least * (1 - 1e-9):
            return step * power
    raise AssertionError(f"{at_least} lies between {power} and {10 * power}.")


def step_decimals(step: float) -> int:
    """Digits after the point that tell multiples of a nice step apart."""
    for decimals in range(17):
        scaled = step * 10.0**decimals
        if abs(scaled - round(scaled)) < 1e-6 * max(scaled, 1e-300) and round(scaled) > 0:
            return decimals
    return 17


def price_ticks(scale: PriceScale, gap_px: float) -> PriceTicks:
    """Ticks of ``scale`` at least ``gap_px`` device pixels apart: round prices, or round percents of its reference."""
    if scale.kind is ScaleKind.PERCENT and scale.reference:
        low, high = sorted((scale.percent_of(scale.low), scale.percent_of(scale.high)))
        percents, step = _even(low, high, gap_px / (scale.bottom_px - scale.top_px))
        return PriceTicks(scale.price_of_percent(percents), step, step_decimals(step), percents)
    if scale.kind is ScaleKind.LOG:
        return _log_ticks(scale, gap_px)
    values, step = _even(scale.low, scale.high, gap_px / (scale.bottom_px - scale.top_px))
    return PriceTicks(values, step, step_decimals(step))


def _even(low: float, high: float, share: float) -> tuple[Float64s, float]:
    """Multiples of a nice step from ``low`` to ``high``, each at least ``share`` of that span from the next."""
    step = nice_step((high - low) * min(max(share, 1 / _TICKS_MAX), 1.0))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return np.arange(first, last + 1, dtype=np.float64) * step, step


def _log_ticks(scale: PriceScale, gap_px: float) -> PriceTicks:
    """Round prices that grow closer with the price: per decade, or even ones of the upper part where a decade is tall."""
    decades = math.log10(scale.high / max(scale.low, 1e-300))
    height_px = scale.bottom_px - scale.top_px
    if decades < _EVEN_DECADES:
        # Even steps that keep their distance where prices stand closest, at the top; those below are further apart.
        values, step = _even(scale.low, scale.high, min(gap_px * decades * math.log(10) / height_px / (1 - 10**-decades), 1.0))
        return PriceTicks(_apart(values, scale, gap_px), step, step_decimals(step))
    decade_px = height_px / decades
    parts = next((parts for parts in _LOG_PARTS if _closest(parts) * decade_px >= gap_px), None)
    every = 1 if parts else math.ceil(gap_px / decade_px)
    powers = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    values = np.array([part * 10.0**power for power in powers if power % every == 0 for part in parts or (1.0,)])
    inside = values[(values >= scale.low * (1 - 1e-9)) & (values <= scale.high * (1 + 1e-9))]
    smallest = float(inside.min()) if len(inside) else 1.0
    finest = 10.0 ** math.floor(math.log10(smallest)) / (2 if 1.5 in (parts or ()) else 1)
    return PriceTicks(inside, smallest, step_decimals(finest))


def _closest(parts: tuple[float, ...]) -> float:
    """The smallest distance of neighbours among ``parts`` of a decade, as a share of it."""
    return min(math.log10(b / a) for a, b in itertools.pairwise((*parts, 10.0)))


def _apart(values: Float64s, scale: PriceScale, gap_px: float) -> Float64s:
    """``values`` without those closer than the gap to one above them."""
    kept: list[float] = []
    for value, y in zip(values[::-1].tolist(), scale.y_of(values[::-1]).tolist(), strict=True):
        if not kept or abs(y - scale.y_at(kept[-1])) >= 0.9 * gap_px:
            kept.append(value)
    return np.array(kept[::-1])
