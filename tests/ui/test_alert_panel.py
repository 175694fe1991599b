"""The dock of alerts and how firings are told: tables, filters, keys, toasts, sounds, counts."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QPushButton

from backend.alerts.alert import IndicatorCondition, IndicatorRef, Operator
from backend.alerts.firing import Standing
from backend.delivery.channel import Channel
from backend.domain.instruments import InstrumentId
from tests.fakes.alert_window import AAPL, alert_hand
from tests.fakes.dialogs import nameless, opened, walk
from tests.fakes.live_market import LiveMarket
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.alerts.making import fresh, price_alert
from trii_desktop.alerts.model import CONDITION, INSTRUMENT, LEVEL, STATUS, TOLD
from trii_desktop.alerts.telling import N_TOASTS_MAX

MSFT = InstrumentId("MSFT", "XNAS")


def story_of(tell):
    def told(home):
        async def story():
            async with open_window(home) as desktop:
                await tell(await alert_hand(desktop))

        run_on_qt(story(), 60)

    return told


def shown_alerts(panel):
    """What the table says, row by row."""
    return [[panel.proxy.index(row, n).data() for n in (STATUS, INSTRUMENT, CONDITION)] for row in range(panel.proxy.rowCount())]


def told_by(hand):
    """The toasts about alerts."""
    return [
        toast
        for toast in hand.desktop.window.toasts.toasts
        if "rose above" in toast.accessibleName() or "more" in toast.accessibleName()
    ]


async def three(hand):
    """Two levels of Apple and an indicator of Microsoft, the middle one off."""
    first, second = await hand.add(1.05), await hand.add(0.95)
    about = IndicatorCondition(IndicatorRef("rsi"), Operator.BELOW, 30.0)
    third = (await hand.alerts.edits.add(fresh(str(MSFT), about, now_ns=hand.alerts.now_ns))).alert
    hand.alerts.edits.enable((second.id,), is_enabled=False)
    await shown(lambda: hand.row(second.id).standing is Standing.OFF)
    hand.trigger("alert.list")
    panel = hand.desktop.panels.alerts
    await shown(lambda: [row.standing for row in panel.model.rows] == [row.standing for row in hand.rows])
    return panel, (first, second, third)


def test_an_empty_list_says_what_to_do_and_offers_it(qapp, sampled):
    async def tell(hand):
        hand.trigger("alert.list")
        panel = hand.desktop.panels.alerts
        assert hand.alerts.shows_panel
        assert "right-click" in panel._empty._text.text().lower()
        assert "Alt+A" in panel._empty._text.text()
        next(part for part in panel._empty.findChildren(QPushButton)).click()
        await shown(lambda: opened("AlertEditor"))
        opened("AlertEditor").close()
        hand.trigger("alert.history")
        assert panel.history._empty.isVisible()

    story_of(tell)(sampled)


def test_every_alert_is_a_row_and_blind_ones_stand_out_with_why(qapp, sampled):
    async def tell(hand):
        panel, (_, second, third) = await three(hand)
        QAbstractItemModelTester(panel.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
        QAbstractItemModelTester(panel.proxy, QAbstractItemModelTester.FailureReportingMode.Fatal)
        said = shown_alerts(panel)
        assert [row[:2] for row in said] == [["Sees nothing", "AAPL"], ["Off", "AAPL"], ["Sees nothing", "MSFT"]]
        assert "RSI 14 below 30" in said[2][2]
        assert hand.row(third.id).blind_words in said[2][2]
        assert panel._n_blind.text() == "2 alerts see nothing"
        blind = panel.proxy.index(2, CONDITION).data(Qt.ItemDataRole.ForegroundRole)
        assert blind.name() == hand.desktop.desk.look.palette.warning
        spoken = panel.proxy.index(2, STATUS).data(Qt.ItemDataRole.AccessibleTextRole)
        assert hand.row(third.id).blind_words in spoken
        assert panel.proxy.index(1, LEVEL).data() == f"{second.condition.value:.2f}"

    story_of(tell)(sampled)


def test_rows_are_filtered_by_words_and_by_standing_and_sorted(qapp, sampled):
    async def tell(hand):
        panel, _ = await three(hand)
        QTest.keyClicks(panel.search, "rsi msft")
        assert [row[1] for row in shown_alerts(panel)] == ["MSFT"]
        panel.search.clear()
        panel.status.setCurrentIndex(4)
        assert [row[0] for row in shown_alerts(panel)] == ["Off"]
        panel.status.setCurrentIndex(3)
        assert shown_alerts(panel) == []
        assert "No alert matches" in panel._empty._text.text()
        panel.status.setCurrentIndex(0)
        panel.table.sortByColumn(INSTRUMENT, Qt.SortOrder.DescendingOrder)
        assert [row[1] for row in shown_alerts(panel)] == ["MSFT", "AAPL", "AAPL"]

    story_of(tell)(sampled)


def test_several_are_switched_removed_and_brought_back_by_keys(qapp, sampled):
    async def tell(hand):
        panel, made = await three(hand)
        panel.table.setFocus()
        panel.table.selectAll()
        assert panel.buttons["Switch off"].isEnabled()
        assert not panel.buttons["Change…"].isEnabled()
        QTest.keyClick(panel.table, Qt.Key.Key_Space)
        await shown(lambda: all(row.standing is Standing.OFF for row in hand.rows))
        await shown(lambda: hand.desktop.workbench.view.can_undo)
        hand.trigger("edit.undo")
        await shown(lambda: [row.standing is Standing.OFF for row in hand.rows] == [False, True, False])
        await shown(lambda: len(panel.model.rows) == 3)
        panel.table.selectAll()
        QTest.keyClick(panel.table, Qt.Key.Key_Delete)
        await shown(lambda: not hand.rows)
        await shown(lambda: panel.proxy.rowCount() == 0)
        hand.trigger("edit.undo")
        await shown(lambda: {row.alert.id for row in hand.rows} == {alert.id for alert in made})

    story_of(tell)(sampled)


def test_enter_shows_the_chart_with_the_alert_and_f2_its_editor(qapp, sampled):
    async def tell(hand):
        panel, (first, _, third) = await three(hand)
        panel.table.pick(lambda row: row.alert.id == third.id)
        QTest.keyClick(panel.table, Qt.Key.Key_Return)
        await shown(lambda: hand.chart.shown.instrument.id == MSFT)
        await shown(lambda: hand.on_chart.layer.selected == third.id)
        panel.table.pick(lambda row: row.alert.id == first.id)
        QTest.keyClick(panel.table, Qt.Key.Key_F2)
        await shown(lambda: opened("AlertEditor"))
        assert opened("AlertEditor").alert.id == first.id
        opened("AlertEditor").close()

    story_of(tell)(sampled)


def test_a_hidden_dock_looks_at_nothing(qapp, sampled):
    async def tell(hand):
        panel = hand.desktop.panels.alerts
        alert = await hand.add(1.05)
        hand.desktop.desk.frames.request()
        await shown(lambda: hand.desktop.desk.frames.is_idle)
        assert panel.model.rows == ()
        hand.trigger("alert.list")
        assert [row.alert.id for row in panel.model.rows] == [alert.id]

    story_of(tell)(sampled)


def test_the_dock_is_walked_by_tab_and_speaks(qapp, sampled):
    async def tell(hand):
        panel, _ = await three(hand)
        hand.desktop.window.activateWindow()
        assert nameless(panel) == []
        panel.table.selectRow(0)
        panel.tabs.setFocus()
        await shown(panel.tabs.hasFocus)
        assert walk(panel) == []

    story_of(tell)(sampled)


# --- firings ----------------------------------------------------------------------------------------------------------


def test_firings_are_counted_until_the_history_was_looked_at_and_lead_to_their_bar(qapp, sampled):
    async def tell(hand):
        status, dock = hand.desktop.window.status, hand.desktop.window.docks["alerts"]
        assert not status.alerts.isVisible()
        hand.fire(1, back=30)
        hand.fire(2, back=60, is_late=True)
        await shown(lambda: hand.alerts.log.n_unread == 2)
        assert (status.alerts.text(), dock.windowTitle()) == ("2", "Alerts (2)")
        status.alerts.click()
        panel = hand.desktop.panels.alerts
        await shown(lambda: hand.alerts.log.n_unread == 0)
        assert not status.alerts.isVisible()
        assert dock.windowTitle() == "Alerts"
        said = [[panel.history.proxy.index(row, n).data() for n in (1, 2, 4)] for row in range(2)]
        assert said == [["AAPL", "AAPL rose above 1.", ""], ["AAPL", "AAPL rose above 2.", "late"]]
        panel.history.select("f2")
        QTest.keyClick(panel.history.table, Qt.Key.Key_Return)
        bars = hand.chart.view.model.snapshot
        await shown(lambda: hand.chart.view._picture.pointed.reader_row == len(bars) - 61)

    story_of(tell)(sampled)


def test_a_firing_is_a_toast_with_its_chart_and_the_sound_of_the_alert(qapp, sampled):
    async def tell(hand):
        played = []
        hand.alerts.player.play = lambda name, volume: played.append((name, volume))
        alert = await hand.add(1.05)
        hand.fire(1, back=40, alert=alert.id, sound="bell")
        await shown(lambda: played)
        assert played == [("bell", 70)]
        (toast,) = told_by(hand)
        assert toast.accessibleName() == "AAPL AAPL rose above 1."
        offers = {part.text(): part for part in toast.findChildren(QPushButton)}
        assert list(offers) == ["Show chart", "Arm again"]
        offers["Show chart"].click()
        bars = hand.chart.view.model.snapshot
        await shown(lambda: hand.chart.view._picture.pointed.reader_row == len(bars) - 41)
        assert told_by(hand) == []

    story_of(tell)(sampled)


def test_late_firings_are_silent(qapp, sampled):
    async def tell(hand):
        played = []
        hand.alerts.player.play = lambda name, volume: played.append(name)
        hand.fire(1, is_late=True)
        await shown(lambda: hand.alerts.log.n_unread == 1)
        assert played == []
        assert told_by(hand) == []

    story_of(tell)(sampled)


def test_a_burst_is_a_few_toasts_one_sound_and_a_count_of_the_rest(qapp, sampled):
    async def tell(hand):
        played = []
        hand.alerts.player.play = lambda name, volume: played.append(name)
        for number in range(40):
            hand.fire(number)
        await shown(lambda: any("more" in toast.accessibleName() for toast in hand.desktop.window.toasts.toasts))
        said = [toast.accessibleName() for toast in told_by(hand)]
        assert said[-1] == f"And {40 - N_TOASTS_MAX} more alerts fired"
        assert len(said) == N_TOASTS_MAX + 1
        assert played == ["chime"]
        assert hand.alerts.log.n_unread == 40

    story_of(tell)(sampled)


@pytest.mark.parametrize(("setting", "n_toasts", "n_sounds"), [("sounds", 1, 0), ("toasts", 0, 1)])
def test_settings_quieten_what_is_told(qapp, sampled, setting, n_toasts, n_sounds):
    async def tell(hand):
        played = []
        hand.alerts.player.play = lambda name, volume: played.append(name)
        await hand.desktop.desk.bridge.call(hand.backend.settings.change("alerts", **{setting: False}))
        hand.fire(1)
        await shown(lambda: hand.alerts.log.n_unread == 1)
        assert (len(told_by(hand)), len(played)) == (n_toasts, n_sounds)

    story_of(tell)(sampled)


def test_what_became_of_a_firing_on_its_channels_stands_in_the_history(qapp, sampled):
    async def tell(hand):
        desk, alerts, deliveries = hand.desktop.desk, hand.backend.alerts, hand.backend.deliveries
        alerts.deliver_with(deliveries.queue, deliveries.wake)
        await hand.alerts.channels.put(Channel("nowhere", "json://127.0.0.1:9/hook"))
        level = round(hand.alerts.last * 1.05, 2)
        made = price_alert(str(AAPL), level, last=hand.alerts.last, now_ns=hand.alerts.now_ns)
        await hand.alerts.edits.add(replace(made, channels=("nowhere",)))
        market = LiveMarket(hand.backend.clock.now_ns(), instrument=AAPL)
        alerts.live = market.snapshot

        async def trade(*prices):
            alerts.evaluate(market.trade(*prices))

        await desk.bridge.call(hand.backend.begin_background())
        await desk.bridge.call(trade(level - 1.0))
        await desk.bridge.call(trade(level + 1.0))
        await shown(lambda: hand.alerts.log.firings, "the firing")
        hand.trigger("alert.history")
        history = hand.desktop.panels.alerts.history
        said = "nowhere failed, is tried again (127.0.0.1 refused the connection.)"
        await shown(lambda: history.proxy.index(0, TOLD).data() == said, "what became of it")

    story_of(tell)(sampled)
