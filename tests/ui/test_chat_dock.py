"""The chat's dock: reading and writing by keys, drafts, pictures, charts that are shared, and everyone's way to each part."""

from dataclasses import replace

import msgspec
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from backend.charts.chart_state import save_state
from backend.chat.message import Delivery, FileRow, LinkRow
from backend.domain.bars import BarSpec
from backend.domain.instruments import InstrumentId
from backend.sync.server import Standing
from tests.fakes.chat_window import bench_of, story_of, trigger
from tests.fakes.dialogs import nameless, opened, stops_of, walk
from tests.fakes.scripted_chat import ANN, BEN, ME, NOW_MS, PEOPLE, SERVER
from tests.fakes.window import shown
from trii_desktop.market.dragged import drag_data

NO_KEY = Qt.KeyboardModifier.NoModifier


def picture(width=64, height=40):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkCyan)
    return image


def calls(hand, name):
    return [call for call in hand.chat.calls if call[0] == name]


# --- writing ----------------------------------------------------------------------------------------------------------


def test_enter_sends_shift_enter_breaks_the_line_and_the_way_is_told(qapp):
    async def tell(hand):
        hand.chat.lands_at_once = False
        await hand.begin()
        hand.type("one")
        hand.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        hand.type("two")
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: hand.items)
        assert hand.items[0].row.text == "one\ntwo"
        assert hand.items[0].way == "Waiting to be sent"
        assert not hand.composer.text
        await hand.call(hand.chat.land(hand.items[0].id))
        await shown(lambda: hand.items[0].way == "Sent")
        await hand.call(hand.chat.change(hand.items[0].id, delivery=Delivery.READ, n_readers=2))
        await shown(lambda: hand.items[0].way == "Read by 2")

    bench_of(tell)


def test_what_cannot_be_kept_stays_in_the_field_and_says_why(qapp):
    async def tell(hand):
        await hand.begin()
        hand.chat.is_offline = True
        hand.type("refuse me")
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: hand.desk.notices.entries)
        await shown(lambda: any("no room on the disk" in entry.notice.text for entry in hand.desk.notices.entries))
        assert hand.composer.text == "refuse me"

    bench_of(tell)


def test_up_edits_the_last_message_and_escape_brings_back_what_was_begun(qapp):
    async def tell(hand):
        await hand.begin()
        mine = await hand.say(ME, "First words")
        hand.press(Qt.Key.Key_Up)
        assert hand.composer.is_editing
        assert hand.composer.text == "First words"
        hand.type("!")
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: hand.items[0].row.text == "First words!")
        assert "edited" in hand.view(mine.id)._marks.text()
        hand.type("begun")
        hand.timeline.setFocus()
        QTest.keyClick(hand.timeline, Qt.Key.Key_E)
        assert hand.composer.text == "First words!"
        hand.press(Qt.Key.Key_Escape)
        assert hand.composer.text == "begun"
        assert not hand.composer.is_editing

    bench_of(tell)


def test_names_are_completed_after_an_at(qapp):
    async def tell(hand):
        await hand.begin()
        hand.type("ask @a")
        assert hand.composer.people.isVisible()
        assert hand.composer.people.item(0).text() == "Ann Ames   @ann"
        hand.press(Qt.Key.Key_Tab)
        assert hand.composer.field.toPlainText() == "ask @ann "
        assert not hand.composer.people.isVisible()
        hand.type("@b")
        hand.press(Qt.Key.Key_Escape)
        assert not hand.composer.people.isVisible()
        assert hand.composer.field.toPlainText() == "ask @ann @b"

    bench_of(tell)


def test_messages_typed_faster_than_they_are_stored_all_go_in_their_order(qapp):
    async def tell(hand):
        await hand.begin()
        for number in range(5):
            hand.type(f"quick {number}")
            hand.press(Qt.Key.Key_Return)
        hand.type("next")
        await shown(lambda: len(hand.items) == 5)
        assert [item.row.text for item in hand.items] == [f"quick {number}" for number in range(5)]
        assert hand.composer.text == "next"
        await shown(lambda: hand.chat.rows["r1"].draft == "next", "what was not sent is the draft")

    bench_of(tell)


