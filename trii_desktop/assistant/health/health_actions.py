"""Opens the dialog of diagnostics and has it read what it shows."""

import asyncio

from PySide6.QtWidgets import QWidget

from backend.assistant.assistant import Assistant
from backend.assistant.engines.hardware import read_hardware
from trii_desktop.assistant.health.health_dialog import HealthDialog
from trii_desktop.desk import Desk


class HealthActions:
    """Devices are looked for once each time it is opened: that asks drivers, in a process of its own."""

    def __init__(self, window: QWidget, desk: Desk, assistant: Assistant) -> None:
        self._window = window
        self._desk = desk
        self._assistant = assistant
        self._is_reading = False
        self.dialog: HealthDialog | None = None

    def open_health(self) -> None:
        """Open the dialog."""
        if self.dialog is None:
            self.dialog = HealthDialog(self._window, self._read)
            self.dialog.finished.connect(self._closed)
            self._desk.start("Looking for devices", self._look())
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def close(self) -> None:
        """Close the dialog."""
        if self.dialog is not None:
            self.dialog.close()

    def _read(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            self._desk.start("Reading how the assistant stands", self._show())

    async def _show(self) -> None:
        try:
            health = await self._desk.bridge.call(self._assistant.health())
        finally:
            self._is_reading = False
        if self.dialog is not None:
            self.dialog.show_health(health)

    async def _look(self) -> None:
        hardware = await asyncio.to_thread(read_hardware)
        if self.dialog is not None:
            self.dialog.show_hardware(hardware)

    def _closed(self, _result: int) -> None:
        self.dialog = None
