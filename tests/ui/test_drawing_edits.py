"""What is done with drawings beside the mouse: keys, exact prices, looks under names, copies on other instruments."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.charts.drawings import DrawingKind
from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec, Series
from tests.fakes.bars import make_bars
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown, visible_dialog
from tests.ui.test_drawings import Hand, _hand
from trii_desktop.drawings.magnet import Magnet
from trii_desktop.drawings.properties import DrawingProperties
from trii_desktop.drawings.words import WordsDialog

SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_a_line_is_drawn_moved_and_written_on_by_keys_alone(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            view = hand.chart.view
            hand.drawings.choices.magnet = Magnet.STRONG
            hand.actions["drawing.trend_line"].trigger()
            QTest.keyClick(view, Qt.Key.Key_Left)  # the cursor appears at the newest bar in view
            hand.paint()
            QTest.keyClick(view, Qt.Key.Key_Up)
            QTest.keyClick(view, Qt.Key.Key_Return)
            for _ in range(3):
                QTest.keyClick(view, Qt.Key.Key_Left, SHIFT)
            QTest.keyClick(view, Qt.Key.Key_Return)
            (drawn,) = hand.all
            bars = view.model.snapshot
            rows = [bars.row_at(anchor.event_ns) for anchor in drawn.anchors]
            assert rows[0] - rows[1] == 30
            for row, anchor in zip(rows, drawn.anchors, strict=True):
                bar = bars.bar(row)
                assert anchor.price in (bar.open, bar.high, bar.low, bar.close)
            hand.paint()
            QTest.keyClick(view, Qt.Key.Key_Left)
            assert [bars.row_at(anchor.event_ns) for anchor in hand.all[0].anchors] == [row - 1 for row in rows]
            assert [anchor.price for anchor in hand.all[0].anchors] == [anchor.price for anchor in drawn.anchors]
            QTest.keyClick(view, Qt.Key.Key_Return)
            ask = visible_dialog(WordsDialog)
            QTest.keyClicks(ask.field, "Trend")
            QTest.keyClick(ask.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
            assert hand.all[0].text == "Trend"
            QTest.keyClick(view, Qt.Key.Key_Backspace)
            assert hand.all == ()

    run_on_qt(story())


def test_a_text_that_is_not_written_leaves_nothing(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions["drawing.text"].trigger()
            hand.click(0.5, 0.5)
            visible_dialog(WordsDialog).reject()
            assert hand.all == ()
            assert hand.controller.layer.preview is None

    run_on_qt(story())


def test_shift_draws_level_upright_and_diagonal_lines(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            for end in ((0.7, 0.52), (0.32, 0.8)):
                hand.actions["drawing.trend_line"].trigger()
                hand.press(0.3, 0.5)
                hand.move(*end, SHIFT)
                hand.release(*end, SHIFT)
            level, upright = hand.all
            assert level.anchors[0].price == pytest.approx(level.anchors[1].price)
            assert upright.anchors[0].event_ns == upright.anchors[1].event_ns

    run_on_qt(story())


def test_prices_can_be_typed_and_a_position_keeps_its_order(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions["drawing.long"].trigger()
            hand.click(0.4, 0.5)
            hand.actions["drawing.properties"].trigger()
            dialog = visible_dialog(DrawingProperties)
            entry, target, stop = dialog.prices
            assert stop.value() < entry.value() < target.value()
            target.setValue(entry.value() + 12.5)
            assert hand.all[0].anchors[1].price == pytest.approx(entry.value() + 12.5, abs=0.01)
            stop.setValue(entry.value() + 1)
            assert hand.all[0].anchors[2].price == pytest.approx(entry.value(), abs=0.01)
            dialog.risk.setValue(500)
            assert hand.all[0].risk == 500
            hand.actions["drawing.lock"].trigger()
            assert not any(field.isEnabled() for field in dialog.prices)
            hand.actions["drawing.lock"].trigger()
            hand.actions["drawing.remove"].trigger()
            await shown(lambda: not dialog.isVisible())

    run_on_qt(story())


def test_looks_are_kept_under_names_for_the_next_start(qapp, sampled):
    async def keep():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions["drawing.ray"].trigger()
            hand.drag((0.3, 0.6), (0.6, 0.3))
            hand.actions["drawing.properties"].trigger()
            dialog = visible_dialog(DrawingProperties)
            dialog.width_px.setValue(5)
            dialog._keep("Supply")
            await shown(lambda: DrawingKind.RAY in hand.drawings.choices.named)
            dialog.width_px.setValue(2)
            dialog.fill_looks()
            dialog.looks.menu().actions()[0].trigger()
            assert hand.all[0].style.width == 5
            assert dialog.width_px.value() == 5

    async def find():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            choices = hand.drawings.choices
            await shown(lambda: "Supply" in choices.named.get(DrawingKind.RAY, {}))
            hand.actions["drawing.ray"].trigger()
            hand.drag((0.4, 0.6), (0.7, 0.3))
            assert hand.all[-1].style.width == 5
            choices.forget_named(DrawingKind.RAY, "Supply")
            assert choices.named[DrawingKind.RAY] == {}

    run_on_qt(keep())
    run_on_qt(find())


def test_copies_stand_aside_here_and_in_the_middle_of_another_instrument(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand = await _hand(desktop)
            hand.actions["drawing.paste"].trigger()
            assert hand.all == ()
            hand.actions["drawing.rectangle"].trigger()
            hand.drag((0.3, 0.6), (0.6, 0.3))
            hand.actions["drawing.copy"].trigger()
            hand.paint()
            hand.actions["drawing.paste"].trigger()
            first, second = hand.all
            assert [anchor.event_ns for anchor in second.anchors] != [anchor.event_ns for anchor in first.anchors]
            other = next(one for one in await desktop.desk.bridge.call(desktop.desk.backend.catalog.all()) if one.id.code == "MSFT")
            await hand.chart.open(other.id, BarSpec.parse("1d"))
            await hand.placed()
            assert hand.all == ()
            hand.actions["drawing.paste"].trigger()
            (pasted,) = hand.all
            place = hand.controller.layer.place
            for x, y in place.points(pasted.anchors):
                assert 0 <= x < place.frame.width_px
                assert 0 <= y < place.frame.height_px

    run_on_qt(story())


async def _with_minutes(desktop, n_days):
    """Store made-up minutes of the chart's instrument in its newest sessions, and give those sessions back."""
    backend, series = desktop.desk.backend, desktop.panels.chart.shown.series

    async def store():
        bars = await backend.history.bars(series)
        sessions = await backend.calendars.load((await backend.catalog.get(series.instrument)).calendar)
        rows = np.flatnonzero(np.isin(sessions.label_ns, bars.event_ns[-n_days:]))
        starts = np.concatenate([np.arange(sessions.open_ns[row], sessions.close_ns[row], MINUTE_NS) for row in rows])
        made = make_bars(len(starts))
        backend.store.append(Series(series.instrument, BarSpec.parse("1m")), "feed", BarArrays(starts, *made.columns()))
        return [(int(sessions.label_ns[row]), int(sessions.open_ns[row]), int(sessions.close_ns[row])) for row in rows]

    return await desktop.desk.bridge.call(store())


