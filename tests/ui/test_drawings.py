"""Drawing by hand on the real window: every tool with the mouse, moving, undo, keys, intervals and splits."""

import asyncio

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from backend.charts.drawings import Anchor, Drawing, DrawingKind
from backend.domain.bars import BarSpec
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown, visible_dialog
from trii_desktop.drawings.kinds import TOOLS, clicks_of
from trii_desktop.drawings.magnet import Magnet
from trii_desktop.drawings.words import WordsDialog

NOTHING = Qt.KeyboardModifier.NoModifier


class Hand:
    """A hand on the active chart of a window; points are shares of the plot."""

    def __init__(self, desktop):
        self.desktop = desktop
        self.actions = desktop.workbench.actions.by_id
        self.drawings = desktop.workbench.drawings
        self.chart = desktop.panels.chart
        self.viewport = self.chart.view._canvas.viewport()

    @property
    def controller(self):
        return self.drawings.current

    @property
    def all(self):
        return self.controller.book.drawings

    def point(self, x, y):
        width, height = self.chart.view._picture.plot_size
        ratio = self.chart.view.devicePixelRatioF()
        return QPoint(round(x * width / ratio), round(y * height / ratio))

    def move(self, x, y, modifiers=NOTHING):
        at = self.point(x, y)
        from PySide6.QtGui import QMouseEvent
        from PySide6.QtWidgets import QApplication

        buttons = Qt.MouseButton.LeftButton if self.held else Qt.MouseButton.NoButton
        place = QPointF(self.viewport.mapToGlobal(at))
        event = QMouseEvent(QMouseEvent.Type.MouseMove, QPointF(at), place, Qt.MouseButton.NoButton, buttons, modifiers)
        QApplication.sendEvent(self.viewport, event)

    held = False

    def press(self, x, y, modifiers=NOTHING):
        self.move(x, y, modifiers)
        self.held = True
        QTest.mousePress(self.viewport, Qt.MouseButton.LeftButton, modifiers, self.point(x, y))

    def release(self, x, y, modifiers=NOTHING):
        self.held = False
        QTest.mouseRelease(self.viewport, Qt.MouseButton.LeftButton, modifiers, self.point(x, y))

    def click(self, x, y, modifiers=NOTHING):
        self.press(x, y, modifiers)
        self.release(x, y, modifiers)

    def drag(self, start, end, modifiers=NOTHING):
        self.press(*start, modifiers)
        self.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, modifiers)
        self.move(*end, modifiers)
        self.release(*end, modifiers)

    def paint(self):
        self.chart.view.grab()

    async def placed(self):
        """Wait until it is known where drawings stand, and paint them."""
        await shown(lambda: self.controller.layer.map is not None)
        self.paint()


async def _hand(desktop):
    hand = Hand(desktop)
    hand.paint()
    await hand.placed()
    return hand


async def _stored(desktop, hand, ids):
    """Wait until the ledger has exactly these drawings of the chart's instrument."""
    backend, call = desktop.desk.backend, desktop.desk.bridge.call
    for _ in range(200):
        found = await call(backend.drawings.of(hand.chart.shown.instrument.id))
        if [drawing.id for drawing in found.drawings] == ids:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{found} is stored instead of {ids}.")


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.kind.value)
def test_every_tool_draws_with_clicks_is_stored_and_taken_back(qapp, sampled, tool):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions[f"drawing.{tool.kind.value}"].trigger()
            for place in [(0.3, 0.4), (0.6, 0.6), (0.5, 0.3)][: clicks_of(tool.kind)]:
                hand.click(*place)
            if tool.kind is DrawingKind.TEXT:
                assert hand.all == ()
                ask = visible_dialog(WordsDialog)
                QTest.keyClicks(ask.field, "Note")
                ask.accept()
            (drawn,) = hand.all
            assert (drawn.kind, drawn.text) == (tool.kind, "Note" if tool.kind is DrawingKind.TEXT else "")
            hand.paint()
            assert hand.controller.layer.shape(drawn.id).handles
            await _stored(desktop, hand, [drawn.id])
            assert hand.drawings.is_selecting
            hand.actions["edit.undo"].trigger()
            await shown(lambda: hand.all == ())
            hand.actions["edit.redo"].trigger()
            await shown(lambda: len(hand.all) == 1)

    run_on_qt(story())


