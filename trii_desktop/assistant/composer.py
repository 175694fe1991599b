"""Where questions are written: the field, the mode, what is attached, and commands after a slash."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QListWidget, QListWidgetItem, QSizePolicy, QToolButton

from backend.assistant.answers import Automatic, Choice, Mode, Question, parse_choice
from backend.domain.instruments import InstrumentId
from trii_desktop.assistant.attachment import Attachment, AttachmentChip
from trii_desktop.assistant.commands import Command, completions, parse_typed
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.assistant.wording import CHOICES
from trii_desktop.charts.speech import announce
from trii_desktop.look import Look
from trii_desktop.market.dragged import dragged_instrument
from trii_desktop.widgets.layout import button, column, frame, label, row
from trii_desktop.widgets.writing import WritingField

N_LETTERS_MAX: Final = 20_000
ROW_PX: Final = 24
N_COMMANDS_SEEN: Final = 7
REST_MS: Final = 350  # without a key, and it is worth while to read what is written
NOTE_FROM_PX: Final = 330  # narrower, only the tooltip says it
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVES: Final = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class QuestionField(WritingField):
    """Takes instruments of the watchlist."""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Instruments of the watchlist may be dropped; files are the window's."""
        if dragged_instrument(event.mimeData()) is not None:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        elif event.mimeData().hasText() and not event.mimeData().hasUrls():
            super().dragEnterEvent(event)
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Attach what was dropped."""
        instrument = dragged_instrument(event.mimeData())
        if instrument is None:
            super().dropEvent(event)
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.instrument_dropped.emit(instrument)


class Composer(QFrame):
    """Keyboard first: Enter sends, Shift+Enter breaks the line, Up in an empty field edits the last question, Escape stops.

    sent : the question; typed : what of one is written, each time the typing rests; ordered : a Command and what follows it;
        stop_wanted, edit_wanted, edit_given_up, attach_wanted
    """

    sent = Signal(str)
    typed = Signal(str)
    ordered = Signal(object)
    stop_wanted = Signal()
    edit_wanted = Signal()
    edit_given_up = Signal()
    attach_wanted = Signal()
    mode_changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._is_answering = False
        self._is_editing = False
        self.attachment: Attachment | None = None
        self.in_view: Callable[[], InstrumentId | None] = _nothing
        self.setProperty("role", "panelFoot")
        self.field = QuestionField("Question")
        self.field.key_pressed = self._pressed
        self.commands = QListWidget()
        self.commands.setAccessibleName("Commands")
        self.commands.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.commands.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.commands.itemClicked.connect(self._take_item)
        self.commands.hide()
        self.chip = AttachmentChip(look)
        self.chip.hide()
        self.mode = QComboBox()
        self.mode.setAccessibleName("Mode")
        self.mode.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        for mode, (words, tip) in CHOICES.items():
            self.mode.addItem(words, mode)
            self.mode.setItemData(self.mode.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.attach = _tool("Attach the chart")
        self.attach.clicked.connect(self.attach_wanted)
        self.note = ElidedLabel("caption")
        self.send = _tool("Send")
        self.send.setProperty("accent", True)
        self.send.clicked.connect(self._send_pressed)
        self._cancel_edit = button("Cancel", quiet=True)
        self._cancel_edit.setProperty("small", True)
        self._cancel_edit.clicked.connect(self.give_up_edit)
        self._editing = frame("", row(label("Editing your question", "caption"), None, self._cancel_edit))
        self._editing.hide()
        foot = row(self.mode, self.attach, self.note, None, self.send, gap=6)
        foot.setStretch(2, 100)
        self.setLayout(column(self.commands, self._editing, self.chip, self.field, foot, margins=(8, 8, 8, 8), gap=6))
        self.field.textChanged.connect(self._changed)
        self.field.instrument_dropped.connect(self._dropped)
        self.chip.removed.connect(self._detach)
        self.mode.currentIndexChanged.connect(self._mode_chosen)
        self._resting = QTimer(self, singleShot=True, interval=REST_MS)
        self._resting.timeout.connect(self._rested)
        self._mode_chosen()
        self.wear()

    # --- what it says -------------------------------------------------------------------------------------------------

    @property
    def chosen_mode(self) -> Choice:
        """How questions are answered."""
        return parse_choice(self.mode.currentData())

    @property
    def model_mode(self) -> Mode:
        """The mode whose model is asked where one is needed: of fast answers where the mode is left open."""
        chosen = self.chosen_mode
        return Mode.FAST if isinstance(chosen, Automatic) else chosen

    @property
    def text(self) -> str:
        """What is written."""
        return self.field.toPlainText().strip()

    @property
    def is_editing(self) -> bool:
        """Whether what is sent takes the place of an earlier question."""
        return self._is_editing

    def question(self, text: str, mode: Choice) -> Question:
        """What ``text`` asks in a mode, with what is attached."""
        question, attached = Question(text, Mode.FAST, in_view=self.in_view()).chosen(mode), self.attachment
        return question if attached is None else replace(question, instrument=attached.instrument, chart=attached.chart)

    def choose_mode(self, mode: Choice) -> None:
        """Answer in another mode from now on."""
        self.mode.setCurrentIndex(self.mode.findData(mode))

    def attach_this(self, attachment: Attachment | None) -> None:
        """Let this go with the next questions; nothing for None."""
        self.attachment = attachment
        self.chip.show_attachment(attachment)
        if attachment is not None:
            announce(self.field, f"Attached: {attachment.words}")

    def begin_edit(self, text: str) -> None:
        """Write an earlier question anew."""
        self._is_editing = True
        self._editing.show()
        self.write(text)

    def give_up_edit(self) -> None:
        """Let the earlier question be."""
        if self._is_editing:
            self._end_edit()
            self.field.clear()
            self.edit_given_up.emit()

    def write(self, text: str) -> None:
        """Have ``text`` in the field, the cursor behind it."""
        self.field.setPlainText(text)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def say_answering(self, *, is_answering: bool) -> None:
        """Offer to stop instead of to send while an answer is made."""
        self._is_answering = is_answering
        self._say_send()

    def end(self) -> None:
        """Tell of no more typing."""
        self._resting.stop()

    def wear(self) -> None:
        """Follow the theme."""
        self.attach.setIcon(self._look.icon("chart"))
        self.chip.wear()
        self._say_send()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what has no room."""
        super().resizeEvent(event)
        self.note.setVisible(self.width() >= NOTE_FROM_PX)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _pressed(self, event: QKeyEvent) -> bool:
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if self.commands.isVisible() and self._steer(key):
            return True
        if key in _ENTER and not held & Qt.KeyboardModifier.ShiftModifier:
            self._send()
        elif key is Qt.Key.Key_Escape:
            return self._escape()
        elif key is Qt.Key.Key_Up and not held and not self.field.toPlainText():
            self.edit_wanted.emit()
        else:
            return False
        return True

    def _steer(self, key: Qt.Key) -> bool:
        if key in _MOVES:
            place = (self.commands.currentRow() + _MOVES[key]) % self.commands.count()
            self.commands.setCurrentRow(place)
            announce(self.field, self.commands.item(place).text())
        elif key in (*_ENTER, Qt.Key.Key_Tab):
            self._take_item(self.commands.currentItem())
        elif key is Qt.Key.Key_Escape:
            self.commands.hide()
        else:
            return False
        return True

    def _take_item(self, item: QListWidgetItem) -> None:
        command: Command = item.data(Qt.ItemDataRole.UserRole)
        self.commands.hide()
        if command.takes:
            self.write(f"/{command.name} ")
        else:
            self.field.clear()
            self.ordered.emit(parse_typed(f"/{command.name}"))

    def _escape(self) -> bool:
        if self._is_editing:
            self.give_up_edit()
        elif self._is_answering:
            self.stop_wanted.emit()
        else:
            return False
        return True

    def _send_pressed(self) -> None:
        if self._is_answering:
            self.stop_wanted.emit()
        else:
            self._send()

    def _send(self) -> None:
        text, typed = self.text, parse_typed(self.text)
        if typed is not None:
            self.field.clear()
            self.ordered.emit(typed)
        elif self._is_answering:
            announce(self.field, "An answer is being made. Escape stops it.")
        elif text:
            self.sent.emit(text[:N_LETTERS_MAX])

    def sent_away(self) -> None:
        """What was written is asked."""
        self._end_edit()
        self.field.clear()

    def _end_edit(self) -> None:
        self._is_editing = False
        self._editing.hide()

    def _changed(self) -> None:
        found = completions(self.field.toPlainText())
        self.commands.clear()
        for command in found:
            item = QListWidgetItem(f"/{command.name}   {command.words}")
            item.setData(Qt.ItemDataRole.UserRole, command)
            self.commands.addItem(item)
        self.commands.setVisible(bool(found))
        if found:
            self.commands.setCurrentRow(0)
            self.commands.setFixedHeight(min(len(found), N_COMMANDS_SEEN) * max(self.commands.sizeHintForRow(0), ROW_PX) + 6)
        self._say_send()
        if self.text and not found:
            self._resting.start()
        else:
            self._resting.stop()

    def _rested(self) -> None:
        if self.text and parse_typed(self.text) is None and not self._is_answering:
            self.typed.emit(self.text[:N_LETTERS_MAX])

    def _say_send(self) -> None:
        name = "Stop" if self._is_answering else "Send"
        palette = self._look.palette
        can = self._is_answering or bool(self.text)
        self.send.setEnabled(can)
        self.send.setIcon(self._look.icon(name.lower(), palette.on_accent if can else palette.faint))
        self.send.setAccessibleName(name)
        self.send.setToolTip(f"{name} ({'Esc' if self._is_answering else 'Enter'})")

    def _mode_chosen(self) -> None:
        asks = {Mode.ANALYSIS: "Analyse", Mode.SEARCH: "Search"}.get(self.model_mode, "Ask")
        self.field.setPlaceholderText(f"{asks}, or / for commands")
        self.mode_changed.emit()

    def _dropped(self, instrument: object) -> None:
        self.attach_this(Attachment(instrument))  # type: ignore[arg-type]  # a signal carries plain objects

    def _detach(self) -> None:
        self.attach_this(None)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)


def _nothing() -> None:
    """No chart is seen."""


def _tool(name: str) -> QToolButton:
    made = QToolButton()
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made
