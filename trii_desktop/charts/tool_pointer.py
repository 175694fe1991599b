"""Hands the pointer to a tool before the chart has it, in pixels of the pane that it is over."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent

from trii_desktop.charts.chart_picture import ChartPicture
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.layers import PointerEvent, PointerTool
from trii_desktop.charts.pane_part import PanePart


class ToolPointer:
    """Asks the tool in hand, if any; every method says whether the tool took it. Points are device pixels of the view."""

    def __init__(self, picture: ChartPicture) -> None:
        self._picture = picture
        self._held: str | None = None  # the pane in which a press was taken, until its release
        self.tool: PointerTool | None = None

    def press(self, at: QPointF, event: QMouseEvent) -> bool:
        """A button went down."""
        made = self._event(at, event)
        if self.tool is None or made is None or not self.tool.press(made):
            return False
        self._held = made.pane_id
        return True

    def move(self, at: QPointF, event: QMouseEvent) -> bool:
        """The pointer moved."""
        made = self._event(at, event)
        if self.tool is None or made is None:
            return False
        return self.tool.move(made) or self._held is not None

    def release(self, at: QPointF, event: QMouseEvent) -> bool:
        """The button came up."""
        if self._held is None:
            return False
        made = self._event(at, event)
        self._held = None
        if self.tool is not None and made is not None:
            self.tool.release(made)
        return True

    def double_click(self, at: QPointF, event: QMouseEvent) -> bool:
        """The second press of a double click."""
        made = self._event(at, event)
        if self.tool is None or made is None or not self.tool.double_click(made):
            return False
        self._held = made.pane_id
        return True

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """A key went down."""
        return self.tool is not None and self.tool.key(key, modifiers)

    def leave(self) -> None:
        """The pointer is elsewhere."""
        self._held = None
        if self.tool is not None:
            self.tool.leave()

    def cursor(self, zone: Zone) -> Qt.CursorShape | None:
        """How the pointer looks in ``zone``; None leaves it to the chart."""
        return self.tool.cursor if self.tool is not None and zone is Zone.PLOT else None

    def _event(self, at: QPointF, event: QMouseEvent) -> PointerEvent | None:
        part = self._part(at)
        if part is None or part.frame is None:
            return None
        buttons = event.buttons()
        held = next((b for b in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) if buttons & b), Qt.MouseButton.NoButton)
        button = held if event.button() is Qt.MouseButton.NoButton else event.button()
        return PointerEvent(part.pane.id, at.x() - part.plot.x, at.y() - part.plot.y, part.frame, button, event.modifiers())

    def _part(self, at: QPointF) -> PanePart | None:
        if self._held is not None:
            return next((part for part in self._picture.seen_parts if part.pane.id == self._held), None)
        return self._picture.part_at(at.y()) if self._picture.zone_at(at.x(), at.y()) is Zone.PLOT else None
