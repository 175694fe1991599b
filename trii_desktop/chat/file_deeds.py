"""What can be done with a file of a message: a picture is shown, everything is saved where a person says."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from backend.chat.message import FileRow
from backend.errors import InvalidInput
from backend.events import Level
from backend.storage.durable import explain_os_error
from trii_desktop.chat.picture_dialog import PictureDialog
from trii_desktop.chat.pictures import read_picture
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.chat.uploads import is_picture
from trii_desktop.desk import Desk
from trii_desktop.team.letters import shown_line

_LARGEST_PX: Final = QSize(4096, 4096)


class FileDeeds(QObject):
    """Nothing of a message is ever handed to another program."""

    def __init__(self, desk: Desk, chat: ChatSurface, panel: QWidget) -> None:
        super().__init__(panel)
        self._desk = desk
        self._chat = chat
        self._panel = panel

    def open(self, file: FileRow) -> None:
        """Show a picture; ask where to save any other file."""
        if is_picture(file.mime):
            self._desk.start("Opening the picture", self._show(file))
        else:
            self.ask_where(file)

    def ask_where(self, file: FileRow) -> None:
        """Ask where to save it."""
        dialog = QFileDialog(self._panel, "Save the file", str(Path.home() / safe_name(file.name)))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(partial(self.save_to, file))
        dialog.open()

    def save_to(self, file: FileRow, name: str) -> None:
        """Save it at ``name``."""
        self._desk.start("Saving the file", self._save(file, Path(name)))

    async def _save(self, file: FileRow, path: Path) -> None:
        content = await self._desk.bridge.call(self._chat.content(file.sha256))
        try:
            await asyncio.to_thread(path.write_bytes, content)
        except OSError as e:
            raise explain_os_error(e, "save the file", path) from e
        self._desk.notices.say("The file was saved.", str(path), level=Level.SUCCESS)

    async def _show(self, file: FileRow) -> None:
        content = await self._desk.bridge.call(self._chat.content(file.sha256))
        image = await asyncio.to_thread(read_picture, content, _LARGEST_PX)
        if image is None:
            raise InvalidInput(
                f"{shown_line(file.name)} cannot be shown as a picture.", hint="Save it, and open it with another program."
            )
        PictureDialog(self._panel, shown_line(file.name), image, partial(self.ask_where, file)).show()


def safe_name(name: str) -> str:
    """A name of one file, whatever a message calls it: no folders, no leading dots, nothing hidden."""
    plain = shown_line(name).replace("/", "_").replace("\\", "_").replace(":", "_").lstrip(". ")
    return plain[-120:] or "file"
