"""Rooms and people of the chat: found, made, led and left by keys; the search; and what is told while nobody looks."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.chat.message import Notify
from backend.sync.server import Standing
from tests.fakes.chat_window import bench_of
from tests.fakes.dialogs import opened
from tests.fakes.scripted_chat import ANN, BEN, ME, SERVER
from tests.fakes.window import shown


def calls(hand, name):
    return [call for call in hand.chat.calls if call[0] == name]


# --- rooms, people, search --------------------------------------------------------------------------------------------


def test_rooms_are_found_and_opened_by_keys_and_show_what_is_unread(qapp):
    async def tell(hand):
        await hand.begin()
        await hand.call(hand.chat.begin("r2", "crypto", n_unread=4, n_mentions=1))
        hand.actions.show_rooms()
        await shown(lambda: hand.panel.rooms.isVisible() and hand.panel.rooms.model.place_of("r2") >= 0)
        QTest.keyClicks(hand.panel.rooms.search, "cry")
        QTest.keyClick(hand.panel.rooms.search, Qt.Key.Key_Return)
        await shown(lambda: hand.panel.room.id == "r2")
        await shown(lambda: hand.window.focusWidget() is hand.composer.field)
        await hand.call(hand.chat.set_room("r1", n_unread=2))
        await shown(lambda: hand.panel.book.room("r1").n_unread == 2)
        assert hand.actions.has_unread
        hand.actions.open_next_unread()
        await shown(lambda: hand.panel.room.id == "r1")

    bench_of(tell)


def test_a_room_is_made_with_its_people(qapp):
    async def tell(hand):
        await hand.begin()
        hand.actions.open_new()
        await shown(lambda: opened("NewRoomDialog"))
        dialog = opened("NewRoomDialog")
        dialog.show_page(1)
        await shown(lambda: dialog.people.list.count() == 2)
        assert not dialog.done_button.isEnabled()
        dialog.name.setText("rates")
        dialog.people.list.item(0).setCheckState(Qt.CheckState.Checked)
        dialog.done_button.click()
        await shown(lambda: hand.panel.room is not None and hand.panel.room.name == "rates")
        assert calls(hand, "create_room") == [("create_room", "s1", "rates", "", (ANN,), False, True)]

    bench_of(tell)


def test_open_rooms_are_asked_of_the_server_and_joined(qapp):
    async def tell(hand):
        await hand.begin()
        hand.panel.open_new(2)
        await shown(lambda: opened("NewRoomDialog") and opened("NewRoomDialog").open_rooms.count() == 1)
        opened("NewRoomDialog").done_button.click()
        await shown(lambda: calls(hand, "join_room") == [("join_room", "s1", "r-open")])
        hand.chat.is_offline = True
        hand.panel.open_new(2)
        await shown(lambda: opened("NewRoomDialog") and "no connection" in opened("NewRoomDialog").open_words.text())
        opened("NewRoomDialog").reject()

    bench_of(tell)


def test_the_dialog_of_a_room_leads_it_and_sets_what_it_may_interrupt_for(qapp):
    async def tell(hand):
        await hand.begin()
        hand.actions.open_details()
        await shown(lambda: opened("RoomDialog") and opened("RoomDialog").table.rowCount() == 3)
        dialog = opened("RoomDialog")
        assert not dialog.remove_button.isEnabled()  # nobody puts themselves out here
        assert (dialog.added.count(), dialog.added.placeholderText()) == (0, "Nobody else to add")
        dialog.table.setCurrentCell(1, 0)
        dialog.remove_button.click()
        await shown(lambda: calls(hand, "set_seat") == [("set_seat", "r1", ANN, "none")])
        dialog.notify.setCurrentIndex(dialog.notify.findData(Notify.MENTIONS))
        await shown(lambda: hand.chat.rows["r1"].notify is Notify.MENTIONS)
        dialog.name.setText("macro and rates")
        dialog.name.editingFinished.emit()
        await shown(lambda: hand.panel.head.title.text() == "macro and rates")
        dialog.reject()

    bench_of(tell)


def test_a_search_shows_what_is_here_at_once_and_goes_on_on_the_server(qapp):
    async def tell(hand):
        await hand.begin(n=80)
        hand.actions.show_search()
        search = hand.panel.search
        QTest.keyClicks(search.field, "message 12")
        await shown(lambda: len(search.model.rows) == 2 and "1 of them from the server" in search.state.text())
        QTest.keyClick(search.field, Qt.Key.Key_Return)
        await shown(lambda: hand.timeline.current is not None and hand.timeline.current.text == "Message 12")
        assert hand.panel.is_room_seen
        hand.chat.is_offline = True
        hand.panel.show_search()
        search.field.setText("message 13")
        await shown(lambda: "Only this computer was searched" in search.state.text())
        assert len(search.model.rows) == 1

    bench_of(tell)


def test_people_show_who_is_here_and_are_written_to_by_enter(qapp):
    async def tell(hand):
        await hand.begin()
        hand.actions.show_people()
        people = hand.panel.people
        await shown(lambda: [one.user for one in people.model.rows] == [ANN, ME, BEN])
        await hand.call(hand.chat.stand(BEN, "online"))
        await shown(lambda: people.model.rows[1].user == BEN)
        QTest.keyClicks(people.search, "ben")
        QTest.keyClick(people.search, Qt.Key.Key_Return)
        await shown(lambda: hand.panel.room.id == f"dm-{BEN}")

    bench_of(tell)


def test_without_a_server_the_dock_says_how_to_join(qapp):
    async def tell(hand):
        await hand.call(hand.team.stand())
        await shown(lambda: hand.panel._pages.currentIndex() == 0)
        hand.panel._alone.findChildren(type(hand.composer._cancel))[0].click()
        await shown(lambda: opened("JoinDialog"))
        opened("JoinDialog").reject()

    bench_of(tell)


# --- telling ----------------------------------------------------------------------------------------------------------


def test_news_are_told_as_each_room_wants_and_never_of_the_room_in_view(qapp):
    async def tell(hand):
        await hand.begin()
        for room, notify in (("loud", Notify.ALL), ("still", Notify.NOTHING), ("meant", Notify.MENTIONS)):
            await hand.call(hand.chat.begin(room, room, notify=notify))
        await shown(lambda: hand.panel.book.room("meant") is not None)
        toasts = hand.window.toasts
        toasts.dismiss_all()
        for room in ("r1", "still", "meant"):
            await hand.call(hand.chat.say(room, ANN, "Quiet words"))
        await hand.call(hand.chat.say("loud", ANN, "<b>Loud</b> words"))
        await shown(lambda: [toast.accessibleName() for toast in toasts.toasts] == ["Ann Ames in loud <b>Loud</b> words"])
        await hand.call(hand.chat.say("meant", ANN, "@mia look", mentions_me=True))
        await shown(lambda: len(toasts.toasts) == 2)
        await shown(lambda: hand.dock.windowTitle() == "Chat (3)")
        hand.late.telling.room_wanted.emit(hand.panel.book.room("loud"))
        await shown(lambda: hand.panel.room.id == "loud")

    bench_of(tell)


def test_what_comes_while_catching_up_is_counted_and_not_told(qapp):
    async def tell(hand):
        await hand.begin()
        await hand.call(hand.chat.begin("loud", "loud"))
        await hand.call(hand.team.stand(replace(SERVER, standing=Standing.CATCHING_UP)))
        await shown(lambda: hand.panel.book.servers[0].standing is Standing.CATCHING_UP)
        hand.window.toasts.dismiss_all()
        await hand.call(hand.chat.say("loud", ANN, "Old news"))
        await shown(lambda: hand.dock.windowTitle() == "Chat (1)")
        assert not hand.window.toasts.toasts

    bench_of(tell)


def test_a_burst_of_messages_changes_the_list_a_few_times_a_second(qapp):
    async def tell(hand):
        await hand.begin(n=10)
        before = hand.chat.n_lists
        for _ in range(20):
            await hand.call(hand.chat.burst("r1", 20))
        await shown(lambda: hand.panel.book.room("r1").last_seq == 410)
        assert hand.chat.n_lists - before <= 12

    bench_of(tell)


def test_one_tells_others_whether_one_is_here_and_finds_what_is_pinned(qapp):
    async def tell(hand):
        await hand.begin()
        said = await hand.say(ANN, "Keep this")
        hand.actions.be_busy()
        await shown(lambda: next(one for one in hand.chat.known if one.is_me).presence == "busy")
        await hand.call(hand.chat.pin(said.id, True))
        hand.panel.show_search(has="pin")
        await shown(lambda: [hit.message.id for hit in hand.panel.search.model.rows] == [said.id])

    bench_of(tell)
