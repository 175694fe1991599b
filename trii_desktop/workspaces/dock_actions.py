"""What the keyboard can do with docks: go from one to the next, float, move and close the one it acts in."""

from collections.abc import Callable

from trii_desktop.desk import Desk
from trii_desktop.docks.dock import WorkDock
from trii_desktop.main_window import MainWindow


class DockActions:
    """Methods that the action table names; ``focus_chart`` gives the chart the keyboard."""

    def __init__(self, window: MainWindow, desk: Desk, focus_chart: Callable[[], None]) -> None:
        self._window = window
        self._desk = desk
        self._focus_chart = focus_chart

    @property
    def has_docks(self) -> bool:
        """Whether there are docks."""
        return bool(self._window.docks)

    def go_next(self) -> None:
        """Give the next dock that is shown the keyboard, after the last one the chart."""
        self._go(1)

    def go_back(self) -> None:
        """The other way round."""
        self._go(-1)

    def toggle_floating(self) -> None:
        """Make a window of the dock that has the keyboard, or put it back."""
        if (dock := self._at()) is not None:
            dock.toggle_floating()

    def open_menu(self) -> None:
        """Offer where the dock that has the keyboard can stand."""
        if (dock := self._at()) is not None:
            dock.menu_button.showMenu()

    def close_dock(self) -> None:
        """Hide the dock that has the keyboard, and give it to the chart."""
        if (dock := self._at()) is not None:
            dock.close()
            self._window.activateWindow()
            self._focus_chart()

    def _at(self) -> WorkDock | None:
        found = next((dock for dock in self._window.docks.values() if dock.has_focus), None)
        if found is None:
            self._desk.notices.say("No dock has the keyboard.", "Go to one first: View, Docks, Next dock or chart.")
        return found

    def _go(self, by: int) -> None:
        shown: list[WorkDock | None] = [None, *(dock for dock in self._window.docks.values() if dock.isVisible())]
        at = next((dock for dock in shown if dock is not None and dock.has_focus), None)
        to = shown[(shown.index(at) + by) % len(shown)]
        if to is not None:
            to.take_focus()
        else:
            self._window.activateWindow()
            self._focus_chart()
