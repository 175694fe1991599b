"""The search for indicators where nothing is typed: families under headings, the last used in front."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.indicators.registry import SPECS
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.studies.search import HEADING_PX


def headings(search):
    """The words above each result that begins a group, with the result's name."""
    model = search.model
    return {model.heading(n): spec.name for n, spec in enumerate(model.rows) if model.heading(n)}


def test_with_nothing_typed_families_stand_under_headings_behind_the_last_used(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            search = desktop.workbench.studies.search
            settings = desktop.desk.backend.settings
            for name in ("rsi", "obv"):
                desktop.workbench.studies.add(SPECS[name])
                await shown(lambda name=name: settings.current.workspace.recent_indicators[:1] == (name,))
            desktop.workbench.studies.open_search()
            found = headings(search)
            families = [spec.family for spec in search.model.rows[2:]]
            assert list(found) == ["Used last", *dict.fromkeys(families)]
            assert found["Used last"] == "obv"
            assert found["Momentum"] == "macd"
            assert len(set(families)) == len(found) - 1, "each family stands together"
            places = [search.view.visualRect(search.model.index(n, 0)) for n in range(3)]
            assert places[0].height() == places[2].height() == places[1].height() + HEADING_PX
            for _ in range(3):
                QTest.keyClick(search.field, Qt.Key.Key_Down)
            assert search.view.currentIndex().row() == 3, "no key stops at a heading"
            QTest.keyClicks(search.field, "a")
            assert headings(search) == {}

    run_on_qt(story(), 60)


def test_indicators_added_at_once_are_all_remembered(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            for name in ("rsi", "macd", "sma"):
                desktop.workbench.studies.add(SPECS[name])
            settings = desktop.desk.backend.settings
            await shown(lambda: len(settings.current.workspace.recent_indicators) == 3)
            assert settings.current.workspace.recent_indicators == ("sma", "macd", "rsi")

    run_on_qt(story())
