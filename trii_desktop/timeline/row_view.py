"""A widget that shows one row of a timeline after the other."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget


class RowView(QFrame):
    """Its parts are stops of Tab while it is the chosen one, and only then.

    grew : it needs another height
    """

    grew = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._is_current = False

    @property
    def is_current(self) -> bool:
        """Whether keys of the timeline act on it."""
        return self._is_current

    @is_current.setter
    def is_current(self, is_current: bool) -> None:
        if is_current != self._is_current:
            self._is_current = is_current
            self.lead_stops()
            self.update()

    @property
    def stops(self) -> list[QWidget]:
        """What the keyboard can reach in it, in order."""
        return []

    def lead_stops(self) -> None:
        """Let Tab stop at its parts, or pass them."""
        for part in self.stops:
            part.setFocusPolicy(Qt.FocusPolicy.StrongFocus if self._is_current else Qt.FocusPolicy.ClickFocus)

    def forget(self) -> None:
        """Be ready for another row."""
        self.is_current = False

    def wear(self) -> None:
        """Follow the theme and the size of letters."""

    def height_at(self, width: int) -> int:
        """Logical pixels that it needs at a width."""
        return self.heightForWidth(width)


def has_keyboard(view: QWidget) -> bool:
    """Whether keys go to a widget or a part of it."""
    held: QWidget | None = view.window().focusWidget()  # none at first, whatever the stubs say
    return held is not None and (held is view or view.isAncestorOf(held))
