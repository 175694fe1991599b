"""Alerts on the real window's chart: seen, selected, dragged, changed, removed, and made by menu, key and palette."""

import asyncio
import itertools
import math
import threading

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from backend.alerts.alert import DrawingCondition, IndicatorCondition, Operator
from backend.charts.drawings import Anchor, Drawing, DrawingKind
from backend.domain.instruments import InstrumentId
from backend.indicators.registry import spec_of
from tests.fakes.alert_window import AAPL, alert_hand
from tests.fakes.dialogs import leave, opened
from tests.fakes.live_market import LiveMarket
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.alerts.making import drawing_alert
from trii_desktop.charts.gestures import Zone


def story_of(tell):
    """A story on a window without docks."""

    def told(home, **window):
        async def story():
            async with open_window(home, **{"docks": False, **window}) as desktop:
                await tell(await alert_hand(desktop))

        run_on_qt(story(), 60)

    return told


def test_a_level_is_a_line_with_its_price_on_the_axis_and_its_words(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        line = hand.line(alert.id)
        assert line.price == alert.condition.value
        assert line.words.startswith("Price rises above")
        assert line.y == math.floor(hand.layer.place.y_of_price(alert.condition.value))
        axis = [label.label.text for label in hand.chart.view._picture.main.axis._labels]
        assert f"{alert.condition.value:.2f}" in axis

    story_of(tell)(sampled)


def test_labels_of_levels_that_lie_close_cover_neither_each_other_nor_the_last_price(qapp, sampled):
    async def tell(hand):
        for share in (1.001, 1.002, 1.003, 0.999):
            await hand.add(share)
        hand.chart.view.grab()
        placed = sorted(hand.chart.view._picture.main.axis._labels, key=lambda label: label.top)
        assert len(placed) == 5
        assert all(above.top + above.height <= below.top for above, below in itertools.pairwise(placed))
        bells = sorted((line.bell_x for line in hand.layer.lines), reverse=True)
        assert len(set(bells)) == 4

    story_of(tell)(sampled)


def test_a_drag_moves_the_level_live_and_the_drop_is_one_change_that_can_be_taken_back(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        start = hand.line(alert.id)
        hand.press(hand.at(0.7, start.y))
        assert hand.on_chart.selected.alert.id == alert.id
        hand.move(hand.at(0.7, start.y - 40), held=True)
        held = hand.line(alert.id)
        assert held.y == pytest.approx(start.y - 40, abs=1)
        assert held.price == round(held.price, 2)
        assert f"{held.price:.2f}" in [label.label.text for label in hand.chart.view._picture.main.axis._labels]
        assert hand.row(alert.id).alert == alert  # nothing is stored while it is held
        hand.release(hand.at(0.7, start.y - 40))
        await shown(lambda: hand.row(alert.id).alert.condition.value == held.price)
        hand.trigger("edit.undo")
        await shown(lambda: hand.row(alert.id).alert.condition.value == alert.condition.value)
        await shown(lambda: hand.line(alert.id).price == alert.condition.value)
        await shown(lambda: hand.desktop.workbench.view.can_redo)
        hand.trigger("edit.redo")
        await shown(lambda: hand.row(alert.id).alert.condition.value == held.price)

    story_of(tell)(sampled)


def test_esc_gives_a_drag_up(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        start = hand.line(alert.id)
        hand.press(hand.at(0.7, start.y))
        hand.move(hand.at(0.7, start.y - 60), held=True)
        assert hand.line(alert.id).y != start.y
        QTest.keyClick(hand.chart.view, Qt.Key.Key_Escape)
        assert hand.line(alert.id).y == start.y
        hand.release(hand.at(0.7, start.y - 60))
        assert hand.row(alert.id).alert == alert
        assert not hand.layer.held

    story_of(tell)(sampled)


def test_a_click_without_a_move_selects_and_changes_nothing_and_a_click_beside_lets_go(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        y = hand.line(alert.id).y
        right = hand.chart.view.model.time.right
        hand.click(hand.at(0.5, y))
        assert hand.on_chart.selected.alert.id == alert.id
        assert hand.row(alert.id).alert == alert
        hand.click(hand.at(0.5, y - 120))
        assert hand.on_chart.selected is None
        assert hand.chart.view.model.time.right == right

    story_of(tell)(sampled)


def test_delete_removes_the_selected_level_and_undo_brings_it_back(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        hand.on_chart.select(alert.id)
        hand.trigger("edit.delete")
        await shown(lambda: not hand.rows)
        await shown(lambda: hand.line(alert.id) is None)
        hand.trigger("edit.undo")
        await shown(lambda: [row.alert.id for row in hand.rows] == [alert.id])

    story_of(tell)(sampled)


def test_arrows_move_the_selected_level_by_steps_of_the_axis(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        hand.on_chart.select(alert.id)
        QTest.keyClick(hand.chart.view, Qt.Key.Key_Up)
        await shown(lambda: hand.row(alert.id).alert.condition.value == pytest.approx(alert.condition.value + 0.01))
        QTest.keyClick(hand.chart.view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
        await shown(lambda: hand.row(alert.id).alert.condition.value == pytest.approx(alert.condition.value - 0.09))

    story_of(tell)(sampled)


def test_a_double_click_on_the_line_opens_its_editor(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        place = hand.at(0.5, hand.line(alert.id).y)
        hand.move(place)
        QTest.mouseDClick(hand.viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        await shown(lambda: opened("AlertEditor"))
        assert opened("AlertEditor").windowTitle() == "Change alert"
        await leave(opened("AlertEditor"), lambda: opened("AlertEditor") is None)

    story_of(tell)(sampled)


def test_a_tool_in_hand_draws_over_levels(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        y = hand.line(alert.id).y
        hand.trigger("drawing.horizontal")
        hand.click(hand.at(0.5, y))
        drawings = hand.desktop.workbench.drawings
        await shown(lambda: len(drawings.current.book.drawings) == 1)
        assert hand.on_chart.selected is None

    story_of(tell)(sampled)


def test_other_instruments_show_their_own_levels_only(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        await hand.chart.open(InstrumentId("MSFT", "XNAS"))
        await shown(lambda: hand.layer.rows == ())
        await hand.chart.open(AAPL)
        await hand.ready()
        await hand.painted(alert.id)
        assert hand.line(alert.id) is not None

    story_of(tell)(sampled)


def test_a_level_that_is_switched_off_looks_and_says_so(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        hand.on_chart.select(alert.id)
        hand.trigger("alert.toggle")
        await shown(lambda: hand.line(alert.id).words.endswith("· off"))
        hand.trigger("alert.toggle")
        await shown(lambda: not hand.line(alert.id).words.endswith("· off"))

    story_of(tell)(sampled)


def test_on_adjusted_prices_a_level_of_today_stands_at_the_same_price(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        await hand.chart.adjust(adjusted=True)
        await hand.ready()
        await hand.painted(alert.id)
        assert hand.line(alert.id).price == pytest.approx(alert.condition.value)

    story_of(tell)(sampled)


# --- made -------------------------------------------------------------------------------------------------------------


def menu_at(hand, place: QPoint) -> dict:
    """What the menu at a place offers, by its words."""
    spot = hand.chart.view.spots.at(hand.chart.view, hand.viewport.mapTo(hand.chart.view, place))
    menu = QMenu()
    hand.desktop.workbench.alert_menu.fill(menu, spot)
    return menu, {action.text(): action for action in menu.actions() if action.text()}


def test_a_right_click_adds_a_level_at_its_price_from_the_side_of_the_last_one(qapp, sampled):
    async def tell(hand):
        for share, operator in ((1.05, Operator.CROSSES_ABOVE), (0.95, Operator.CROSSES_BELOW)):
            y = hand.layer.place.y_of_price(hand.alerts.last * share)
            menu, offered = menu_at(hand, hand.at(0.3, y))
            words = next(text for text in offered if text.startswith("Add alert at ") and not text.endswith("…"))
            before = {row.alert.id for row in hand.rows}
            offered[words].trigger()
            await shown(lambda before=before: len(hand.rows) > len(before))
            made = next(row for row in hand.rows if row.alert.id not in before)
            assert made.alert.condition.operator is operator
            assert f"{made.alert.condition.value:.2f}" == words.removeprefix("Add alert at ")
            await shown(lambda made=made: hand.on_chart.selected is not None and hand.on_chart.selected.alert.id == made.alert.id)
            menu.deleteLater()

    story_of(tell)(sampled)


def test_a_right_click_on_a_drawing_adds_an_alert_on_it_with_a_bell_at_its_line(qapp, sampled):
    async def tell(hand):
        drawings, bars = hand.desktop.workbench.drawings, hand.chart.view.model.snapshot
        first, last = bars.bar(len(bars) - 60), bars.bar(len(bars) - 5)
        anchors = (Anchor(first.event_ns, first.high, is_date=True), Anchor(last.event_ns, last.high, is_date=True))
        drawings.current.book.change("Draw", put=(Drawing("t", DrawingKind.TREND_LINE, anchors),))
        await shown(lambda: drawings.has_drawings)
        hand.chart.view.grab()
        x, y = drawings.current.layer.shape("t").strokes[0][:2]
        _, offered = menu_at(hand, hand.at(x / hand.chart.view._picture.plot_size[0], y))
        offered["Add alert on this trend line"].trigger()
        await shown(lambda: hand.rows)
        assert hand.rows[0].alert.condition == DrawingCondition("t", Operator.CROSSES, "line")
        await hand.painted(hand.rows[0].alert.id)
        assert len(hand.layer.bells) == 1
        stroke = drawings.current.layer.shape("t").strokes[0]
        assert (hand.layer.bells[0].x, hand.layer.bells[0].y) == pytest.approx((stroke.x2, stroke.y2))
        assert hand.layer.lines == []

    story_of(tell)(sampled)


def test_an_alert_on_a_drawing_that_is_still_being_stored_waits_for_it(qapp, sampled, monkeypatch):
    async def tell(hand):
        drawings, bars = hand.desktop.workbench.drawings, hand.chart.view.model.snapshot
        store, may_go_on = hand.backend.drawings.change, threading.Event()

        async def slow(instrument, change):
            await asyncio.to_thread(may_go_on.wait)
            return await store(instrument, change)

        monkeypatch.setattr(hand.backend.drawings, "change", slow)
        at = tuple(Anchor(bar.event_ns, bar.high, is_date=True) for bar in (bars.bar(len(bars) - 60), bars.bar(len(bars) - 5)))
        drawings.current.book.change("Draw", put=(Drawing("t", DrawingKind.TREND_LINE, at),))
        hand.alerts.add(drawing_alert(str(AAPL), "t", "line", now_ns=hand.alerts.now_ns))
        await asyncio.sleep(0.2)
        assert hand.rows == []
        may_go_on.set()
        await shown(lambda: hand.rows)
        assert hand.rows[0].alert.condition.drawing == "t"

    story_of(tell)(sampled)


def test_the_lines_of_a_channel_are_offered_one_by_one(qapp, sampled):
    async def tell(hand):
        drawings, bars = hand.desktop.workbench.drawings, hand.chart.view.model.snapshot
        first, last = bars.bar(len(bars) - 60), bars.bar(len(bars) - 5)
        at = (Anchor(first.event_ns, first.high, is_date=True), Anchor(last.event_ns, last.high, is_date=True))
        drawings.current.book.change("Draw", put=(Drawing("c", DrawingKind.RECTANGLE, at),))
        await shown(lambda: drawings.has_drawings)
        hand.chart.view.grab()
        x, y = drawings.current.layer.shape("c").strokes[0][:2]
        _, offered = menu_at(hand, hand.at((x + 5) / hand.chart.view._picture.plot_size[0], y))
        inside = offered["Add alert on this rectangle"].menu().actions()
        assert [action.text() for action in inside] == ["The upper edge", "The lower edge"]

    story_of(tell)(sampled)


def test_a_right_click_on_an_indicator_opens_the_editor_about_it(qapp, sampled):
    async def tell(hand):
        hand.desktop.workbench.studies.add(spec_of("rsi"))
        await shown(lambda: hand.chart.view.model.shown.lines)
        study = hand.chart.state.studies[0]
        menu = QMenu()
        spot = hand.chart.view.spots.at(hand.chart.view, QPoint(5, 5))._replace(zone=Zone.PLOT, study_id=study.id)
        hand.desktop.workbench.alert_menu.fill(menu, spot)
        (about,) = [action for action in menu.actions() if action.text()]
        assert about.text() == "Add alert on RSI 14…"
        about.trigger()
        await shown(lambda: opened("AlertEditor"))
        editor = opened("AlertEditor")
        condition = editor.alert.condition
        assert isinstance(condition, IndicatorCondition)
        assert (condition.left.indicator, condition.value) in {("rsi", 30.0), ("rsi", 70.0)}
        assert editor.alert.spec == "1d"
        editor.close()

    story_of(tell)(sampled)


def test_the_key_opens_the_editor_at_the_crosshairs_price_else_at_the_last_one(qapp, sampled):
    async def tell(hand):
        assert hand.desktop.workbench.actions.keys("alert.add") == ("Alt+A",)
        hand.trigger("alert.add")
        await shown(lambda: opened("AlertEditor"))
        assert opened("AlertEditor").alert.condition.value == hand.alerts.last
        opened("AlertEditor").close()
        await shown(lambda: opened("AlertEditor") is None)
        wanted = round(hand.alerts.last * 1.1, 2)
        hand.move(hand.at(0.4, hand.layer.place.y_of_price(wanted)))
        hand.trigger("alert.add")
        await shown(lambda: opened("AlertEditor"))
        step = abs(hand.layer.place.frame.prices.price_at(100) - hand.layer.place.frame.prices.price_at(101))
        assert opened("AlertEditor").alert.condition.value == pytest.approx(wanted, abs=step)
        opened("AlertEditor").close()

    story_of(tell)(sampled)


def test_an_alert_is_typed_into_the_palette(qapp, sampled):
    async def tell(hand):
        palette = hand.desktop.workbench.palette
        hand.desktop.workbench.open_palette()
        QTest.keyClicks(palette.field, "alert aapl > 512.5")
        await shown(lambda: palette.model.rows and palette.model.rows[0].title == "Add alert: AAPL price above 512.50")
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
        await shown(lambda: hand.rows)
        (row,) = hand.rows
        assert (row.alert.instrument, row.alert.condition.operator, row.alert.condition.value) == (str(AAPL), Operator.ABOVE, 512.5)

    story_of(tell)(sampled)


# --- fired ------------------------------------------------------------------------------------------------------------


def test_a_firing_is_marked_on_its_bar_and_told_below_the_pointer_with_its_time(qapp, sampled):
    async def tell(hand):
        hand.fire(1, back=20)
        await shown(lambda: hand.alerts.log.firings)
        hand.chart.view.grab()
        (mark,) = hand.layer.fired
        model = hand.chart.view.model
        row = len(model.snapshot) - 21
        assert abs(mark.x - model.time.x_at(row)) <= 1
        assert mark.y == pytest.approx(hand.layer.place.y_of_price(model.snapshot.bar(row).high))
        assert hand.layer.time_marks() == []
        hand.move(hand.at(mark.x / hand.chart.view._picture.plot_size[0], mark.y))
        assert hand.layer.pointed == "f1"
        assert [one.event_ns for one in hand.layer.time_marks()] == [model.snapshot.event_ns_at(row)]

    story_of(tell)(sampled)


def test_firings_of_a_replay_are_marked_until_it_ends_and_never_counted(qapp, sampled):
    async def tell(hand):
        bars = hand.chart.view.model.snapshot
        hand.desktop.workbench.replay.start_at(bars.event_ns_at(len(bars) - 100))
        await shown(lambda: hand.desktop.workbench.replay.is_on)
        await shown(lambda: len(hand.chart.view.model.snapshot) < len(bars))
        hand.fire(1, is_replay=True)
        await shown(lambda: hand.layer.firings)
        hand.chart.view.grab()
        assert len(hand.layer.fired) == 1
        assert hand.alerts.log.n_unread == 0
        hand.desktop.workbench.replay.stop()
        await shown(lambda: not hand.layer.firings)

    story_of(tell)(sampled)


def test_a_hidden_chart_does_not_look(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        hand.desktop.window.hide()
        looked = hand.on_chart._version
        await hand.alerts.edits.move(alert, 500.0, hand.alerts.now_ns)
        await shown(lambda: hand.row(alert.id).alert.condition.value == 500.0)
        hand.desktop.desk.frames.request()
        await shown(lambda: hand.desktop.desk.frames.is_idle)
        assert hand.on_chart._version == looked
        hand.desktop.window.show()
        hand.desktop.desk.frames.request()
        await shown(lambda: hand.on_chart._version > looked)

    story_of(tell)(sampled)


def test_a_tick_through_a_level_is_told_marked_and_counted(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.02)
        level, desk = alert.condition.value, hand.desktop.desk
        market = LiveMarket(desk.backend.clock.now_ns(), instrument=AAPL)

        async def trade(*prices):
            hand.backend.alerts.evaluate(market.trade(*prices))

        hand.backend.alerts.live = market.snapshot
        await desk.bridge.call(trade(level - 1.0, level - 0.5))
        await desk.bridge.call(trade(level + 0.25))
        await shown(lambda: hand.alerts.log.firings, "the firing")
        (firing,) = hand.alerts.log.firings
        assert firing.alert_id == alert.id
        assert firing.price == level + 0.25
        assert f"{level:.2f}" in firing.words
        await shown(lambda: hand.desktop.window.status.alerts.text() == "1")
        assert any(firing.words in toast.accessibleName() for toast in hand.desktop.window.toasts.toasts)
        await shown(lambda: hand.row(alert.id).n_fired == 1)
        await shown(lambda: hand.line(alert.id).words.endswith("· fired"))
        stored = await desk.bridge.call(hand.backend.alerts.history(alert.id))
        assert [one.id for one in stored] == [firing.id]

    story_of(tell)(sampled)
