"""What a chart picture shows, and the protocol of whoever can draw one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np

from backend.charts.chart_state import ChartState
from backend.charts.study_snapshot import LineKey
from backend.commands.looks import DIRECTIONS, THEMES
from backend.domain.bars import BarArrays, BarSpec, Float64s, Int64s
from backend.domain.instruments import Instrument
from backend.errors import InvalidInput

SIDE_PX_MIN: Final = 64
SIDE_PX_MAX: Final = 16_384
_PLAIN: Final = ChartState()


@dataclass(frozen=True, slots=True, eq=False)
class ChartRequest:
    """One picture of one series: frozen values only, so that it may cross threads and processes.

    bars : exactly the bars to show, oldest first, at least one; all of them are in view
    theme : "dark", "light" or "high_contrast"
    width_px, height_px : size of the picture in pixels, 64 to 16,384
    adjusted : whether ``bars`` are adjusted; the legend says so
    state : chart type, scales, panes, studies and so on; which bars are in view follows from ``bars``
    lines : float64[n_bars] of each study and comparison of ``state``, by its id and output
    breaks : int64[n]   rows at which a session starts
    directions : the colours of rising and falling: "own" of the theme, "colour_blind" or "red_up"
    """

    instrument: Instrument
    spec: BarSpec
    bars: BarArrays
    theme: str = "dark"
    width_px: int = 1600
    height_px: int = 900
    adjusted: bool = False
    state: ChartState = _PLAIN
    lines: Mapping[LineKey, Float64s] = field(default_factory=lambda: MappingProxyType({}))
    breaks: Int64s = field(default_factory=lambda: np.empty(0, np.int64))
    directions: str = "own"

    def __post_init__(self) -> None:
        if not len(self.bars):
            raise InvalidInput(
                f"There are no bars of {self.instrument.id} to draw.", hint="Ask for a wider range.", code="chart.empty"
            )
        if self.theme not in THEMES:
            raise InvalidInput(f"{self.theme!r} is not a theme.", hint="Use dark, light or high_contrast.", code="chart.theme")
        if self.directions not in DIRECTIONS:
            raise InvalidInput(
                f"{self.directions!r} is no pair of colours.", hint=f"Use {', '.join(DIRECTIONS)}.", code="chart.directions"
            )
        if any(len(values) != len(self.bars) for values in self.lines.values()):
            raise InvalidInput(f"Every line takes {len(self.bars)} values, one a bar.", code="chart.lines")
        if not all(SIDE_PX_MIN <= side <= SIDE_PX_MAX for side in (self.width_px, self.height_px)):
            raise InvalidInput(
                f"A picture of {self.width_px}x{self.height_px} pixels is not possible.",
                hint=f"Each side takes {SIDE_PX_MIN} to {SIDE_PX_MAX} pixels.",
                code="chart.size",
            )


class ChartRenderer(Protocol):
    """Draws charts; the desktop gives one to the commands, which know no window."""

    async def render(self, request: ChartRequest) -> bytes:
        """The finished PNG file. Awaited on the engine's loop; crossing to the thread that may paint is the renderer's business.

        Raises Unavailable where nothing can be drawn on this machine.
        """
        ...
