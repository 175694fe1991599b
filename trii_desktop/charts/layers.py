"""What is laid over a chart's series, and what may take the pointer before the chart pans: drawings plug in here."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from trii_desktop.charts.labels import AxisLabel
from trii_desktop.charts.painters import Inks, PaneFrame
from trii_desktop.charts.price_scale import PriceScale


class TimeMark(NamedTuple):
    """A moment marked on the time axis: its column of pixels, and the name of the ink of its label."""

    x: int
    event_ns: int
    ink: str


class ChartLayer(Protocol):
    """Something painted in every pane, above its series and below its legend.

    is_still : set while a picture is made to be kept, without pointer and selection
    """

    is_still: bool

    def prepare(self, frame: PaneFrame, pane_id: str) -> None:
        """Compute what ``paint`` draws in one pane; called for every open pane when bars, view, size or colours changed."""
        ...

    def paint(self, painter: QPainter, inks: Inks, pane_id: str) -> None:
        """Draw it; the painter counts device pixels from the pane's upper left corner and is clipped to the pane."""
        ...

    def price_labels(self, pane_id: str, scale: PriceScale, decimals: int, inks: Inks) -> list[AxisLabel]:
        """Labels that it wants beside a pane, asked for after ``prepare``."""
        ...

    def time_marks(self) -> list[TimeMark]:
        """Labels that it wants below the panes, asked for after ``prepare``."""
        ...


def time_marks(layers: Iterable[ChartLayer]) -> list[TimeMark]:
    """Labels that all of them want below the panes."""
    return [mark for layer in layers for mark in layer.time_marks()]


def keep_still(layers: Iterable[ChartLayer], *, is_still: bool) -> None:
    """Say to all of them whether a picture is made to be kept."""
    for layer in layers:
        layer.is_still = is_still


class PointerEvent(NamedTuple):
    """What the pointer did in a pane.

    x, y : device pixels from the pane's upper left corner; beyond its edges while a drag that began in it goes on
    frame : the pane's scales as last painted
    button : that went down, came up or clicked twice; of a move the one that is held, or none
    """

    pane_id: str
    x: float
    y: float
    frame: PaneFrame
    button: Qt.MouseButton
    modifiers: Qt.KeyboardModifier


class PointerTool(Protocol):
    """Is asked first. What it takes by returning True does not pan, zoom or scale the chart.

    Who takes a press is given all moves and the release that follow, also outside the pane.
    """

    def press(self, event: PointerEvent) -> bool:
        """A button went down."""
        ...

    def move(self, event: PointerEvent) -> bool:
        """The pointer moved, with or without a button held."""
        ...

    def release(self, event: PointerEvent) -> bool:
        """The button came up."""
        ...

    def double_click(self, event: PointerEvent) -> bool:
        """The second press of a double click; a release follows."""
        ...

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """A key went down while the chart has the keyboard."""
        ...

    def leave(self) -> None:
        """The pointer left the chart."""
        ...

    @property
    def cursor(self) -> Qt.CursorShape | None:
        """How the pointer looks over a pane now; None leaves it to the chart."""
        ...
