"""The panes of a chart from top to bottom, and what a person does to their order and heights."""

from collections.abc import Iterator

from backend.charts.chart_state import Pane
from trii_desktop.charts.pane_model import PaneModel, drag_edge, is_folded, lay_out_panes, matched


class PaneStack:
    """At least the main pane. Heights are device pixels.

    maximised : id of the pane that is shown alone; empty, or of a pane that has gone, shows all
    """

    def __init__(self) -> None:
        self._panes = [PaneModel()]
        self._pixel_ratio = 1.0
        self.height_px = 1
        self.maximised = ""

    def __iter__(self) -> Iterator[PaneModel]:
        return iter(self._panes)

    def __len__(self) -> int:
        return len(self._panes)

    @property
    def main(self) -> PaneModel:
        """The pane of the prices."""
        return next(pane for pane in self._panes if pane.is_main)

    @property
    def states(self) -> tuple[Pane, ...]:
        """What is saved of them."""
        return tuple(pane.state for pane in self._panes)

    def pane(self, pane_id: str) -> PaneModel:
        """The pane ``pane_id``; the main one where it has gone."""
        return next((pane for pane in self._panes if pane.id == pane_id), self.main)

    def place(self, pane: PaneModel) -> int:
        """How many panes stand above it."""
        return self._panes.index(pane)

    def is_folded(self, pane: PaneModel) -> bool:
        """Whether a pane shows its legend alone, or nothing beside a maximised one."""
        return is_folded(self._panes, pane, self.maximised)

    def take(self, states: tuple[Pane, ...], maximised: str) -> None:
        """Be as ``states`` says."""
        self._panes, self.maximised = matched(self._panes, states), maximised
        self._divide()

    def lay_out(self, height_px: int, pixel_ratio: float) -> None:
        """Divide ``height_px`` among them."""
        self.height_px, self._pixel_ratio = max(height_px, 1), pixel_ratio
        self._divide()

    def scale_by_view(self) -> None:
        """Forget all values set by hand."""
        for pane in self._panes:
            pane.range = None

    def maximise(self, pane_id: str) -> None:
        """Show one pane alone, or all of them again."""
        is_there = any(pane.id == pane_id for pane in self._panes)
        self.maximised = pane_id if is_there and self.maximised != pane_id and len(self._panes) > 1 else ""
        self._divide()

    def fold(self, pane_id: str) -> str:
        """Show a pane's legend alone, or open it again; says what was done."""
        pane = self.pane(pane_id)
        pane.is_collapsed = not pane.is_collapsed
        self._divide()
        return "A pane was collapsed" if pane.is_collapsed else "A pane was opened"

    def move(self, pane_id: str, by: int) -> None:
        """Move a pane ``by`` places down, up where negative."""
        pane = self.pane(pane_id)
        place = self.place(pane)
        self._panes.remove(pane)
        self._panes.insert(min(max(place + by, 0), len(self._panes)), pane)
        self._divide()

    def drag_edge(self, pane_id: str, by_px: float) -> None:
        """Move the upper edge of a pane down."""
        drag_edge(self._panes, self.place(self.pane(pane_id)), by_px, self._pixel_ratio, self.maximised)
        self._divide()

    def _divide(self) -> None:
        lay_out_panes(self._panes, self.height_px, self._pixel_ratio, self.maximised)
