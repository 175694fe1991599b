"""A thread: a message with its replies, beside the room or in its place."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QToolButton

from backend.chat.message import RoomRow
from trii_desktop.chat.pictures import Pictures
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.chat.talk_view import TalkView
from trii_desktop.desk import Desk
from trii_desktop.team.letters import shown_name
from trii_desktop.widgets.layout import column, frame, label, row


class ThreadPane(QFrame):
    """``left`` : it is to be closed."""

    left = Signal()

    def __init__(self, desk: Desk, chat: ChatSurface, pictures: Pictures) -> None:
        super().__init__()
        self._desk = desk
        self.is_open = False
        self.setProperty("role", "panel")
        self.talk = TalkView(desk, chat, pictures, is_thread=True)
        self.talk.left.connect(self.left)
        self._close = QToolButton()
        self._close.setAccessibleName("Close the thread")
        self._close.setToolTip("Close the thread (Esc)")
        self._close.clicked.connect(self._close_pressed)
        self._title, self._room = label("Thread", "strong"), label("", "caption")
        head = frame("panelHead", row(self._title, self._room, None, self._close, margins=(12, 4, 6, 4), gap=8))
        self.setLayout(column(head, self.talk, gap=0))
        desk.look.changed.connect(self.wear)
        self.wear()

    async def open(self, room: RoomRow, root: str) -> None:
        """Show a thread. Raises what reading raises."""
        await self.talk.open_thread(room, root)
        self._room.setText(shown_name(room.name))
        self.is_open = True

    def shut(self) -> None:
        """Show none."""
        self.talk.conversation.clear()
        self.is_open = False

    def wear(self) -> None:
        """Follow the theme."""
        self._close.setIcon(self._desk.look.icon("close"))

    def close_pane(self) -> None:
        """Hear no more."""
        self.talk.close_view()

    def _close_pressed(self) -> None:
        self.left.emit()
