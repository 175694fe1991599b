"""Where the anchors of drawings stand on the chart that is shown: asked of the engine, and followed through a replay."""

from collections.abc import Callable

from backend.charts.anchor_map import AnchorMap
from backend.events import ImportFinished, ReplayMoved
from trii_desktop.desk import Desk
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.engine_side import Shown
from trii_desktop.market.chart_panel import ChartPanel


class Standing:
    """Keeps the layer's map right; ``found`` is called when there is another one."""

    def __init__(self, desk: Desk, chart: ChartPanel, layer: DrawingLayer, found: Callable[[], None]) -> None:
        self._desk = desk
        self._chart = chart
        self._layer = layer
        self._found = found
        self._full: AnchorMap | None = None
        self._now_ns: int | None = None
        self._is_closed = False
        self._replays = desk.bridge.subscribe(ReplayMoved, self._on_replay)
        self._imports = desk.bridge.subscribe(ImportFinished, self._on_import)

    @property
    def lacks_sessions(self) -> bool:
        """Whether it is known where anchors stand, except for the sessions that nobody needed yet."""
        return self._full is not None and not len(self._full.sessions)

    def forget(self) -> None:
        """Another series is shown."""
        self._layer.map, self._full = None, None

    async def find(self, shown: Shown, *, is_needed: bool) -> None:
        """Ask where anchors stand on ``shown``; sessions that would have to be built first are waited for only if needed."""
        prices = "adjusted" if shown.is_adjusted else "raw"
        ask = self._desk.engine.anchor_map(shown.series, prices, is_needed=is_needed)
        found, now_ns = await self._desk.bridge.call(ask)
        if self._chart.shown is shown and not self._is_closed:
            self._full, self._now_ns = found, now_ns
            self._layer.map = found.as_of(now_ns)
            self._layer.decimals = self._chart.view.decimals
            self._layer.family = self._chart.view.font().family()
            self._found()

    def close(self) -> None:
        """Hear no more."""
        self._is_closed = True
        self._replays.close()
        self._imports.close()

    def _on_replay(self, event: ReplayMoved) -> None:
        if self._full is not None and event.now_ns != self._now_ns:
            self._now_ns = event.now_ns
            self._layer.map = self._full.as_of(event.now_ns)
            self._found()

    def _on_import(self, _event: ImportFinished) -> None:
        # It may have brought corporate actions.
        shown = self._chart.shown
        if shown is not None and shown.is_adjusted:
            self._desk.start("Reading the corporate actions", self.find(shown, is_needed=True))
