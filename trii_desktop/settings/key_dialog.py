"""The keys of one action: those it has, a field that hears new ones, and who has them already."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from trii_desktop.actions.action_set import ActionSet
from trii_desktop.actions.keymap import Clash, Taken, normal_keys, rebound, shortcut_text
from trii_desktop.actions.row import plain_title
from trii_desktop.widgets.layout import button, column, holding, label, line, restyle, row

_PASSED_ON: Final = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_HELD: Final = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


def keys_of(event: QKeyEvent) -> str:
    """What was pressed, in Qt's portable words; empty for Ctrl, Shift or Alt alone.

    A sign that needs Shift to be written stands for itself: "?", not "Shift+?", as a shortcut hears it on any keyboard.
    """
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    text = event.text()
    if text.isprintable() and not text.isalnum() and not text.isspace() and text:
        held &= ~Qt.KeyboardModifier.ShiftModifier
    try:
        key = Qt.Key(event.key())
    except ValueError:
        return ""
    return normal_keys(QKeySequence(QKeyCombination(held, key)).toString(QKeySequence.SequenceFormat.PortableText))


class KeyField(QLineEdit):
    """Hears keys instead of letters; Tab, Enter and Esc alone keep their meaning. ``heard`` carries the keys."""

    heard = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setPlaceholderText("Press the new keys")
        self.setAccessibleName("Press the new keys")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def event(self, event: QEvent) -> bool:
        """Take keys before any shortcut does."""
        if isinstance(event, QKeyEvent) and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            if event.key() in _PASSED_ON and not event.modifiers() & _HELD:
                return super().event(event)
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self._hear(event)
            return True
        return super().event(event)

    def _hear(self, event: QKeyEvent) -> None:
        keys = keys_of(event)
        if keys:
            self.setText(shortcut_text(keys))
            self.heard.emit(keys)


class KeyDialog(QDialog):
    """Changes the keys of one action; ``saved`` carries the bindings that result, of others too that had to give keys away."""

    saved = Signal(object)

    def __init__(self, parent: QWidget, actions: ActionSet, bindings: Mapping[str, tuple[str, ...]], action_id: str) -> None:
        super().__init__(parent)
        self._actions = actions
        self._bindings = dict(bindings)
        self._row = next(found for found in actions.rows if found.id == action_id)
        self._keys = list(actions.keys(action_id))
        self._new = ""
        self._taken = Taken(actions.reserved)
        for other in actions.rows:
            for keys in actions.keys(other.id):
                self._taken.take(keys, Clash(keys, other.id, plain_title(other).rstrip("…")))
        title = plain_title(self._row).rstrip("…")
        self.setWindowTitle(f"Keys of {title}")
        self.setAccessibleName(f"Keys of {title}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(460)
        self._chips = column(gap=6)
        self.field = KeyField()
        self.field.heard.connect(self._heard)
        self.says = label("", "caption", wraps=True)
        self.says.setMinimumHeight(36)
        self.add = button("Add")
        self.add.clicked.connect(self.add_new)
        defaults = button("Default keys", quiet=True)
        defaults.clicked.connect(self.show_defaults)
        cancel, self.save = button("Cancel"), button("Save", primary=True)
        cancel.clicked.connect(self.reject)
        self.save.clicked.connect(self.accept)
        self.save.setDefault(True)
        self.setLayout(
            column(
                label(title, "heading"),
                holding(self._chips),
                line(),
                row(self.field, self.add),
                self.says,
                row(defaults, None, cancel, self.save),
                margins=(20, 16, 20, 16),
                gap=12,
            )
        )
        self._show_keys()
        self._forget_new()
        self.field.setFocus()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys as they would be saved."""
        return tuple(self._keys)

    def add_new(self) -> None:
        """Take over what was pressed, from whoever has it."""
        if self._new:
            self._keys.append(self._new)
            self._show_keys()
            self._forget_new()
            self.save.setFocus()

    def show_defaults(self) -> None:
        """The keys that the action comes with."""
        self._keys = [normal_keys(text) for text in self._row.shortcuts]
        self._show_keys()
        self._forget_new()

    def accept(self) -> None:
        """Save; keys that were pressed and not added yet are meant too."""
        self.add_new()
        super().accept()
        self.saved.emit(rebound(self._actions.rows, self._bindings, self._row.id, self.keys))

    def _heard(self, keys: str) -> None:
        self._new = ""
        clash = self._taken.clash(keys, but=self._row.id)
        text = shortcut_text(keys)
        if keys in self._keys:
            words, role = f"{text} is one of its keys already.", "caption"
        elif clash is None:
            self._new, words, role = keys, f"{text} is free.", "good"
        elif clash.other:
            self._new, words, role = keys, f"{text} belongs to “{clash.words}”, which loses it.", "warning"
        else:
            words, role = f"{text} cannot be used. {clash.words}.", "error"
        self.says.setText(words)
        restyle(self.says, role=role)
        self.add.setText("Take it" if self._new and clash is not None else "Add")
        self.add.setAccessibleName(f"{self.add.text()}: {text}")
        self.add.setEnabled(bool(self._new))

    def _forget_new(self) -> None:
        self._new = ""
        self.field.clear()
        self.says.setText("Press keys to add them, such as Ctrl, Alt or a function key together with a letter.")
        restyle(self.says, role="caption")
        self.add.setText("Add")
        self.add.setEnabled(False)

    def _show_keys(self) -> None:
        while (item := self._chips.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for keys in self._keys:
            remove = button("Remove", quiet=True, name=f"Remove {shortcut_text(keys)}")
            remove.clicked.connect(partial(self._remove, keys))
            self._chips.addWidget(holding(row(label(shortcut_text(keys), "key"), None, remove)))
        if not self._keys:
            self._chips.addWidget(label("It has no keys. The menu and the palette reach it too.", "muted", wraps=True))

    def _remove(self, keys: str, _is_checked: bool = False) -> None:  # noqa: FBT001, FBT002 - the button tells it
        self._keys.remove(keys)
        self._show_keys()
        self.field.setFocus()
