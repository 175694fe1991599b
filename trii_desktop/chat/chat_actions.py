"""What can be done with the chat from anywhere: its dock, its rooms, and what is shared from the chart."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from backend.chat.message import LinkRow
from backend.domain.instruments import InstrumentId
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.spots import Spot
from trii_desktop.desk import Desk
from trii_desktop.grid.chart_grid import ChartGrid
from trii_desktop.main_window import MainWindow

if TYPE_CHECKING:
    from trii_desktop.chat.chart_links import ChartLinks
    from trii_desktop.chat.panel import ChatPanel

DOCK = "chat"


class ChatActions(QObject):
    """Methods and flags that the action table names. ``changed`` : a flag may be another one."""

    changed = Signal()

    def __init__(self, window: MainWindow, desk: Desk, grid: ChartGrid) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._grid = grid
        self.panel: ChatPanel | None = None  # by the workbench, when everything else is there
        self._links: ChartLinks | None = None

    def adopt(self, panel: "ChatPanel", links: "ChartLinks") -> None:
        """Hear the dock."""
        self.panel, self._links = panel, links
        panel.chart_wanted.connect(self.share_chart)
        panel.card_wanted.connect(links.open)
        panel.instrument_wanted.connect(links.open_instrument)
        panel.changed.connect(self.changed)

    # --- flags --------------------------------------------------------------------------------------------------------

    @property
    def shows_panel(self) -> bool:
        """Whether the dock is shown."""
        return self._window.is_dock_shown(DOCK)

    @property
    def is_there(self) -> bool:
        """Whether the dock is there, which comes last."""
        return self.panel is not None

    @property
    def has_room(self) -> bool:
        """Whether a room is open."""
        return self.panel is not None and self.panel.room is not None

    @property
    def can_share(self) -> bool:
        """Whether the chart can go into the room that is open."""
        return self.panel is not None and self.panel.can_share and self._links is not None and self._links.is_shown

    @property
    def has_unread(self) -> bool:
        """Whether something was not read."""
        return self.panel is not None and any(room.n_unread for room in self.panel.book.rooms)

    # --- deeds --------------------------------------------------------------------------------------------------------

    def toggle_panel(self) -> None:
        """Show or hide the dock."""
        if self._window.toggle_dock(DOCK):
            self.focus_composer()

    def focus_composer(self) -> None:
        """Write a message, from anywhere."""
        if (panel := self._come_up()) is not None:
            panel.focus_composer()

    def show_rooms(self) -> None:
        """Find a room."""
        if (panel := self._come_up()) is not None:
            panel.show_rooms()

    def open_new(self) -> None:
        """Begin a room or a message."""
        if (panel := self._come_up()) is not None:
            panel.open_new()

    def show_search(self) -> None:
        """Find messages."""
        if (panel := self._come_up()) is not None:
            panel.show_search()

    def show_people(self) -> None:
        """See who is there."""
        if (panel := self._come_up()) is not None:
            panel.show_people()

    def open_details(self) -> None:
        """Show who is in the room."""
        if (panel := self._come_up()) is not None:
            panel.open_details()

    def open_next_unread(self) -> None:
        """Show where something was said that nobody read."""
        if (panel := self._come_up()) is not None:
            panel.open_next_unread()

    def be_here(self) -> None:
        """Tell that this person is here."""
        self._be("online")

    def be_away(self) -> None:
        """Tell that this person is away."""
        self._be("away")

    def be_busy(self) -> None:
        """Tell that this person wants no interruption."""
        self._be("busy")

    def attach_files(self) -> None:
        """Let files go with the message."""
        if (panel := self._come_up()) is not None:
            panel.talk.choose_files()

    def share_chart(self) -> None:
        """Let the chart go with the message that is being written, as a picture and as it stands."""
        if self.panel is not None and self._links is not None and self.can_share:
            shared = self._links.shared_chart()
            if shared is not None:
                self._come_up()
                self.panel.focus_composer()
                self.panel.talk.share(*shared)

    def share_link(self) -> None:
        """Let a link to the bars in view go with the message."""
        link = self._links.shared_link() if self._links is not None and self.can_share else None
        if link is not None:
            self._share(link)

    def share_bar(self, instrument: InstrumentId, spec: str, event_ns: int) -> None:
        """Let a link to one bar go with the message."""
        self._share(LinkRow(str(instrument), spec, event_ns, event_ns))

    def fill_menu(self, menu: QMenu, spot: Spot) -> None:
        """What the menu on a chart offers, with a separator below it."""
        shown = self._grid.active.current.shown
        if shown is None or not self.can_share or spot.study_id or spot.zone is not Zone.PLOT:
            return
        menu.addAction("Share the chart in the chat", self.share_chart)
        if spot.event_ns is not None:
            spec, event_ns = str(shown.spec), spot.event_ns
            menu.addAction("Share this bar in the chat", lambda: self.share_bar(shown.instrument.id, spec, event_ns))
        menu.addSeparator()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _be(self, state: str) -> None:
        if self.panel is not None:
            self.panel.done.tell_presence(state)

    def _share(self, link: LinkRow) -> None:
        if self.panel is not None and self.panel.can_share:
            self._come_up()
            self.panel.focus_composer()
            self.panel.talk.share(link)

    def _come_up(self) -> "ChatPanel | None":
        if self.panel is not None:
            self._window.docks[DOCK].show()
            self._window.raise_dock(DOCK)
            self._desk.frames.request()
        return self.panel