def test_what_cannot_be_stored_comes_back_before_what_was_typed_since(qapp):
    async def tell(hand):
        await hand.begin()
        hand.chat.is_offline = True
        hand.composer.attached.attach(LinkRow("AAPL.XNAS"))
        hand.type("refuse me")
        hand.press(Qt.Key.Key_Return)
        hand.type("more")
        await shown(lambda: hand.composer.text == "refuse me\nmore")
        assert hand.composer.attached.all == (LinkRow("AAPL.XNAS"),)

    bench_of(tell)


def test_a_draft_is_kept_and_comes_back_with_its_room(qapp):
    async def tell(hand):
        await hand.begin()
        hand.type("half a thought")
        await shown(lambda: hand.chat.rows["r1"].draft == "half a thought", "the stored draft")
        hand.composer.attached.attach(LinkRow("AAPL.XNAS"))
        await hand.begin("r2", "crypto")
        assert not hand.composer.text
        assert not hand.composer.attached.chips
        hand.panel.open_room(hand.panel.book.room("r1"))
        await shown(lambda: hand.composer.text == "half a thought")
        assert hand.composer.attached.all == (LinkRow("AAPL.XNAS"),)
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: hand.chat.rows["r1"].draft == "")

    bench_of(tell)


def test_a_pasted_picture_is_previewed_and_sent(qapp):
    async def tell(hand):
        await hand.begin()
        QGuiApplication.clipboard().setImage(picture())
        hand.composer.field.paste()
        chip = hand.composer.attached.chips[0]
        assert chip.isVisible()
        assert chip.accessibleName().startswith("Attached: picture.png")
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: hand.chat.sent)
        text, files, _ = hand.chat.sent[0]
        assert not text
        assert QImage.fromData(files[0].content).size() == picture().size()
        await shown(lambda: not hand.composer.attached.chips)

    bench_of(tell)


def test_files_and_instruments_are_dropped_on_the_field_and_can_be_taken_away(qapp, tmp_path):
    async def tell(hand):
        await hand.begin()
        path = tmp_path / "orders.csv"
        path.write_text("a,b")
        files = QMimeData()
        files.setUrls([QUrl.fromLocalFile(str(path)), QUrl.fromLocalFile(str(tmp_path))])
        for data in (files, drag_data(InstrumentId("MSFT", "XNAS"))):
            drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NO_KEY)
            hand.composer.field.dropEvent(drop)
        assert hand.composer.attached.all == (path, LinkRow("MSFT.XNAS"))
        assert not hand.composer.text
        hand.composer.attached.chips[0].remove.click()
        assert hand.composer.attached.all == (LinkRow("MSFT.XNAS"),)

    bench_of(tell)


def test_who_writes_is_told_and_ones_own_writing_too(qapp):
    async def tell(hand):
        await hand.begin()
        await hand.call(hand.chat.write("r1", ANN, BEN))
        await shown(lambda: hand.talk.writers.text() == "Ann Ames and Ben Bose are writing\u2026")
        await hand.call(hand.chat.write("r1"))
        await shown(lambda: not hand.talk.writers.text())
        hand.type("several letters")
        await shown(lambda: calls(hand, "typing"))
        assert len(calls(hand, "typing")) == 1

    bench_of(tell)


# --- what went wrong --------------------------------------------------------------------------------------------------


def test_a_refused_message_says_why_and_is_sent_again_or_dropped(qapp):
    async def tell(hand):
        await hand.begin()
        failed = await hand.say(ME, "No", delivery=Delivery.FAILED, why="You may not write here.", seq=0)
        view = hand.view(failed.id)
        assert view._failed.words.text() == "Not sent: You may not write here."
        view._failed.first.click()
        await shown(lambda: calls(hand, "again") and view._failed.isHidden())
        other = await hand.say(ME, "No", delivery=Delivery.FAILED, why="Full.", seq=0)
        hand.view(other.id)._failed.second.click()
        await shown(lambda: hand.talk.conversation.find(other.id) is None)

    bench_of(tell)


def test_an_edit_that_was_overtaken_is_shown_beside_the_message_until_it_is_decided(qapp):
    async def tell(hand):
        await hand.begin()
        mine = await hand.say(ME, "What a colleague made of it", conflict="What I wanted")
        view = hand.view(mine.id)
        assert view._overtaken.isVisible()
        assert view._overtaken.quoted.text() == "What I wanted"
        assert hand.text(mine.id) == "What a colleague made of it"
        view._overtaken.second.click()
        await shown(view._overtaken.isHidden)
        assert calls(hand, "drop")

    bench_of(tell)


