"""What can be done with services from the window: their dialog, and its deeds carried out on the engine."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from backend.assistant.assistant import Assistant
from backend.events import Level
from trii_desktop.assistant.services_dialog import ServicesDialog
from trii_desktop.desk import Desk


class ServiceActions:
    """Opens the dialog; ``show_settings`` shows the assistant's page of the settings."""

    def __init__(self, window: QWidget, desk: Desk, assistant: Assistant, show_settings: Callable[[], None]) -> None:
        self._window = window
        self._desk = desk
        self._assistant = assistant
        self._show_settings = show_settings
        self.dialog: ServicesDialog | None = None

    def open_services(self) -> None:
        """Open the dialog of services."""
        self._desk.start("Reading the services", self._open())

    def keep_key(self, service: str, key: str) -> None:
        """Keep the key of a service."""
        self._desk.start("Keeping the key", self._keep(service, key))

    def forget_key(self, service: str) -> None:
        """Forget the key of a service."""
        self._desk.start("Forgetting the key", self._forget(service))

    def open_settings(self) -> None:
        """Show the page of the settings that allows services."""
        self._show_settings()

    def close(self) -> None:
        """Close the dialog."""
        if self.dialog is not None:
            self.dialog.close()

    async def _open(self) -> None:
        states = await self._desk.bridge.call(self._assistant.services())
        if self.dialog is None:
            self.dialog = ServicesDialog(self._window, self)
            self.dialog.finished.connect(self._closed)
        self.dialog.show_services(states)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    async def _keep(self, service: str, key: str) -> None:
        await self._desk.bridge.call(self._assistant.keep_key(service, key))
        self._desk.notices.say("The key is kept.", "It is used only where the settings allow services.", level=Level.SUCCESS)
        await self._refresh()

    async def _forget(self, service: str) -> None:
        await self._desk.bridge.call(self._assistant.forget_key(service))
        await self._refresh()

    async def _refresh(self) -> None:
        states = await self._desk.bridge.call(self._assistant.services())
        if self.dialog is not None:
            self.dialog.show_services(states)

    def _closed(self, _result: int) -> None:
        self.dialog = None
