"""The room that was open when the window was left, opened again once it is known and can be seen."""

from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDockWidget

from trii_desktop.chat.panel import ChatPanel


class KeptRoom(QObject):
    """What the chat's dock keeps in a workspace. The keyboard stays where it is, and nothing is loaded while the dock is hidden."""

    def __init__(self, panel: ChatPanel, dock: QDockWidget) -> None:
        super().__init__(panel)
        self._panel = panel
        self._room = ""  # until it is open, or another one is
        panel.changed.connect(self._look)
        dock.visibilityChanged.connect(self._look)

    @property
    def kept(self) -> dict[str, str]:
        """Which room is open."""
        return {"room": self._panel.room.id if self._panel.room is not None else self._room}

    def show_kept(self, values: Mapping[str, str]) -> None:
        """Open this room as soon as it can be."""
        self._room = values.get("room", "")
        self._look()

    def _look(self) -> None:
        if not self._room or not self._panel.isVisible():
            return
        found = self._panel.book.room(self._room)
        if found is not None or self._panel.room is not None:
            self._room = ""
        if found is not None and self._panel.room is None:
            self._panel.open_room(found, takes_keyboard=False)
