"""The window: what it shows first, and what the action table's actions do in it."""

import dataclasses
import threading

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QMenu, QToolButton, QWidget

from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.errors import NotFound
from backend.events import WindowRequested
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.actions.row import MENUS, plain_title
from trii_desktop.actions.table import ACTIONS
from trii_desktop.palettes import DARK, LIGHT
from trii_desktop.sheets import AboutDialog, ShortcutSheet
from trii_desktop.top_bar import TopBar

NOT_YET = (  # what a window that was just opened has none of
    "view.can_undo", "view.can_redo", "grid.has_several", "replay.is_on",
    "studies.has_studies", "studies.has_selected", "studies.has_selected_study", "studies.can_edit", "studies.has_comparisons",
    "can_delete", "alerts.has_selected", "alerts.has_unread",
    "drawings.has_selected", "drawings.has_drawings", "panes.are_several",
    "assistant.is_answering", "assistant.can_regenerate", "assistant.has_conversation", "assistant.has_sketches",
    "chat.has_unread", "chat.can_share", "chat.has_room",
)  # fmt: skip
AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")


def test_a_first_start_imports_the_samples_and_shows_a_chart(qapp, home):
    async def story():
        async with open_window(home) as desktop:
            assert desktop.panels.chart.shown.instrument.id == AAPL
            assert len(desktop.panels.chart.view.model.snapshot) > 3_000
            assert desktop.first_chart_s > 0
            assert desktop.window.windowTitle() == "AAPL.XNAS 1d · TRII Desktop"

    run_on_qt(story(), 60)


def test_the_next_start_shows_what_was_open_last(qapp, sampled):
    async def leave():
        async with open_window(sampled) as desktop:
            await desktop.panels.chart.open(MSFT, BarSpec.parse("1w"))
            desktop.workbench.view.toggle_bars()

    async def come_back():
        async with open_window(sampled) as desktop:
            shown_now = desktop.panels.chart.shown
            assert (shown_now.instrument.id, str(shown_now.spec)) == (MSFT, "1w")
            assert desktop.window.docks["bars"].isVisible()

    run_on_qt(leave())
    run_on_qt(come_back())


