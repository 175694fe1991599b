"""Hands the pointer to tools before the chart has it, in pixels of the pane that it is over."""

from collections.abc import Iterator

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent

from trii_desktop.charts.chart_picture import ChartPicture
from trii_desktop.charts.gestures import Zone
from trii_desktop.charts.layers import PointerEvent, PointerTool
from trii_desktop.charts.pane_part import PanePart


class ToolPointer:
    """Asks the tools, the first one first; every method says whether one took it. Points are device pixels of the view."""

    def __init__(self, picture: ChartPicture) -> None:
        self._picture = picture
        self._held: tuple[str, PointerTool] | None = None  # the pane in which a press was taken, and by whom, until its release
        self.tools: list[PointerTool] = []

    def press(self, at: QPointF, event: QMouseEvent) -> bool:
        """A button went down."""
        made = self._event(at, event)
        return made is not None and self._take(made, (tool for tool in self.tools if tool.press(made)))

    def move(self, at: QPointF, event: QMouseEvent) -> bool:
        """The pointer moved."""
        made = self._event(at, event)
        if made is None:
            return False
        if self._held is not None:
            self._held[1].move(made)
            return True
        taker = next((tool for tool in self.tools if tool.move(made)), None)
        for other in self.tools[self.tools.index(taker) + 1 :] if taker is not None else ():
            other.leave()  # what it marked lies below what the other one has
        return taker is not None

    def release(self, at: QPointF, event: QMouseEvent) -> bool:
        """The button came up."""
        if self._held is None:
            return False
        made, (_, tool) = self._event(at, event), self._held
        self._held = None
        if made is not None:
            tool.release(made)
        return True

    def double_click(self, at: QPointF, event: QMouseEvent) -> bool:
        """The second press of a double click."""
        made = self._event(at, event)
        return made is not None and self._take(made, (tool for tool in self.tools if tool.double_click(made)))

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """A key went down."""
        return any(tool.key(key, modifiers) for tool in self.tools)

    def leave(self) -> None:
        """The pointer is elsewhere."""
        self._held = None
        for tool in self.tools:
            tool.leave()

    def cursor(self, zone: Zone) -> Qt.CursorShape | None:
        """How the pointer looks in ``zone``; None leaves it to the chart."""
        return next((tool.cursor for tool in self.tools if tool.cursor is not None), None) if zone is Zone.PLOT else None

    def _take(self, made: PointerEvent, takers: Iterator[PointerTool]) -> bool:
        # Whoever takes it first keeps it until the release; the others are not asked.
        tool = next(takers, None)
        if tool is not None:
            self._held = (made.pane_id, tool)
        return tool is not None

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
            return next((part for part in self._picture.seen_parts if part.pane.id == self._held[0]), None)
        return self._picture.part_at(at.y()) if self._picture.zone_at(at.x(), at.y()) is Zone.PLOT else None
