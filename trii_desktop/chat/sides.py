"""List, room and thread of the chat side by side where there is room, one after the other where there is not."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from trii_desktop.widgets.layout import frame, row

LIST_PX: Final = 270
WIDE_PX: Final = 640  # from here on, the list stands beside the room
THREAD_PX: Final = 960  # from here on, a thread stands beside both
_ANY_PX: Final = 16_777_215  # Qt's own bound


class Sides(QWidget):
    """``is_listing`` : where there is room for one alone, whether that is the list; ``widened`` : whether both have room."""

    widened = Signal(bool)

    def __init__(self, rooms: QWidget, middle: QWidget, thread: QWidget) -> None:
        super().__init__()
        self._rooms = rooms
        self._middle = middle
        self._thread = thread
        self._has_thread = False
        self.is_listing = True
        self._edge, self._thread_edge = _edge(), _edge()
        laid = row(rooms, self._edge, middle, self._thread_edge, thread, gap=0)
        laid.setStretch(2, 3)
        laid.setStretch(4, 2)
        self.setLayout(laid)
        self.arrange()

    @property
    def is_wide(self) -> bool:
        """Whether the list stands beside the room."""
        return self.width() >= WIDE_PX

    def turn(self, *, is_listing: bool) -> None:
        """Show the list, or what stands beside it."""
        self.is_listing = is_listing
        self.arrange()

    def show_thread(self, *, has_thread: bool) -> None:
        """Have a thread, or none."""
        self._has_thread = has_thread
        self.arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put side by side what has room."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.arrange()

    def arrange(self) -> None:
        """Show as many as have room; the one last asked for where only one has."""
        lists = self.is_wide or self.is_listing
        thread = self._has_thread and (self.is_wide or not self.is_listing)
        middle = (self.is_wide or not self.is_listing) and (not thread or self.width() >= THREAD_PX)
        is_beside = middle or thread
        self._rooms.setMaximumWidth(LIST_PX if is_beside else _ANY_PX)
        self._rooms.setMinimumWidth(LIST_PX if is_beside and lists else 0)
        self._rooms.setVisible(lists)
        self._middle.setVisible(middle)
        self._thread.setVisible(thread)
        self._edge.setVisible(lists and is_beside)
        self._thread_edge.setVisible(middle and thread)
        self.widened.emit(self.is_wide)


def _edge() -> QFrame:
    made = frame("sideLine")
    made.setFixedWidth(1)
    made.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return made