def _share(hand, row):
    """Where the bar at ``row``, counted from the end, stands across the plot."""
    model = hand.chart.view.model
    return (model.time.x_at(len(model.snapshot) + row) + 0.5) / hand.controller.layer.place.frame.width_px


def test_drawings_stand_on_the_same_days_of_daily_and_intraday_charts(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            hand: Hand = await _hand(desktop)
            sessions = await _with_minutes(desktop, 6)
            model = hand.chart.view.model
            hand.actions["drawing.vertical"].trigger()
            hand.click(_share(hand, -3), 0.5)
            label, opens, _ = sessions[-3]
            assert hand.all[0].anchors[0].event_ns == label
            for spec in ("15m", "1h"):
                await hand.chart.switch(BarSpec.parse(spec))
                await hand.placed()
                row = round(hand.controller.layer.place.row_of(hand.all[0].anchors[0]))
                assert model.snapshot.event_ns_at(row) == opens
            hand.actions["drawing.vertical"].trigger()
            hand.click(_share(hand, -10), 0.5)
            drawn_ns = hand.all[1].anchors[0].event_ns
            days = [label for label, opens, closes in sessions if opens <= drawn_ns < closes]
            await hand.chart.switch(BarSpec.parse("1d"))
            await hand.placed()
            row = round(hand.controller.layer.place.row_of(hand.all[1].anchors[0]))
            assert [model.snapshot.event_ns_at(row)] == days

    run_on_qt(story())