def test_a_drag_draws_too_and_the_line_stands_where_the_pointer_was(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions["drawing.trend_line"].trigger()
            hand.drag((0.2, 0.7), (0.7, 0.3))
            hand.paint()
            (drawn,) = hand.all
            handles = hand.controller.layer.shape(drawn.id).handles
            ratio = hand.chart.view.devicePixelRatioF()
            for (x, y, _), wanted in zip(handles, (hand.point(0.2, 0.7), hand.point(0.7, 0.3)), strict=True):
                assert abs(x - wanted.x() * ratio) <= hand.chart.view.model.time.spacing_px
                assert abs(y - wanted.y() * ratio) <= 1.5

    run_on_qt(story())


def test_drawings_are_moved_by_body_and_by_handle_cloned_locked_and_removed(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions["drawing.trend_line"].trigger()
            hand.drag((0.3, 0.5), (0.6, 0.5))
            hand.paint()
            start = hand.all[0]
            hand.drag((0.45, 0.5), (0.45, 0.6))
            assert hand.all[0].anchors[0].price < start.anchors[0].price
            assert hand.all[0].anchors[0].event_ns == start.anchors[0].event_ns
            hand.paint()
            moved = hand.all[0]
            hand.drag((0.6, 0.6), (0.7, 0.4))
            assert hand.all[0].anchors[0] == moved.anchors[0]
            assert hand.all[0].anchors[1].price > moved.anchors[1].price
            hand.paint()
            hand.drag((0.5, 0.5), (0.5, 0.7), Qt.KeyboardModifier.ControlModifier)
            assert len(hand.all) == 2
            hand.actions["drawing.lock"].trigger()
            hand.actions["drawing.remove"].trigger()
            assert len(hand.all) == 2
            hand.actions["drawing.lock"].trigger()
            QTest.keyClick(hand.chart.view, Qt.Key.Key_Delete)
            assert len(hand.all) == 1
            await shown(lambda: (newest := desktop.desk.undo.newest) is not None and newest.title.startswith("Remove"))

    run_on_qt(story())


def test_escape_gives_up_step_by_step(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions["drawing.rectangle"].trigger()
            hand.click(0.3, 0.3)
            hand.move(0.5, 0.5)
            assert hand.controller.layer.preview is not None
            QTest.keyClick(hand.chart.view, Qt.Key.Key_Escape)
            assert hand.controller.layer.preview is None
            assert not hand.drawings.is_selecting
            QTest.keyClick(hand.chart.view, Qt.Key.Key_Escape)
            assert hand.drawings.is_selecting
            assert hand.all == ()

    run_on_qt(story())


def test_the_magnet_draws_to_prices_of_the_bar_and_control_turns_it_round(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.drawings.choices.magnet = Magnet.STRONG
            hand.actions["drawing.horizontal"].trigger()
            hand.click(0.5, 0.5)
            hand.actions["drawing.horizontal"].trigger()
            hand.click(0.5, 0.55, Qt.KeyboardModifier.ControlModifier)
            drawn, free = hand.all
            bars = hand.chart.view.model.snapshot
            bar = bars.bar(bars.row_at(drawn.anchors[0].event_ns))
            assert drawn.anchors[0].price in (bar.open, bar.high, bar.low, bar.close)
            assert free.anchors[0].price not in (bar.open, bar.high, bar.low, bar.close)

    run_on_qt(story())


def test_other_intervals_and_adjusted_prices_keep_drawings_at_their_bars(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions["drawing.trend_line"].trigger()
            hand.drag((0.3, 0.5), (0.6, 0.4))
            (drawn,) = hand.all
            await hand.chart.switch(BarSpec.parse("1w"))
            await hand.placed()
            place = hand.controller.layer.place
            bars = hand.chart.view.model.snapshot
            for anchor in drawn.anchors:
                row = round(place.row_of(anchor))
                assert bars.event_ns_at(row) <= anchor.event_ns
                assert row == len(bars) - 1 or anchor.event_ns < bars.event_ns_at(row + 1)
            await hand.chart.switch(BarSpec.parse("1d"))
            await hand.chart.adjust(adjusted=True)
            await hand.placed()
            hand.paint()
            adjusted = hand.chart.view.model.snapshot
            raw = await desktop.desk.bridge.call(desktop.desk.backend.history.bars(hand.chart.shown.series))
            row = adjusted.row_at(drawn.anchors[0].event_ns)
            factor = adjusted.bar(row).close / raw.close[row]
            assert hand.controller.layer.place.price_of(drawn.anchors[0]) == pytest.approx(drawn.anchors[0].price * factor)
            assert hand.all == (drawn,)

    run_on_qt(story())


def test_drawings_come_back_after_a_restart_and_on_every_chart_of_the_instrument(qapp, sampled):
    async def draw():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions["drawing.horizontal"].trigger()
            hand.click(0.5, 0.5)
            await shown(lambda: desktop.desk.undo.newest is not None)
            return hand.all[0]

    async def come_back(drawn):
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            await shown(lambda: hand.all == (drawn,))
            hand.actions["drawing.hide"].trigger()
            hand.paint()
            assert hand.controller.layer.shape(drawn.id) is None

    run_on_qt(come_back(run_on_qt(draw())))


def test_ten_thousand_drawings_out_of_view_cost_a_frame_nothing_to_speak_of(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            first = hand.chart.view.model.snapshot.event_ns_at(0)
            many = tuple(
                Drawing(f"d{n}", DrawingKind.TREND_LINE, (Anchor(first + n, 1.0, True), Anchor(first + n + 1, 2.0, True)))
                for n in range(10_000)
            )
            seen = Drawing("seen", DrawingKind.HORIZONTAL, (Anchor(first, 500.0, True),))
            hand.controller.layer.drawings = (*many, seen)
            hand.chart.view.repaint_layers()
            hand.paint()
            assert [drawing.id for drawing, _ in hand.controller.layer._shapes] == ["seen"]

    run_on_qt(story())


def test_the_list_hides_locks_and_selects(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            for x in (0.3, 0.6):
                hand.actions["drawing.vertical"].trigger()
                hand.click(x, 0.5)
            hand.actions["drawing.list"].trigger()
            table = hand.drawings._list.table
            assert table.rowCount() == 2
            table.item(0, 4).setCheckState(Qt.CheckState.Unchecked)
            assert not hand.all[1].is_shown
            table.selectRow(1)
            assert hand.controller.selected == (hand.all[0],)
            hand.drawings._list.close()

    run_on_qt(story())


def test_looks_change_what_is_selected_and_the_next_of_its_kind(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions["drawing.fibonacci"].trigger()
            hand.drag((0.3, 0.6), (0.6, 0.3))
            hand.actions["drawing.properties"].trigger()
            from trii_desktop.drawings.properties import DrawingProperties

            dialog = visible_dialog(DrawingProperties)
            dialog.width_px.setValue(3)
            dialog.levels.setText("0, 0.5, x")
            dialog.levels.editingFinished.emit()
            assert dialog._problem.isVisible()
            dialog.levels.setText("0, 0.5, 1")
            dialog.levels.editingFinished.emit()
            dialog.accept()
            assert (hand.all[0].style.width, hand.all[0].style.levels) == (3, (0.0, 0.5, 1.0))
            hand.actions["drawing.fibonacci"].trigger()
            hand.drag((0.2, 0.6), (0.5, 0.3))
            assert hand.all[1].style == msgspec.structs.replace(hand.all[0].style)

    run_on_qt(story())
