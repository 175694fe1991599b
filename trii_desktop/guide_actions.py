"""What can be done with the tour: offered at the first start, taken whenever one likes; which parts it points at."""

from PySide6.QtWidgets import QWidget

from trii_desktop.actions.action_set import ActionSet
from trii_desktop.actions.keymap import shortcut_text
from trii_desktop.desk import Desk
from trii_desktop.guide.offer import TourOffer
from trii_desktop.guide.stops import STOPS, Stop, filled
from trii_desktop.guide.tour_view import TourView
from trii_desktop.main_window import STATUS_PX, MainWindow
from trii_desktop.panels import Panels


class GuideActions:
    """Methods that the action table names."""

    def __init__(self, window: MainWindow, desk: Desk, panels: Panels) -> None:
        self._window = window
        self._desk = desk
        self._panels = panels
        self.actions: ActionSet  # by the workbench, which needs this object first
        self.view = TourView(window, desk.look, self.part)
        self.view.ended.connect(self._remember)
        self.offer: TourOffer | None = None

    def offer_tour(self) -> None:
        """Ask once, at the first start, without taking the keyboard."""
        if not self._desk.backend.settings.current.workspace.tour_offered and self.offer is None:
            self.offer = TourOffer(self._window, bottom_px=STATUS_PX)
            self.offer.answered.connect(self._answered)

    def take(self) -> None:
        """Walk past the parts that are there."""
        if self.offer is not None:
            self.offer.close_offer()
            self.offer = None
        self._window.toasts.dismiss_all()
        stops = tuple(stop for stop in STOPS if not stop.needs or stop.needs in self.actions.by_id)
        for stop in stops:
            self._bring_up(stop)
        self.view.begin(stops, lambda text: filled(text, self._keys))

    def part(self, name: str) -> QWidget | None:
        """The part of the window that a stop points at; None where there is none just now."""
        window, panels = self._window, self._panels
        parts = {
            "chart": panels.chart,
            "indicators": panels.chart,
            "watchlist": panels.watchlist if panels.has_watchlist else None,
            "search": window.top_bar.search,
            "intervals": window.top_bar.intervals,
            "menus": window.menuBar(),
            "import": window.top_bar.button("import.files"),
            "bell": window.top_bar.button("view.notices"),
            "status": window.status,
        }
        return parts[name] if name in parts else window.findChild(QWidget, name)

    def _bring_up(self, stop: Stop) -> None:
        part = self.part(stop.part)
        if stop.shows and part is not None and not part.isVisible():
            self.actions.by_id[stop.shows].trigger()

    def _keys(self, action_id: str) -> str:
        keys = self.actions.keys(action_id)
        return shortcut_text(keys[0]) if keys else ""

    def _answered(self, is_wanted: bool) -> None:  # noqa: FBT001 - a signal's slot
        self.offer = None
        if is_wanted:
            self.take()
        else:
            self._remember()

    def _remember(self) -> None:
        change = self._desk.backend.settings.change("workspace", tour_offered=True)
        self._desk.start("Remembering the tour", self._desk.bridge.call(change))
