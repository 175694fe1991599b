"""What is kept of chat: history by age, files by use; the server gives the rest back when it is asked for."""

from backend.chat.attachments import NewFile
from backend.chat.message import SearchFilters
from backend.clock import ManualClock
from backend.sync.server import Standing
from sync_server.protocol.actions import Leave, SaveEvents
from tests.fakes.chat_histories import ROOM, T0_MS, cursor_after, made_history
from tests.fakes.chatting import SERVER, add_account, open_desk
from tests.fakes.desks import eventually, join, standing, texts, two_desks, user_of
from tests.fakes.waiting import until

DAY_MS = 86_400_000


async def n_rows(desk):
    return await desk.words.read(
        lambda db: tuple(
            db.execute(sql).fetchone()[0]
            for sql in ("SELECT count(*) FROM chat_events", "SELECT count(*) FROM chat_messages", "SELECT min(s) FROM chat_events")
        )
    )


async def test_history_older_than_a_year_is_removed_with_its_words_and_the_newest_event_stays(home):
    events = made_history(7, 60)
    clock = ManualClock((T0_MS + 1000 * 40 + 365 * DAY_MS) * 1_000_000)
    async with open_desk(home, clock=clock) as desk:
        await add_account(desk)
        await desk.mirror.keep(SERVER, [SaveEvents(cursor_after(events, 60), tuple(events))])
        usage = await desk.chat.tidy()
        n_events, n_messages, first = await n_rows(desk)
        assert (first, n_events) == (40, 21)
        assert usage.n_messages == n_messages
        (row,) = await desk.chat.rooms()
        assert not row.is_whole
        assert (await desk.chat.page(ROOM)).has_before
        clock.advance(1000 * DAY_MS * 1_000_000)
        await desk.chat.tidy()
        assert (await n_rows(desk))[0] == 1


async def test_nothing_is_removed_where_the_person_keeps_all(home):
    events = made_history(8, 30)
    clock = ManualClock((T0_MS + 5000 * DAY_MS) * 1_000_000)
    async with open_desk(home, clock=clock) as desk:
        await add_account(desk)
        await desk.settings.change("chat", keep_days=0)
        await desk.mirror.keep(SERVER, [SaveEvents(cursor_after(events, 30), tuple(events))])
        await desk.chat.tidy()
        assert (await n_rows(desk))[0] == 30


async def test_a_room_that_was_left_and_is_ones_own_again_as_it_was_is_shown_so(home):
    events = made_history(9, 10)
    async with open_desk(home) as desk:
        await add_account(desk)
        await desk.mirror.keep(SERVER, [SaveEvents(cursor_after(events, 10), tuple(events)), Leave(ROOM)])
        assert (await desk.chat.room(ROOM)).is_left
        await desk.mirror.keep(SERVER, [SaveEvents(cursor_after(events, 10), settled=())])
        assert (await desk.chat.room(ROOM)).is_left

        await desk.mirror.keep(SERVER, [SaveEvents(cursor_after(events, 10), is_back=True)])

        assert not (await desk.chat.room(ROOM)).is_left


async def test_the_least_used_files_go_first_and_those_that_wait_to_be_sent_never(home):
    clock = ManualClock(T0_MS * 1_000_000)
    async with open_desk(home, clock=clock) as desk:
        await add_account(desk)
        room = (await desk.chat.create_room(SERVER, "Desk")).id
        files = desk.chat._parts.files
        old = await files.put(b"a" * 1000, "text/plain")
        clock.advance(10**9)
        new = await files.put(b"b" * 1000, "text/plain")
        sent = await desk.chat.send(room, "", files=[NewFile("c.txt", "text/plain", b"c" * 1000)])
        clock.advance(10**9)
        assert await files.get(new) == b"b" * 1000
        assert await files.used_bytes() == 3000
        assert await files.make_room(2000) == 1
        assert [await files.is_here(one) for one in (old, new, sent.files[0].sha256)] == [False, True, True]
        assert await files.make_room(0) == 1
        assert await files.is_here(sent.files[0].sha256)
        clock.advance(10 * 3600 * 10**9)
        await desk.chat.tidy()
        assert await files.is_here(sent.files[0].sha256)


async def test_pruned_history_comes_back_from_the_server_when_it_is_scrolled_to(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, _ = await join(ann, server, "Ann"), await join(bob, server, "Bob")
        room = (await ann.chat.direct(a, user_of(bob))).id
        said = [f"message {n}" for n in range(30)]
        for text in said:
            await ann.chat.send(room, text)
        await eventually(lambda: texts(bob, room), said)
        await bob.chat._upkeep.prune(2**62)
        held = await n_rows(bob)
        assert held[:2] == (1, 1)
        await until(lambda: standing(bob) is Standing.LIVE, what="live again")
        await eventually(lambda: texts(bob, room), said)
        assert (await bob.chat.page(room)).has_before is False
        assert [hit.message.text for hit in await bob.chat.search("message 7", SearchFilters(room=room))] == ["message 7"]
