"""What a chart picture shows, and the protocol of whoever can draw one."""

from dataclasses import dataclass
from typing import Final, Protocol

from backend.domain.bars import BarArrays, BarSpec
from backend.domain.instruments import Instrument
from backend.errors import InvalidInput

SIDE_PX_MIN: Final = 64
SIDE_PX_MAX: Final = 16_384
THEMES: Final = ("dark", "light", "high_contrast")


@dataclass(frozen=True, slots=True, eq=False)
class ChartRequest:
    """One picture of one series: frozen values only, so that it may cross threads and processes.

    bars : exactly the bars to show, oldest first, at least one; all of them are in view
    theme : "dark", "light" or "high_contrast"
    width_px, height_px : size of the picture in pixels, 64 to 16,384
    adjusted : whether ``bars`` are adjusted; the legend says so
    """

    instrument: Instrument
    spec: BarSpec
    bars: BarArrays
    theme: str = "dark"
    width_px: int = 1600
    height_px: int = 900
    adjusted: bool = False

    def __post_init__(self) -> None:
        if not len(self.bars):
            raise InvalidInput(
                f"There are no bars of {self.instrument.id} to draw.", hint="Ask for a wider range.", code="chart.empty"
            )
        if self.theme not in THEMES:
            raise InvalidInput(f"{self.theme!r} is not a theme.", hint="Use dark, light or high_contrast.", code="chart.theme")
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
