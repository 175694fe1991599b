"""How one line is drawn, as a row of widgets: shown or not, colour, width, dash."""

from functools import partial
from typing import Final

from msgspec.structs import replace
from PySide6.QtCore import QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QCheckBox, QColorDialog, QComboBox, QGridLayout, QMenu, QPushButton, QSpinBox

from backend.charts.chart_state import Dash, LineStyle

SWATCH_PX: Final = 14
_DASHES: Final = ((Dash.SOLID, "Solid"), (Dash.DASHED, "Dashed"), (Dash.DOTTED, "Dotted"))
_COLOUR_PX: Final = 128


class ColourButton(QPushButton):
    """A swatch that opens the theme's palette and a chooser; ``chosen`` carries a LineStyle's colour."""

    chosen = Signal(str)

    def __init__(self, title: str, own: str, palette: tuple[str, ...]) -> None:
        super().__init__()
        self._title, self._own, self._colour = title, own, ""
        self._named = {f"study_{place}": colour for place, colour in enumerate(palette)}
        self.setAutoDefault(False)
        self.setFixedWidth(_COLOUR_PX)
        self.setStyleSheet("text-align: left;")
        self.setIconSize(QSize(SWATCH_PX, SWATCH_PX))
        menu = QMenu(self)
        menu.setAccessibleName(f"Colour of {title}")
        self._add(menu, self._words(""), "", own)
        menu.addSeparator()
        for name, colour in self._named.items():
            self._add(menu, self._words(name), name, colour)
        menu.addSeparator()
        menu.addAction("Other…", self._open)
        self.setMenu(menu)
        self.show_colour("")

    def show_colour(self, colour: str) -> None:
        """Show what is chosen without telling it."""
        self._colour = colour
        self.setIcon(_swatch(self._named.get(colour, colour or self._own)))
        self.setText(self._words(colour))
        self.setAccessibleName(f"Colour of {self._title}, {self._words(colour)}")

    def _words(self, colour: str) -> str:
        place = list(self._named).index(colour) + 1 if colour in self._named else 0
        return f"Colour {place}" if place else colour or "Automatic"

    def _add(self, menu: QMenu, words: str, colour: str, seen: str) -> None:
        made = QAction(_swatch(seen), words, menu)
        made.setIconVisibleInMenu(True)
        made.triggered.connect(partial(self._take, colour))
        menu.addAction(made)

    def _open(self) -> None:
        dialog = QColorDialog(QColor(self._named.get(self._colour, self._colour or self._own)), self)
        dialog.setWindowTitle(f"Colour of {self._title}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self._selected)
        dialog.open()

    def _selected(self, colour: QColor) -> None:
        self._take(colour.name())

    def _take(self, colour: str, *_: object) -> None:
        self.show_colour(colour)
        self.chosen.emit(colour)


class StyleRow(QObject):
    """The widgets of one line in a grid; ``changed`` carries its LineStyle."""

    changed = Signal(object)

    def __init__(self, title: str, own: str, palette: tuple[str, ...], parent: QObject) -> None:
        super().__init__(parent)
        self._style = LineStyle()
        self.is_shown = QCheckBox(title)
        self.is_shown.setAccessibleName(f"Show {title}")
        self.colour = ColourButton(title, own, palette)
        self.width_px = QSpinBox()
        self.width_px.setRange(1, 6)
        self.width_px.setSuffix(" px")
        self.width_px.setAccessibleName(f"Width of {title}")
        self.dash = QComboBox()
        self.dash.setAccessibleName(f"Line of {title}")
        for kind, words in _DASHES:
            self.dash.addItem(words, kind)
        self.is_shown.toggled.connect(partial(self._set, "is_shown"))
        self.colour.chosen.connect(partial(self._set, "colour"))
        self.width_px.valueChanged.connect(partial(self._set, "width"))
        self.dash.currentIndexChanged.connect(self._set_dash)

    def place(self, grid: QGridLayout, row: int) -> None:
        """Stand in a row of ``grid``."""
        for column, widget in enumerate((self.is_shown, self.colour, self.width_px, self.dash)):
            grid.addWidget(widget, row, column)

    def show_style(self, style: LineStyle) -> None:
        """Show a style without telling it."""
        self._style = style
        self.colour.show_colour(style.colour)
        with QSignalBlocker(self.is_shown), QSignalBlocker(self.width_px), QSignalBlocker(self.dash):
            self.is_shown.setChecked(style.is_shown)
            self.width_px.setValue(style.width)
            self.dash.setCurrentIndex([kind for kind, _ in _DASHES].index(style.dash))

    def _set(self, name: str, value: object) -> None:
        self._style = replace(self._style, **{name: value})
        self.changed.emit(self._style)

    def _set_dash(self, place: int) -> None:
        self._set("dash", _DASHES[place][0])


def style_grid() -> QGridLayout:
    """The grid that rows of styles stand in."""
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(0, 1)
    return grid


def _swatch(colour: str) -> QIcon:
    pixmap = QPixmap(2 * SWATCH_PX, 2 * SWATCH_PX)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(0, 0, SWATCH_PX, SWATCH_PX, 3, 3)
    painter.end()
    return QIcon(pixmap)
