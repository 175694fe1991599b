"""The turns of a conversation below each other."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QPushButton

from backend.assistant.answers import Answer
from backend.assistant.conversations.conversation import Speaker
from trii_desktop.assistant.entry import Entry
from trii_desktop.assistant.turn_view import AnswerView, TurnView, make_view
from trii_desktop.look import Look
from trii_desktop.timeline.timeline import Timeline
from trii_desktop.widgets.layout import button

_HEAD_PX: Final = 48
_BELOW_PX: Final = 8


class TurnTimeline(Timeline[Entry, TurnView]):
    """Questions and answers, each kind in widgets of its own."""

    def __init__(self, look: Look, answer_of: Callable[[Entry], Answer | None]) -> None:
        super().__init__("Conversation", _HEAD_PX, partial(make_view, look), partial(_fill, answer_of))
        self.to_end: QPushButton = button("Newest \u2193", name="Go to the newest turn")
        self.to_end.setParent(self)
        self.to_end.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.to_end.clicked.connect(self.go_to_end)
        self.to_end.hide()

    def show_entries(self, entries: tuple[Entry, ...], *, is_other: bool = False) -> None:
        """Show these turns. ``is_other`` : of another conversation, from its end."""
        if is_other:
            self.begin_anew(follows=True)
        self.show_rows(entries)

    def spoken(self, row: Entry) -> str:
        """Who, and what."""
        return f"{'You' if row.speaker is Speaker.PERSON else 'Assistant'}: {row.text[:400]}"

    def kind_of(self, row: Entry) -> Speaker:
        """Who speaks."""
        return row.speaker

    def place_button(self, *, is_below: bool) -> None:
        """In the middle of the lower edge."""
        self.to_end.setVisible(is_below)
        size = self.to_end.sizeHint()
        corner = QPoint((self.width() - size.width()) // 2, self.height() - size.height() - _BELOW_PX)
        self.to_end.setGeometry(QRect(corner, size))


def _fill(answer_of: Callable[[Entry], Answer | None], view: TurnView, entry: Entry) -> bool:
    if isinstance(view, AnswerView):
        view.show_answer(entry, answer_of(entry))
    else:
        view.show_entry(entry)
    return True
