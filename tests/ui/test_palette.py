"""The command palette in the window: what it lists, what Enter does, what it remembers."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.domain.instruments import InstrumentId
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.actions.row import CHART, ActionRow
from trii_desktop.actions.table import ACTIONS

MSFT = InstrumentId("MSFT", "XNAS")


def titles(palette):
    return [entry.title for entry in palette.model.rows]


def chosen(palette):
    return palette.model.rows[palette.view.currentIndex().row()].title


def press(palette, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(palette.field, key, modifier)


def test_ctrl_k_opens_it_and_every_action_of_the_table_is_in_it(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            palette = desktop.workbench.palette
            desktop.window.activateWindow()
            await shown(desktop.window.isActiveWindow)
            QTest.keyClick(desktop.panels.chart.view, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
            await shown(palette.isVisible)
            keys = {entry.key for entry in palette.model.rows}
            assert {f"action:{row.id}" for row in ACTIONS} - keys == {"action:view.palette"}
            press(palette, Qt.Key.Key_Escape)
            assert not palette.isVisible()
            assert desktop.window.focusWidget() is desktop.panels.chart.view

    run_on_qt(story())


def test_typed_words_arrows_and_enter_do_it_and_it_is_first_the_next_time(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            palette = desktop.workbench.palette
            palette.open_palette()
            QTest.keyClicks(palette.field, "bar table")
            assert chosen(palette) == "Bar table"
            press(palette, Qt.Key.Key_Return)
            assert desktop.workbench.view.shows_bars
            assert not palette.isVisible()
            await shown(lambda: palette.recent == ("action:view.bars",))
            palette.open_palette()
            assert titles(palette)[0] == "Bar table"
            assert palette.model.rows[0].is_ticked
            press(palette, Qt.Key.Key_Down)
            assert chosen(palette) == titles(palette)[1]
            press(palette, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
            press(palette, Qt.Key.Key_Escape)

    async def come_back():
        async with open_window(sampled, docks=False) as desktop:
            desktop.workbench.open_palette()
            assert titles(desktop.workbench.palette)[0] == "Bar table"
            desktop.workbench.palette.dismiss()

    run_on_qt(story())
    run_on_qt(come_back())


def test_an_instrument_is_found_by_name_and_put_on_the_chart_and_remembered(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            palette = desktop.workbench.palette
            palette.open_palette("microsoft")
            await shown(lambda: palette.model.rows and chosen(palette) == "MSFT")
            press(palette, Qt.Key.Key_Return)
            await shown(lambda: desktop.panels.chart.shown.instrument.id == MSFT)
            await shown(lambda: palette.recent)
            palette.open_palette()
            assert (titles(palette)[0], palette.model.rows[0].detail) == ("MSFT", "XNAS")
            palette.dismiss()

    run_on_qt(story())


def test_what_was_chosen_by_hand_stays_chosen_while_more_is_found(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            palette = desktop.workbench.palette
            palette.open_palette()
            palette.field.setText("s")
            press(palette, Qt.Key.Key_Down)
            press(palette, Qt.Key.Key_Down)
            before = chosen(palette)
            await shown(lambda: palette._found)
            assert chosen(palette) == before
            palette.dismiss()

    run_on_qt(story())


def test_an_indicator_is_found_by_its_short_name_and_added_to_the_chart(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            palette = desktop.workbench.palette
            palette.open_palette("/rsi")
            assert palette.model.rows[0].code == "RSI"
            press(palette, Qt.Key.Key_Return)
            await shown(lambda: [study.indicator for study in desktop.panels.chart.state.studies] == ["rsi"])
            assert desktop.workbench.view.can_undo

    run_on_qt(story())


def test_a_setting_opens_the_dialog_at_its_field(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            palette = desktop.workbench.palette
            palette.open_palette("#time between")
            assert chosen(palette) == "Time between frames"
            assert palette.model.rows[0].detail == "Performance: 16 ms"
            press(palette, Qt.Key.Key_Return)
            dialog = desktop.workbench.view.settings
            assert dialog.isVisible()
            row = dialog.pages["performance"].rows["frame_ms"]
            assert row.isVisible()
            assert row.editor.isAncestorOf(dialog.focusWidget())
            dialog.close()

    run_on_qt(story())


def test_what_is_not_possible_now_is_listed_and_says_so_instead_of_acting(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            palette = desktop.workbench.palette
            palette.open_palette("redo")
            assert not palette.model.rows[0].is_possible
            assert "not possible now" in palette.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
            press(palette, Qt.Key.Key_Return)
            assert palette.isVisible()
            assert palette._hint.text() == "Redo is not possible now."
            palette.dismiss()

    run_on_qt(story())


def test_nothing_found_says_so_and_enter_does_nothing(qapp, sampled):
    async def story():
        async with open_window(sampled, docks=False) as desktop:
            palette = desktop.workbench.palette
            palette.open_palette(">qqqq")
            assert palette.model.rowCount() == 0
            assert palette._empty.isVisible()
            press(palette, Qt.Key.Key_Return)
            assert palette.isVisible()
            palette.dismiss()

    run_on_qt(story())


class Flight:
    """What a plugin's rows act on."""

    def __init__(self) -> None:
        self.n_calls = 0
        self.is_on = True

    def take_off(self) -> None:
        self.n_calls += 1


def test_rows_of_a_plugin_are_everywhere_while_it_is_there_and_nowhere_afterwards(qapp, sampled):
    rows = (
        ActionRow("plugin.air.fly", "Fly awa&y", CHART, "take_off", ("Ctrl+Alt+F12",), checked="is_on", starts_group=True),
        ActionRow("plugin.air.steal", "Steal keys", CHART, "take_off", ("Ctrl+P", "Left"), submenu="Air"),
    )

    async def story():
        async with open_window(sampled, docks=False) as desktop:
            work, window = desktop.workbench, desktop.window
            flight, before = Flight(), _everything(work, window)
            added = work.actions.add(rows, flight)
            assert work.actions.by_id["plugin.air.fly"].isChecked()
            assert work.actions.keys("plugin.air.steal") == ()
            assert work.actions.keys("chart.search") == ("Ctrl+P",)
            window.activateWindow()
            await shown(window.isActiveWindow)
            QTest.keyClick(
                desktop.panels.chart.view, Qt.Key.Key_F12, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
            )
            await shown(lambda: flight.n_calls == 1)
            work.palette.open_palette("steal")
            assert chosen(work.palette) == "Air: Steal keys"
            press(work.palette, Qt.Key.Key_Return)
            assert flight.n_calls == 2
            added.close()
            added.close()
            assert _everything(work, window) == before
            work.palette.open_palette(">fly")
            assert titles(work.palette) == []
            work.palette.dismiss()

    run_on_qt(story())


def _everything(work, window):
    """Rows, keys, actions of the window, and every menu's items."""
    menus = [[(a.text(), a.isSeparator(), a.isVisible()) for a in menu.menu().actions()] for menu in window.menuBar().actions()]
    return (work.actions.rows, dict(work.actions.keymap.keys), [a.objectName() for a in window.actions()], menus)
