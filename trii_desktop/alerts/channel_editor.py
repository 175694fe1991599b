"""Setting up one channel: its kind with the fields that people know, its hours and its rate."""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFormLayout, QLineEdit, QWidget

from backend.delivery.channel import NAME_LENGTH_MAX, Channel
from backend.delivery.schemes import ADDRESS_LENGTH_MAX
from backend.errors import TriiError
from trii_desktop.alerts.addresses import FORMS, AddressField, ChannelForm, address_of, form_of
from trii_desktop.alerts.channel_book import ChannelBook
from trii_desktop.alerts.fields import Choice, Problem, form, titled
from trii_desktop.alerts.quiet_fields import QuietFields, RateFields, system_zone
from trii_desktop.desk import Desk
from trii_desktop.widgets.layout import button, column, label, line, row

_WIDTH_PX: Final = 580


class ChannelEditor(QDialog):
    """Makes or changes ``channel``; secrets that are kept are never shown again, and stay where their fields are left empty."""

    def __init__(self, parent: QWidget, desk: Desk, book: ChannelBook, channel: Channel | None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._book = book
        self._before = channel
        self._is_gone = False
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Set up a channel" if channel is None else f"Channel {channel.name}")
        self.setAccessibleName(self.windowTitle())
        self.setMinimumWidth(_WIDTH_PX)
        self.name = QLineEdit(channel.name if channel is not None else "")
        self.name.setAccessibleName("Name")
        self.name.setMaxLength(NAME_LENGTH_MAX)
        self.name.setPlaceholderText("As in my phone")
        self.name.setReadOnly(channel is not None)  # alerts know it by its name
        self.kind = Choice("Kind", [(made.title, made) for made in FORMS])
        self.problem = label("", "error", wraps=True)
        self.problem.hide()
        self._about = label("", "caption", wraps=True)
        self.fields: dict[str, Problem] = {}
        self._lines: QFormLayout = form()
        self.quiet, self.rate = QuietFields(), RateFields()
        self.done_button = button("Add channel" if channel is None else "Save", primary=True)
        self._lay_out()
        self._show(channel or Channel("", zone=system_zone()))
        self.kind.currentIndexChanged.connect(self._show_kind)
        self.quiet.is_on.toggled.connect(self._fit)

    @property
    def channel(self) -> Channel:
        """The channel as the fields now say. Raises InvalidInput for an address that lacks something."""
        form_now: ChannelForm = self.kind.currentData()
        values = {name: problem.field.text() for name, problem in self.fields.items() if isinstance(problem.field, QLineEdit)}
        is_kept = self._before is not None and form_now is form_of(self._before.kind) and not self._is_touched
        return replace(
            self._before or Channel(""),
            name=self.name.text().strip(),
            address="" if is_kept else address_of(form_now, values),
            rate=self.rate.rate,
            roll_up_s=self.rate.roll_up.value(),
            quiet=self.quiet.quiet,
            zone=self.quiet.zone.text().strip(),
        )

    def accept(self) -> None:
        """Keep the channel; where that is refused, say why, and stay."""
        try:
            channel = self.channel
        except TriiError as error:
            self._say(error)
            return
        self.done_button.setEnabled(False)
        self._desk.start("Setting up the channel", self._keep(channel))

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _is_touched(self) -> bool:
        fields = (problem.field for problem in self.fields.values())
        return any(isinstance(field, QLineEdit) and field.isModified() for field in fields)

    def _lay_out(self) -> None:
        top = form()
        top.addRow(titled("Name"), self.name)
        top.addRow(titled("Kind"), self.kind)
        cancel = button("Cancel")
        cancel.clicked.connect(self.reject)
        self.done_button.setDefault(True)
        self.done_button.clicked.connect(self.accept)
        foot = row(None, cancel, self.done_button)
        parts = (top, self._about, self._lines, self.problem, line(), self.quiet, self.rate, None, foot)
        self.setLayout(column(*parts, margins=(16, 16, 16, 16), gap=12))

    def _show(self, channel: Channel) -> None:
        self.kind.choose(form_of(channel.kind) if channel.address else FORMS[0])
        self.quiet.show_quiet(channel.quiet, channel.zone)
        self.rate.show_rate(channel.rate, channel.roll_up_s)
        self._show_kind()

    def _show_kind(self) -> None:
        made: ChannelForm = self.kind.currentData()
        while self._lines.rowCount():
            self._lines.removeRow(0)
        is_kept = self._before is not None and made is form_of(self._before.kind)
        self.fields = {field.name: Problem(_field(field, is_kept=is_kept)) for field in made.fields}
        for field in made.fields:
            self._lines.addRow(titled(field.title), self.fields[field.name])
        kept = "The address is kept while these fields are left as they are; to change it, fill in all of them. "
        self._about.setText(f"{kept if is_kept else ''}{made.about}")
        self._fit()

    def _fit(self) -> None:
        # As tall as everything needs; the fields of another kind are more, or fewer.
        layout = self.layout()
        assert layout is not None, "It is laid out before it is filled."
        layout.activate()
        width = max(self.width(), _WIDTH_PX)
        self.resize(width, max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height()))

    async def _keep(self, channel: Channel) -> None:
        try:
            await self._book.put(channel)
        except TriiError as error:
            if self._is_gone:
                raise
            self._say(error)
            self.done_button.setEnabled(True)
        else:
            if not self._is_gone:
                super().accept()

    def done(self, result: int) -> None:
        """Leave; a change that is on its way is kept all the same."""
        self._is_gone = True
        super().done(result)

    def _say(self, error: TriiError) -> None:
        words, name = f"{error.message} {error.hint}".strip(), error.code.partition(".")[2]
        for known, problem in self.fields.items():
            problem.say(words if known == name else "")
        self.problem.setText("" if name in self.fields else words)
        self.problem.setVisible(name not in self.fields)
        if name in self.fields:
            self.fields[name].field.setFocus()


def _field(field: AddressField, *, is_kept: bool) -> QLineEdit:
    made = QLineEdit("" if is_kept else field.default)
    made.setAccessibleName(field.title)
    made.setMaxLength(ADDRESS_LENGTH_MAX)
    made.setPlaceholderText("••••••••" if is_kept and field.is_secret else field.placeholder)
    if field.is_secret:
        made.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        made.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
    return made
