"""Saves a conversation as a file, beside where it goes and then in its place."""

import asyncio
import re
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from backend.commands.bar_files import replacing
from backend.events import Level
from backend.storage.durable import explain_os_error
from trii_desktop.assistant.surface import Conversations
from trii_desktop.desk import Desk

FORMS: Final = {"markdown": ("md", "Markdown (*.md)"), "json": ("json", "JSON (*.json)")}


class ConversationSaving:
    """Asks where to, and writes."""

    def __init__(self, desk: Desk, conversations: Conversations, parent: QWidget) -> None:
        self._desk = desk
        self._conversations = conversations
        self._parent = parent

    def ask(self, conversation: str, title: str, form: str) -> QFileDialog:
        """Ask for the file."""
        suffix, kinds = FORMS[form]
        name = re.sub(r"[^\w\- ]+", "", title).strip()[:60] or "Conversation"
        dialog = QFileDialog(self._parent, "Save the conversation", str(Path.home() / f"{name}.{suffix}"), kinds)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(partial(self._chosen, conversation, form))
        dialog.open()
        return dialog

    async def save(self, conversation: str, form: str, path: Path) -> None:
        """Write the conversation to ``path``. Raises what reading raises, Unavailable where it cannot be written."""
        text = await self._desk.bridge.call(self._conversations.export(conversation, form))
        await asyncio.to_thread(_write, path, text)
        self._desk.notices.say("The conversation was saved.", str(path), level=Level.SUCCESS)

    def _chosen(self, conversation: str, form: str, path: str) -> None:
        self._desk.start("Saving the conversation", self.save(conversation, form, Path(path)))


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise explain_os_error(error, "save the conversation", path) from error
