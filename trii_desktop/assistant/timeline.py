"""The turns of a conversation below each other."""

from collections.abc import Callable
from functools import partial
from typing import Final

from backend.assistant.answers import Answer
from backend.assistant.conversations.conversation import Speaker
from trii_desktop.assistant.entry import Entry
from trii_desktop.assistant.turn_view import AnswerView, TurnView, make_view
from trii_desktop.look import Look
from trii_desktop.timeline.timeline import Timeline

_HEAD_PX: Final = 48


class TurnTimeline(Timeline[Entry, TurnView]):
    """Questions and answers, each kind in widgets of its own."""

    def __init__(self, look: Look, answer_of: Callable[[Entry], Answer | None]) -> None:
        super().__init__("Conversation", _HEAD_PX, partial(make_view, look), partial(_fill, answer_of))

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


def _fill(answer_of: Callable[[Entry], Answer | None], view: TurnView, entry: Entry) -> bool:
    if isinstance(view, AnswerView):
        view.show_answer(entry, answer_of(entry))
    else:
        view.show_entry(entry)
    return True
