"""Where bars stand from left to right: rows on one side, device pixels on the other; no window needed.

The axis counts bars, so nights and weekends leave no gaps. A bar's column of pixels depends on its row and the spacing alone,
shifted by whole pixels when the chart is panned: so bodies keep their widths and columns keep their bars.
"""

import math
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from backend.market.column_cut import ColumnCut

Int64s: TypeAlias = npt.NDArray[np.int64]

SPACING_PX: Final = 7.0  # of a chart just opened, in logical pixels
BARS_SHOWN_MIN: Final = 6.0
BARS_AHEAD: Final = 8.0  # room right of the newest bar
_ROOM_PX_MIN: Final = 24.0
_ROOM_SHARE_MAX: Final = 0.12
_BARS_KEPT: Final = 3.0  # beside the newest or oldest bar, however far the chart is panned
_KEPT_PX: Final = 12.0
_FEWEST_ZOOMED_OUT: Final = 240  # zooming out may always show this many bars


class PixelColumns(NamedTuple):
    """Columns of pixels with the bars that share them: ``x``, ascending, and how the rows are cut."""

    x: Int64s
    cut: ColumnCut


@dataclass(frozen=True, slots=True)
class TimeScale:
    """A stretch of rows laid over a width.

    width_px : device pixels, at least 1
    spacing_px : device pixels from one bar to the next, above 0
    right : row at the right edge, fractional; row i is the middle of bar i
    n_bars : rows that exist
    """

    width_px: int
    spacing_px: float
    right: float
    n_bars: int

    @classmethod
    def opened(cls, width_px: int, n_bars: int, *, pixel_ratio: float = 1.0) -> "TimeScale":
        """The newest bars at the usual spacing, with room to their right."""
        return cls(max(width_px, 1), SPACING_PX * pixel_ratio, 0.0, n_bars).at_newest()

    @property
    def n_shown(self) -> float:
        """Bar widths between the edges."""
        return self.width_px / self.spacing_px

    @property
    def origin_px(self) -> int:
        """Absolute pixel of the left edge; absolute pixel 0 is the middle of bar 0."""
        return math.floor(self.right * self.spacing_px + 0.5) - self.width_px

    @property
    def is_dense(self) -> bool:
        """Whether several bars share a column of pixels."""
        return self.spacing_px < 1.0

    def x_of(self, rows: Int64s) -> Int64s:
        """int64[n]: the column of pixels of each bar's middle, from the left edge."""
        absolute: Int64s = np.floor(rows * self.spacing_px + 0.5).astype(np.int64)
        return absolute - self.origin_px

    def x_at(self, row: float) -> int:
        """The column of pixels of a bar's middle, from the left edge."""
        return math.floor(row * self.spacing_px + 0.5) - self.origin_px

    def row_at(self, x_px: float) -> float:
        """The fractional row under a pixel's left side."""
        return (x_px + self.origin_px) / self.spacing_px

    def bar_at(self, x_px: float) -> int:
        """The bar nearest to a pixel, limited to those that exist; 0 where there are none."""
        return min(max(round(self.row_at(x_px)), 0), max(self.n_bars - 1, 0))

    def visible(self) -> tuple[int, int]:
        """First row and row after the last of the bars that reach into view; equal where none does."""
        first = max(math.ceil(self.row_at(-0.5)) - 1, 0)
        stop = min(math.floor(self.row_at(self.width_px + 0.5)) + 2, self.n_bars)
        return (first, stop) if first < stop else (0, 0)

    def columns(self) -> PixelColumns:
        """Every column of pixels that holds bars, where bars share columns; none where nothing is in view.

        Columns are cut by absolute pixels, so panning never moves a bar to another.
        """
        absolute = np.arange(self.origin_px, self.origin_px + self.width_px + 1)
        edges = np.ceil((absolute - 0.5) / self.spacing_px).astype(np.int64)
        edges = np.clip(edges, 0, self.n_bars)
        xs = np.flatnonzero(np.diff(edges))
        return PixelColumns(xs, ColumnCut(edges[xs], int(edges[-1])))

    def panned(self, by_px: float) -> "TimeScale":
        """Moved so that the bars go right by ``by_px``."""
        return replace(self, right=self.right - by_px / self.spacing_px).limited()

    def panned_bars(self, by: float) -> "TimeScale":
        """Moved so that the view goes ``by`` bars towards newer ones."""
        return replace(self, right=self.right + by).limited()

    def zoomed(self, factor: float, at_px: float) -> "TimeScale":
        """Bars ``factor`` times as wide, keeping what stands at ``at_px`` there."""
        spacing = self._limited_spacing(self.spacing_px * factor)
        beyond_px = self.width_px - at_px
        row = self.right - beyond_px / self.spacing_px
        return replace(self, spacing_px=spacing, right=row + beyond_px / spacing).limited()

    def resized(self, width_px: int) -> "TimeScale":
        """Over another width; the right edge and the bars' width stay."""
        return replace(self, width_px=max(width_px, 1)).limited()

    def rescaled(self, ratio: float) -> "TimeScale":
        """Over ``ratio`` times as many device pixels, showing the same bars."""
        return replace(self, width_px=max(round(self.width_px * ratio), 1), spacing_px=self.spacing_px * ratio)

    def spanning(self, n_shown: float) -> "TimeScale":
        """So many bar widths between the edges; the right edge stays."""
        return replace(self, spacing_px=self._limited_spacing(self.width_px / n_shown)).limited()

    def fitted(self) -> "TimeScale":
        """All bars in view, with room to the right."""
        if not self.n_bars:
            return self
        room = min(max(_ROOM_PX_MIN, 0.02 * self.width_px), _ROOM_SHARE_MAX * self.width_px)
        spacing = self._limited_spacing((self.width_px - room) / self.n_bars)
        return replace(self, spacing_px=spacing, right=self.n_bars - 0.5 + room / spacing).limited()

    def at_newest(self) -> "TimeScale":
        """The newest bar near the right edge, with the usual room beside it."""
        room_px = min(max(BARS_AHEAD * self.spacing_px, _ROOM_PX_MIN), max(_ROOM_SHARE_MAX * self.width_px, 1.0))
        return replace(self, right=self.n_bars - 1 + room_px / self.spacing_px).limited()

    def at_oldest(self) -> "TimeScale":
        """The oldest bar at the left edge."""
        return replace(self, right=self.n_shown - 1.0).limited()

    @property
    def is_at_newest(self) -> bool:
        """Whether the newest bar's middle is in view, so that new bars should move the chart along."""
        return self.n_bars == 0 or 0 <= self.x_at(self.n_bars - 1) < self.width_px

    def with_bars(self, n_bars: int, *, follow: bool) -> "TimeScale":
        """As many rows as ``n_bars``; to follow moves the view by as many as came."""
        moved = self.right + (n_bars - self.n_bars if follow else 0)
        return replace(self, n_bars=n_bars, right=moved).limited()

    def limited(self) -> "TimeScale":
        """The nearest view that keeps some bars in sight and a spacing that can be drawn."""
        spacing = self._limited_spacing(self.spacing_px)
        n_shown = self.width_px / spacing
        newest = self.n_bars - 1
        lowest = min(newest, max(_BARS_KEPT, _KEPT_PX / spacing)) + max(0.5, 1 / spacing)
        highest = newest + max(0.8 * n_shown, 0.5)
        right = min(max(self.right, lowest), highest)
        if right == self.right and spacing == self.spacing_px:
            return self
        return replace(self, right=right, spacing_px=spacing)

    def _limited_spacing(self, spacing_px: float) -> float:
        narrowest = 0.5 * self.width_px / max(self.n_bars, _FEWEST_ZOOMED_OUT)
        return min(max(spacing_px, narrowest), max(self.width_px / BARS_SHOWN_MIN, 1.0))
