"""What can be done with a whole conversation: rename, pin, save, delete with undo."""

from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from backend.assistant.conversations.conversation import ConversationRow
from trii_desktop.assistant.saving import ConversationSaving
from trii_desktop.assistant.surface import Conversations
from trii_desktop.assistant.talk import Talk
from trii_desktop.desk import Desk
from trii_desktop.widgets.ask import AskText


class ConversationDeeds(QObject):
    """Of the one that is shown, and of those in the list."""

    def __init__(self, desk: Desk, talk: Talk, conversations: Conversations, panel: QWidget) -> None:
        super().__init__(panel)
        self._desk = desk
        self._talk = talk
        self._store = conversations
        self._panel = panel
        self.saving = ConversationSaving(desk, conversations, panel)

    def save(self, form: str = "markdown") -> None:
        """Save the conversation that is shown as a file."""
        if self._talk.id:
            self.saving.ask(self._talk.id, self._talk.title, form)

    def rename(self, known: ConversationRow) -> None:
        """Ask for another title."""
        AskText(self._panel, "Rename", "What shall it be called?", partial(self._renamed, known.id), text=known.title).open()

    def pin(self, known: ConversationRow) -> None:
        """Keep it at the head of the list, or no longer."""
        self._desk.start("Pinning the conversation", self._desk.bridge.call(self._store.pin(known.id, not known.is_pinned)))

    def remove(self, known: ConversationRow) -> None:
        """Delete it; undo brings it back."""
        self._desk.start("Deleting the conversation", self._remove(known))

    def remove_shown(self) -> None:
        """Delete the one that is shown."""
        if self._talk.row is not None:
            self.remove(self._talk.row)

    def open_menu(self, place: QPoint) -> None:
        """Offer all of it for the one that is shown."""
        known = self._talk.row
        if known is None:
            return
        menu = QMenu(self._panel)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("This conversation")
        menu.addAction("Rename\u2026", partial(self.rename, known))
        menu.addAction("Take the pin out" if known.is_pinned else "Pin", partial(self.pin, known))
        menu.addAction("Save as Markdown\u2026", partial(self.save, "markdown"))
        menu.addAction("Save as JSON\u2026", partial(self.save, "json"))
        menu.addSeparator()
        menu.addAction("Delete", partial(self.remove, known))
        menu.popup(place)

    def _renamed(self, conversation: str, title: str) -> None:
        self._desk.start("Renaming the conversation", self._desk.bridge.call(self._store.rename(conversation, title)))

    async def _remove(self, known: ConversationRow) -> None:
        call, store = self._desk.bridge.call, self._store
        removed = await call(store.remove(known.id))
        if self._talk.id == known.id:
            self._talk.begin()

        async def bring_back() -> None:
            await call(store.restore(removed))

        async def remove_again() -> None:
            await call(store.remove(known.id))

        self._desk.did(f"The conversation {known.title} was deleted.", bring_back, remove_again)