def test_deleted_and_erased_messages_say_so_and_nothing_else(qapp):
    async def tell(hand):
        await hand.begin()
        gone = await hand.say(ANN, "secret", files=(FileRow("x", "a.csv", "text/csv", 3),))
        await hand.call(hand.chat.change(gone.id, text="", is_deleted=True))
        await shown(lambda: hand.text(gone.id) == "This message was deleted.")
        assert all(part.isHidden() for part in hand.view(gone.id)._files)
        await hand.call(hand.chat.change(gone.id, is_erased=True))
        await shown(lambda: hand.text(gone.id) == "This message was removed for good.")

    bench_of(tell)


@pytest.mark.parametrize(
    ("standing", "says", "asks"),
    [
        (Standing.SIGNED_OUT, "You are signed out", "kept until you sign in"),
        (Standing.OFFLINE, "kept and sent", "sent when there is a connection"),
        (Standing.LIVE, "", "Write to macro-desk"),
    ],
)
def test_everything_can_be_used_signed_out_and_offline_and_says_what_it_means(qapp, standing, says, asks):
    async def tell(hand):
        await hand.call(hand.team.stand(replace(SERVER, standing=standing)))
        await hand.begin(n=3)
        await shown(lambda: says in hand.talk.state.text() and asks in hand.composer.field.placeholderText())
        hand.type("written all the same")
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: hand.chat.sent)

    bench_of(tell)


def test_nothing_can_be_written_in_a_room_that_was_left(qapp):
    async def tell(hand):
        await hand.begin(n=2)
        hand.panel.done.ask_leave(hand.panel.room)
        await shown(lambda: opened("AskYes"))
        opened("AskYes").yes_button.click()
        await shown(lambda: not hand.composer.field.isEnabled())
        assert "stays readable" in hand.talk.state.text()
        assert len(hand.items) == 2

    bench_of(tell)


# --- deeds of messages ------------------------------------------------------------------------------------------------


def test_keys_react_pin_copy_reply_and_delete(qapp):
    async def tell(hand):
        await hand.begin()
        said = await hand.say(ANN, "Gap at the open")
        hand.timeline.setFocus()
        QTest.keyClick(hand.timeline, Qt.Key.Key_Plus)
        await shown(lambda: hand.items[0].row.reactions and hand.items[0].row.reactions[0].is_mine)
        QTest.keyClick(hand.timeline, Qt.Key.Key_P)
        await shown(lambda: hand.items[0].row.is_pinned)
        QTest.keyClick(hand.timeline, Qt.Key.Key_C)
        assert QGuiApplication.clipboard().text() == "Gap at the open"
        QTest.keyClick(hand.timeline, Qt.Key.Key_Delete)
        await shown(lambda: opened("AskYes"))
        opened("AskYes").yes_button.click()
        await shown(lambda: hand.items[0].row.is_deleted)
        assert calls(hand, "delete") == [("delete", said.id)]

    bench_of(tell)


def test_a_reaction_is_put_on_and_taken_off_by_its_chip(qapp):
    async def tell(hand):
        await hand.begin()
        said = await hand.say(ANN, "Up")
        await hand.call(hand.chat.react(said.id, "\u2705", True))
        await shown(lambda: hand.view(said.id)._chips is not None and hand.view(said.id)._chips.chips)
        chip = hand.view(said.id)._chips.chips["\u2705"]
        assert chip.isChecked()
        assert chip.toolTip() == "Mia Meyer"
        chip.click()
        await shown(lambda: not hand.items[0].row.reactions)

    bench_of(tell)


def test_what_one_may_not_do_is_not_offered(qapp):
    async def tell(hand):
        await hand.begin(my_role="member")
        theirs, mine = await hand.say(ANN, "Theirs"), await hand.say(ME, "Mine")

        def words(message):
            menu = QMenu()
            hand.talk.deeds.fill(menu, hand.view(message.id))
            made = [action.text() for action in menu.actions() if action.text()]
            menu.deleteLater()
            return made

        assert words(theirs) == ["React", "Reply in a thread", "Pin", "Copy"]
        assert words(mine) == ["React", "Reply in a thread", "Pin", "Copy", "Edit", "Delete\u2026"]

    bench_of(tell)


