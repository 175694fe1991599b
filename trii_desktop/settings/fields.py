"""One editor for each kind of setting, made from what the settings say about themselves."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QLineEdit,
    QListWidget,
    QPushButton,
    QSpinBox,
    QWidget,
)

from backend.settings_fields import SettingsField
from trii_desktop.widgets.layout import button, column, row

FIELD_PX: Final = 220
SWATCH_PX: Final = 14


class FieldEditor(QWidget):
    """Shows a value, by the ``show_value`` of its kind, and tells ``edited`` with the new one."""

    edited = Signal(object)

    @abstractmethod
    def show_value(self, value: Any) -> None:
        """Show ``value`` without telling it."""


class FlagEditor(FieldEditor):
    """A tick box with the setting's title."""

    def __init__(self, field: SettingsField) -> None:
        super().__init__()
        self._box = QCheckBox(field.title)
        self._box.setAccessibleName(field.title)
        self._box.clicked.connect(self.edited.emit)
        self.setLayout(column(self._box))
        self.setFocusProxy(self._box)

    def show_value(self, value: Any) -> None:
        """Tick or not."""
        self._box.setChecked(bool(value))


class WholeEditor(FieldEditor):
    """A whole number within its bounds."""

    def __init__(self, field: SettingsField) -> None:
        super().__init__()
        self._box = QSpinBox()
        self._box.setRange(int(field.minimum or 0), int(field.maximum if field.maximum is not None else 2**31 - 1))
        self._box.setSingleStep(int(field.step or 1))
        self._box.valueChanged.connect(self.edited.emit)
        _place(self, self._box, field)

    def show_value(self, value: Any) -> None:
        """Show the number."""
        with QSignalBlocker(self._box):
            self._box.setValue(int(value))


class NumberEditor(FieldEditor):
    """A number within its bounds."""

    def __init__(self, field: SettingsField) -> None:
        super().__init__()
        self._box = QDoubleSpinBox()
        self._box.setDecimals(2)
        self._box.setRange(
            field.minimum if field.minimum is not None else -1e9, field.maximum if field.maximum is not None else 1e9
        )
        self._box.setSingleStep(field.step or 0.1)
        self._box.valueChanged.connect(self.edited.emit)
        _place(self, self._box, field)

    def show_value(self, value: Any) -> None:
        """Show the number."""
        with QSignalBlocker(self._box):
            self._box.setValue(float(value))


def _place(editor: FieldEditor, box: QSpinBox | QDoubleSpinBox, field: SettingsField) -> None:
    """Stand a number's box in its editor, named and with its unit; it tells a value when the typing is over."""
    box.setSuffix(f" {field.unit}" if field.unit else "")
    box.setKeyboardTracking(False)
    box.setAccessibleName(field.title)
    box.setFixedWidth(FIELD_PX)
    editor.setLayout(row(box, None))
    editor.setFocusProxy(box)


class ChoiceEditor(FieldEditor):
    """One of a few."""

    def __init__(self, field: SettingsField) -> None:
        super().__init__()
        self._box = QComboBox()
        for choice in field.choices:
            self._box.addItem(choice.label, choice.value)
        self._box.setAccessibleName(field.title)
        self._box.setFixedWidth(FIELD_PX)
        self._box.activated.connect(self._chosen)
        self.setLayout(row(self._box, None))
        self.setFocusProxy(self._box)

    def show_value(self, value: Any) -> None:
        """Show the choice."""
        self._box.setCurrentIndex(max(0, self._box.findData(value)))

    def _chosen(self) -> None:
        self.edited.emit(self._box.currentData())


class TextEditor(FieldEditor):
    """A line of text, told when it is finished."""

    def __init__(self, field: SettingsField) -> None:
        super().__init__()
        self._box = QLineEdit()
        self._box.setAccessibleName(field.title)
        self._box.setMaximumWidth(2 * FIELD_PX)
        self._box.editingFinished.connect(self._finished)
        self.setLayout(row(self._box))
        self.setFocusProxy(self._box)

    def show_value(self, value: Any) -> None:
        """Show the text."""
        self._box.setText(str(value))
        self._box.setModified(False)

    def _finished(self) -> None:
        if self._box.isModified():
            self._box.setModified(False)
            self.edited.emit(self._box.text().strip())


class ColourEditor(FieldEditor):
    """A colour: its swatch and code open a chooser."""

    def __init__(self, field: SettingsField) -> None:
        super().__init__()
        self._title = field.title
        self._value = str(field.default)
        self._button = QPushButton()
        self._button.setAutoDefault(False)
        self._button.setFixedWidth(FIELD_PX)
        self._button.setStyleSheet("text-align: left;")
        self._button.clicked.connect(self._open)
        self.setLayout(row(self._button, None))
        self.setFocusProxy(self._button)

    def show_value(self, value: Any) -> None:
        """Show the colour."""
        self._value = str(value)
        self._button.setText(self._value)
        self._button.setAccessibleName(f"{self._title}, {self._value}")
        swatch = QPixmap(SWATCH_PX, SWATCH_PX)
        swatch.fill(QColor(self._value))
        self._button.setIcon(QIcon(swatch))

    def _open(self) -> None:
        dialog = QColorDialog(QColor(self._value), self)
        dialog.setWindowTitle(self._title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self._selected)
        dialog.open()

    def _selected(self, color: QColor) -> None:
        self.edited.emit(color.name())


class FoldersEditor(FieldEditor):
    """A list of folders."""

    def __init__(self, field: SettingsField) -> None:
        super().__init__()
        self._view = QListWidget()
        self._view.setProperty("framed", True)
        self._view.setAccessibleName(field.title)
        self._view.setMaximumHeight(120)
        add, self._remove = button("Add folder…"), button("Remove")
        add.clicked.connect(self._open)
        self._remove.clicked.connect(self._remove_current)
        self.setLayout(column(self._view, row(add, self._remove, None)))
        self.setFocusProxy(self._view)

    def show_value(self, value: Any) -> None:
        """Show the folders."""
        self._view.clear()
        self._view.addItems(list(value))
        self._remove.setEnabled(bool(value))

    def _folders(self) -> list[str]:
        return [self._view.item(place).text() for place in range(self._view.count())]

    def _open(self) -> None:
        dialog = QFileDialog(self, "Choose a folder to watch")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._chosen)
        dialog.open()

    def _chosen(self, folder: str) -> None:
        self.edited.emit(tuple(dict.fromkeys([*self._folders(), folder])))

    def _remove_current(self) -> None:
        place = self._view.currentRow()
        if place >= 0:
            self.edited.emit(tuple(folder for number, folder in enumerate(self._folders()) if number != place))


_MAKERS: Final[dict[str, Callable[[SettingsField], FieldEditor]]] = {
    "flag": FlagEditor,
    "whole": WholeEditor,
    "number": NumberEditor,
    "text": TextEditor,
    "choice": ChoiceEditor,
    "colour": ColourEditor,
    "folders": FoldersEditor,
}


def make_editor(field: SettingsField) -> FieldEditor:
    """The editor for a field's kind."""
    return _MAKERS[field.kind](field)
