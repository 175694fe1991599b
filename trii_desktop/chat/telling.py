"""Tells what was said while nobody looked: by a toast, and by the system's tray where the window is not in front."""

from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from backend.chat.message import Notify, RoomRow
from backend.events import Level
from backend.sync.server import Standing
from trii_desktop.chat.panel import ChatPanel
from trii_desktop.desk import Desk
from trii_desktop.main_window import MainWindow
from trii_desktop.team.letters import shown_line, shown_name

N_TOASTS_MAX: Final = 2  # of one look; more rooms are told in one line
TRAY_MS: Final = 8_000
_SHOWN_LETTERS: Final = 160


class ChatTelling(QObject):
    """Compares rooms with what was told before: a room speaks up as its setting says, never while it is in view or catches up."""

    room_wanted = Signal(object)
    list_wanted = Signal()

    def __init__(self, window: MainWindow, desk: Desk, panel: ChatPanel) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._panel = panel
        self._known: dict[str, tuple[int, int, int]] = {}  # of each room: last place, unread, mentions
        self._tray: QSystemTrayIcon | None = None
        panel.book.changed.connect(self.look)

    def look(self) -> None:
        """Tell what came since the last look."""
        is_first = not self._known and not self._panel.book.is_read
        news = [room for room in self._panel.book.rooms if self._is_news(room)]
        is_quiet = {server.id for server in self._panel.book.servers if server.standing is not Standing.LIVE}
        self._known = {room.id: (room.last_seq, room.n_unread, room.n_mentions) for room in self._panel.book.rooms}
        self._count()
        loud = [room for room in news if room.server not in is_quiet and not self._is_seen(room)]
        if not is_first and loud:
            self._tell(loud)

    def close(self) -> None:
        """Tell no more."""
        self._panel.book.changed.disconnect(self.look)
        if self._tray is not None:
            self._tray.hide()
            self._tray = None

    # --- inside -------------------------------------------------------------------------------------------------------

    def _is_news(self, room: RoomRow) -> bool:
        known = self._known.get(room.id)
        if known is None or room.is_left:
            return False  # a room that was not there before was joined, or is read for the first time
        last, n_unread, n_mentions = known
        return is_loud(room, n_unread=n_unread, n_mentions=n_mentions) and room.last_seq > last

    def _is_seen(self, room: RoomRow) -> bool:
        open_room = self._panel.room
        is_open = open_room is not None and open_room.id == room.id
        return is_open and self._panel.is_room_seen and self._window.isActiveWindow()

    def _tell(self, rooms: list[RoomRow]) -> None:
        if self._desk.backend.settings.current.notices.toasts == "all":
            for room in rooms[:N_TOASTS_MAX]:
                title, words = told_words(room)
                toast = self._window.toasts.show(Level.INFO, title, words, icon="chat")
                toast.offer("Open", partial(self.room_wanted.emit, room))
            if len(rooms) > N_TOASTS_MAX:
                toast = self._window.toasts.show(Level.INFO, f"New messages in {len(rooms) - N_TOASTS_MAX} more rooms", icon="chat")
                toast.offer("Show rooms", self.list_wanted.emit)
            self._window.toasts.place()
        self._say_in_tray(*(told_words(rooms[0]) if len(rooms) == 1 else (f"New messages in {len(rooms)} rooms", "")))

    def _say_in_tray(self, title: str, words: str) -> None:
        if self._window.isActiveWindow() or not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.look.icon("trii"), self)
            self._tray.setToolTip("TRII Desktop")
            self._tray.messageClicked.connect(self._come_up)
            self._tray.activated.connect(self._come_up)
            self._tray.show()
        self._tray.showMessage(title, words, QSystemTrayIcon.MessageIcon.Information, TRAY_MS)
        QApplication.alert(self._window)

    def _come_up(self, *_: object) -> None:
        self._window.come_up()
        self.list_wanted.emit()

    def _count(self) -> None:
        n_unread = sum(room.n_unread for room in self._panel.book.rooms if not room.is_muted and room.notify is not Notify.NOTHING)
        dock = self._window.docks.get("chat")
        if dock is not None:
            dock.say_title(f"Chat ({n_unread:,})" if n_unread else "Chat")


def is_loud(room: RoomRow, *, n_unread: int, n_mentions: int) -> bool:
    """Whether what came since there were these counts may interrupt."""
    if room.is_muted or room.notify is Notify.NOTHING:
        return False
    if room.n_mentions > n_mentions:
        return True
    return room.notify is Notify.ALL and room.n_unread > n_unread


def told_words(room: RoomRow) -> tuple[str, str]:
    """Title and text of what is told."""
    author, name = shown_name(room.last_author or "Somebody"), shown_name(room.name)
    title = name if room.kind == "direct" else f"{author} in {name}"
    return title, shown_line(room.last_text)[:_SHOWN_LETTERS]