def test_a_thread_opens_beside_or_in_place_of_its_room_and_takes_replies(qapp):
    async def tell(hand):
        await hand.begin()
        root = await hand.say(ANN, "Shall we?")
        hand.timeline.setFocus()
        QTest.keyClick(hand.timeline, Qt.Key.Key_R)
        await shown(lambda: hand.panel.thread_pane.isVisible() and hand.thread.timeline.rows)
        await shown(lambda: hand.window.focusWidget() is hand.thread.composer.field)
        assert not hand.timeline.isVisible()  # no room for both
        QTest.keyClicks(hand.thread.composer.field, "Yes")
        QTest.keyClick(hand.thread.composer.field, Qt.Key.Key_Return)
        await shown(lambda: len(hand.thread.timeline.rows) == 2)
        QTest.keyClick(hand.thread.composer.field, Qt.Key.Key_Escape)
        assert hand.timeline.isVisible()
        assert not hand.panel.thread_pane.isVisible()
        await shown(lambda: hand.view(root.id).replies.text() == "1 reply")
        assert len(hand.items) == 1

    bench_of(tell)


# --- charts -----------------------------------------------------------------------------------------------------------


def test_a_shared_chart_goes_as_picture_and_as_it_stands_and_opens_as_it_was(qapp, sampled):
    async def tell(hand):
        chart = hand.desktop.panels.chart
        await chart.open(InstrumentId("MSFT", "XNAS"), BarSpec.parse("1w"))
        hand.desktop.workbench.studies.add_named("rsi")
        await shown(lambda: chart.state.studies)
        shared = chart.state
        await hand.begin()
        trigger(hand, "chat.share")
        assert [chip.isVisible() for chip in hand.composer.attached.chips] == [True, True]
        hand.press(Qt.Key.Key_Return)
        await shown(lambda: hand.chat.sent)
        _, files, links = hand.chat.sent[0]
        assert QImage.fromData(files[0].content).width() > 200
        assert (links[0].instrument, links[0].spec) == ("MSFT.XNAS", "1w")
        assert links[0].from_ns < links[0].to_ns
        await chart.open(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1d"))
        await shown(lambda: hand.items and hand.view(hand.items[0].id)._cards)
        hand.view(hand.items[0].id)._cards[0].open_button.click()
        await shown(lambda: (chart.state.instrument, chart.state.interval) == ("MSFT.XNAS", "1w"))
        assert chart.state.studies == shared.studies
        assert chart.state.visible == shared.visible
        await hand.desk.undo.undo()
        await shown(lambda: chart.state.instrument == "AAPL.XNAS")

    story_of(tell, sampled)


def test_links_lead_to_the_chart_and_what_no_chart_can_show_is_refused_in_words(qapp, sampled):
    async def tell(hand):
        chart = hand.desktop.panels.chart
        await hand.begin()
        bars = chart.view.model.snapshot
        first, last = bars.event_ns_at(40), bars.event_ns_at(90)
        said = await hand.say(ANN, "Like MSFT.XNAS then", links=(LinkRow("AAPL.XNAS", "1d", first, last),))
        hand.view(said.id)._cards[0].open_button.click()
        await shown(lambda: chart.state.visible.right_ns == last)
        assert 51 <= chart.state.visible.n_bars <= 70
        before = chart.state
        for text in ("{", '{"version":2,"instrument":"AAPL.XNAS"}', '{"version":99}', '{"version":2,"evil":1}'):
            evil = await hand.say(ANN, "Look", links=(LinkRow("AAPL.XNAS", "1d", chart=text),))
            hand.desk.notices.clear()
            hand.view(evil.id)._cards[0].open_button.click()
            await shown(
                lambda: [e.notice.title for e in hand.desk.notices.entries] == ["Opening what was shared was not possible."]
            )
        assert chart.state == before
        hand.timeline.go_to(said.id)
        hand.view(said.id).text.anchorClicked.emit(QUrl("instrument:MSFT.XNAS"))
        await shown(lambda: str(chart.shown.instrument.id) == "MSFT.XNAS")

    story_of(tell, sampled)


def test_a_shared_chart_of_what_is_not_here_offers_how_to_bring_it_in(qapp, sampled):
    async def tell(hand):
        chart, before = hand.desktop.panels.chart, hand.desktop.panels.chart.state
        await hand.begin()
        ways = (("SOL.LSEX", "Import files", "ImportDialog"), ("SOLUSDT.BINANCE", "Connect live data", "FeedsDialog"))
        for name, title, dialog in ways:
            text = save_state(msgspec.structs.replace(before, instrument=name)).decode()
            said = await hand.say(ANN, "Look", links=(LinkRow(name, "1d", chart=text),))
            hand.desk.notices.clear()
            await shown(lambda said=said: hand.view(said.id)._cards)
            hand.view(said.id)._cards[0].open_button.click()
            await shown(lambda: hand.desk.notices.entries, "a notice")
            (entry,) = hand.desk.notices.entries
            assert entry.notice.title == f"{name.partition('.')[0]} is not on this computer."
            assert "The picture in the message shows it" in entry.notice.text
            assert entry.offer.title == title
            entry.offer.accept()
            await shown(lambda dialog=dialog: opened(dialog), dialog)
            opened(dialog).close()
        assert chart.state == before

    story_of(tell, sampled)


def test_the_room_that_was_open_is_opened_again_when_the_dock_is_seen_and_takes_no_keyboard(qapp):
    async def tell(hand):
        row = await hand.call(hand.chat.begin("r1", "macro-desk"))
        await shown(lambda: hand.panel.book.room(row.id), "the room in the list")
        hand.dock.hide()
        kept = hand.dock.kept_by
        kept.show_kept({"room": row.id})
        assert (hand.panel.room, kept.kept) == (None, {"room": row.id})
        hand.dock.show()
        await shown(lambda: hand.panel.is_room_seen, "the room on screen")
        assert kept.kept == {"room": row.id}
        assert not hand.composer.field.hasFocus()

    bench_of(tell)


# --- for everyone -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width_px", [300, 760])
def test_every_part_has_a_name_and_tab_reaches_it(qapp, width_px):
    async def tell(hand):
        await hand.begin()
        await hand.say(ANN, "Look at AAPL.XNAS", links=(LinkRow("AAPL.XNAS", "1d"),), files=(FileRow("x", "a.csv", "text/csv", 3),))
        hand.composer.attached.attach(LinkRow("MSFT.XNAS"))
        assert not nameless(hand.panel)
        hand.composer.field.setFocus()
        assert not walk(hand.panel)
        assert len(stops_of(hand.panel)) > 8
        for show in (hand.panel.show_rooms, hand.panel.show_search, hand.panel.show_people):
            show()
            assert not nameless(hand.panel)

    bench_of(tell, dock_px=width_px)


def test_a_screen_reader_hears_who_said_what(qapp):
    async def tell(hand):
        await hand.begin()
        await hand.say(ANN, "First")
        await hand.say(ANN, "Second", at_ms=NOW_MS + 60_000)
        hand.timeline.setFocus()
        QTest.keyClick(hand.timeline, Qt.Key.Key_Up)
        assert hand.timeline.accessibleDescription().startswith("Ann Ames, ")
        assert hand.timeline.accessibleDescription().endswith(": First")

    bench_of(tell)


def test_hostile_words_are_shown_as_they_are(qapp):
    async def tell(hand):
        name = "\u202eAnn<img src=x>"
        hand.chat.known = (replace(PEOPLE[0]), replace(PEOPLE[1], name=name), PEOPLE[2])
        await hand.begin(name="<b>desk</b>\u202e", topic="<i>x</i>")
        said = await hand.say(ANN, "<b>x</b> \u202e[a](javascript:b)", files=(FileRow("q", "<b>.csv", "text/csv", 3),))
        view = hand.view(said.id)
        assert hand.text(said.id) == "<b>x</b> <U+202E>[a](javascript:b)"
        assert view.name.text() == "Ann<img src=x> \u26a0"
        assert view.name.textFormat() is Qt.TextFormat.PlainText
        assert hand.panel.head.title.text().startswith("<b>desk</b>")
        assert view._files[0]._name.textFormat() is Qt.TextFormat.PlainText

    bench_of(tell)


def test_no_part_stands_alone_for_a_moment_and_nothing_is_left_after_closing(qapp):
    alone = []

    async def tell(hand):
        before = {widget for widget in QApplication.topLevelWidgets() if widget.isVisible()}
        await hand.begin(n=120)
        await hand.say(ANN, "Look", links=(LinkRow("AAPL.XNAS"),), files=(FileRow("x", "a.csv", "text/csv", 3),))
        for row in range(0, 120, 30):
            hand.timeline.go_to(hand.items[min(row, len(hand.items) - 1)].id)
            alone.extend(w for w in QApplication.topLevelWidgets() if w.isVisible() and w not in before)
        hand.panel.close_panel()
        assert not alone

    bench_of(tell)
