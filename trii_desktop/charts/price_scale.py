"""Where prices stand from bottom to top: prices on one side, device pixels on the other; no window needed."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from backend.charts.chart_state import ScaleKind

Float64s: TypeAlias = npt.NDArray[np.float64]
Int64s: TypeAlias = npt.NDArray[np.int64]
_CLOSEST: Final = 1e-9  # share of the price
_SMALLEST: Final = 1e-100
_FAR_PX: Final = 1_000_000  # heights beyond this are cut: painters take 32-bit pixels


class Bend(NamedTuple):
    """How a kind of scale bends prices before they are laid out evenly, and back; arrays and numbers alike."""

    bent: Callable[[Float64s], Float64s]
    straight: Callable[[float], float]


def _same(values: Float64s) -> Float64s:
    return values


def _same_one(value: float) -> float:
    return value


def _log(values: Float64s) -> Float64s:
    # What is not above 0 has no logarithm and stands far below everything; NaN stays NaN.
    logs: Float64s = np.log(np.where(values <= 0, _SMALLEST, values))
    return logs


def _exp(value: float) -> float:
    return math.exp(min(max(value, -690.0), 690.0))


BENDS: Final[dict[ScaleKind, Bend]] = {
    ScaleKind.LINEAR: Bend(_same, _same_one),
    ScaleKind.LOG: Bend(_log, _exp),
    ScaleKind.PERCENT: Bend(_same, _same_one),  # even in prices; only the labels are shares
}


def usable_kind(kind: ScaleKind, low: float) -> ScaleKind:
    """``kind``, or LINEAR where ``low``, the lowest price in view, has no logarithm."""
    return ScaleKind.LINEAR if kind is ScaleKind.LOG and not low > _SMALLEST else kind


@dataclass(frozen=True)
class PriceScale:
    """A stretch of prices laid over a height.

    low, high : prices at the lower and the upper edge, low < high; the other way round where inverted
    top_px, bottom_px : device pixels of the edges, top < bottom
    reference : the price that is 0 percent, for PERCENT
    """

    low: float
    high: float
    top_px: int
    bottom_px: int
    kind: ScaleKind = ScaleKind.LINEAR
    is_inverted: bool = False
    reference: float = math.nan

    @classmethod
    def around(cls, low: float, high: float, top_px: int, bottom_px: int, *, kind: ScaleKind = ScaleKind.LINEAR) -> "PriceScale":
        """A scale on which ``low`` and ``high`` may be equal, or too close to tell apart: they then stand in the middle."""
        if not high - low > max(abs(low), abs(high)) * _CLOSEST + _SMALLEST:
            room = abs(low) * 0.01 if abs(low) > _SMALLEST else 1.0
            low, high = low - room, high + room
        if kind is ScaleKind.LOG and low <= 0:
            low = min(high, abs(high)) / 2 or _SMALLEST
        return cls(low, high, top_px, max(bottom_px, top_px + 1), kind)

    @classmethod
    def with_margins(
        cls, low: float, high: float, height_px: int, *, top: float, bottom: float, kind: ScaleKind = ScaleKind.LINEAR
    ) -> "PriceScale":
        """A scale over [0, height_px) whose upper ``top`` and lower ``bottom`` shares stay free of [low, high]."""
        inner = cls.around(low, high, round(height_px * top), round(height_px * (1 - bottom)), kind=kind)
        return inner.over(0, max(height_px, 1))

    def over(self, top_px: int, bottom_px: int) -> "PriceScale":
        """The same prices at the same pixels, described by other edges."""
        low, high = sorted((self.price_at(bottom_px), self.price_at(top_px)))
        return replace(self, low=low, high=high, top_px=top_px, bottom_px=bottom_px)

    @cached_property
    def px_per_unit(self) -> float:
        """Device pixels a unit of the bent price."""
        low, high = self._bent_edges
        return (self.bottom_px - self.top_px) / (high - low)

    def inverted(self) -> "PriceScale":
        """The same prices, the lowest at the upper edge."""
        return replace(self, is_inverted=not self.is_inverted)

    def percent_of(self, price: float) -> float:
        """How far ``price`` lies from the reference, in percent of it."""
        return 100.0 * (price - self.reference) / abs(self.reference) if self.reference else math.nan

    def price_of_percent(self, percent: Float64s) -> Float64s:
        """float64[n]: the prices that lie so many percent from the reference."""
        prices: Float64s = self.reference + percent / 100.0 * abs(self.reference)
        return prices

    def y_of(self, prices: Float64s) -> Int64s:
        """int64[n]: the row of pixels of each price, downwards; far outside values are cut, NaN is far below."""
        y = self._heights(BENDS[self.kind].bent(prices))
        # The smaller and the larger of a number and NaN is the number: a fifth of the time of nan_to_num and clip.
        return np.floor(np.fmax(np.fmin(y, _FAR_PX), -_FAR_PX)).astype(np.int64)

    def y_at(self, price: float) -> float:
        """The height of one price in pixels, downwards, not rounded."""
        return float(self._heights(BENDS[self.kind].bent(np.array([price])))[0])

    def heights(self, prices: Float64s) -> Float64s:
        """float64[n]: the height of each price in pixels, downwards, neither rounded nor cut; NaN stays NaN."""
        return self._heights(BENDS[self.kind].bent(prices))

    def price_at(self, y_px: float) -> float:
        """The price at a height."""
        low, _ = self._bent_edges
        up_px = y_px - self.top_px if self.is_inverted else self.bottom_px - y_px
        return BENDS[self.kind].straight(low + up_px / self.px_per_unit)

    def stretched(self, factor: float) -> "PriceScale":
        """Prices ``factor`` times as far apart, the middle one staying; refused (unchanged) where floats run out."""
        middle = (self.top_px + self.bottom_px) / 2
        half = (self.bottom_px - self.top_px) / 2 / factor
        return self._between(middle + half, middle - half)

    def shifted(self, by_px: float) -> "PriceScale":
        """Moved so that prices go down by ``by_px``."""
        return self._between(self.bottom_px - by_px, self.top_px - by_px)

    def resized(self, height_px: int) -> "PriceScale":
        """The same prices over [0, height_px)."""
        return replace(self, top_px=0, bottom_px=max(height_px, 1))

    def _between(self, bottom_px: float, top_px: float) -> "PriceScale":
        low, high = sorted((self.price_at(bottom_px), self.price_at(top_px)))
        can_show = math.isfinite(low) and math.isfinite(high) and high - low > 1e-12 * max(abs(low), abs(high))
        return replace(self, low=low, high=high) if can_show and max(abs(low), abs(high)) < 1e300 else self

    def _heights(self, bent: Float64s) -> Float64s:
        low, _ = self._bent_edges
        up_px: Float64s = (bent - low) * self.px_per_unit
        heights: Float64s = self.top_px + up_px if self.is_inverted else self.bottom_px - up_px
        return heights

    @cached_property
    def _bent_edges(self) -> tuple[float, float]:
        low, high = BENDS[self.kind].bent(np.array([self.low, self.high])).tolist()
        return low, high
