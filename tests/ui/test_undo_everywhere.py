"""Ctrl+Z and Ctrl+Y through the whole program: a morning's work is taken back step by step, and done again."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.domain.instruments import InstrumentId
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown

WTI = InstrumentId("WTI", "FRED")
CTRL = Qt.KeyboardModifier.ControlModifier


async def _seen(desktop):
    """What a person would say the program looks like."""
    panel = desktop.panels.watchlist
    lists = await desktop.desk.bridge.call(desktop.desk.backend.watchlists.all())
    return (
        [(found.name, found.instruments) for found in lists],
        panel.current.name,
        desktop.desk.backend.settings.current.appearance.theme,
        desktop.workbench.actions.keys("view.bars"),
        len(desktop.panels.chart.view.model.snapshot),
    )


async def _step(desktop, work):
    """Do ``work`` and wait until it can be taken back."""
    before = desktop.desk.undo.newest
    await work
    await shown(lambda: desktop.desk.undo.newest is not before)


async def _press(desktop, key, n_left):
    undo, done = desktop.desk.undo, len(desktop.desk.undo._done)  # keys are pressed one by one, each when the last is done
    QTest.keyClick(desktop.panels.chart.view, key, CTRL)
    await shown(lambda: len(undo._done) != done and not undo._turn.locked(), f"{n_left} steps left")


async def _themed(desktop):
    desktop.workbench.view.toggle_theme()


async def _bound(desktop):
    desktop.workbench.view.open_settings()
    dialog = desktop.workbench.view.settings
    dialog.shortcuts._save({"view.bars": ("F7",)})
    await shown(lambda: desktop.workbench.actions.keys("view.bars") == ("F7",))
    dialog.close()


async def _deleted_bar(desktop):
    bars = desktop.panels.bars
    desktop.workbench.view.toggle_bars()
    await shown(lambda: bars.model.may_edit)
    bars.delete(bars.model.bar_at(0).event_ns)
    await shown(lambda: len(desktop.panels.chart.view.model.snapshot) == 3_269)


def test_every_step_of_a_mornings_work_is_taken_back_and_done_again(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            panel = desktop.panels.watchlist
            desktop.window.activateWindow()
            await shown(desktop.window.isActiveWindow)
            seen = [await _seen(desktop)]
            for make in (
                lambda: panel.create_list("Energy"),
                lambda: panel.add(WTI),
                lambda: panel.rename_list("Oil"),
                lambda: _themed(desktop),
                lambda: _bound(desktop),
                lambda: _deleted_bar(desktop),
            ):
                await _step(desktop, make())
                seen.append(await _seen(desktop))
            desktop.window.activateWindow()
            await shown(desktop.window.isActiveWindow)
            desktop.panels.chart.view.setFocus()
            for place in range(len(seen) - 2, -1, -1):
                await _press(desktop, Qt.Key.Key_Z, place)
                await _until(desktop, seen[place])
            assert not desktop.workbench.view.can_undo
            for place in range(1, len(seen)):
                await _press(desktop, Qt.Key.Key_Y, place)
                await _until(desktop, seen[place])
            assert not desktop.workbench.view.can_redo

    run_on_qt(story(), 60)


async def _until(desktop, wanted):
    """Look, through the bridge each time, until the program looks as ``wanted``."""
    try:
        async with asyncio.timeout(10):
            while await _seen(desktop) != wanted:
                pass
    except TimeoutError:
        assert await _seen(desktop) == wanted
