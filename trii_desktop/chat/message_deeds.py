"""What can be done with one message, by its menu and by keys: reply, react, edit, delete, pin, copy, send again."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from backend.chat.message import Delivery, MessageRow, RoomRow
from trii_desktop.chat.emoji import OFFERED, emoji_name, shown_emoji
from trii_desktop.chat.message_view import MessageView
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.desk import Desk
from trii_desktop.widgets.ask import AskText
from trii_desktop.widgets.ask_yes import AskYes

MODERATORS = ("owner", "moderator")


class MessageDeeds(QObject):
    """edit_wanted, thread_wanted : a MessageRow; said : what was done, for screen readers."""

    edit_wanted = Signal(object)
    thread_wanted = Signal(object)
    said = Signal(str)

    def __init__(self, desk: Desk, chat: ChatSurface, panel: QWidget) -> None:
        super().__init__(panel)
        self._desk = desk
        self._chat = chat
        self._panel = panel
        self.room: RoomRow | None = None
        self.is_thread = False

    # --- deeds --------------------------------------------------------------------------------------------------------

    def copy(self, message: MessageRow) -> None:
        """Have the words in the clipboard."""
        QGuiApplication.clipboard().setText(message.text)
        self.said.emit("Copied.")

    def react(self, message: MessageRow, emoji: str) -> None:
        """Put an emoji on, or take one's own off."""
        is_mine = any(one.emoji == emoji and one.is_mine for one in message.reactions)
        self._call("Reacting", partial(self._chat.react, message.id, emoji, not is_mine))

    def pin(self, message: MessageRow) -> None:
        """Pin it, or take the pin out."""
        self._call("Pinning the message", partial(self._chat.pin, message.id, not message.is_pinned))

    def again(self, message: MessageRow) -> None:
        """Send once more what was refused or overtaken."""
        self._call("Sending again", partial(self._chat.again, message.id))

    def drop(self, message: MessageRow) -> None:
        """Give up what was refused or overtaken."""
        self._call("Dropping the message", partial(self._chat.drop, message.id))

    def ask_delete(self, message: MessageRow) -> None:
        """Delete after a yes: it leaves every computer."""
        ask = AskYes(
            self._panel,
            "Delete this message?",
            "Everybody will see that a message was deleted, and not what it said.",
            "Delete",
            lambda: self._call("Deleting the message", partial(self._chat.delete, message.id)),
        )
        ask.open()

    def ask_erase(self, message: MessageRow) -> None:
        """Remove the words for good, after a code of the second factor, without which no server does it."""
        ask = AskText(
            self._panel,
            "Remove for good",
            "Words and files are removed from the server and from every computer, and cannot be brought back. That there was a "
            "message stays on record. Type a code of your second factor:",
            partial(self._erase, message),
        )
        ask.open()

    def _erase(self, message: MessageRow, code: str) -> None:
        self._call("Removing the message", partial(self._chat.erase, message.id, code))

    # --- keys and menu ------------------------------------------------------------------------------------------------

    def key(self, message: MessageRow, event: QKeyEvent) -> bool:
        """R replies, E edits, Delete deletes, P pins, + reacts, C or Ctrl+C copies; whether the key meant anything."""
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.matches(QKeySequence.StandardKey.Copy) or (key is Qt.Key.Key_C and not held):
            self.copy(message)
        elif key is Qt.Key.Key_Plus:
            self.react(message, next(iter(OFFERED)))
        elif held:
            return False
        elif key is Qt.Key.Key_R and not self.is_thread and message.seq:
            self.thread_wanted.emit(message)
        elif key is Qt.Key.Key_E and self.may_edit(message):
            self.edit_wanted.emit(message)
        elif key is Qt.Key.Key_P and message.seq:
            self.pin(message)
        elif key is Qt.Key.Key_Delete and self.may_delete(message):
            self.ask_delete(message)
        else:
            return False
        return True

    def open_menu(self, view: MessageView, place: QPoint) -> None:
        """Offer what can be done with the message of ``view``."""
        menu = QMenu(view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("This message")
        self.fill(menu, view)
        menu.popup(place)

    def fill(self, menu: QMenu, view: MessageView) -> None:
        """The menu's words."""
        if view.item is None:
            return
        message = view.item.row
        is_gone = message.is_deleted or message.is_erased
        if message.delivery is Delivery.FAILED or message.conflict:
            menu.addAction("Send again", partial(self.again, message))
            menu.addAction("Drop", partial(self.drop, message))
            menu.addSeparator()
        if message.seq and not is_gone:
            self._fill_reactions(menu, message)
            if not self.is_thread:
                _add(menu, "Reply in a thread", partial(self.thread_wanted.emit, message), "R")
            _add(menu, "Take the pin out" if message.is_pinned else "Pin", partial(self.pin, message), "P")
            menu.addSeparator()
        if view.text.selected:
            menu.addAction("Copy the selection", partial(QGuiApplication.clipboard().setText, view.text.selected))
        if message.text and not is_gone:
            _add(menu, "Copy", partial(self.copy, message), "C")
        if self.may_edit(message):
            _add(menu, "Edit", partial(self.edit_wanted.emit, message), "E")
        if self.may_delete(message):
            menu.addSeparator()
            _add(menu, "Delete\u2026", partial(self.ask_delete, message), "Del")
        if self._moderates and message.seq and not message.is_erased:
            menu.addAction("Remove for good\u2026", partial(self.ask_erase, message))

    def fill_reactions(self, menu: QMenu, message: MessageRow) -> None:
        """The emojis that are offered."""
        for emoji in OFFERED:
            shown, name = shown_emoji(emoji), emoji_name(emoji)
            menu.addAction(shown if shown == name else f"{shown}   {name}", partial(self.react, message, emoji))

    def may_edit(self, message: MessageRow) -> bool:
        """Whether this person can write it anew."""
        return message.is_mine and not message.is_deleted and not message.is_erased and message.delivery is not Delivery.FAILED

    def may_delete(self, message: MessageRow) -> bool:
        """Whether this person can delete it."""
        is_there = bool(message.seq) and not message.is_deleted and not message.is_erased
        return is_there and (message.is_mine or self._moderates)

    @property
    def _moderates(self) -> bool:
        return self.room is not None and self.room.my_role in MODERATORS and self.room.kind != "direct"

    def _fill_reactions(self, menu: QMenu, message: MessageRow) -> None:
        inside = menu.addMenu("React")
        inside.setAccessibleName("React")
        self.fill_reactions(inside, message)

    def _call(self, name: str, deed: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self._desk.start(name, self._desk.bridge.call(deed))


def _add(menu: QMenu, words: str, act: Callable[[], object], keys: str) -> QAction:
    made = menu.addAction(words, act)
    made.setShortcut(QKeySequence(keys))
    made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    return made
