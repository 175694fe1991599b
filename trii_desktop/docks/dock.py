"""A dock with a title bar of our own: dragged, floated, moved and closed by pointer or keys, with names for screen readers."""

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu, QSizePolicy, QToolButton, QWidget

from trii_desktop.look import Look
from trii_desktop.widgets.layout import frame, label, row

TITLE_PX: Final = 26
FLOATING_PX: Final = QSize(420, 520)
_AREA: Final = Qt.DockWidgetArea
SIDES: Final = (
    (_AREA.LeftDockWidgetArea, "Move to the left"),
    (_AREA.RightDockWidgetArea, "Move to the right"),
    (_AREA.TopDockWidgetArea, "Move to the top"),
    (_AREA.BottomDockWidgetArea, "Move to the bottom"),
)


class WorkDock(QDockWidget):
    """Holds one panel. Its name never changes: workspaces know it by that."""

    def __init__(self, name: str, title: str, panel: QWidget, window: QMainWindow, look: Look) -> None:
        super().__init__(title, window)
        self._look = look
        self._main = window
        self.kept_by: object = None  # what says what a person set in the panel, where that is not the panel itself
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setWidget(panel)
        self._title = label(title, "dockTitle")
        self.menu_button = _title_button(f"{title}: where it stands")
        self.float_button = _title_button("")
        self.close_button = _title_button(f"Close {title}")
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setMenu(self._menu())
        self.float_button.clicked.connect(self.toggle_floating)
        self.close_button.clicked.connect(self.close)
        bar = frame(
            "dockBar", row(self._title, None, self.menu_button, self.float_button, self.close_button, margins=(10, 0, 4, 0), gap=0)
        )
        bar.setMinimumHeight(TITLE_PX)  # and taller with larger letters
        bar.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setTitleBarWidget(bar)
        self.topLevelChanged.connect(self._say_floating)
        look.changed.connect(self.wear)
        self.wear()
        self._say_floating()

    def say_title(self, title: str) -> None:
        """Call the dock something else, as with a count behind its name; screen readers hear it."""
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._title.setText(title)

    def toggle_floating(self) -> None:
        """Be a window of its own, or stand at the side again."""
        is_to_float = not self.isFloating()
        self.setFloating(is_to_float)
        if is_to_float:
            corner = self._main.geometry().center() - self.rect().center()
            size = self.size().expandedTo(FLOATING_PX) if self.width() < FLOATING_PX.width() else self.size()
            self.resize(size.boundedTo(self._main.size()))
            self.move(corner)
        self.take_focus()
        left: QWidget | None = self._main.focusWidget()  # none at first, whatever the stubs say
        if is_to_float and left is not None:
            left.clearFocus()  # tabs that stayed behind took the keyboard: it goes with the dock

    def move_to(self, area: Qt.DockWidgetArea) -> None:
        """Stand at another side of the window."""
        self.setFloating(False)
        self._main.addDockWidget(area, self)
        self.take_focus()

    def join(self, other: QDockWidget) -> None:
        """Be a tab beside ``other``."""
        self.setFloating(False)
        self._main.tabifyDockWidget(other, self)
        self.show()
        self.raise_()
        self.take_focus()

    def take_focus(self) -> None:
        """Give the panel the keyboard."""
        self.show()
        self.raise_()
        self.activateWindow()
        panel = self.widget()
        places = [panel, *panel.findChildren(QWidget)]
        target = next((w for w in places if w.isVisibleTo(self) and w.focusPolicy() & Qt.FocusPolicy.TabFocus), self.menu_button)
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def has_focus(self) -> bool:
        """Whether the keyboard acts in this dock."""
        at = QApplication.focusWidget() or self.window().focusWidget()
        return self.isAncestorOf(at)

    def wear(self) -> None:
        """Follow the theme."""
        self.menu_button.setIcon(self._look.icon("more"))
        self.float_button.setIcon(self._look.icon("float"))
        self.close_button.setIcon(self._look.icon("close"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc in a floating dock gives the keyboard back to the window."""
        if event.key() == Qt.Key.Key_Escape and self.isFloating():
            self._main.activateWindow()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double-click on the title floats the dock, or puts it back."""
        if self.titleBarWidget().geometry().contains(event.position().toPoint()):
            self.toggle_floating()
            event.accept()
        else:
            super().mouseDoubleClickEvent(event)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAccessibleName(f"Where {self.windowTitle()} stands")
        menu.aboutToShow.connect(self._fill_menu)
        menu.triggered.connect(self._chosen)
        return menu

    def _fill_menu(self) -> None:
        menu = self.menu_button.menu()
        menu.clear()
        menu.addAction("Put back into the window" if self.isFloating() else "Float as a window").triggered.connect(
            self.toggle_floating
        )
        menu.addSeparator()
        for area, words in SIDES:
            menu.addAction(words).setData(area)
        others = [dock for dock in self._main.findChildren(WorkDock) if dock is not self and dock.isVisible()]
        if others:
            menu.addSeparator()
        for other in others:
            menu.addAction(f"As a tab beside {other.windowTitle()}").setData(other.objectName())
        menu.addSeparator()
        menu.addAction("Close").triggered.connect(self.close)

    def _chosen(self, action: QAction) -> None:
        where = action.data()
        if isinstance(where, Qt.DockWidgetArea):
            self.move_to(where)
        elif isinstance(where, str) and (other := self._main.findChild(WorkDock, where)) is not None:
            self.join(other)

    def _say_floating(self) -> None:
        words = f"Put {self.windowTitle()} back" if self.isFloating() else f"Float {self.windowTitle()}"
        self.float_button.setToolTip(words)
        self.float_button.setAccessibleName(words)


def _title_button(words: str) -> QToolButton:
    made = QToolButton()
    made.setProperty("role", "cellButton")
    made.setIconSize(QSize(16, 16))
    made.setToolTip(words)
    made.setAccessibleName(words)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
