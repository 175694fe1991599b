"""A button with a menu of colours: the one that goes without saying, those of the theme's palette, and any other."""

from functools import partial
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QColorDialog, QMenu, QPushButton, QWidget

_SWATCH_PX: Final = 14
_BUTTON_PX: Final = 128


class ColourMenu(QMenu):
    """``chosen`` carries ``study_3`` for a place of the palette, ``#rrggbb``, or nothing for what goes without saying."""

    chosen = Signal(str)

    def __init__(self, title: str, own: str, palette: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self._title, self._own, self._colour = title, own, ""
        self._named = {f"study_{place}": colour for place, colour in enumerate(palette)}
        self.setAccessibleName(f"Colour of {title}")
        self._add("")
        self.addSeparator()
        for name in self._named:
            self._add(name)
        self.addSeparator()
        self.addAction("Other…", self._open)

    def show_colour(self, colour: str) -> None:
        """Take what is chosen without telling it."""
        self._colour = colour

    def seen(self, colour: str) -> str:
        """``#rrggbb`` of a colour."""
        return self._named.get(colour, colour or self._own)

    def words(self, colour: str) -> str:
        """What a colour is called."""
        place = list(self._named).index(colour) + 1 if colour in self._named else 0
        return f"Colour {place}" if place else colour or "Automatic"

    def _add(self, colour: str) -> None:
        made = QAction(_swatch(self.seen(colour)), self.words(colour), self)
        made.setIconVisibleInMenu(True)
        made.triggered.connect(partial(self._take, colour))
        self.addAction(made)

    def _open(self) -> None:
        dialog = QColorDialog(QColor(self.seen(self._colour)), self.parentWidget())
        dialog.setWindowTitle(f"Colour of {self._title}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self._selected)
        dialog.open()

    def _selected(self, colour: QColor) -> None:
        self._take(colour.name())

    def _take(self, colour: str, *_: object) -> None:
        self._colour = colour
        self.chosen.emit(colour)


class ColourButton(QPushButton):
    """A swatch that opens the theme's palette and a chooser; ``chosen`` carries what ``ColourMenu`` tells."""

    chosen = Signal(str)

    def __init__(self, title: str, own: str, palette: tuple[str, ...]) -> None:
        super().__init__()
        self._title = title
        self.setAutoDefault(False)
        self.setFixedWidth(_BUTTON_PX)
        self.setStyleSheet("text-align: left;")
        self.setIconSize(QSize(_SWATCH_PX, _SWATCH_PX))
        self._menu = ColourMenu(title, own, palette, self)
        self._menu.chosen.connect(self._take)
        self.setMenu(self._menu)
        self.show_colour("")

    def show_colour(self, colour: str) -> None:
        """Show what is chosen without telling it."""
        self._menu.show_colour(colour)
        self.setIcon(_swatch(self._menu.seen(colour)))
        self.setText(self._menu.words(colour))
        self.setAccessibleName(f"Colour of {self._title}, {self._menu.words(colour)}")

    def seen(self, colour: str) -> str:
        """``#rrggbb`` of a colour."""
        return self._menu.seen(colour)

    def _take(self, colour: str) -> None:
        self.show_colour(colour)
        self.chosen.emit(colour)


def _swatch(colour: str) -> QIcon:
    """A small square of a colour."""
    pixmap = QPixmap(2 * _SWATCH_PX, 2 * _SWATCH_PX)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(0, 0, _SWATCH_PX, _SWATCH_PX, 3, 3)
    painter.end()
    return QIcon(pixmap)
