"""Which prices get a label: round steps of 1, 2, 2.5 or 5 times a power of ten."""

import math
from typing import Final, NamedTuple

import numpy as np

from trii_desktop.charts.price_scale import Float64s, PriceScale

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_TICKS_MAX: Final = 400


class PriceTicks(NamedTuple):
    """Labelled prices, ascending, and the digits after the point that their step needs."""

    values: Float64s
    step: float
    decimals: int


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
    """Ticks of ``scale`` at least ``gap_px`` device pixels apart."""
    span = scale.high - scale.low
    height_px = scale.bottom_px - scale.top_px
    step = nice_step(span * min(max(gap_px / height_px, 1 / _TICKS_MAX), 1.0))
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    values = np.arange(first, last + 1, dtype=np.float64) * step
    return PriceTicks(values, step, step_decimals(step))
