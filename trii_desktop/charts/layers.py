"""What is laid over a chart's series, and what may take the pointer before the chart pans: drawings plug in here."""

from typing import NamedTuple, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from trii_desktop.charts.painters import Inks, PaneFrame


class ChartLayer(Protocol):
    """Something painted in every pane, above its series and below its legend."""

    def prepare(self, frame: PaneFrame, pane_id: str) -> None:
        """Compute what ``paint`` draws in one pane; called for every open pane when bars, view, size or colours changed."""
        ...

    def paint(self, painter: QPainter, inks: Inks, pane_id: str) -> None:
        """Draw it; the painter counts device pixels from the pane's upper left corner and is clipped to the pane."""
        ...


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
