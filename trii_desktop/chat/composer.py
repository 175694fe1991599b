"""Where messages are written: several lines, people after an @, what goes with it, and one's own words written anew."""

from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QMenu, QToolButton

from backend.chat.message import LinkRow
from backend.domain.instruments import InstrumentId
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.charts.speech import announce
from trii_desktop.chat.attached_row import AttachedRow
from trii_desktop.chat.mentions import begun_at, offer_words, offered
from trii_desktop.chat.message_field import MessageField
from trii_desktop.chat.room_sight import RoomSight
from trii_desktop.chat.uploads import Attached, pasted_picture
from trii_desktop.look import Look
from trii_desktop.widgets.layout import button, column, frame, label, row

N_BYTES_MAX: Final = 12_000  # of text: what else a message carries has room below the protocol's 16 KiB
ROW_PX: Final = 24
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVES: Final = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class MessageComposer(QFrame):
    """Keyboard first: Enter sends, Shift+Enter breaks the line, Up in an empty field edits the last message, Escape gives up.

    sent : the text, what is attached stands in ``attached``; edited : the text; edit_wanted, edit_given_up; left : Escape with
    nothing to give up; typed : something was written; files_wanted, chart_wanted
    """

    sent = Signal(str)
    edited = Signal(str)
    edit_wanted = Signal()
    edit_given_up = Signal()
    left = Signal()
    typed = Signal()
    files_wanted = Signal()
    chart_wanted = Signal()

    def __init__(self, look: Look, sight: RoomSight) -> None:
        super().__init__()
        self._look = look
        self._sight = sight
        self._is_editing = False
        self._is_filling = False
        self._kept: tuple[str, tuple[Attached, ...]] = ("", ())  # what was being written before an edit
        self.setProperty("role", "panelFoot")
        self.field = MessageField("Message")
        self.field.key_pressed = self._pressed
        self.people = QListWidget()
        self.people.setAccessibleName("People to mention")
        self.people.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.people.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.people.itemClicked.connect(self._take_person)
        self.people.hide()
        self.attached = AttachedRow(look)
        self.note = ElidedLabel("caption")
        self.add, self.chart, self.send = _tool("Attach files"), _tool("Share the chart"), _tool("Send")
        self.send.setProperty("accent", True)
        self.send.clicked.connect(self._send)
        self.add.clicked.connect(self.files_wanted)
        self.chart.clicked.connect(self.chart_wanted)
        self._cancel = button("Cancel", quiet=True)
        self._cancel.setProperty("small", True)
        self._cancel.clicked.connect(self.give_up_edit)
        self._editing = frame("", row(label("Editing your message", "caption"), None, self._cancel))
        self._editing.hide()
        foot = row(self.add, self.chart, self.note, self.send, gap=4)
        foot.setStretch(2, 100)
        self.setLayout(column(self.people, self._editing, self.attached, self.field, foot, margins=(8, 8, 8, 8), gap=6))
        self.field.textChanged.connect(self._changed)
        self.field.cursorPositionChanged.connect(self._offer)
        self.field.picture_pasted.connect(self._paste)
        self.field.files_given.connect(self._take_files)
        self.field.instrument_dropped.connect(self._link)
        self.attached.changed.connect(self._say_send)
        self.attached.refused.connect(self.say)
        self.wear()

    # --- what it says -------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What is written."""
        return self.field.toPlainText().strip()

    @property
    def draft(self) -> str:
        """What is to be kept: what was being written, also while an earlier message is edited."""
        return self._kept[0] if self._is_editing else self.field.toPlainText()

    @property
    def is_editing(self) -> bool:
        """Whether an earlier message is written anew."""
        return self._is_editing

    def begin_edit(self, text: str) -> None:
        """Write an earlier message anew; what was being written comes back afterwards."""
        if not self._is_editing:
            self._kept = (self.field.toPlainText(), self.attached.all)
        self._is_editing = True
        self.attached.show_all(())
        self._editing.show()
        self.write(text)

    def give_up_edit(self) -> None:
        """Let the earlier message be."""
        if self._is_editing:
            self.end_edit()
            self.edit_given_up.emit()

    def end_edit(self) -> None:
        """Go on with what was being written before."""
        if self._is_editing:
            self._is_editing = False
            self._editing.hide()
            text, attached = self._kept
            self._kept = ("", ())
            self._fill(text)
            self.attached.show_all(attached)

    def show_draft(self, text: str, attached: tuple[Attached, ...] = ()) -> None:
        """Have what was begun in another room."""
        self._is_editing = False
        self._editing.hide()
        self._kept = ("", ())
        self._fill(text)
        self.attached.show_all(attached)
        self.say("")

    def sent_away(self) -> None:
        """What was written is kept and on its way."""
        self._fill("")
        self.attached.show_all(())
        self.say("")

    def write(self, text: str) -> None:
        """Have ``text`` in the field, the cursor behind it."""
        self._fill(text)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def say(self, words: str) -> None:
        """Say something below the field."""
        self.note.say(words)
        if words:
            announce(self.field, words)

    def invite(self, words: str, *, may_write: bool = True) -> None:
        """What stands in the empty field; whether anything can be written here."""
        self.field.setPlaceholderText(words)
        for part in (self.field, self.add, self.chart):
            part.setEnabled(may_write)
        self._say_send()

    def fill_menu(self, menu: QMenu) -> None:
        """What can be attached."""
        menu.addAction("Files\u2026", self.files_wanted.emit)
        menu.addAction("The chart", self.chart_wanted.emit)

    def wear(self) -> None:
        """Follow the theme."""
        self.add.setIcon(self._look.icon("file"))
        self.chart.setIcon(self._look.icon("chart"))
        self._say_send()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _fill(self, text: str) -> None:
        self._is_filling = True
        self.field.setPlainText(text)
        self.field.moveCursor(QTextCursor.MoveOperation.End)
        self._is_filling = False
        self.people.hide()
        self._say_send()

    def _pressed(self, event: QKeyEvent) -> bool:
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if not self.people.isHidden() and self._steer(key):
            return True
        if key in _ENTER and not held & Qt.KeyboardModifier.ShiftModifier:
            self._send()
        elif key is Qt.Key.Key_Escape:
            if self._is_editing:
                self.give_up_edit()
            else:
                self.left.emit()
        elif key is Qt.Key.Key_Up and not held and not self.field.toPlainText() and not self.attached.chips:
            self.edit_wanted.emit()
        else:
            return False
        return True

    def _steer(self, key: Qt.Key) -> bool:
        if key in _MOVES:
            place = (self.people.currentRow() + _MOVES[key]) % self.people.count()
            self.people.setCurrentRow(place)
            announce(self.field, self.people.item(place).text())
        elif key in (*_ENTER, Qt.Key.Key_Tab):
            self._take_person(self.people.currentItem())
        elif key is Qt.Key.Key_Escape:
            self.people.hide()
        else:
            return False
        return True

    def _take_person(self, item: QListWidgetItem) -> None:
        cursor = self.field.textCursor()
        begun = begun_at(self.field.toPlainText(), cursor.position())
        self.people.hide()
        if begun is not None:
            cursor.setPosition(begun.place)
            cursor.setPosition(begun.place + 1 + len(begun.text), QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(f"@{item.data(Qt.ItemDataRole.UserRole)} ")
            self.people.hide()

    def _send(self) -> None:
        text = self.text
        if len(text.encode()) > N_BYTES_MAX:
            self.say(f"This is too long to send: {len(text):,} letters. Send it as a file, or in parts.")
        elif self._is_editing:
            if text:
                self.edited.emit(text)
        elif text or self.attached.chips:
            self.sent.emit(text)

    def _changed(self) -> None:
        self._offer()
        self._say_send()
        if not self._is_filling:
            self.typed.emit()

    def _offer(self) -> None:
        if self._is_filling:
            return
        cursor = self.field.textCursor()
        begun = begun_at(self.field.toPlainText(), cursor.position()) if not cursor.hasSelection() else None
        found = offered(self._sight.members, begun.text) if begun is not None else ()
        self.people.clear()
        for person in found:
            item = QListWidgetItem(offer_words(person, self._sight.names))
            item.setData(Qt.ItemDataRole.UserRole, person.handle)
            self.people.addItem(item)
        self.people.setVisible(bool(found))
        if found:
            self.people.setCurrentRow(0)
            self.people.setFixedHeight(len(found) * max(self.people.sizeHintForRow(0), ROW_PX) + 6)

    def _say_send(self) -> None:
        can = (bool(self.text) or (bool(self.attached.chips) and not self._is_editing)) and self.field.isEnabled()
        words = "Save the change" if self._is_editing else "Send"
        self.send.setEnabled(can)
        self.send.setIcon(self._look.icon("send", self._look.palette.on_accent if can else self._look.palette.faint))
        self.send.setAccessibleName(words)
        self.send.setToolTip(f"{words} (Enter)")

    def _paste(self, image: QImage) -> None:
        self.attached.attach(pasted_picture(image))

    def _take_files(self, paths: object) -> None:
        assert isinstance(paths, tuple), "Files are told as a tuple of paths."
        self.attached.attach(*paths)

    def _link(self, instrument: object) -> None:
        assert isinstance(instrument, InstrumentId), "Instruments are told by their ids."
        self.attached.attach(LinkRow(str(instrument)))


def menu_place(tool: QToolButton) -> QPoint:
    """Where a menu of a button opens."""
    return tool.mapToGlobal(QPoint(0, tool.height()))


def _tool(name: str) -> QToolButton:
    made = QToolButton()
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made
