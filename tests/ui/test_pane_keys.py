"""Panes by keys alone: which one is current, what it can do, what is said of it."""

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from backend.charts.chart_state import MAIN_PANE
from backend.indicators.registry import SPECS
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, point_at, shown

Key = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier
ALT_SHIFT = ALT | Qt.KeyboardModifier.ShiftModifier


async def with_panes(desktop):
    """RSI and MACD below the prices, and the keyboard on the chart."""
    desktop.window.activateWindow()
    for name in ("rsi", "macd"):
        desktop.workbench.studies.add(SPECS[name])
    chart = desktop.panels.chart
    chart.setFocus()
    await shown(lambda: len({key[0] for key in chart.view.model.shown.lines}) == 2, "both indicators")
    chart.view.grab()
    return chart


def press(chart, key, held=ALT):
    QTest.keyClick(chart.view, key, held)
    return chart.view.accessibleDescription()


def names(chart):
    """The panes from top to bottom, by their indicator."""
    of_pane = {study.pane: study.indicator for study in chart.state.studies}
    return [of_pane.get(pane.id, "prices") for pane in chart.state.panes]


def is_ringed(chart, pane_id) -> bool:
    view = chart.view
    picture = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.width(), 4)[:, :, :3]
    pane = view.model.panes.pane(pane_id)
    middle, ink = pane.top_px + pane.height_px // 2, view._picture.inks["line"]
    return bool((data[middle, 0] == [ink.blue(), ink.green(), ink.red()]).all())


def test_the_current_pane_is_chosen_by_keys_marked_and_said(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = await with_panes(desktop)
            rsi, macd = (study.pane for study in chart.state.studies)
            assert press(chart, Key.Key_PageDown) == "RSI 14, pane 2 of 3"
            assert [is_ringed(chart, pane) for pane in (MAIN_PANE, rsi, macd)] == [False, True, False]
            assert press(chart, Key.Key_PageDown) == "MACD 12 26 9, pane 3 of 3"
            assert press(chart, Key.Key_PageDown) == "Prices, pane 1 of 3"
            assert press(chart, Key.Key_PageUp) == "MACD 12 26 9, pane 3 of 3"
            assert [is_ringed(chart, pane) for pane in (MAIN_PANE, rsi, macd)] == [False, False, True]
            point_at(chart.view._canvas.viewport(), QPoint(200, 100))
            assert not is_ringed(chart, macd)
            assert chart.view.panes.current.id == MAIN_PANE

    run_on_qt(story())


def test_every_button_of_a_pane_has_a_key_and_undo_takes_it_back(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = await with_panes(desktop)
            press(chart, Key.Key_PageDown)
            assert press(chart, Key.Key_PageUp, ALT_SHIFT) == "RSI 14, pane 1 of 3"
            assert names(chart) == ["rsi", "prices", "macd"]
            assert press(chart, Key.Key_PageDown, ALT_SHIFT) == "RSI 14, pane 2 of 3"
            assert press(chart, Key.Key_F, ALT_SHIFT) == "RSI 14, pane 2 of 3, collapsed"
            assert chart.state.panes[1].is_collapsed
            assert press(chart, Key.Key_F, ALT_SHIFT) == "RSI 14, pane 2 of 3"
            assert press(chart, Key.Key_M, ALT_SHIFT) == "RSI 14, pane 2 of 3, maximised"
            assert press(chart, Key.Key_PageDown) == "MACD 12 26 9, pane 3 of 3, maximised"
            assert press(chart, Key.Key_M, ALT_SHIFT) == "MACD 12 26 9, pane 3 of 3"
            assert press(chart, Key.Key_W, ALT_SHIFT) == "The pane was closed. Prices, pane 1 of 2"
            assert names(chart) == ["prices", "rsi"]
            await desktop.desk.undo.undo()
            assert names(chart) == ["prices", "rsi", "macd"]

    run_on_qt(story())


def test_what_a_pane_cannot_do_is_said_and_changes_nothing(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = await with_panes(desktop)
            before = chart.state
            for key, said in (
                (Key.Key_PageUp, "Move the pane up: not possible. Prices, pane 1 of 3"),
                (Key.Key_F, "Collapse the pane: not possible. Prices, pane 1 of 3"),
                (Key.Key_W, "The prices cannot be closed. Prices, pane 1 of 3"),
            ):
                assert press(chart, key, ALT_SHIFT) == said
                assert chart.state == before
            desktop.workbench.studies.remove_all()
            assert not desktop.workbench.actions.by_id["pane.close"].isEnabled()

    run_on_qt(story())


def test_the_pane_last_pointed_at_is_the_current_one(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            chart = await with_panes(desktop)
            pane = chart.view.model.panes.pane(chart.state.studies[1].pane)
            point_at(chart.view._canvas.viewport(), QPoint(200, pane.top_px + pane.height_px // 2))
            desktop.workbench.actions.by_id["pane.fold"].trigger()
            assert [one.is_collapsed for one in chart.state.panes] == [False, False, True]

    run_on_qt(story())
