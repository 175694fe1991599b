"""The docks of the live market in a window: time and sales, and the order book, of what the active chart shows."""

from PySide6.QtCore import QObject, Signal

from backend.events import FeedChanged
from trii_desktop.desk import Desk
from trii_desktop.following import shown_follows
from trii_desktop.live.depth_panel import DepthPanel
from trii_desktop.live.tape_panel import TapePanel
from trii_desktop.main_window import RIGHT, MainWindow
from trii_desktop.market.active_chart import ActiveChart


class MarketDocks(QObject):
    """Makes both, hidden at first, and tells them what the chart shows. ``wants_feed`` asks for the dialog of feeds."""

    wants_feed = Signal()

    def __init__(self, window: MainWindow, desk: Desk, active: ActiveChart) -> None:
        super().__init__(window)
        self._active = active
        self.tape = TapePanel(desk.look, desk.frames, desk.sight)
        self.depth = DepthPanel(desk.look, desk.frames, desk.sight)
        window.add_dock("tape", "Time and sales", self.tape, RIGHT, is_shown=False)
        window.add_dock("depth", "Order book", self.depth, RIGHT, is_shown=False)
        window.tabifyDockWidget(window.docks["tape"], window.docks["depth"])
        for panel in (self.tape, self.depth):
            panel.follow_by(shown_follows(panel, desk))
            panel.wants_feed.connect(self.wants_feed)
        active.shown_changed.connect(self._chart_changed)
        self._subscription = desk.bridge.subscribe(FeedChanged, self._feeds_changed)
        self._chart_changed()

    def close(self) -> None:
        """Look no more and let everything go."""
        self._subscription.close()
        self._active.shown_changed.disconnect(self._chart_changed)
        self.tape.close_panel()
        self.depth.close_panel()

    def _chart_changed(self) -> None:
        shown = self._active.current.shown
        for panel in (self.tape, self.depth):
            panel.subject.chart_shows(shown.instrument if shown is not None else None)

    def _feeds_changed(self, _event: FeedChanged) -> None:
        self.tape.feeds_changed()
        self.depth.feeds_changed()
