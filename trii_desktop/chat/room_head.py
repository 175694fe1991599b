"""The head of the room that is open: its name and topic, the way back to the list, and what can be done with it."""

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFrame, QToolButton

from backend.chat.message import RoomRow
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.look import Look
from trii_desktop.team.letters import shown_line, shown_name
from trii_desktop.widgets.layout import column, row


class RoomHead(QFrame):
    """``more_wanted`` : where on screen its menu opens."""

    back_wanted = Signal()
    search_wanted = Signal()
    people_wanted = Signal()
    more_wanted = Signal(QPoint)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setProperty("role", "panelHead")
        self.back, self.search, self.people, self.more = (
            _tool(words) for words in ("Rooms", "Search messages", "People in the room", "More about this room")
        )
        self.title, self.topic = ElidedLabel("strong"), ElidedLabel("caption")
        line = row(
            self.back,
            column(self.title, self.topic, margins=(6, 0, 0, 0), gap=0),
            self.search,
            self.people,
            self.more,
            margins=(6, 4, 6, 4),
            gap=2,
        )
        line.setStretch(1, 1)
        self.setLayout(line)
        self.back.clicked.connect(self.back_wanted)
        self.search.clicked.connect(self.search_wanted)
        self.people.clicked.connect(self.people_wanted)
        self.more.clicked.connect(self._more_pressed)
        self.wear()

    def show_room(self, room: RoomRow) -> None:
        """Say what the room is called and about; of a person, whether they are there."""
        self.title.say(shown_name(room.name))
        about = shown_line(room.topic) or (f"{room.n_members} people" if room.n_members else "")
        self.topic.say(room.presence.capitalize() if room.kind == "direct" else about)
        self.topic.setVisible(bool(self.topic.text()))

    def wear(self) -> None:
        """Follow the theme."""
        for tool, icon in ((self.back, "list"), (self.search, "search"), (self.people, "people"), (self.more, "more")):
            tool.setIcon(self._look.icon(icon))

    def _more_pressed(self) -> None:
        self.more_wanted.emit(self.more.mapToGlobal(QPoint(0, self.more.height())))


def _tool(words: str) -> QToolButton:
    made = QToolButton()
    made.setAccessibleName(words)
    made.setToolTip(words)
    return made
