"""A tool in hand: the places chosen so far by clicks, by a drag or by the keyboard, and the drawing that they will make."""

from collections.abc import Callable
from typing import Final

import msgspec
from PySide6.QtCore import Qt

from backend.charts.drawings import Anchor, Drawing, DrawingKind
from trii_desktop.charts.layers import PointerEvent
from trii_desktop.drawings.choices import DrawingChoices
from trii_desktop.drawings.grips import constrained
from trii_desktop.drawings.kinds import clicks_of, fresh
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.drawings.magnet import Magnet, next_price, snapped
from trii_desktop.drawings.placement import Placement

CLICK_PX: Final = 4.0
STEP_PX: Final = 4.0  # logical pixels that an arrow key moves the keyboard's cursor up or down
FAST: Final = 10
_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
ARROWS: Final = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
_PLACES: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Placing:
    """What a tool does on one chart; ``made`` is called with each finished drawing, ``changed`` when something else is seen.

    A measure taken with Shift and no tool is not kept: it stays until something else is done.
    """

    def __init__(
        self, layer: DrawingLayer, choices: DrawingChoices, made: Callable[[Drawing], None], changed: Callable[[], None]
    ) -> None:
        self._layer = layer
        self._choices = choices
        self._made = made
        self._changed = changed
        self._chosen: tuple[Anchor, ...] = ()
        self._pressed: tuple[float, float] | None = None
        self._is_passing = False

    @property
    def is_under_way(self) -> bool:
        """Whether a place was chosen and another one is to follow."""
        return bool(self._chosen)

    def press(self, event: PointerEvent) -> bool:
        """Choose a place, if a tool is in hand or Shift asks for a measure."""
        self._drop_passing()
        if self._chosen and self._layer.preview is not None:
            kind: DrawingKind | None = self._layer.preview.kind
        else:
            self._is_passing = self._choices.tool is None
            has_shift = bool(event.modifiers & _SHIFT) and not event.modifiers & _CONTROL
            is_measured = has_shift and self._layer.find(event.x, event.y) is None
            kind = DrawingKind.MEASURE if self._is_passing and is_measured else self._choices.tool
        if kind is None:
            return False
        self._layer.cursor = None
        self._pressed = (event.x, event.y)
        self._choose(kind, self._anchor(event), self._layer.placement(event.frame))
        return True

    def move(self, event: PointerEvent) -> bool:
        """Show what a click would make."""
        if not self._chosen or self._layer.preview is None:
            return False
        self._preview(self._anchor(event), self._layer.placement(event.frame))
        return True

    def release(self, event: PointerEvent) -> bool:
        """The end of a drag chooses a place too."""
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return False
        away = max(abs(event.x - pressed[0]), abs(event.y - pressed[1]))
        preview = self._layer.preview
        if self._chosen and preview is not None and away > CLICK_PX * event.frame.pixel_ratio:
            self._choose(preview.kind, self._anchor(event), self._layer.placement(event.frame))
        return True

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Arrows move a cursor over bars and prices, Enter or Space chooses its place; with Shift it goes faster."""
        place, tool = self._layer.place, self._choices.tool
        if tool is None or place is None or not len(place.frame.snapshot) or modifiers & ~_SHIFT:
            return False
        if key not in ARROWS and key not in _PLACES:
            return False
        cursor = self._layer.cursor
        if cursor is None:
            self._layer.cursor = self._first_cursor(place)
        elif key in _PLACES:
            self._choose(tool, cursor, place)
        else:
            self._layer.cursor = self._moved(cursor, place, ARROWS[key], FAST if modifiers & _SHIFT else 1)
            if self._chosen and self._layer.preview is not None:
                self._preview(self._layer.cursor, place)
        self._changed()
        return True

    def give_up(self) -> bool:
        """Let go of the places chosen so far; whether there was anything to let go."""
        had_any = bool(self._chosen) or (self._is_passing and self._layer.preview is not None)
        self._forget()
        if had_any:
            self._changed()
        return had_any

    # --- inside -------------------------------------------------------------------------------------------------------

    def _drop_passing(self) -> None:
        if self._is_passing and not self._chosen and self._layer.preview is not None:
            self._layer.preview = None
            self._changed()

    def _forget(self) -> None:
        self._chosen, self._pressed, self._layer.preview, self._layer.cursor = (), None, None, None
        self._is_passing = False

    def _anchor(self, event: PointerEvent) -> Anchor:
        place = self._layer.placement(event.frame)
        magnet = self._choices.magnet
        anchor = snapped(place, event.x, event.y, magnet.turned if event.modifiers & _CONTROL else magnet)
        if event.modifiers & _SHIFT and self._chosen and not self._is_passing:
            return constrained(place, self._chosen[-1], anchor)
        return anchor

    def _choose(self, kind: DrawingKind, anchor: Anchor, place: Placement) -> None:
        self._chosen = (*self._chosen, anchor)
        made = fresh(kind, self._chosen, place, self._choices.styles.get(kind))
        if len(self._chosen) < clicks_of(kind):
            self._layer.preview = made
        elif self._is_passing:
            self._chosen, self._layer.preview = (), made
        else:
            self._forget()
            self._made(made)
        self._changed()

    def _preview(self, anchor: Anchor, place: Placement) -> None:
        before = self._layer.preview
        assert before is not None, "Something is under way."
        made = fresh(before.kind, (*self._chosen, anchor), place, before.style)
        self._layer.preview = msgspec.structs.replace(made, id=before.id)
        self._changed()

    def _first_cursor(self, place: Placement) -> Anchor:
        # The newest bar in view, at its close.
        row = place.frame.time.bar_at(place.frame.width_px - 1)
        return place.anchor_of(row, place.frame.snapshot.bar(row).close)

    def _moved(self, cursor: Anchor, place: Placement, by: tuple[int, int], times: int) -> Anchor:
        rows, up = by
        row, price = place.row_of(cursor) + rows * times, place.price_of(cursor)
        if up and self._choices.magnet is not Magnet.OFF:
            price = next_price(place, round(row), price, up)
        elif up:
            y = place.y_of_price(price) - up * times * STEP_PX * place.frame.pixel_ratio
            price = place.frame.prices.price_at(min(max(y, 0.0), place.frame.height_px - 1.0))
        elif self._choices.magnet is Magnet.STRONG and 0 <= round(row) < len(place.frame.snapshot):
            x, y = place.frame.time.x_at(round(row)), place.y_of_price(price)
            return snapped(place, x + 0.5, y, Magnet.STRONG)
        return place.anchor_of(row, price)
