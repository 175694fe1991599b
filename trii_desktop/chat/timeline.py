"""The messages of a room below each other; only those around what is in view are loaded."""

from functools import partial
from typing import Final

from PySide6.QtCore import Signal

from trii_desktop.chat.items import Item, spoken
from trii_desktop.chat.message_view import MessageView
from trii_desktop.chat.room_sight import RoomSight
from trii_desktop.look import Look
from trii_desktop.timeline.row_view import has_keyboard
from trii_desktop.timeline.timeline import Timeline
from trii_desktop.widgets.numbers import format_count

NEAR_EDGE_PX: Final = 900  # nearer to an end of what is loaded, more is asked for
_HEAD_PX: Final = 18


class MessageTimeline(Timeline[Item, MessageView]):
    """Asks for what comes before and after what is loaded.

    before_wanted, after_wanted : more; newest_wanted : the end is asked for and not loaded
    moved : what is in view, or whether it is the end, has changed
    """

    before_wanted = Signal()
    after_wanted = Signal()
    newest_wanted = Signal()
    moved = Signal()

    def __init__(self, look: Look, sight: RoomSight) -> None:
        self._has_before = self._has_after = False
        super().__init__("Messages", _HEAD_PX, partial(_make_view, look, sight), MessageView.show_item)
        sight.has_keyboard = partial(has_keyboard, self)
        self._n_newer = 0

    @property
    def has_end(self) -> bool:
        """Whether the newest message of all is loaded."""
        return not self._has_after

    def is_end_in_view(self) -> bool:
        """Whether the end of what is loaded is in view."""
        return self._follows

    def show_items(
        self, items: tuple[Item, ...], *, has_before: bool = False, has_after: bool = False, is_other: bool = False
    ) -> None:
        """Show these messages. ``is_other`` : of another room or another place in it, from their end."""
        if is_other:
            self.begin_anew(follows=not has_after)
            self._n_newer = 0
        last_before = "" if is_other else self._column.last
        self._has_before, self._has_after = has_before, has_after
        n_newer = self._n_newer
        if not self._follows and any(item.id == last_before for item in items):
            place = next(place for place, item in enumerate(items) if item.id == last_before)
            n_newer += sum(not item.row.is_mine for item in items[place + 1 :])
        self._count(n_newer)
        self.show_rows(items)

    def refresh_picture(self, sha256: str) -> None:
        """A picture came."""
        for key, view in tuple(self._views.items()):
            if view.item is not None and any(file.sha256 == sha256 for file in view.item.row.files):
                view.refresh_pictures()
                self.measure(key)

    def go_to(self, key: str, *, below_px: int = 0) -> bool:
        """Bring a message to ``below_px`` below the upper edge and choose it; whether it is loaded."""
        is_loaded = super().go_to(key, below_px=below_px)
        if is_loaded:
            self.moved.emit()
        return is_loaded

    def go_to_end(self) -> None:
        """Bring the newest message into view, and keep to it."""
        if self._has_after:
            self.newest_wanted.emit()
            return
        self._count(0)
        super().go_to_end()
        self.moved.emit()

    def spoken(self, row: Item) -> str:
        """Who, when, and what."""
        return spoken(row)

    @property
    def _slack(self) -> int:
        """Few messages stand at the bottom, above the field in which the next one is written."""
        return max(self.viewport().height() - self._column.total, 0)

    def _scrolled(self) -> None:
        if self._is_arranging:
            return
        super()._scrolled()
        if self._follows:
            self._count(0)
        self.moved.emit()
        if self._has_before and self.verticalScrollBar().value() < NEAR_EDGE_PX:
            self.before_wanted.emit()
        if self._has_after and self._below_px() < NEAR_EDGE_PX:
            self.after_wanted.emit()

    def _count(self, n_newer: int) -> None:
        # Others' messages that came while the end was out of view; where not all that came are loaded, nobody knows how many.
        self._n_newer = n_newer
        self.to_end.news = f"{format_count(n_newer)} new" if n_newer and self.has_end else ""


def _make_view(look: Look, sight: RoomSight, _kind: object) -> MessageView:
    return MessageView(look, sight)
