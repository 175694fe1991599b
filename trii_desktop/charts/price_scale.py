"""Where prices stand from bottom to top: prices on one side, device pixels on the other; no window needed."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
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


BENDS: Final[dict[ScaleKind, Bend]] = {ScaleKind.LINEAR: Bend(_same, _same_one)}


@dataclass(frozen=True, slots=True)
class PriceScale:
    """A stretch of prices laid over a height.

    low, high : prices at the lower and the upper edge, low < high
    top_px, bottom_px : device pixels of the edges, top < bottom
    """

    low: float
    high: float
    top_px: int
    bottom_px: int
    kind: ScaleKind = ScaleKind.LINEAR

    @classmethod
    def around(cls, low: float, high: float, top_px: int, bottom_px: int, *, kind: ScaleKind = ScaleKind.LINEAR) -> "PriceScale":
        """A scale on which ``low`` and ``high`` may be equal, or too close to tell apart: they then stand in the middle."""
        if not high - low > max(abs(low), abs(high)) * _CLOSEST + _SMALLEST:
            room = abs(low) * 0.01 if abs(low) > _SMALLEST else 1.0
            low, high = low - room, high + room
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
        return PriceScale(self.price_at(bottom_px), self.price_at(top_px), top_px, bottom_px, self.kind)

    @property
    def px_per_unit(self) -> float:
        """Device pixels a unit of the bent price."""
        low, high = self._bent_edges()
        return (self.bottom_px - self.top_px) / (high - low)

    def y_of(self, prices: Float64s) -> Int64s:
        """int64[n]: the row of pixels of each price, downwards; far outside values are cut, NaN is far below."""
        low, _ = self._bent_edges()
        y = self.bottom_px - (BENDS[self.kind].bent(prices) - low) * self.px_per_unit
        return np.floor(np.clip(np.nan_to_num(y, nan=_FAR_PX), -_FAR_PX, _FAR_PX)).astype(np.int64)

    def y_at(self, price: float) -> float:
        """The height of one price in pixels, downwards, not rounded."""
        low, _ = self._bent_edges()
        return self.bottom_px - (float(BENDS[self.kind].bent(np.float64(price))) - low) * self.px_per_unit  # type: ignore[arg-type]  # 0-d

    def price_at(self, y_px: float) -> float:
        """The price at a height."""
        low, _ = self._bent_edges()
        return BENDS[self.kind].straight(low + (self.bottom_px - y_px) / self.px_per_unit)

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
        low, high = self.price_at(bottom_px), self.price_at(top_px)
        can_show = math.isfinite(low) and math.isfinite(high) and high - low > 1e-12 * max(abs(low), abs(high))
        return replace(self, low=low, high=high) if can_show and max(abs(low), abs(high)) < 1e300 else self

    def _bent_edges(self) -> tuple[float, float]:
        low, high = BENDS[self.kind].bent(np.array([self.low, self.high])).tolist()
        return low, high
