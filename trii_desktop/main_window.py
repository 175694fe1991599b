"""The main window: the chart in the middle, docks around it, the bars above and below; it holds no logic."""

from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QTabWidget, QToolBar, QWidget

from backend.right_of_way import RightOfWay
from backend.workspaces.docks import DockTree, docks_of
from trii_desktop.actions.action_set import ActionSet
from trii_desktop.docks.arrangement import docks_now, show_docks
from trii_desktop.docks.dock import WorkDock
from trii_desktop.look import Look
from trii_desktop.market.import_files import dropped_paths
from trii_desktop.settings.recovery import RecoveryBanner
from trii_desktop.status import StatusLine
from trii_desktop.top_bar import TopBar
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column
from trii_desktop.widgets.toast import ToastStack

STATUS_PX: Final = 28
READING_PX: Final = 400  # wide enough to read
ALERTS_PX: Final = 260
RIGHT, BOTTOM = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea


class MainWindow(QMainWindow):
    """Shown empty at once; panels are added when the backend is open. ``close_requested`` asks the application to end.

    way : taken by every paint of the window, also those that come between frames, as when the pointer moves
    """

    close_requested = Signal()
    files_dropped = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.way = RightOfWay()
        self.may_close = False
        self.docks: dict[str, WorkDock] = {}
        self.first_docks: DockTree | None = None  # as they stand before anyone has moved them
        self.setWindowTitle("TRII Desktop")
        self.setAccessibleName("TRII Desktop")
        self.setAcceptDrops(True)
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        for area in Qt.DockWidgetArea.LeftDockWidgetArea, RIGHT, Qt.DockWidgetArea.TopDockWidgetArea, BOTTOM:
            self.setTabPosition(area, QTabWidget.TabPosition.North)
        self.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
        self.setMinimumSize(QSize(860, 540))
        self.resize(self._first_size())
        self.banner = RecoveryBanner()
        self.banner.hide()
        self.stage = QStackedWidget()
        self.stage.addWidget(EmptyState("Opening your data", "Your ledgers and prices are being opened.", look, "key"))
        middle = QWidget()
        middle.setLayout(column(self.banner, self.stage, gap=0))
        self.setCentralWidget(middle)
        self.status = StatusLine(look)
        self.setStatusBar(self.status)
        self.toasts = ToastStack(self, look, middle)

    def show_actions(self, actions: ActionSet) -> None:
        """Add the menus and the top bar."""
        actions.fill(self.menuBar())
        self.top_bar = TopBar(actions, self.look)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.top_bar)
        self.top_bar.paint_icons()

    def show_drawing_tools(self, bar: QToolBar) -> None:
        """Stand the drawing tools at the left."""
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, bar)

    def show_below(self, bar: QWidget) -> None:
        """Put a bar below the charts."""
        middle = self.centralWidget()
        layout = middle.layout() if middle is not None else None
        assert layout is not None, "The middle is laid out."
        layout.addWidget(bar)

    def show_chart(self, chart: QWidget) -> None:
        """Put the chart in the middle."""
        self.stage.addWidget(chart)
        self.stage.setCurrentWidget(chart)
        chart.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_problem(self, title: str, text: str) -> None:
        """Say why there is nothing else to show."""
        problem = EmptyState(title, text, self.look, "error")
        self.stage.addWidget(problem)
        self.stage.setCurrentWidget(problem)

    def add_dock(self, name: str, title: str, panel: QWidget, area: Qt.DockWidgetArea, *, is_shown: bool) -> WorkDock:
        """Put ``panel`` at the side."""
        dock = WorkDock(name, title, panel, self, self.look)
        self.addDockWidget(area, dock)
        dock.setVisible(is_shown)
        self.docks[name] = dock
        return dock

    def place_docks(self) -> None:
        """The sizes that docks have at first."""
        if "watchlist" in self.docks:
            self.resizeDocks([self.docks["watchlist"]], [min(400, max(300, self.width() // 4))], Qt.Orientation.Horizontal)
        if "bars" in self.docks:
            self.resizeDocks([self.docks["bars"]], [260], Qt.Orientation.Vertical)
        for name in ("alerts", "jobs"):
            if name in self.docks and "bars" in self.docks:
                self.tabifyDockWidget(self.docks["bars"], self.docks[name])
        if "assistant" in self.docks and "watchlist" in self.docks:
            self.tabifyDockWidget(self.docks["watchlist"], self.docks["assistant"])
        if "chat" in self.docks and "watchlist" in self.docks:
            self.tabifyDockWidget(self.docks["watchlist"], self.docks["chat"])
        self.first_docks = docks_now(self)
        self.toasts.place()

    def is_dock_shown(self, name: str) -> bool:
        """Whether a dock is there and to be seen."""
        return name in self.docks and self.docks[name].isVisible()

    def toggle_dock(self, name: str) -> bool:
        """Show or hide a dock; whether it is shown now."""
        dock = self.docks.get(name)
        if dock is None:
            return False
        dock.setVisible(not dock.isVisible())
        if dock.isVisible():
            self.raise_dock(name)
        return dock.isVisible()

    def raise_dock(self, name: str) -> None:
        """Bring a shown dock before those it shares its place with, with room for what it shows."""
        self.docks[name].raise_()
        self.give_room(name)
        self.toasts.place()

    def give_room(self, name: str) -> None:
        """Let a dock that was just shown have a fair share of its side."""
        if name == "notices":
            self.resizeDocks([self.docks["watchlist"], self.docks["notices"]], [3, 2], Qt.Orientation.Vertical)
        elif name in ("tape", "depth"):
            self.resizeDocks([self.docks["watchlist"], self.docks[name]], [2, 3], Qt.Orientation.Vertical)
        elif name in ("assistant", "chat") and not self.docks[name].isFloating():
            width_px = max(min(READING_PX, self.width() // 3), self.docks[name].width())
            self.resizeDocks([self.docks[name]], [width_px], Qt.Orientation.Horizontal)
        elif name in ("alerts", "jobs") and not self.docks[name].isFloating():
            self.resizeDocks([self.docks[name]], [ALERTS_PX], Qt.Orientation.Vertical)

    def show_docks(self, tree: DockTree | None) -> None:
        """Let the docks stand as ``tree`` says, as at a first start where None. Raises InvalidInput."""
        wanted = tree or self.first_docks
        if wanted is None:
            return
        known = {dock.name for dock in docks_of(wanted)}
        show_docks(self, wanted)
        for name, dock in self.docks.items():
            if name not in known:  # it is newer than the arrangement
                self.addDockWidget(RIGHT, dock)
                dock.hide()
        self.toasts.place()

    def come_up(self) -> None:
        """Stand in front of the other windows."""
        if self.isMinimized():
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def event(self, event: QEvent) -> bool:
        """Take the right of way while all that asked for it is painted."""
        if event.type() is not QEvent.Type.UpdateRequest:
            return super().event(event)
        with self.way.taken():
            return super().event(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask for an orderly end; the window goes when everything is stored."""
        if self.may_close:
            event.accept()
            return
        event.ignore()
        self.close_requested.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere on the window."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the files to the import."""
        self.files_dropped.emit(dropped_paths(event.mimeData()))

    @staticmethod
    def _first_size() -> QSize:
        room = QApplication.primaryScreen().availableSize()
        return QSize(min(1600, room.width()), min(1000, room.height()))
