"""Drawing by hand on one chart: the tool in use, what is selected, drags of drawings and handles, and the keys for them."""

from typing import Final

import msgspec
from PySide6.QtCore import QObject, Qt, Signal

from backend.charts.chart_state import MAIN_PANE
from backend.charts.drawings import Anchor, Drawing, DrawingKind
from trii_desktop.charts.layers import PointerEvent
from trii_desktop.desk import Desk
from trii_desktop.drawings.book import DrawingBook
from trii_desktop.drawings.edits import DrawingChoices, DrawingEdits
from trii_desktop.drawings.kinds import TITLES, clicks_of, fresh
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.drawings.placement import RAW, Placement, Prices
from trii_desktop.drawings.shapes import Spelling
from trii_desktop.drawings.snapping import Magnet, constrained, snapped
from trii_desktop.market.chart_panel import ChartPanel

CLICK_PX: Final = 4.0
_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
_NUDGES: Final = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class DrawingController(QObject):
    """A ``PointerTool`` and the owner of the chart's drawing layer; ``selection_changed`` says that others are selected."""

    selection_changed = Signal()
    text_wanted = Signal(object)  # a Drawing whose text is to be written

    def __init__(self, desk: Desk, chart: ChartPanel, choices: DrawingChoices) -> None:
        super().__init__(chart)
        self._desk = desk
        self.chart = chart
        self._choices = choices
        self.layer = DrawingLayer()
        self.book = DrawingBook(desk, self._refresh)
        self.edits = DrawingEdits(self, choices)
        self._chosen: tuple[Anchor, ...] = ()
        self._drag: _Drag | None = None
        self._pressed: tuple[float, float] | None = None
        self._is_closed = False
        chart.view.add_layer(self.layer)
        chart.view.set_tool(self)
        chart.shown_changed.connect(self._follow)
        choices.changed.connect(self._choices_changed)
        self._follow()

    # --- what is selected ---------------------------------------------------------------------------------------------

    @property
    def selected(self) -> tuple[Drawing, ...]:
        """The selected drawings."""
        return tuple(drawing for drawing in self.book.drawings if drawing.id in self.layer.selected)

    def select(self, ids: frozenset[str]) -> None:
        """Select exactly these."""
        if ids != self.layer.selected:
            self.layer.selected = ids
            self.selection_changed.emit()
            self._repaint()

    def close(self) -> None:
        """Let go of the chart."""
        self._is_closed = True
        self.book.close()
        self.chart.view.set_tool(None)

    # --- PointerTool --------------------------------------------------------------------------------------------------

    def press(self, event: PointerEvent) -> bool:
        """Choose a place for the tool, or take hold of what lies there."""
        if event.pane_id != MAIN_PANE or event.button is not Qt.MouseButton.LeftButton:
            return False
        kind = self._tool(event)
        if kind is not None:
            self._pressed = (event.x, event.y)
            self._choose(kind, event)
            return True
        return self._take_hold(event)

    def move(self, event: PointerEvent) -> bool:
        """Show what the tool would draw, or move what is held."""
        if event.pane_id != MAIN_PANE and self._drag is None:
            return False
        if self._chosen and self.layer.preview is not None:
            self._preview(event)
            return True
        if self._drag is not None:
            self._move_held(event)
            return True
        found = None if self._choices.tool else self.layer.find(event.x, event.y)
        hovered = found[0].id if found is not None else ""
        if hovered != self.layer.hovered:
            self.layer.hovered = hovered
            self._repaint()
        return False

    def release(self, event: PointerEvent) -> bool:
        """A drag with a tool chooses its second place; what was moved is stored."""
        if self._chosen and self._pressed is not None:
            away = max(abs(event.x - self._pressed[0]), abs(event.y - self._pressed[1]))
            self._pressed = None
            if away > CLICK_PX * event.frame.pixel_ratio and self.layer.preview is not None:
                self._choose(self.layer.preview.kind, event)
            return True
        drag, self._drag = self._drag, None
        if drag is not None and drag.has_moved:
            title = "Clone" if drag.is_clone else "Move"
            self.book.change(f"{title} {TITLES[drag.now[0].kind].lower()}", put=drag.now)
            self.select(frozenset(drawing.id for drawing in drag.now))
        return True

    def double_click(self, event: PointerEvent) -> bool:
        """Write on what lies there."""
        found = self.layer.find(event.x, event.y) if not self._chosen else None
        if found is None:
            return False
        self.text_wanted.emit(found[0])
        return True

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Esc gives up step by step, Delete removes, arrows move what is selected, Enter places with the keyboard."""
        if key is Qt.Key.Key_Escape:
            return self._give_up()
        if not self.layer.selected:
            return False
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.edits.remove()
            return True
        if key in _NUDGES and modifiers in (Qt.KeyboardModifier.NoModifier, _SHIFT):
            self.edits.nudge(*_NUDGES[key], 10 if modifiers & _SHIFT else 1)
            return True
        return False

    def leave(self) -> None:
        """Nothing is below the pointer."""
        if self.layer.hovered:
            self.layer.hovered = ""
            self._repaint()

    @property
    def cursor(self) -> Qt.CursorShape | None:
        """A cross while drawing, a hand over what can be moved."""
        if self._choices.tool is not None:
            return Qt.CursorShape.CrossCursor
        if self._drag is not None:
            return Qt.CursorShape.ClosedHandCursor
        return Qt.CursorShape.PointingHandCursor if self.layer.hovered else None

    def draw_at(self, kind: DrawingKind, event_ns: int, price: float) -> None:
        """Make a drawing without the pointer: at a moment, and a price as shown."""
        place = self.layer.place
        if place is not None:
            row = place.frame.snapshot.row_at(event_ns)
            self._finish(fresh(kind, (place.anchor_of(row, price),), place, self._choices.styles.get(kind)))

    # --- drawing ------------------------------------------------------------------------------------------------------

    def _tool(self, event: PointerEvent) -> DrawingKind | None:
        # Shift and a click measure, wherever nothing else is in hand.
        if self._choices.tool is None and event.modifiers & _SHIFT and self.layer.find(event.x, event.y) is None:
            return DrawingKind.MEASURE
        if self.layer.preview is not None:
            return self.layer.preview.kind
        return self._choices.tool

    def _anchor(self, event: PointerEvent) -> Anchor:
        magnet = self._choices.magnet
        if event.modifiers & _CONTROL:
            magnet = Magnet.STRONG if magnet is Magnet.OFF else Magnet.OFF
        anchor = snapped(self._place(event), event.x, event.y, magnet)
        if event.modifiers & _SHIFT and self._chosen and self._choices.tool is not None:
            return constrained(self._place(event), self._chosen[-1], anchor)
        return anchor

    def _place(self, event: PointerEvent) -> Placement:
        return Placement(event.frame, self.layer.prices, is_dated=self.layer.is_dated)

    def _choose(self, kind: DrawingKind, event: PointerEvent) -> None:
        self._chosen = (*self._chosen, self._anchor(event))
        made = fresh(kind, self._chosen, self._place(event), self._choices.styles.get(kind))
        if len(self._chosen) >= clicks_of(kind):
            self._finish(made)
        else:
            self.layer.preview = made
            self._repaint()

    def _preview(self, event: PointerEvent) -> None:
        preview = self.layer.preview
        assert preview is not None, "Moves are shown while a drawing is under way."
        made = fresh(preview.kind, (*self._chosen, self._anchor(event)), self._place(event), preview.style)
        self.layer.preview = msgspec.structs.replace(made, id=preview.id)
        self._repaint()

    def _finish(self, drawing: Drawing) -> None:
        self._chosen, self._pressed, self.layer.preview = (), None, None
        self.book.change(f"Draw {TITLES[drawing.kind].lower()}", put=(drawing,))
        self.select(frozenset({drawing.id}))
        if not self._choices.is_kept:
            self._choices.choose(None)
        if drawing.kind is DrawingKind.TEXT:
            self.text_wanted.emit(drawing)

    def _give_up(self) -> bool:
        if self._chosen or self._drag is not None:
            self._chosen, self._pressed, self.layer.preview, self._drag = (), None, None, None
            self._refresh()
            return True
        if self._choices.tool is not None:
            self._choices.choose(None)
            return True
        if self.layer.selected:
            self.select(frozenset())
            return True
        return False

    # --- moving -------------------------------------------------------------------------------------------------------

    def _take_hold(self, event: PointerEvent) -> bool:
        found = self.layer.find(event.x, event.y)
        if found is None:
            self.select(frozenset())
            return False
        drawing, seen = found
        if (
            event.modifiers & _CONTROL
            and seen.handle is None
            and drawing.id in self.layer.selected
            and len(self.layer.selected) > 1
        ):
            self.select(self.layer.selected - {drawing.id})
            return True
        is_clone = bool(event.modifiers & _CONTROL) and seen.handle is None
        if drawing.id not in self.layer.selected:
            self.select(self.layer.selected | {drawing.id} if is_clone and self.layer.selected else frozenset({drawing.id}))
        held = tuple(one for one in self.selected if is_clone or not one.is_locked)
        self._drag = _Drag(held, seen.handle, (event.x, event.y), is_clone=is_clone) if held else None
        return True

    def _move_held(self, event: PointerEvent) -> None:
        drag = self._drag
        assert drag is not None, "Something is held."
        if not drag.has_moved and max(abs(event.x - drag.at[0]), abs(event.y - drag.at[1])) <= CLICK_PX * event.frame.pixel_ratio:
            return
        place = self._place(event)
        if drag.handle is not None:
            (drawing,) = drag.start[:1]
            anchors = list(drawing.anchors)
            anchor = self._anchor(event)
            if event.modifiers & _SHIFT and len(anchors) > 1:
                anchor = constrained(place, anchors[drag.handle - 1], anchor)
            anchors[drag.handle] = anchor
            drag.now = (drawing.moved_to(_kept_together(drawing, tuple(anchors), drag.handle, place)),)
        else:
            rows = round((event.x - drag.at[0]) / event.frame.time.spacing_px)
            drag.now = tuple(
                drawing.moved_to(tuple(place.moved(anchor, rows, event.y - drag.at[1]) for anchor in drawing.anchors))
                for drawing in drag.copies()
            )
        drag.has_moved = True
        moved = {drawing.id: drawing for drawing in drag.now}
        shown = tuple(moved.pop(drawing.id, drawing) for drawing in self.book.drawings)
        self.layer.drawings = (*shown, *moved.values())
        self._repaint()

    # --- following the chart ------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        shown = self.chart.shown
        if shown is None:
            return
        self.layer.is_dated = shown.spec.is_dated
        self._desk.start("Reading the drawings", self._open(shown.instrument.id, is_adjusted=shown.is_adjusted))

    async def _open(self, instrument: object, *, is_adjusted: bool) -> None:
        shown = self.chart.shown
        if shown is None or shown.instrument.id != instrument:
            return
        prices = RAW
        if is_adjusted:
            prices = Prices(*await self._desk.bridge.call(self._desk.engine.price_factors(shown.instrument.id)))
        self.layer.prices = prices
        self.layer.spelling = Spelling(self.chart.view.decimals)
        if self._is_closed:
            return
        await self.book.open(shown.instrument.id)
        self._refresh()

    def _choices_changed(self) -> None:
        self.layer.is_shown = not self._choices.is_hidden
        if self._choices.tool is None or (self.layer.preview is not None and self.layer.preview.kind is not self._choices.tool):
            self._chosen, self.layer.preview = (), None
        self._repaint()

    def _refresh(self) -> None:
        if self._is_closed:
            return
        self.layer.drawings = self.book.drawings
        known = frozenset(drawing.id for drawing in self.book.drawings)
        self.layer.selected &= known
        self.selection_changed.emit()
        self._repaint()

    def _repaint(self) -> None:
        self.chart.view.repaint_layers()


class _Drag:
    """What is held: the drawings as they were and as they are now, the handle if it is one, and where it was taken."""

    def __init__(self, start: tuple[Drawing, ...], handle: int | None, at: tuple[float, float], *, is_clone: bool) -> None:
        self.start = start
        self.handle = handle
        self.at = at
        self.is_clone = is_clone
        self.has_moved = False
        self.now = start
        self._copies: tuple[Drawing, ...] = ()

    def copies(self) -> tuple[Drawing, ...]:
        """What is moved: the drawings themselves, or their clones, made once."""
        if self.is_clone and not self._copies:
            self._copies = tuple(drawing.cloned() for drawing in self.start)
        return self._copies if self.is_clone else self.start


def _kept_together(drawing: Drawing, anchors: tuple[Anchor, ...], handle: int, place: Placement) -> tuple[Anchor, ...]:
    """A position's target and stop end at the same bar, whichever of both is moved."""
    if drawing.kind not in (DrawingKind.LONG, DrawingKind.SHORT) or handle == 0:
        return anchors
    row = place.row_of(anchors[handle])
    return anchors[0], *(place.anchor_of(row, place.price_of(anchor)) for anchor in anchors[1:])
