"""Keys of endpoints and services: kept in the system's keyring or the encrypted ledger, entered here and never shown."""

from functools import partial
from typing import Protocol

from PySide6.QtWidgets import QDialog, QGridLayout, QLineEdit, QPushButton, QWidget

from backend.assistant.remotes import ServiceState
from trii_desktop.widgets.layout import button, column, label, row

WORDS = (
    "Models run on this computer. A service is asked only where Settings, Assistant allow it, within the budget set there; "
    "every answer says where it was made and what was sent."
)


class ServiceDeeds(Protocol):
    """What the dialog can have done."""

    def keep_key(self, service: str, key: str) -> None:
        """Keep it."""
        ...

    def forget_key(self, service: str) -> None:
        """Forget it."""
        ...

    def open_settings(self) -> None:
        """Show the page of the settings that allows services."""
        ...


class ServicesDialog(QDialog):
    """One row a service: its state, a field for its key, Keep and Forget."""

    def __init__(self, parent: QWidget, deeds: ServiceDeeds) -> None:
        super().__init__(parent)
        self._deeds = deeds
        self.setWindowTitle("Services")
        self.setAccessibleName("Services")
        self.resize(620, 300)
        self.fields: dict[str, QLineEdit] = {}
        self.forget: dict[str, QPushButton] = {}
        self._states: dict[str, ServiceState] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(10)
        self._grid.setContentsMargins(16, 4, 16, 4)
        settings, close = button("Settings\u2026"), button("Close")
        settings.clicked.connect(deeds.open_settings)
        close.clicked.connect(self.accept)
        top = row(label(WORDS, "muted", wraps=True), margins=(16, 14, 16, 4))
        foot = row(settings, None, close, margins=(16, 10, 16, 12))
        self.setLayout(column(top, self._grid, None, foot, gap=6))

    def show_services(self, states: tuple[ServiceState, ...]) -> None:
        """Show how each stands; what is being typed stays."""
        self._states = {state.name: state for state in states}
        for place, state in enumerate(states):
            if state.name not in self.fields:
                self._add_row(place, state)
            field = self.fields[state.name]
            field.setPlaceholderText("A key is kept" if state.has_key else "Key" if state.needs_key else "Key, if it wants one")
            self.forget[state.name].setEnabled(state.has_key)

    def _add_row(self, place: int, state: ServiceState) -> None:
        where = f"{state.model} at {state.host}" if state.host and state.model else "Set its address and model in the settings."
        title = label(state.title)
        field = QLineEdit()
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.setAccessibleName(f"Key of {state.title}")
        field.setMinimumWidth(220)
        keep, forget = button("Keep"), button("Forget")
        keep.setAccessibleName(f"Keep the key of {state.title}")
        forget.setAccessibleName(f"Forget the key of {state.title}")
        field.returnPressed.connect(partial(self._keep, state.name))
        keep.clicked.connect(partial(self._keep, state.name))
        forget.clicked.connect(partial(self._forget, state.name))
        self._grid.addLayout(column(title, label(where, "muted", wraps=True), gap=2), place, 0)
        for at, part in enumerate((field, keep, forget), 1):
            self._grid.addWidget(part, place, at)
        self._grid.setColumnStretch(0, 1)
        self.fields[state.name], self.forget[state.name] = field, forget

    def _keep(self, name: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a signal's
        key = self.fields[name].text().strip()
        if key:
            self.fields[name].clear()
            self._deeds.keep_key(name, key)

    def _forget(self, name: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a signal's
        self._deeds.forget_key(name)
