"""How selected drawings look: colour, width, dash, filling, levels, words, money at risk; seen on the chart at once."""

from functools import partial
from typing import Final

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from backend.charts.chart_state import Dash
from backend.charts.drawings import FIBONACCI_LEVELS, LEVELS_MAX, POSITIONS, DrawingKind, DrawingStyle
from trii_desktop.drawings.controller import DrawingController
from trii_desktop.drawings.kinds import TITLES
from trii_desktop.widgets.layout import button, column, label, row

_DASHES: Final = ((Dash.SOLID, "Solid"), (Dash.DASHED, "Dashed"), (Dash.DOTTED, "Dotted"))
_LINE_COLOUR: Final = "#4c8dff"


class DrawingProperties(QDialog):
    """Changes what is selected on one chart as one chooses; every change is a step of undo."""

    def __init__(self, parent: QWidget, controller: DrawingController) -> None:
        super().__init__(parent)
        self._controller = controller
        self._first = controller.selected[0]
        title = TITLES[self._first.kind] if len(controller.selected) == 1 else f"{len(controller.selected)} drawings"
        self.setWindowTitle(title)
        self.setAccessibleName(f"Look of {title}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(360)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        self._fill(form)
        self._problem = label("", "error", wraps=True)
        self._problem.hide()
        close = button("Close", primary=True)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        self.setLayout(column(form, self._problem, 8, row(None, close), margins=(16, 16, 16, 16)))

    def _fill(self, form: QFormLayout) -> None:
        style = self._first.style
        self.colour = QPushButton(style.colour or "Theme")
        self.colour.setAccessibleName("Colour")
        self.colour.clicked.connect(self._choose_colour)
        form.addRow("Colour", self.colour)
        self.width_px = QSpinBox()
        self.width_px.setRange(1, 6)
        self.width_px.setValue(style.width)
        self.width_px.setSuffix(" px")
        self.width_px.setAccessibleName("Width")
        self.width_px.valueChanged.connect(partial(self._set, "width"))
        form.addRow("Width", self.width_px)
        self.dash = QComboBox()
        self.dash.setAccessibleName("Line")
        for dash, words in _DASHES:
            self.dash.addItem(words, dash)
        self.dash.setCurrentIndex([dash for dash, _ in _DASHES].index(style.dash))
        self.dash.currentIndexChanged.connect(self._set_dash)
        form.addRow("Line", self.dash)
        for name, words, is_on in (
            ("is_filled", "Tint the ground", style.is_filled),
            ("is_extended", "Go on to the right", style.is_extended),
        ):
            box = QCheckBox(words)
            box.setChecked(is_on)
            box.toggled.connect(partial(self._set, name))
            form.addRow("", box)
        if self._first.kind is DrawingKind.FIBONACCI:
            self.levels = QLineEdit(", ".join(f"{level:g}" for level in style.levels or FIBONACCI_LEVELS))
            self.levels.setAccessibleName("Levels")
            self.levels.editingFinished.connect(self._set_levels)
            form.addRow("Levels", self.levels)
        if self._first.kind in POSITIONS:
            self.risk = QDoubleSpinBox()
            self.risk.setRange(0, 1e12)
            self.risk.setDecimals(2)
            self.risk.setGroupSeparatorShown(True)
            self.risk.setValue(self._first.risk)
            self.risk.setAccessibleName("Money at risk")
            self.risk.valueChanged.connect(self._set_risk)
            form.addRow("Money at risk", self.risk)

    def _set(self, name: str, value: object) -> None:
        def change(style: DrawingStyle) -> DrawingStyle:
            return msgspec.structs.replace(style, **{name: value})

        self._controller.edits.restyle("Change the look", change)

    def _set_dash(self, place: int) -> None:
        self._set("dash", _DASHES[place][0])

    def _choose_colour(self) -> None:
        dialog = QColorDialog(QColor(self._first.style.colour or _LINE_COLOUR), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(self._take_colour)
        dialog.open()

    def _take_colour(self, colour: QColor) -> None:
        self.colour.setText(colour.name())
        self._set("colour", colour.name())

    def _set_levels(self) -> None:
        try:
            levels = tuple(float(word) for word in self.levels.text().replace(";", ",").split(",") if word.strip())
        except ValueError:
            levels = ()
        is_possible = 0 < len(levels) <= LEVELS_MAX and all(abs(level) <= 100 for level in levels)
        self._problem.setVisible(not is_possible)
        if is_possible:
            self._set("levels", tuple(sorted(set(levels))))
        else:
            self._problem.setText(f"Write up to {LEVELS_MAX} numbers between -100 and 100, such as 0, 0.5, 1.")

    def _set_risk(self, risk: float) -> None:
        for drawing in self._controller.selected:
            self._controller.edits.stake(drawing, risk)
