"""The form of one feed, made from what its kind says of itself: options, keys, addresses; errors stand beside their field."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QLabel, QLineEdit, QScrollArea, QWidget

from backend.errors import InvalidInput, TriiError
from backend.market.feeds.config import FeedConfig, load_config, save_config
from backend.market.feeds.feed import FeedState, FeedStatus
from backend.market.feeds.kinds import FeedKind, FeedOption
from trii_desktop.widgets.layout import button, column, holding, label, line, restyle, row

SECRET_WORDS: Final = {"key": "API key", "secret": "API secret", "passphrase": "Passphrase"}
_LENGTH_MAX: Final = 500
_WIDTH_PX: Final = 520
_HEIGHT_PX: Final = 600


class Draft(Protocol):
    """What the form hands over: a configuration, and the keys that were typed."""

    def __call__(self, config: FeedConfig, secrets: dict[str, str]) -> Awaitable[object]:
        """Raises TriiError where it cannot be done."""
        ...


class Trial(Protocol):
    """Connects with a configuration that is not kept."""

    def __call__(self, config: FeedConfig, secrets: dict[str, str]) -> Awaitable[FeedStatus]:
        """How it went; raises TriiError where it could not even be tried."""
        ...


Start = Callable[[str, Coroutine[Any, Any, Any]], object]


class FeedForm(QDialog):
    """Sets a feed up, or changes one: ``config`` is what it starts from. Not modal; ``save`` is awaited before it closes."""

    def __init__(self, parent: QWidget, kind: FeedKind, config: FeedConfig, *, is_new: bool) -> None:
        super().__init__(parent)
        self.kind = kind
        self._config = config
        self._is_new = is_new
        self._start: Start | None = None
        self._save: Draft | None = None
        self._try: Trial | None = None
        self.fields: dict[str, QLineEdit | QComboBox] = {}
        self._errors: dict[str, QLabel] = {}
        title = f"Connect {kind.title}" if is_new else f"Change {config.name}"
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        self.outcome = label("", "muted", wraps=True)
        self.outcome.setAccessibleName("Result")
        self.test_button = button("Test connection")
        self.save_button = button("Connect" if is_new else "Save", primary=True)
        self.save_button.setDefault(True)
        cancel = button("Cancel")
        self.test_button.clicked.connect(self.test)
        self.save_button.clicked.connect(self.save)
        cancel.clicked.connect(self.reject)
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self._form.setContentsMargins(16, 4, 16, 12)
        self._fill()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(holding(self._form))
        area.setAccessibleName(title)
        head = column(label(kind.description, "muted", wraps=True), margins=(16, 14, 16, 6))
        foot = row(self.test_button, None, cancel, self.save_button, margins=(16, 10, 16, 12))
        self.setLayout(column(head, area, row(self.outcome, margins=(16, 6, 16, 6)), line(), foot, gap=0))

    def serve(self, start: Start, save: Draft, try_out: Trial) -> None:
        """Have what is typed stored by ``save`` and tried by ``try_out``, both run by ``start``."""
        self._start, self._save, self._try = start, save, try_out

    # --- what is typed ------------------------------------------------------------------------------------------------

    def draft(self) -> tuple[FeedConfig, dict[str, str]]:
        """The configuration and the keys as typed. Raises InvalidInput for a name that cannot be one."""
        options = {o.name: text for o in self.kind.options if (text := self._typed(f"option.{o.name}")) != o.default}
        config = FeedConfig(
            self._typed("name"),
            self.kind.kind,
            self._typed("stream_url"),
            self._typed("rest_url"),
            options,
            is_on=True if self._is_new else self._config.is_on,
        )
        return load_config(save_config(config)), {n: t for n in self.kind.secrets if (t := self._typed(f"secret.{n}"))}

    def save(self) -> None:
        """Store it, and close where that could be done."""
        if self._start is not None:
            self._start("Connecting a feed", self._saved())

    def test(self) -> None:
        """Connect without keeping anything, and say how it went."""
        if self._start is not None:
            self._start("Testing a connection", self._tested())

    def show_error(self, error: TriiError) -> None:
        """Say what is wrong, beside the field it is about if that is known."""
        name = self._field_of(error)
        words = f"{error.message} {error.hint}".strip()
        for field, shown in self._errors.items():
            shown.setText(words if field == name else "")
            shown.setVisible(field == name)
            restyle(self.fields[field], invalid=field == name)
        self._say("" if name else words, "error")
        if name:
            self.fields[name].setFocus()

    async def _saved(self) -> None:
        assert self._save is not None
        self._wait(True)
        try:
            await self._save(*self.draft())
        except TriiError as error:
            self.show_error(error)
        else:
            self.accept()
        finally:
            self._wait(False)

    async def _tested(self) -> None:
        assert self._try is not None
        self._say("Connecting…", "muted")
        self._wait(True)
        try:
            status = await self._try(*self.draft())
        except TriiError as error:
            self.show_error(error)
        else:
            self._clear_errors()
            is_good = status.state is FeedState.LIVE
            self._say("Connected." if is_good else status.words or f"It is {status.state}.", "good" if is_good else "error")
        finally:
            self._wait(False)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        self._line("name", "Name", self._config.name, "Letters, digits and dashes; stored prices name it as their source.")
        self.fields["name"].setEnabled(self._is_new)
        for option in self.kind.options:
            value = self._config.options.get(option.name, option.default)
            if option.choices:
                self._choice(option, value)
            else:
                self._line(f"option.{option.name}", option.title, value, option.description)
        for name in self.kind.secrets:
            words = "Kept in the system keyring, else encrypted in your ledger; never in a file."
            field = self._line(f"secret.{name}", SECRET_WORDS.get(name, name.capitalize()), "", words)
            field.setEchoMode(QLineEdit.EchoMode.Password)
            field.setPlaceholderText("" if self._is_new else "As it is kept; type to replace it")
        titles = (("stream_url", "Address of the stream"), ("rest_url", "Address of prices and history"))
        for (name, title), own in zip(titles, self.kind.urls, strict=True):
            field = self._line(name, title, getattr(self._config, name), "")
            field.setPlaceholderText(own)

    def _line(self, name: str, title: str, value: str, help_words: str) -> QLineEdit:
        field = QLineEdit(value)
        field.setMaxLength(_LENGTH_MAX)
        self._place(name, title, field, help_words)
        return field

    def _choice(self, option: FeedOption, value: str) -> None:
        field = QComboBox()
        field.addItems(list(option.choices))
        field.setCurrentIndex(max(field.findText(value), 0))
        self._place(f"option.{option.name}", option.title, field, option.description)

    def _place(self, name: str, title: str, field: QLineEdit | QComboBox, help_words: str) -> None:
        field.setAccessibleName(title)
        field.setAccessibleDescription(help_words)
        error = label("", "error", wraps=True)
        error.hide()
        parts = [field, *([label(help_words, "caption", wraps=True)] if help_words else []), error]
        self._form.addRow(label(title), holding(column(*parts, gap=4)))
        self.fields[name], self._errors[name] = field, error

    def _typed(self, name: str) -> str:
        field = self.fields.get(name)
        if field is None:
            return ""
        return field.currentText() if isinstance(field, QComboBox) else field.text().strip()

    def _field_of(self, error: TriiError) -> str:
        """The field that an error is about: its code ends in the field's name, or its words quote what was typed there."""
        if not isinstance(error, InvalidInput):
            return ""
        tail = error.code.rpartition(".")[2]
        by_code = next((name for name in self.fields if name.rpartition(".")[2] == tail), "")
        by_text = (name for name in self.fields if (typed := self._typed(name)) and repr(typed) in error.message)
        return by_code or next(by_text, "name" if error.code == "feed.config" and "name" in error.message else "")

    def _clear_errors(self) -> None:
        for name, shown in self._errors.items():
            shown.hide()
            restyle(self.fields[name], invalid=False)

    def _say(self, words: str, role: str) -> None:
        self.outcome.setText(words)
        restyle(self.outcome, role=role)

    def _wait(self, is_waiting: bool) -> None:  # noqa: FBT001 - both ways
        self.test_button.setEnabled(not is_waiting)
        self.save_button.setEnabled(not is_waiting)
