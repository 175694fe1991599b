"""The first-run tour: offered once, past real parts of the window, by keys, as often as one likes."""

import re

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from backend.settings import Binding
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.actions.table import ACTIONS
from trii_desktop.guide.stops import STOPS


def press(key):
    QTest.keyClick(QApplication.focusWidget(), key)


def test_the_tour_goes_past_every_part_of_the_window_and_back_by_keys(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            window, guide = desktop.window, desktop.workbench.guide
            window.activateWindow()
            await shown(window.isActiveWindow)
            desktop.workbench.actions.by_id["help.tour"].trigger()
            seen = []
            while guide.view.isVisible() and len(seen) < len(STOPS):
                assert guide.view.part.isVisible()
                assert window.rect().contains(guide.view.card.geometry())
                assert "{" not in guide.view._text.text()
                seen.append(guide.view.stop.part)
                press(Qt.Key.Key_Right)
            ids = {row.id for row in ACTIONS}
            assert seen == [stop.part for stop in STOPS if not stop.needs or stop.needs in ids]
            assert {"chart", "search", "intervals", "watchlist", "menus", "status"} <= set(seen)
            await shown(lambda: desktop.desk.backend.settings.current.workspace.tour_offered)
            guide.take()
            press(Qt.Key.Key_Return)
            assert guide.view.stop.part == seen[1]
            press(Qt.Key.Key_Left)
            assert guide.view.stop.part == seen[0]
            press(Qt.Key.Key_Escape)
            assert not guide.view.isVisible()

    run_on_qt(story())


def test_the_keyboard_stays_in_the_card_and_comes_back_to_where_it_was(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            window, view = desktop.window, desktop.workbench.guide.view
            window.activateWindow()
            await shown(window.isActiveWindow)
            desktop.panels.chart.view.setFocus()
            desktop.workbench.guide.take()
            for _ in range(7):
                assert view.card.isAncestorOf(QApplication.focusWidget())
                press(Qt.Key.Key_Tab)
            QTest.keyClicks(QApplication.focusWidget(), "a")
            assert not desktop.workbench.search.isVisible()
            press(Qt.Key.Key_Escape)
            assert window.focusWidget() is desktop.panels.chart.view

    run_on_qt(story())


def test_the_texts_name_the_keys_that_are_in_force(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            guide, settings = desktop.workbench.guide, desktop.desk.backend.settings
            bound = (Binding(action="chart.search", keys=("Ctrl+J",)), Binding(action="view.palette", keys=()))
            await desktop.desk.bridge.call(settings.change("shortcuts", bindings=bound))
            await shown(lambda: desktop.workbench.actions.keys("chart.search") == ("Ctrl+J",))
            guide.take()
            texts = {stop.part: stop.text for stop in guide.view._stops}
            assert "or press Ctrl+J." in texts["search"]
            assert "is found by the menu and a few letters" in texts["menus"]
            assert not [text for text in texts.values() if re.search(r"[{}]", text)]
            guide.view.end()

    run_on_qt(story())


def test_a_hidden_part_is_brought_up_and_a_small_window_still_shows_the_whole_card(qapp, sampled):
    async def story():
        async with open_window(sampled, width_px=860, height_px=540) as desktop:
            desktop.workbench.view.toggle_watchlist()
            assert not desktop.panels.watchlist.isVisible()
            guide = desktop.workbench.guide
            guide.take()
            assert desktop.panels.watchlist.isVisible()
            while guide.view.isVisible():
                assert desktop.window.rect().contains(guide.view.card.geometry()), guide.view.stop
                guide.view.go_on()

    run_on_qt(story())


def test_it_is_offered_at_the_first_start_only_and_leaves_the_keyboard_alone(qapp, sampled):
    async def first():
        async with open_window(sampled) as desktop:
            guide = desktop.workbench.guide
            desktop.panels.chart.view.setFocus()
            guide.offer_tour()
            assert guide.offer.isVisible()
            assert desktop.window.focusWidget() is desktop.panels.chart.view
            QTest.mouseClick(guide.offer.later, Qt.MouseButton.LeftButton)
            assert guide.offer is None
            await shown(lambda: desktop.desk.backend.settings.current.workspace.tour_offered)

    async def second():
        async with open_window(sampled) as desktop:
            desktop.workbench.guide.offer_tour()
            assert desktop.workbench.guide.offer is None

    run_on_qt(first())
    run_on_qt(second())


def test_the_offer_leads_into_the_tour(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            guide = desktop.workbench.guide
            guide.offer_tour()
            QTest.mouseClick(guide.offer.take, Qt.MouseButton.LeftButton)
            assert guide.view.stop.part == "chart"
            guide.view.end()
            await shown(lambda: desktop.desk.backend.settings.current.workspace.tour_offered)

    run_on_qt(story())
