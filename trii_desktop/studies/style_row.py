"""How one line is drawn, as a row of widgets: shown or not, colour, width, dash."""

from functools import partial

from msgspec.structs import replace
from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QSpinBox

from backend.charts.chart_state import LineStyle
from trii_desktop.widgets.colours import ColourButton
from trii_desktop.widgets.dash_box import DashBox


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
        self.dash = DashBox()
        self.dash.setAccessibleName(f"Line of {title}")
        self.is_shown.toggled.connect(partial(self._set, "is_shown"))
        self.colour.chosen.connect(partial(self._set, "colour"))
        self.width_px.valueChanged.connect(partial(self._set, "width"))
        self.dash.chosen.connect(partial(self._set, "dash"))

    def place(self, grid: QGridLayout, row: int) -> None:
        """Stand in a row of ``grid``."""
        for column, widget in enumerate((self.is_shown, self.colour, self.width_px, self.dash)):
            grid.addWidget(widget, row, column)

    def show_style(self, style: LineStyle) -> None:
        """Show a style without telling it."""
        self._style = style
        self.colour.show_colour(style.colour)
        self.dash.show_dash(style.dash)
        with QSignalBlocker(self.is_shown), QSignalBlocker(self.width_px):
            self.is_shown.setChecked(style.is_shown)
            self.width_px.setValue(style.width)

    def _set(self, name: str, value: object) -> None:
        self._style = replace(self._style, **{name: value})
        self.changed.emit(self._style)


def style_grid() -> QGridLayout:
    """The grid that rows of styles stand in."""
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(0, 1)
    return grid
