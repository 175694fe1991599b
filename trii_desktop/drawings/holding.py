"""Drawings held by the pointer: by a handle, or whole; moved, or cloned."""

from PySide6.QtCore import Qt

from backend.charts.drawings import Anchor, Drawing
from trii_desktop.charts.layers import PointerEvent
from trii_desktop.drawings.grips import constrained, gripped
from trii_desktop.drawings.magnet import Magnet, snapped
from trii_desktop.drawings.placement import Placement
from trii_desktop.drawings.placing import CLICK_PX
from trii_desktop.drawings.shapes import Grip

_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


class Holding:
    """What is held since a press.

    start : the drawings as they were; now : as they are, or their clones
    grip : of the handle that is held, None for whole drawings
    """

    def __init__(self, start: tuple[Drawing, ...], grip: Grip | None, event: PointerEvent, *, is_clone: bool) -> None:
        self.start = start
        self.grip = grip
        self.is_clone = is_clone
        self.has_moved = False
        self.now = tuple(drawing.cloned() for drawing in start) if is_clone else start
        self._at = (event.x, event.y)
        self._from = self.now

    def move(self, event: PointerEvent, place: Placement, magnet: Magnet) -> bool:
        """Follow the pointer; whether anything moved."""
        dx, dy = event.x - self._at[0], event.y - self._at[1]
        if not self.has_moved and max(abs(dx), abs(dy)) <= CLICK_PX * event.frame.pixel_ratio:
            return False
        self.has_moved = True
        if self.grip is not None:
            (drawing,) = self._from[:1]
            self.now = (gripped(drawing, self.grip, self._target(event, drawing, place, magnet), place),)
            return True
        if event.modifiers & _SHIFT:  # level or upright
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        rows = round(dx / event.frame.time.spacing_px)
        self.now = tuple(one.moved_to(tuple(place.moved(anchor, rows, dy) for anchor in one.anchors)) for one in self._from)
        return True

    def _target(self, event: PointerEvent, drawing: Drawing, place: Placement, magnet: Magnet) -> Anchor:
        anchor = snapped(place, event.x, event.y, magnet.turned if event.modifiers & _CONTROL else magnet)
        grip = self.grip
        assert grip is not None, "A handle is held."
        if event.modifiers & _SHIFT and len(drawing.anchors) > 1 and grip.times == grip.prices and grip.times:
            return constrained(place, drawing.anchors[grip.times[0] - 1 if grip.times[0] else 1], anchor)
        return anchor
