"""Drawing by hand on one chart: tools, what is selected, drags of drawings and handles, and the keys for them."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from backend.charts.chart_state import MAIN_PANE
from backend.charts.drawings import Drawing, DrawingKind
from trii_desktop.charts.gestures import KeyCommand
from trii_desktop.charts.layers import PointerEvent
from trii_desktop.charts.wording import label_zone, time_words
from trii_desktop.desk import Desk
from trii_desktop.drawings.book import DrawingBook
from trii_desktop.drawings.choices import DrawingChoices
from trii_desktop.drawings.edits import DrawingEdits
from trii_desktop.drawings.holding import Holding
from trii_desktop.drawings.kinds import TITLES, named
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.drawings.placing import ARROWS, FAST, Placing
from trii_desktop.drawings.standing import Standing
from trii_desktop.engine_side import Shown
from trii_desktop.market.chart_panel import ChartPanel
from trii_desktop.widgets.numbers import format_price

_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


class DrawingController(QObject):
    """A ``PointerTool`` and the owner of the chart's drawing layer.

    selection_changed : others are selected, or the selected ones are other ones
    moved : something is somewhere else on the screen
    text_wanted : a Drawing whose text is to be written; one that is not in the book yet is kept once it has words
    """

    selection_changed = Signal()
    moved = Signal()
    text_wanted = Signal(object)

    def __init__(self, desk: Desk, chart: ChartPanel, choices: DrawingChoices) -> None:
        super().__init__(chart)
        self._desk = desk
        self.chart = chart
        self.choices = choices
        self.layer = DrawingLayer()
        self.book = DrawingBook(desk, self._refresh)
        self.edits = DrawingEdits(self, choices)
        self._placing = Placing(self.layer, choices, self._finish, self.repaint)
        self._held: Holding | None = None
        self._unselects = ""  # the id that a click without a move takes out of the selection
        self._standing = Standing(desk, chart, self.layer, self._refresh)
        self._is_closed = False
        chart.view.add_layer(self.layer)
        chart.view.tools.append(self)
        chart.shown_changed.connect(self._follow)
        chart.state_changed.connect(self._state_changed)
        chart.view.visible_changed.connect(self.moved)
        choices.changed.connect(self._choices_changed)
        self._state_changed()
        self._follow()

    # --- what is selected ---------------------------------------------------------------------------------------------

    @property
    def selected(self) -> tuple[Drawing, ...]:
        """The selected drawings."""
        ids = self.layer.selected
        return tuple(drawing for drawing in self.book.drawings if drawing.id in ids) if ids else ()

    def select(self, ids: frozenset[str]) -> None:
        """Select exactly these."""
        if ids != self.layer.selected:
            self.layer.selected = ids
            if ids:
                self.chart.view.select_study("")
            self.selection_changed.emit()
            self.repaint()

    def forget_unwritten(self) -> None:
        """Show no longer a text that was placed and not written."""
        if self.layer.preview is not None and not self._placing.is_under_way:
            self.layer.preview = None
            self.repaint()

    def close(self) -> None:
        """Let go of the chart."""
        self._is_closed = True
        self.book.close()
        self._standing.close()
        self.chart.shown_changed.disconnect(self._follow)
        self.chart.state_changed.disconnect(self._state_changed)
        self.chart.view.visible_changed.disconnect(self.moved)
        self.choices.changed.disconnect(self._choices_changed)
        self.chart.view.tools.remove(self)

    def repaint(self) -> None:
        """What is drawn has changed."""
        self.chart.view.repaint_layers()
        self.moved.emit()

    def say(self, words: str) -> None:
        """Have a screen reader say ``words``."""
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.chart.view, words))

    # --- PointerTool --------------------------------------------------------------------------------------------------

    def press(self, event: PointerEvent) -> bool:
        """Choose a place for the tool, or take hold of what lies there."""
        if event.pane_id != MAIN_PANE or event.button is not Qt.MouseButton.LeftButton or self.layer.map is None:
            return False
        return self._placing.press(event) or self._take_hold(event)

    def move(self, event: PointerEvent) -> bool:
        """Show what the tool would draw, or move what is held."""
        if self.layer.map is None or (event.pane_id != MAIN_PANE and self._held is None):
            self.leave()
            return False
        if self._placing.move(event):
            return True
        if self._held is not None:
            if self._held.move(event, self.layer.placement(event.frame), self.choices.magnet):
                self.layer.held = {drawing.id: drawing for drawing in self._held.now}
                self.repaint()
            return True
        found = None if self.choices.tool else self.layer.find(event.x, event.y)
        self._hover(found[0].id if found is not None else "")
        return False

    def release(self, event: PointerEvent) -> bool:
        """A drag with a tool chooses its second place; what was moved is stored."""
        if self._placing.release(event):
            return True
        held, self._held = self._held, None
        unselected, self._unselects = self._unselects, ""
        self.layer.held = {}
        if held is not None and held.has_moved:
            ids = frozenset(drawing.id for drawing in held.now)
            self.book.change(f"{'Clone' if held.is_clone else 'Move'} {named(held.now)}", put=held.now)
            self.select(ids)
        elif unselected:
            self.select(self.layer.selected - {unselected})
        return True

    def double_click(self, event: PointerEvent) -> bool:
        """Write on what lies there."""
        found = self.layer.find(event.x, event.y) if event.pane_id == MAIN_PANE and not self._placing.is_under_way else None
        if found is None or self.choices.tool is not None:
            return False
        self._held = None
        self.select(frozenset({found[0].id}))
        if not found[0].is_locked:
            self.text_wanted.emit(found[0])
        return True

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Esc gives up step by step, Delete removes, arrows move what is selected, or the cursor of the tool in hand."""
        if key is Qt.Key.Key_Escape:
            return self._give_up()
        if self._placing.key(key, modifiers):
            self._follow_cursor()
            return True
        if not self.layer.selected:
            return False
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.edits.remove()
            return True
        if key in ARROWS and modifiers in (Qt.KeyboardModifier.NoModifier, _SHIFT):
            rows, up = ARROWS[key]
            times = FAST if modifiers & _SHIFT else 1
            self.edits.nudge(rows * times, -up * times)
            return True
        is_writing = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and len(self.selected) == 1
        if is_writing and not self.selected[0].is_locked:
            self.text_wanted.emit(self.selected[0])
        return is_writing

    def leave(self) -> None:
        """Nothing is below the pointer."""
        self._hover("")

    @property
    def cursor(self) -> Qt.CursorShape | None:
        """A cross while drawing, a hand over what can be moved."""
        if self.choices.tool is not None:
            return Qt.CursorShape.CrossCursor
        if self._held is not None:
            return Qt.CursorShape.ClosedHandCursor
        return Qt.CursorShape.PointingHandCursor if self.layer.hovered else None

    # --- inside -------------------------------------------------------------------------------------------------------

    def _finish(self, drawing: Drawing) -> None:
        if drawing.kind is DrawingKind.TEXT:
            self.layer.preview = drawing  # kept once it says something
            self.text_wanted.emit(drawing)
        else:
            self.book.change(f"Draw {named((drawing,))}", put=(drawing,))
            self.select(frozenset({drawing.id}))
            self.say(f"{TITLES[drawing.kind]} drawn, {self._told(drawing)}")
        if not self.choices.is_kept:
            self.choices.choose(None)

    def _take_hold(self, event: PointerEvent) -> bool:
        found = self.layer.find(event.x, event.y)
        if found is None:
            self.select(frozenset())
            return False
        drawing, hit = found
        has_control = bool(event.modifiers & _CONTROL) and hit.handle is None
        if drawing.id not in self.layer.selected:
            self.select(self.layer.selected | {drawing.id} if has_control else frozenset({drawing.id}))
        elif has_control and len(self.layer.selected) > 1:
            self._unselects = drawing.id
        shape = self.layer.shape(drawing.id)
        grip = shape.handles[hit.handle].grip if hit.handle is not None and shape is not None else None
        candidates = (drawing,) if grip is not None else self.selected
        free = tuple(one for one in candidates if has_control or not one.is_locked)
        self._held = Holding(free, grip, event, is_clone=has_control) if free else None
        return self._held is not None

    def _give_up(self) -> bool:
        if self._held is not None:
            self._held, self.layer.held, self._unselects = None, {}, ""
            self.repaint()
            return True
        if self._placing.give_up():
            return True
        if self.choices.tool is not None:
            self.choices.choose(None)
            return True
        if self.layer.selected:
            self.select(frozenset())
            return True
        return False

    def _hover(self, drawing_id: str) -> None:
        if drawing_id != self.layer.hovered:
            self.layer.hovered = drawing_id
            self.repaint()

    def _told(self, drawing: Drawing) -> str:
        # Where a drawing stands, in words.
        place, model = self.layer.place, self.chart.view.model
        if place is None:
            return ""
        zone = label_zone(model.zone, model.instrument, model.spec)
        times = [time_words(place.event_ns_at(place.row_of(anchor)), model.spec, zone) for anchor in drawing.anchors]
        prices = [format_price(place.price_of(anchor), self.layer.decimals) for anchor in drawing.anchors]
        return ", ".join(f"{when} at {price}" for when, price in zip(times, prices, strict=True))

    def _follow_cursor(self) -> None:
        # The chart moves along with the keyboard's cursor, which is said.
        place, cursor = self.layer.place, self.layer.cursor
        if place is None or cursor is None:
            return
        x = place.x_of(cursor)
        if not 0 <= x < place.frame.width_px:
            row = place.row_of(cursor)
            away = row - place.frame.time.row_at(0 if x < 0 else place.frame.width_px - 1)
            for _ in range(min(max(round(abs(away)), 1), FAST)):
                self.chart.view.do(KeyCommand.BACK if x < 0 else KeyCommand.FORWARD)
        self.say(self._told(Drawing("", DrawingKind.TEXT, (cursor,))))

    # --- following the chart ------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        shown = self.chart.shown
        if shown is not None:
            self._placing.give_up()
            self._held, self.layer.held = None, {}
            self._standing.forget()
            self._desk.start("Reading the drawings", self._open(shown))

    async def _open(self, shown: Shown) -> None:
        try:
            await self.book.open(shown.instrument.id)
        finally:
            await self._standing.find(shown, is_needed=bool(self.book.drawings) or self.choices.tool is not None)

    def _state_changed(self) -> None:
        is_shown = self.chart.state.are_drawings_shown
        if is_shown != self.layer.is_shown:
            self.layer.is_shown = is_shown
            self.select(frozenset())
            self.repaint()

    def _choices_changed(self) -> None:
        preview = self.layer.preview
        if preview is not None and preview.kind is not self.choices.tool and self._placing.is_under_way:
            self._placing.give_up()
        shown = self.chart.shown
        if self.choices.tool is not None:
            self._hover("")
            if shown is not None and self._standing.lacks_sessions:
                self._desk.start("Reading the sessions", self._standing.find(shown, is_needed=True))
        elif self.layer.cursor is not None:
            self.layer.cursor = None
            self.repaint()

    def _refresh(self) -> None:
        if self._is_closed:
            return
        self.layer.drawings = self.book.drawings
        if self.layer.selected:
            self.layer.selected &= frozenset(drawing.id for drawing in self.book.drawings)
        self.selection_changed.emit()
        self.repaint()
