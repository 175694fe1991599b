"""One section of the settings as a page: every field with its words, its editor, a way back to its default, and refusals."""

from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from backend.errors import TriiError
from backend.settings import SECTIONS, fields_of, section_title
from backend.settings_fields import SettingsField
from trii_desktop.desk import Desk
from trii_desktop.settings.changes import SettingChanges
from trii_desktop.settings.fields import FieldEditor, make_editor
from trii_desktop.widgets.layout import button, column, label, row


class FieldRow(QWidget):
    """One field; its editor tells what was entered, ``reset`` is shown while the value is not the default."""

    def __init__(self, field: SettingsField) -> None:
        super().__init__()
        self.field = field
        self.editor: FieldEditor = make_editor(field)
        self.problem = label("", "error", wraps=True)
        self.problem.hide()
        self.reset = button("Reset", quiet=True, name=f"Reset {field.title} to its default")
        self.reset.setToolTip("Back to the default")
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        words = row(label(field.title), None) if field.kind != "flag" else None
        made = column(gap=4)
        if words is not None:
            made.addLayout(words)
        beside = row(self.editor, self.reset, gap=4)
        beside.setStretch(0, 1)
        beside.setAlignment(self.reset, Qt.AlignmentFlag.AlignTop)
        made.addLayout(beside)
        if field.description:
            made.addWidget(label(field.description, "caption", wraps=True))
        made.addWidget(self.problem)
        self.setLayout(made)

    def show_value(self, value: Any) -> None:
        """Show the value in force."""
        self.editor.show_value(value)
        is_other = value != self.field.default
        if not is_other and self.reset.hasFocus():
            self.editor.setFocus()
        self.reset.setVisible(is_other)

    def matches(self, words: tuple[str, ...], section: str) -> bool:
        """Whether every one of ``words`` is somewhere in what the row says."""
        choices = " ".join(choice.label for choice in self.field.choices)
        said = f"{section} {self.field.title} {self.field.description} {choices}".casefold()
        return all(word in said for word in words)


class SectionPage(QWidget):
    """All fields of one section."""

    def __init__(self, desk: Desk, changes: SettingChanges, section: str) -> None:
        super().__init__()
        self._desk = desk
        self._changes = changes
        self._section = section
        self.title = section_title(section)
        self.rows = {field.name: FieldRow(field) for field in fields_of(section)}
        page = column(label(self.title, "title"), label(_about(section), "muted", wraps=True), margins=(24, 20, 24, 20), gap=18)
        for name, made in self.rows.items():
            made.editor.edited.connect(partial(self._edited, name))
            made.reset.clicked.connect(partial(self.reset_field, name))
            page.addWidget(made)
        self._reset = button("Reset this page", quiet=True)
        self._reset.clicked.connect(self.reset)
        page.addLayout(row(self._reset, None))
        page.addStretch(1)
        self.setLayout(page)
        self.refresh()

    @property
    def editors(self) -> dict[str, FieldEditor]:
        """The editors by the fields' names."""
        return {name: made.editor for name, made in self.rows.items()}

    def refresh(self) -> None:
        """Show the settings in force."""
        values = getattr(self._desk.backend.settings.current, self._section)
        for name, made in self.rows.items():
            made.show_value(getattr(values, name))
        self._reset.setEnabled(any(getattr(values, name) != made.field.default for name, made in self.rows.items()))

    def problem(self, name: str) -> str:
        """Why the last value of a field was refused; empty when it was not."""
        return self.rows[name].problem.text()

    def filter(self, words: tuple[str, ...]) -> bool:
        """Show the fields that match; whether there are some."""
        found = {name for name, made in self.rows.items() if made.matches(words, self.title)}
        for name, made in self.rows.items():
            made.setVisible(name in found)
        return bool(found)

    def reset(self) -> None:
        """All fields back to their defaults."""
        defaults = {name: made.field.default for name, made in self.rows.items()}
        self._change(defaults, next(iter(self.rows)), f"{self.title} settings were reset")

    def reset_field(self, name: str) -> None:
        """One field back to its default."""
        field = self.rows[name].field
        self._change({name: field.default}, name, f"{field.title} was reset")

    def _edited(self, name: str, value: object) -> None:
        self._change({name: value}, name, f"{self.rows[name].field.title} was changed")

    def _change(self, values: dict[str, Any], name: str, title: str) -> None:
        self._desk.start("Changing the settings", self._change_now(values, name, title))

    async def _change_now(self, values: dict[str, Any], name: str, title: str) -> None:
        said = ""
        try:
            await self._changes.change(self._section, values, title)
        except TriiError as error:
            if not isValid(self):
                raise  # the page was closed meanwhile; a notice says it
            said = str(error)
        if isValid(self):
            self.rows[name].problem.setText(said)
            self.rows[name].problem.setVisible(bool(said))
            self.refresh()


def _about(section: str) -> str:
    """The first line of the section's own words."""
    return (SECTIONS[section].__doc__ or "").partition("\n")[0]
