"""The settings dialog, generated from the settings themselves; every change takes effect at once."""

from functools import partial
from typing import Any, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QDialog, QLabel, QListWidget, QListWidgetItem, QScrollArea, QStackedWidget, QWidget

from backend.errors import TriiError
from backend.events import SettingsChanged
from backend.settings import SECTIONS, fields_of
from backend.settings_fields import SettingsField
from backend.storage.secrets import Custody
from trii_desktop.desk import Desk
from trii_desktop.settings.fields import FieldEditor, make_editor
from trii_desktop.widgets.layout import button, column, frame, holding, label, line, row

SECURITY: Final = "Security"
CUSTODY_WORDS: Final = {
    Custody.KEYRING: "The key is kept by your system's keyring.",
    Custody.PASSPHRASE: "The key is wrapped under your passphrase.",
    Custody.DEVICE_FILE: "The key lies unprotected in a file of this computer. Set a passphrase to protect it.",
}


class SectionPage(QWidget):
    """One section: every field with its words and, when a value is refused, the reason."""

    def __init__(self, desk: Desk, section: str) -> None:
        super().__init__()
        self._desk = desk
        self._section = section
        self._fields = {field.name: field for field in fields_of(section)}
        self._editors: dict[str, FieldEditor] = {}
        self._problems: dict[str, QLabel] = {}
        rows = column(margins=(24, 20, 24, 20), gap=18)
        rows.addWidget(label(section.capitalize(), "title"))
        for field in self._fields.values():
            rows.addLayout(self._make(field))
        reset = button("Reset this page", quiet=True)
        reset.clicked.connect(self._reset)
        rows.addLayout(row(reset, None))
        rows.addStretch(1)
        self.setLayout(rows)
        self.refresh()

    @property
    def editors(self) -> dict[str, FieldEditor]:
        """The editors by the fields' names."""
        return self._editors

    def refresh(self) -> None:
        """Show the settings in force."""
        values = getattr(self._desk.backend.settings.current, self._section)
        for name, editor in self._editors.items():
            editor.show_value(getattr(values, name))

    def problem(self, name: str) -> str:
        """Why the last value of a field was refused; empty when it was not."""
        return self._problems[name].text()

    def _make(self, field: SettingsField) -> Any:
        editor = make_editor(field)
        editor.edited.connect(partial(self._edited, field.name))
        problem = label("", "error", wraps=True)
        problem.hide()
        self._editors[field.name], self._problems[field.name] = editor, problem
        made = column(gap=4)
        if field.kind != "flag":
            made.addWidget(label(field.title))
        made.addWidget(editor)
        if field.description:
            made.addWidget(label(field.description, "caption", wraps=True))
        made.addWidget(problem)
        return made

    def _edited(self, name: str, value: object) -> None:
        self._change({name: value}, name)

    def _reset(self) -> None:
        self._change({name: field.default for name, field in self._fields.items()}, next(iter(self._fields)))

    def _change(self, values: dict[str, Any], name: str) -> None:
        self._desk.start("Changing the settings", self._change_now(values, name))

    async def _change_now(self, values: dict[str, Any], name: str) -> None:
        problem = self._problems[name]
        try:
            await self._desk.bridge.call(self._desk.backend.settings.change(self._section, **values))
            problem.setText("")
        except TriiError as error:
            problem.setText(str(error))
        problem.setVisible(bool(problem.text()))
        self.refresh()


class SecurityPage(QWidget):
    """Who keeps the key, the recovery phrase and the passphrase."""

    wants_recovery = Signal()
    wants_passphrase = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._words = label("", wraps=True)
        phrase, passphrase = button("Show the recovery phrase…"), button("Set passphrase…")
        phrase.clicked.connect(self.wants_recovery)
        passphrase.clicked.connect(self.wants_passphrase)
        rows = column(
            label(SECURITY, "title"),
            self._words,
            line(),
            label("Recovery phrase"),
            row(phrase, None),
            label("24 words that open your ledgers on any computer when keyring and passphrase are lost.", "caption", wraps=True),
            line(),
            label("Passphrase"),
            row(passphrase, None),
            label(
                "Asked for at each start. It wraps the key in a vault; nobody can reset it, only the phrase helps.",
                "caption",
                wraps=True,
            ),
            None,
            margins=(24, 20, 24, 20),
            gap=12,
        )
        self.setLayout(rows)
        self.show_custody(desk.backend.custody)

    def show_custody(self, custody: Custody) -> None:
        """Say who keeps the key."""
        self._words.setText(CUSTODY_WORDS[custody])


class SettingsDialog(QDialog):
    """Sections on the left, their fields on the right. Not modal; ``closed`` comes at the end."""

    closed = Signal()
    wants_recovery = Signal()
    wants_passphrase = Signal()

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAccessibleName("Settings")
        self.resize(760, 560)
        self.setMinimumSize(560, 400)
        self.pages: dict[str, SectionPage] = {}
        self.sections = QListWidget()
        self.sections.setAccessibleName("Sections")
        self.sections.setFixedWidth(180)
        self._stack = QStackedWidget()
        for section in SECTIONS:
            if fields_of(section):
                self.pages[section] = SectionPage(desk, section)
                self._add(section.capitalize(), self.pages[section])
        security = SecurityPage(desk)
        security.wants_recovery.connect(self.wants_recovery)
        security.wants_passphrase.connect(self.wants_passphrase)
        self._add(SECURITY, security)
        self.sections.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.sections.setCurrentRow(0)
        close = button("Close", primary=True)
        close.clicked.connect(self.close)
        where = label(str(desk.backend.home.settings), "caption")
        where.setToolTip("The file that holds the settings")
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        where.setMaximumWidth(460)
        body = row(frame("panel", column(self.sections, margins=(8, 12, 8, 12))), self._stack, gap=0)
        body.setStretch(1, 1)
        self.setLayout(column(body, line(), row(where, None, close, margins=(16, 10, 16, 10)), gap=0))
        self._subscription = desk.bridge.subscribe(SettingsChanged, self._changed)
        self.finished.connect(self._end)

    def _add(self, title: str, page: QWidget) -> None:
        item = QListWidgetItem(title)
        item.setSizeHint(QSize(100, 34))
        self.sections.addItem(item)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(holding(column(page)))
        self._stack.addWidget(scroll)

    def _changed(self, event: SettingsChanged) -> None:
        if event.section in self.pages:
            self.pages[event.section].refresh()

    def _end(self) -> None:
        self._subscription.close()
        self.closed.emit()
