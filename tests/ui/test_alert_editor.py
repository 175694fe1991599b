"""The editor of alerts: what is entered becomes an alert, is told in a sentence, tested, and refused beside its field."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit

from backend.alerts.alert import (
    AllOf,
    AnyOf,
    DrawingCondition,
    IndicatorCondition,
    IndicatorRef,
    Operator,
    PercentCondition,
    PriceCondition,
    Repeat,
    TimeCondition,
    VolumeCondition,
    When,
)
from backend.charts.drawings import Anchor, Drawing, DrawingKind
from backend.delivery.channel import Channel
from tests.fakes.alert_window import AAPL, alert_hand
from tests.fakes.dialogs import opened
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.alerts.making import fresh

MOMENT = 1_900_000_000_000_000_000
LEAVES = (
    PriceCondition(Operator.CROSSES_ABOVE, 512.25, 1_700_000_000_000_000_000),
    PercentCondition(Operator.BELOW, -5.0, "bars", 12),
    PercentCondition(Operator.AT_LEAST, 3.0, "price", 1, 400.0),
    IndicatorCondition(IndicatorRef("rsi", {"period": 21}, "", ""), Operator.BELOW, 25.0),
    IndicatorCondition(
        IndicatorRef("ema", {"period": 20}, "", ""), Operator.CROSSES_ABOVE, other=IndicatorRef("ema", {"period": 50})
    ),
    IndicatorCondition(IndicatorRef("sma", {"period": 200}, "hl2", ""), Operator.CROSSES, is_price=True),
    VolumeCondition(Operator.ABOVE, 3.0, 40),
    VolumeCondition(Operator.ABOVE, 2_000_000.0, 0),
    TimeCondition(MOMENT // 60_000_000_000 * 60_000_000_000),
    DrawingCondition("t", Operator.CROSSES_BELOW, "upper"),
)


def story_of(tell):
    def told(home):
        async def story():
            async with open_window(home, docks=False) as desktop:
                await tell(await alert_hand(desktop))

        run_on_qt(story(), 60)

    return told


async def editor_of(hand, alert):
    hand.alerts.edit(alert)
    await shown(lambda: opened("AlertEditor"))
    editor = opened("AlertEditor")
    await shown(lambda: editor._instruments, "the instruments")
    return editor


def choose(box, value):
    """As a person does: the choice is told."""
    box.setCurrentIndex(next(n for n in range(box.count()) if box.itemData(n) == value))


def test_every_kind_of_comparison_comes_out_as_it_went_in(qapp, sampled):
    async def tell(hand):
        bars, drawings = hand.chart.view.model.snapshot, hand.desktop.workbench.drawings
        at = tuple(Anchor(bars.event_ns_at(n), bars.bar(n).close, is_date=True) for n in (100, 200))
        drawings.current.book.change("Draw", put=(Drawing("t", DrawingKind.RECTANGLE, at),))
        for joined in (AllOf, AnyOf):
            alert = fresh(str(AAPL), joined(LEAVES), now_ns=hand.alerts.now_ns)
            editor = await editor_of(hand, alert)
            await shown(lambda editor=editor: editor._subject.drawings, "its drawings")
            made = editor.alert.condition
            assert type(made) is joined
            for before, after in zip(LEAVES, made.of, strict=True):
                assert after == before
            assert editor.sentence.text().startswith("AAPL: ")
            assert ("and" if joined is AllOf else "or") in editor.sentence.text()
            editor.close()
            await shown(lambda: opened("AlertEditor") is None)

    story_of(tell)(sampled)


def test_what_is_drawn_beside_the_editor_can_be_chosen_and_what_is_removed_is_told(qapp, sampled):
    async def tell(hand):
        book = hand.desktop.workbench.drawings.current.book
        bars = hand.chart.view.model.snapshot
        at = tuple(Anchor(bars.event_ns_at(n), bars.bar(n).close, is_date=True) for n in (100, 200))
        watching = DrawingCondition("late", Operator.CROSSES_ABOVE, "line")
        editor = await editor_of(hand, fresh(str(AAPL), watching, now_ns=hand.alerts.now_ns))
        assert not editor._subject.drawings
        book.change("Draw", put=(Drawing("late", DrawingKind.TREND_LINE, at),))
        await shown(lambda: [one.id for one in editor._subject.drawings] == ["late"], "what was drawn")
        assert editor.alert.condition == watching
        book.change("Remove", removed=("late",))
        await shown(lambda: not editor._subject.drawings, "what was removed")
        assert any(one.isVisible() and one.text() == "Its drawing is gone." for one in editor.conditions.findChildren(QLabel))
        editor.close()
        await shown(lambda: opened("AlertEditor") is None)

    story_of(tell)(sampled)


def test_what_is_chosen_is_told_in_the_sentence_and_kept_by_enter(qapp, sampled):
    async def tell(hand):
        hand.trigger("alert.add")
        await shown(lambda: opened("AlertEditor"))
        editor = opened("AlertEditor")
        row = editor.conditions.rows[0]
        choose(row.operator, Operator.CROSSES_BELOW)
        row.fields.value.selectAll()
        QTest.keyClicks(row.fields.value, "401.5")
        assert editor.sentence.text() == "AAPL: Price falls below 401.50"
        choose(editor.schedule.when, When.CLOSE)
        choose(editor.schedule.repeat, Repeat.EVERY_TIME)
        editor.schedule.cooldown.setValue(15)
        editor.schedule.rearm.setValue(1.5)
        editor.telling.name.setText("Support")
        editor.telling.message.setText("sell half")
        choose(editor.telling.sound, "alarm")
        QTest.keyClick(editor.telling.message, Qt.Key.Key_Return)
        await shown(lambda: hand.rows)
        await shown(lambda: opened("AlertEditor") is None)
        alert = hand.rows[0].alert
        assert (alert.condition.operator, alert.condition.value) == (Operator.CROSSES_BELOW, 401.5)
        assert (alert.when, alert.repeat, alert.cooldown_s, alert.rearm) == (When.CLOSE, Repeat.EVERY_TIME, 900.0, 1.5)
        assert (alert.name, alert.message, alert.sound) == ("Support", "sell half", "alarm")
        hand.trigger("edit.undo")
        await shown(lambda: not hand.rows)

    story_of(tell)(sampled)


def test_changing_an_alert_keeps_what_was_not_touched(qapp, sampled):
    async def tell(hand):
        alert = await hand.add(1.05)
        editor = await editor_of(hand, alert)
        assert editor.windowTitle() == "Change alert"
        assert editor.alert == alert
        editor.telling.name.setText("Mine")
        editor.accept()
        await shown(lambda: hand.row(alert.id).alert.name == "Mine")
        assert hand.row(alert.id).alert.condition == alert.condition
        await shown(lambda: hand.desktop.workbench.view.can_undo)
        hand.trigger("edit.undo")
        await shown(lambda: hand.row(alert.id).alert.name == "")

    story_of(tell)(sampled)


def test_what_the_backend_refuses_is_said_and_the_editor_stays(qapp, sampled):
    async def tell(hand):
        editor = await editor_of(hand, fresh(str(AAPL), PriceCondition(Operator.ABOVE, 1.0), now_ns=hand.alerts.now_ns))
        editor.instrument.setText("NOWHERE.XXXX")
        editor.accept()
        await shown(lambda: editor._problems["instrument"].text or editor.problem.text())
        assert "NOWHERE" in editor._problems["instrument"].text + editor.problem.text()
        editor.instrument.setText("aapl")
        assert editor.alert.instrument == "AAPL.XNAS"
        assert not editor._problems["instrument"].text
        editor.schedule.expires.setChecked(True)
        editor.schedule.end.show_moment(1_000_000_000_000_000_000)
        editor.accept()
        await shown(lambda: editor.schedule.problems["expires"].text)
        assert "past" in editor.schedule.problems["expires"].text
        assert not hand.rows
        assert editor.isVisible()
        editor.close()

    story_of(tell)(sampled)


def test_a_condition_is_added_and_removed_by_keys(qapp, sampled):
    async def tell(hand):
        editor = await editor_of(hand, fresh(str(AAPL), PriceCondition(Operator.ABOVE, 500.0), now_ns=hand.alerts.now_ns))
        assert not editor.conditions.joined.isVisible()
        QTest.keyClick(editor.conditions.add, Qt.Key.Key_Space)
        assert len(editor.conditions.rows) == 2
        assert editor.conditions.joined.isVisible()
        choose(editor.conditions.rows[1].kind, VolumeCondition)
        assert isinstance(editor.alert.condition, AllOf)
        assert "and volume" in editor.sentence.text()
        QTest.keyClick(editor.conditions.rows[1].remove, Qt.Key.Key_Space)
        assert isinstance(editor.alert.condition, PriceCondition)
        editor.close()

    story_of(tell)(sampled)


def test_groups_inside_groups_stay_as_they_are(qapp, sampled):
    async def tell(hand):
        nested = AnyOf((PriceCondition(Operator.ABOVE, 500.0, 1), AllOf((LEAVES[3], LEAVES[6]))))
        editor = await editor_of(hand, fresh(str(AAPL), nested, now_ns=hand.alerts.now_ns))
        assert editor.alert.condition == nested
        assert not editor.conditions.add.isVisible()
        assert "(" in editor.sentence.text()
        editor.close()

    story_of(tell)(sampled)


def test_an_alert_on_a_drawing_that_is_gone_says_so_and_keeps_it(qapp, sampled):
    async def tell(hand):
        gone = DrawingCondition("gone", Operator.CROSSES, "line")
        editor = await editor_of(hand, fresh(str(AAPL), gone, now_ns=hand.alerts.now_ns))
        assert editor.alert.condition == gone
        assert "gone" in editor.conditions.rows[0].fields._none.text()
        editor.close()

    story_of(tell)(sampled)


def test_a_test_on_history_counts_and_a_change_forgets_it(qapp, sampled):
    async def tell(hand):
        rises = IndicatorCondition(IndicatorRef("rsi"), Operator.CROSSES_BELOW, 30.0)
        alert = fresh(str(AAPL), rises, now_ns=hand.alerts.now_ns, spec="1d")
        editor = await editor_of(hand, alert)
        choose(editor.schedule.repeat, Repeat.EVERY_TIME)
        choose(editor.rehearsal.span, 0)
        QTest.keyClick(editor.rehearsal.test, Qt.Key.Key_Space)
        assert editor.rehearsal.is_running
        assert editor.rehearsal.progress.isVisible()
        assert not editor.rehearsal.test.isEnabled()
        await shown(editor.rehearsal.words.text)
        assert "all that is stored" in editor.rehearsal.words.text()
        assert len(editor.rehearsal.firings) > 3
        assert f"{len(editor.rehearsal.firings)} times" in editor.rehearsal.words.text()
        editor.conditions.rows[0].fields.value.setValue(20.0)
        assert not editor.rehearsal.words.text()
        QTest.keyClick(editor.rehearsal.test, Qt.Key.Key_Space)
        QTest.keyClick(editor.rehearsal.cancel, Qt.Key.Key_Space)
        assert not editor.rehearsal.is_running
        assert editor.rehearsal.test.isEnabled()
        editor.close()

    story_of(tell)(sampled)


def test_channels_are_ticked_and_one_that_was_removed_since_is_still_shown(qapp, sampled):
    async def tell(hand):
        await hand.alerts.channels.put(Channel("phone", "ntfys://a-topic-of-mine"))
        alert = await hand.add(1.05)
        editor = await editor_of(hand, alert)
        await shown(lambda: editor.telling.channels.count() == 1)
        editor.telling.channels.item(0).setCheckState(Qt.CheckState.Checked)
        editor.accept()
        await shown(lambda: hand.row(alert.id).alert.channels == ("phone",))
        await shown(lambda: opened("AlertEditor") is None)
        await hand.alerts.channels.remove("phone")
        editor = await editor_of(hand, hand.row(alert.id).alert)
        await shown(lambda: editor.telling.channels.count() and "was removed" in editor.telling.channels.item(0).text())
        assert editor.alert.channels == ("phone",)
        editor.close()

    story_of(tell)(sampled)


def test_a_channel_is_set_up_by_its_fields_and_its_secrets_are_never_shown_again(qapp, sampled):
    async def tell(hand):
        hand.trigger("alert.channels")
        channels = opened("ChannelList")
        channels.add()
        await shown(lambda: opened("ChannelEditor"))
        editor = opened("ChannelEditor")
        editor.accept()
        assert "Server is missing." in editor.fields["server"].text
        choose(
            editor.kind, next(editor.kind.itemData(n) for n in range(editor.kind.count()) if editor.kind.itemText(n) == "Telegram")
        )
        assert editor.fields["token"].field.echoMode() is QLineEdit.EchoMode.PasswordEchoOnEdit
        editor.name.setText("my phone")
        editor.fields["token"].field.setText("123456789:AAabcdefghijklmnopqrstuvwxyz012345678")
        editor.fields["chat"].field.setText("987654321")
        editor.quiet.is_on.setChecked(True)
        editor.rate.n.setValue(3)
        editor.accept()
        await shown(lambda: opened("ChannelEditor") is None)
        await shown(lambda: channels.channels)
        (kept,) = channels.channels
        assert (kept.name, kept.title, kept.rate.n, len(kept.quiet.ranges)) == ("my phone", "Telegram", 3, 1)
        assert "AAabcdefghijklmnop" not in kept.address
        channels.edit()
        await shown(lambda: opened("ChannelEditor"))
        editor = opened("ChannelEditor")
        assert editor.name.isReadOnly()
        assert [problem.field.text() for problem in editor.fields.values()] == ["", ""]
        assert editor.channel.address == ""
        editor.rate.n.setValue(5)
        editor.accept()
        await shown(lambda: channels.channels and channels.channels[0].rate.n == 5)
        assert channels.channels[0].address == kept.address
        channels.close()

    story_of(tell)(sampled)


def test_a_test_of_a_channel_says_exactly_what_failed_and_removal_is_asked_twice(qapp, sampled):
    async def tell(hand):
        await hand.alerts.channels.put(Channel("here", "json://127.0.0.1:9/hook"))
        hand.trigger("alert.channels")
        channels = opened("ChannelList")
        await shown(lambda: channels.current is not None)
        channels.buttons["Send a test"].click()
        await shown(lambda: "did not go out" in channels.outcome.text())
        assert channels.outcome.text().startswith("here: ")
        channels.switch()
        await shown(lambda: channels.channels and not channels.channels[0].is_on)
        assert channels.buttons["Switch off"].text() == "Switch on"
        channels.buttons["Remove"].click()
        assert channels.channels
        assert channels.buttons["Remove"].text() == "Really remove?"
        channels.buttons["Remove"].click()
        await shown(lambda: not channels.channels)
        channels.close()

    story_of(tell)(sampled)


def test_another_kind_takes_its_own_fields(qapp, sampled):
    async def tell(hand):
        editor = await editor_of(hand, fresh(str(AAPL), LEAVES[0], now_ns=hand.alerts.now_ns))
        row = editor.conditions.rows[0]
        for kind in (PercentCondition, IndicatorCondition, VolumeCondition, TimeCondition, PriceCondition):
            choose(row.kind, kind)
            assert isinstance(editor.alert.condition, kind)
            assert row.operator.isVisible() == (kind is not TimeCondition)
        choose(row.kind, DrawingCondition)
        assert editor.alert is None
        assert editor.sentence.text() == "Something is missing."
        editor.accept()
        assert editor.problem.text() == "Choose what the alert shall watch."
        editor.close()

    story_of(tell)(sampled)
