"""The alerts of one chart: kept up to date once a frame, and taken, dragged, changed and removed by pointer and keys."""

import math
from decimal import Decimal

from PySide6.QtCore import QObject, Qt, Signal

from backend.alerts.alert import PriceCondition
from backend.alerts.firing import AlertRow
from backend.charts.chart_state import MAIN_PANE
from backend.domain.instruments import Instrument
from trii_desktop.alerts.edits import AlertEdits, said
from trii_desktop.alerts.layer import AlertLayer, may_move
from trii_desktop.alerts.log import FiringLog
from trii_desktop.alerts.looks import level_of
from trii_desktop.charts.layers import PointerEvent
from trii_desktop.charts.speech import announce
from trii_desktop.desk import Desk
from trii_desktop.drawings.controller import DrawingController
from trii_desktop.drawings.placing import CLICK_PX
from trii_desktop.widgets.numbers import format_price

FAST = 10  # steps of an arrow with Shift


class ChartAlerts(QObject):
    """A ``PointerTool`` before the drawings' one, and the owner of the chart's alert layer.

    selection_changed : another alert is selected, or none
    edit_wanted : an AlertRow that is to be changed; firing_wanted : a Firing that was clicked
    """

    selection_changed = Signal()
    edit_wanted = Signal(object)
    firing_wanted = Signal(object)

    def __init__(self, desk: Desk, drawings: DrawingController, edits: AlertEdits, log: FiringLog) -> None:
        super().__init__(drawings.chart)
        self._desk = desk
        self._drawings = drawings
        self._edits = edits
        self._log = log
        self.chart = drawings.chart
        self.layer = AlertLayer(drawings.layer)
        self._version = -1
        self._instrument = ""
        self._held: AlertRow | None = None
        self._pressed = (0.0, 0.0)
        self._has_moved = False
        view = self.chart.view
        view.add_layer(self.layer)
        view.tools.insert(0, self)
        self._listener = desk.frames.listen(self.refresh, is_visible=view.isVisible)
        log.changed.connect(self._log_changed)
        self.chart.shown_changed.connect(self.refresh)
        drawings.selection_changed.connect(self._drawing_selected)
        desk.look.changed.connect(self._wear)
        self._wear()
        self.refresh()

    @property
    def selected(self) -> AlertRow | None:
        """The selected alert."""
        return next((row for row in self.layer.rows if row.alert.id == self.layer.selected), None)

    def select(self, alert_id: str) -> None:
        """Select an alert; nothing for an empty id."""
        if alert_id != self.layer.selected:
            self.layer.selected = alert_id
            if alert_id:
                self._drawings.select(frozenset())
                self.chart.view.select_study("")
            self.selection_changed.emit()
            self._repaint()
            if self.selected is not None:
                announce(self.chart.view, said(self.selected))

    def remove_selected(self) -> None:
        """Remove the selected alert."""
        row = self.selected
        if row is not None:
            self.select("")
            self._edits.remove((row.alert.id,))

    def refresh(self) -> bool:
        """Take a newer snapshot where there is one, and say whether it changed what is shown."""
        snapshot, shown = self._edits.snapshot, self.chart.shown
        instrument = str(shown.instrument.id) if shown is not None else ""
        if snapshot.version == self._version and instrument == self._instrument:
            return False
        self._version = snapshot.version
        rows = tuple(row for row in snapshot.rows.values() if row.alert.instrument == instrument)
        if instrument != self._instrument:
            self._instrument, self._held, self.layer.held = instrument, None, {}
            self._take_firings()
        elif rows == self.layer.rows:
            return False
        self.layer.rows = rows
        if self.layer.selected and self.selected is None:
            self.layer.selected = ""
            self.selection_changed.emit()
        self._repaint()
        return True

    def tick(self, instrument: Instrument, price: float) -> float:
        """The nearest price that can be traded, or that the axis can tell apart where any can."""
        if not math.isfinite(price):
            return price
        if instrument.price_steps:
            return float(instrument.round_price(Decimal(repr(price))))
        return round(price, self.chart.view.decimals)

    def traded(self, instrument: Instrument, shown_price: float) -> float:
        """A price of the chart as a raw one of now that can be traded."""
        return self.tick(instrument, self.layer.raw_price(shown_price))

    def close(self) -> None:
        """Let go of the chart."""
        self._listener.close()
        self.chart.view.tools.remove(self)
        self._log.changed.disconnect(self._log_changed)
        self.chart.shown_changed.disconnect(self.refresh)
        self._drawings.selection_changed.disconnect(self._drawing_selected)
        self._desk.look.changed.disconnect(self._wear)

    # --- PointerTool --------------------------------------------------------------------------------------------------

    def press(self, event: PointerEvent) -> bool:
        """Take hold of the alert that lies there."""
        if event.button is not Qt.MouseButton.LeftButton or not self._is_ours(event):
            return False
        firing = self.layer.find_fired(event.x, event.y)
        row = None if firing is not None else self.layer.find(event.x, event.y)
        if firing is not None:
            self.firing_wanted.emit(firing)
            return True
        self.select(row.alert.id if row is not None else "")
        self._held, self._has_moved = row, False
        self._pressed = (event.x, event.y)
        return row is not None

    def move(self, event: PointerEvent) -> bool:
        """Move the level that is held, live; else mark what lies there."""
        if self._held is not None:
            if may_move(self._held):
                self._drag(self._held, event)
            return True
        if not self._is_ours(event):
            self.leave()
            return False
        firing = self.layer.find_fired(event.x, event.y)
        row = None if firing is not None else self.layer.find(event.x, event.y)
        self._hover(row.alert.id if row is not None else "", firing.id if firing is not None else "")
        return row is not None or firing is not None

    def release(self, _event: PointerEvent) -> bool:
        """What was dragged is stored where it was dropped."""
        row, self._held = self._held, None
        if row is not None and row.alert.id in self.layer.held:
            self._desk.start("Moving the alert", self._put(row, self.layer.held[row.alert.id]))
        return True

    def double_click(self, event: PointerEvent) -> bool:
        """Change the alert that lies there."""
        row = self.layer.find(event.x, event.y) if self._is_ours(event) else None
        if row is None:
            return False
        self._held = None
        self.select(row.alert.id)
        self.edit_wanted.emit(row)
        return True

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Esc gives a drag or the selection up, Delete removes, Enter edits, arrows move the level by steps."""
        row = self.selected
        if key is Qt.Key.Key_Escape and (self._held is not None or row is not None):
            if self._held is not None:
                self._held, self.layer.held = None, {}
                self._repaint()
            else:
                self.select("")
            return True
        if row is None or modifiers & ~Qt.KeyboardModifier.ShiftModifier:
            return False
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_selected()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_wanted.emit(row)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and may_move(row):
            by = (1 if key is Qt.Key.Key_Up else -1) * (FAST if modifiers & Qt.KeyboardModifier.ShiftModifier else 1)
            self._nudge(row, by)
        else:
            return False
        return True

    def leave(self) -> None:
        """Nothing is below the pointer."""
        self._hover("", "")

    @property
    def cursor(self) -> Qt.CursorShape | None:
        """Arrows up and down over a level that can be dragged, a hand over anything else of ours."""
        row = self._held or next((row for row in self.layer.rows if row.alert.id == self.layer.hovered), None)
        if row is not None and may_move(row):
            return Qt.CursorShape.SizeVerCursor
        return Qt.CursorShape.PointingHandCursor if row is not None or self.layer.pointed else None

    # --- inside -------------------------------------------------------------------------------------------------------

    def _is_ours(self, event: PointerEvent) -> bool:
        # A tool in hand draws, and handles of a selected drawing lie above levels.
        if event.pane_id != MAIN_PANE or self._drawings.choices.tool is not None or self.layer.place is None:
            return False
        below = self._drawings.layer.find(event.x, event.y)
        return below is None or below[1].handle is None

    def _drag(self, row: AlertRow, event: PointerEvent) -> None:
        if not self._has_moved and abs(event.y - self._pressed[1]) <= CLICK_PX * event.frame.pixel_ratio:
            return
        self._has_moved = True
        place, shown = self.layer.place, self.chart.shown
        if place is None or shown is None:
            return
        level = self.layer.shown_price(level_of(row))
        y = place.y_of_price(level) + event.y - self._pressed[1]
        raw = self.traded(shown.instrument, event.frame.prices.price_at(y))
        if math.isfinite(raw):
            self.layer.held = {row.alert.id: raw}
            self._repaint()

    def _nudge(self, row: AlertRow, by: int) -> None:
        shown = self.chart.shown
        if shown is None:
            return
        level = self.layer.held.get(row.alert.id, level_of(row))
        step = float(shown.instrument.step_at(Decimal(repr(level))) or Decimal(1).scaleb(-self.chart.view.decimals))
        raw = self.tick(shown.instrument, level + by * step)
        self.layer.held = {row.alert.id: raw}
        self._repaint()
        announce(self.chart.view, format_price(raw, self.chart.view.decimals))
        self._desk.start("Moving the alert", self._put(row, raw))

    async def _put(self, row: AlertRow, raw: float) -> None:
        # The level stays where it was dropped until the ledger has it, and goes back where that is refused.
        try:
            newest = self._edits.row(row.alert.id) or row
            if isinstance(newest.alert.condition, PriceCondition):
                await self._edits.move(newest.alert, raw, self._desk.backend.clock.now_ns())
        finally:
            if self.layer.held.get(row.alert.id) == raw and self._held is None:
                self.layer.held = {}
            self.refresh()
            self._repaint()

    def _hover(self, alert_id: str, firing_id: str) -> None:
        if (alert_id, firing_id) != (self.layer.hovered, self.layer.pointed):
            self.layer.hovered, self.layer.pointed = alert_id, firing_id
            self._repaint()

    def _drawing_selected(self) -> None:
        if self.layer.selected and self._drawings.layer.selected:
            self.select("")

    def _log_changed(self) -> None:
        before = self.layer.firings
        self._take_firings()
        if self.layer.firings != before:
            self._repaint()

    def _take_firings(self) -> None:
        self.layer.firings = self._log.of(self._instrument)

    def _wear(self) -> None:
        self.layer.warning = self._desk.look.palette.warning
        self._repaint()

    def _repaint(self) -> None:
        self.chart.view.repaint_layers()