def test_every_action_of_the_table_can_be_called_and_reached_from_a_menu(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            actions = desktop.workbench.actions
            await shown(lambda: desktop.panels.chat is not None and actions.by_id["chat.write"].isEnabled(), "the chat")
            in_menus = {name for menu in desktop.window.menuBar().actions() for name in _names_in(menu.menu())}
            assert in_menus - {""} == {row.id for row in actions.rows} >= {row.id for row in ACTIONS}
            assert [a.text() for a in desktop.window.menuBar().actions() if a.isVisible()] == [
                menu for menu in MENUS if any(row.menu == menu for row in ACTIONS)
            ]
            for row in ACTIONS:
                assert actions.by_id[row.id].isEnabled() == (row.when not in NOT_YET), row.id

    run_on_qt(story())


def _names_in(menu):
    return [name for a in menu.actions() for name in (_names_in(a.menu()) if a.menu() else [a.objectName()])]


def test_interval_buttons_switch_the_chart(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            bar = desktop.window.top_bar.intervals
            assert [str(spec) for spec in bar.specs] == ["1d", "1w", "1mo"]
            weekly = next(b for b in bar.findChildren(QAbstractButton) if b.text() == "1w")
            QTest.mouseClick(weekly, Qt.MouseButton.LeftButton)
            await shown(lambda: str(desktop.panels.chart.shown.spec) == "1w")
            assert weekly.isChecked()
            desktop.workbench.chart.coarser_interval()
            await shown(lambda: str(desktop.panels.chart.shown.spec) == "1mo")

    run_on_qt(story())


def test_digits_typed_on_the_chart_change_the_interval(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            entry = desktop.workbench.chart.interval
            QTest.keyClicks(desktop.panels.chart.view, "2")
            assert entry.isVisible()
            assert entry.field.text() == "2"
            assert entry.meaning.text() == "2 minutes"
            QTest.keyClicks(entry.field, "w")
            assert entry.meaning.text() == "2 weeks"
            QTest.keyClick(entry.field, Qt.Key.Key_Return)
            await shown(lambda: str(desktop.panels.chart.shown.spec) == "2w")
            assert not entry.isVisible()

    run_on_qt(story())


def test_an_interval_that_cannot_be_made_leaves_the_chart_and_says_why(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.workbench.chart.switch_interval(BarSpec.parse("5m"))
            await shown(lambda: any("5m" in e.notice.text for e in desktop.desk.notices.entries))
            assert str(desktop.panels.chart.shown.spec) == "1d"

    run_on_qt(story())


def test_an_instrument_without_bars_is_refused_and_the_chart_stays(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            with pytest.raises(NotFound):
                await desktop.panels.chart.open(InstrumentId("NONE", "XNAS"))
            assert desktop.panels.chart.shown.instrument.id == AAPL

    run_on_qt(story())


def test_adjusted_prices_are_switched_and_shown_by_the_button(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            raw = desktop.panels.chart.view.model.snapshot.bar(0).close
            desktop.workbench.actions.by_id["chart.adjusted"].trigger()
            await shown(lambda: desktop.panels.chart.shown.is_adjusted)
            assert desktop.workbench.actions.by_id["chart.adjusted"].isChecked()
            assert desktop.panels.chart.view.model.snapshot.bar(0).close < raw

    run_on_qt(story())


def test_the_theme_changes_every_window_and_is_kept(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            assert desktop.desk.look.palette.name is DARK.name
            desktop.workbench.actions.by_id["view.theme"].trigger()
            await shown(lambda: desktop.desk.look.palette.name is LIGHT.name)
            assert LIGHT.window in QApplication.instance().styleSheet()
            corner = desktop.panels.chart.view.grab().toImage().pixelColor(3, 3).name()
            assert corner == "#ffffff"

    async def come_back():
        async with open_window(sampled, docks=False) as desktop:
            assert desktop.desk.look.palette.name is LIGHT.name

    run_on_qt(story())
    run_on_qt(come_back())


def test_a_second_start_raises_the_window_and_shows_what_it_names(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.window.showMinimized()
            await desktop.desk.bridge.call(_publish(desktop.desk.backend, WindowRequested(str(MSFT))))
            await shown(lambda: desktop.panels.chart.shown.instrument.id == MSFT)
            assert not desktop.window.isMinimized()

    run_on_qt(story())


async def _publish(backend, event):
    backend.bus.publish(event)


def test_closing_the_window_asks_for_an_orderly_end(qapp, sampled):
    async def story():
        asked = []
        async with open_window(sampled) as desktop:
            desktop.window.close_requested.connect(lambda: asked.append(True))
            desktop.workbench.view.quit()
            assert asked == [True]
            assert desktop.window.isVisible()
        assert not [t.name for t in threading.enumerate() if t.name.startswith(("trii-", "market-"))]

    run_on_qt(story())


def test_sheets_list_every_shortcut_and_every_library(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.workbench.view.open_shortcuts()
            desktop.workbench.view.open_about()
            sheet, about = desktop.window.findChild(ShortcutSheet), desktop.window.findChild(AboutDialog)
            words = " ".join(w.text() for w in sheet.findChildren(QWidget) if hasattr(w, "text"))
            assert all(plain_title(row) in words for row in ACTIONS if row.shortcuts)
            assert about.isVisible()
            sheet.close()
            about.close()

    run_on_qt(story())


def test_a_question_mark_typed_on_the_chart_opens_the_shortcuts(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.window.activateWindow()
            QTest.keyClick(desktop.panels.chart.view, Qt.Key.Key_Question, Qt.KeyboardModifier.ShiftModifier)
            await shown(lambda: desktop.window.findChild(ShortcutSheet))
            assert not desktop.workbench.search.isVisible()
            desktop.window.findChild(ShortcutSheet).close()

    run_on_qt(story())


def test_a_bar_is_deleted_from_the_charts_own_menu(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            chart = desktop.panels.chart
            event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(300, 300), chart.mapToGlobal(QPoint(300, 300)))
            chart.contextMenuEvent(event)
            menu = next(m for m in desktop.window.findChildren(QMenu) if m.isVisible())
            delete = next(a for a in menu.actions() if a.text() == "Delete this bar")
            assert delete.isEnabled()
            delete.trigger()
            menu.close()
            await shown(lambda: len(chart.view.model.snapshot) == 3_269)
            await shown(lambda: desktop.desk.undo.newest)
            desktop.workbench.view.undo()
            await shown(lambda: len(chart.view.model.snapshot) == 3_270)

    run_on_qt(story())


def test_everything_that_takes_the_keyboard_has_a_name_for_screen_readers(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            desktop.workbench.view.toggle_bars()
            desktop.workbench.view.toggle_notices()
            desktop.workbench.view.open_settings()
            desktop.workbench.data.files()
            kinds = (QAbstractButton, QComboBox, QLineEdit)
            nameless = [
                f"{type(w).__name__} in {type(w.window()).__name__}: {w.objectName()}"
                for window in QApplication.topLevelWidgets()
                for kind in kinds
                for w in window.findChildren(kind)
                if w.isVisible()
                and w.focusPolicy() != Qt.FocusPolicy.NoFocus
                and not (w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()))
                and not w.objectName().startswith("qt_")
                and not isinstance(w.parentWidget(), QComboBox)
            ]
            assert nameless == []

    run_on_qt(story())


def test_only_frozen_values_cross_the_bridge(qapp, sampled, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("TRII_DEBUG", "1")  # the bridge then checks every argument, result and event
    rows = "".join(f"2024-01-{day:02d},{day},{day + 1},{day - 1},{day},5\n" for day in range(2, 30))
    (tmp_path / "ACME.csv").write_text("Date,Open,High,Low,Close,Volume\n" + rows)

    async def story():
        async with open_window(sampled) as desktop:
            work, panels = desktop.workbench, desktop.panels
            await panels.chart.open(MSFT, BarSpec.parse("1w"))
            await panels.chart.adjust(adjusted=True)
            work.search.search("vix")
            await shown(lambda: work.search.model.rows)
            work.search.dismiss()
            await panels.chart.open(AAPL, BarSpec.parse("1d"), adjusted=False)
            work.view.toggle_bars()
            await shown(lambda: panels.bars.model.may_edit)
            panels.bars.delete(panels.bars.model.bar_at(0).event_ns)
            await shown(lambda: panels.bars.log.rowCount() == 1)
            work.view.undo()
            await shown(lambda: panels.bars.log.index(0, 4).data() == "Undone")
            await panels.watchlist.create_list("Two")
            await panels.watchlist.add(MSFT)
            work.view.toggle_theme()
            await shown(lambda: desktop.desk.look.palette.name is LIGHT.name)
            work.data.open_dialog((tmp_path / "ACME.csv",))
            dialog = work.data.dialog
            await shown(dialog.items.ready)
            dialog.mapping.sample.cellWidget(0, 5).setCurrentIndex(0)
            await shown(lambda: dialog.items.current().plan.choices.columns)
            dialog.start_import()
            await shown(lambda: dialog.items.n_done() == 1)
            assert not [e.notice for e in desktop.desk.notices.entries if e.notice.level == "error"]

    run_on_qt(story(), 60)


def test_time_frames_are_read_whole_and_other_words_give_way_where_the_window_is_narrow(qapp, sampled):
    async def story():
        async with open_window(sampled, width_px=1280, height_px=800) as desktop:
            bar = desktop.window.findChild(TopBar)
            specs = tuple(map(BarSpec.parse, ("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1mo")))
            shown_now = desktop.panels.chart.shown
            bar.show_shown(dataclasses.replace(shown_now, specs=specs, spec=BarSpec.parse("5s")))
            words = bar.button("import.files")
            await shown(lambda: words.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly)
            await shown(lambda: all(one.width() >= one.sizeHint().width() for one in bar.intervals.findChildren(QToolButton)))
            desktop.window.resize(1800, 800)
            await shown(lambda: words.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    run_on_qt(story())
