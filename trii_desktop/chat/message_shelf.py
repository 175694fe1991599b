"""Widgets of messages: made when they are needed, and filled anew once they have left the view."""

from collections.abc import Callable, Iterator
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from trii_desktop.chat.items import Item
from trii_desktop.chat.message_view import MessageView

N_SPARE_MAX: Final = 24


class MessageShelf:
    """Those that show a message, by its id, and a few that wait. ``make`` gives a new one, a child of ``owner``'s viewport."""

    def __init__(self, owner: QWidget, make: Callable[[], MessageView]) -> None:
        self._owner = owner
        self._make = make
        self._spare: list[MessageView] = []
        self.shown: dict[str, MessageView] = {}

    def __iter__(self) -> Iterator[MessageView]:
        yield from self.shown.values()
        yield from self._spare

    def take(self, item: Item) -> MessageView:
        """The widget of a message, filled; an own one where there is none yet."""
        view = self.shown.get(item.id)
        if view is None:
            view = self.shown[item.id] = self._spare.pop() if self._spare else self._make()
        view.show_item(item)
        return view

    def drop(self, gone: set[str]) -> None:
        """These left the view; a widget that has the keyboard gives it to the owner."""
        for key in gone:
            view = self.shown.pop(key)
            if has_keyboard(view):
                self._owner.setFocus(Qt.FocusReason.OtherFocusReason)
            view.hide()
            if len(self._spare) < N_SPARE_MAX:
                view.forget()
                self._spare.append(view)
            else:
                view.deleteLater()

    def key_of(self, view: object) -> str:
        """The message that a widget shows; empty where it waits."""
        return next((key for key, known in self.shown.items() if known is view), "")


def has_keyboard(view: QWidget) -> bool:
    """Whether keys go to a widget or a part of it."""
    held: QWidget | None = view.window().focusWidget()  # none at first, whatever the stubs say
    return held is not None and (held is view or view.isAncestorOf(held))
