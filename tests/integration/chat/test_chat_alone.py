"""Chat without a server: what is written is kept, shown and found, and is there again after a restart."""

import asyncio

import pytest

from backend.chat.message import Delivery, LinkRow, Notify, SearchFilters
from backend.errors import InvalidInput, NotFound, Unavailable
from backend.events import MessagesChanged, Notice, RoomsChanged
from tests.fakes.chatting import ANN, ME, SERVER, add_account, open_desk


async def test_a_room_made_without_a_server_can_be_used_at_once_and_is_there_after_a_restart(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        room = await desk.chat.create_room(SERVER, "Energy", "Oil and gas", [ANN])
        first = await desk.chat.send(room.id, "Crude is up.")
        assert first.delivery is Delivery.QUEUED
        assert (first.seq, first.is_mine, first.author) == (0, True, ME)

    async with open_desk(home) as desk:
        await desk.team.open()
        (row,) = await desk.chat.rooms()
        assert (row.name, row.topic, row.n_members, row.my_role) == ("Energy", "Oil and gas", 2, "owner")
        assert (row.last_text, row.n_waiting) == ("Crude is up.", 2)
        page = await desk.chat.page(row.id)
        assert [m.text for m in page.messages] == ["Crude is up."]
        assert page.messages[0].id == first.id


async def test_changes_of_a_waiting_message_are_shown_at_once(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        room = await desk.chat.create_room(SERVER, "Desk")
        sent = await desk.chat.send(room.id, "Tpyo", links=[LinkRow("AAPL.XNAS", "1d", 1_000_000, 2_000_000)])
        edited = await desk.chat.edit(sent.id, "Typo")
        assert (edited.text, edited.is_edited, edited.pending) == ("Typo", True, True)
        await desk.chat.react(sent.id, "👍", True)
        await desk.chat.pin(sent.id, True)
        (shown,) = (await desk.chat.page(room.id)).messages
        assert shown.is_pinned
        assert [(r.emoji, r.is_mine) for r in shown.reactions] == [("👍", True)]
        assert shown.links == (LinkRow("AAPL.XNAS", "1d", 1_000_000, 2_000_000),)
        await desk.chat.delete(sent.id)
        (gone,) = (await desk.chat.page(room.id)).messages
        assert (gone.is_deleted, gone.text, gone.reactions) == (True, "", ())


async def test_a_reply_stands_in_its_thread_and_not_in_the_timeline(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        room = await desk.chat.create_room(SERVER, "Desk")
        root = await desk.chat.send(room.id, "Why?")
        reply = await desk.chat.send(room.id, "Because.", thread=root.id)

        (shown,) = (await desk.chat.page(room.id)).messages
        assert (shown.id, shown.n_replies) == (root.id, 1)
        assert [m.id for m in (await desk.chat.thread(root.id)).messages] == [root.id, reply.id]


async def test_drafts_stars_and_notify_settings_are_kept_and_a_draft_goes_with_its_message(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        room = (await desk.chat.create_room(SERVER, "Desk")).id
        await desk.chat.save_draft(room, "Half a tho")
        await desk.chat.star(room, True)
        await desk.chat.notify(room, Notify.NOTHING)
        row = await desk.chat.room(room)
        assert (row.draft, row.is_starred, row.notify, row.is_muted) == ("Half a tho", True, Notify.NOTHING, True)
        await desk.chat.send(room, "Half a tho")
        assert (await desk.chat.room(room)).draft == ""


async def test_what_cannot_be_sent_is_refused_before_anything_is_stored(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        room = (await desk.chat.create_room(SERVER, "Desk")).id
        for text in ("", " \n ", "x" * 12_001, "\ud800"):
            with pytest.raises(InvalidInput):
                await desk.chat.send(room, text)
        with pytest.raises(InvalidInput):
            await desk.chat.send(room, "a", links=[LinkRow("AAPL.XNAS", "1d", 5, 1)])
        with pytest.raises(InvalidInput, match="16384"):
            await desk.chat.send(room, "ü" * 12_000)
        with pytest.raises(NotFound):
            await desk.chat.send("01900000-0000-7000-8000-00000000ffff", "Hello?")
        assert (await desk.chat.page(room)).messages == ()


async def test_readers_are_told_of_what_changed_after_it_is_stored(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        room = (await desk.chat.create_room(SERVER, "Desk")).id
        desk.seen.clear()
        sent = await desk.chat.send(room, "Hello")
        assert MessagesChanged(room, 0, (sent.id,)) in desk.seen
        assert RoomsChanged(SERVER) in desk.seen


async def test_the_room_of_two_is_one_room_however_often_it_is_asked_for(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        one, other = await desk.chat.direct(SERVER, ANN), await desk.chat.direct(SERVER, ANN)
        assert one.id == other.id
        assert (one.kind, one.n_waiting, other.n_waiting) == ("direct", 1, 1)


async def test_words_that_wait_are_found_with_what_stands_in_them_marked(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        room = (await desk.chat.create_room(SERVER, "Energy")).id
        first = await desk.chat.send(room, "Crude is up at the Café.")
        linked = await desk.chat.send(room, "Look at crude", links=[LinkRow("WTI.FRED")])

        async def found(text, **filters):
            return [hit.message.id for hit in await desk.chat.search(text, SearchFilters(**filters))]

        assert await found("crude") == [linked.id, first.id]
        assert await found("CRUDE cafe") == [first.id]
        assert await found("cru") == [linked.id, first.id]
        assert await found("cru ") == []  # a whole word, and there is none
        assert await found("crude gold") == []
        assert await found("crude", room="another") == []
        assert await found("crude", author=ANN) == []
        assert await found("crude", author=ME, instrument="WTI.FRED") == [linked.id]
        assert await found("", has="link") == [linked.id]
        assert await found("crude", has="file") == []
        assert await found("crude", to_ms=1) == []
        (hit,) = await desk.chat.search("café up", SearchFilters())
        assert [hit.snippet[begin:end] for begin, end in hit.hits] == ["up", "Café"]
        assert hit.room_name == "Energy"


async def test_a_search_without_words_and_filters_finds_nothing(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        assert await desk.chat.search("") == ()
        assert await desk.chat.search("?!", SearchFilters(has="pin")) == ()


async def test_words_that_cannot_be_stored_are_refused_and_leave_no_hole(home):
    async with open_desk(home) as desk:
        await add_account(desk)
        room = (await desk.chat.create_room(SERVER, "Desk")).id
        keep = desk.mirror.keep

        async def full(server, actions):
            desk.mirror.keep = keep
            raise Unavailable("The disk is full.", code="disk.full")

        desk.mirror.keep = full
        with pytest.raises(Unavailable, match="full"):
            await desk.chat.send(room, "Lost and said so")
        with pytest.raises(Unavailable, match="full"):
            await desk.chat.send(room, "Too early")
        assert [e.text for e in desk.seen if isinstance(e, Notice)] == ["The disk is full."]
        while True:
            try:
                await desk.chat.send(room, "There again")
                break
            except Unavailable:
                await asyncio.sleep(0.05)
        assert [m.text for m in (await desk.chat.page(room)).messages] == ["There again"]
        counts = await desk.words.read(lambda db: db.execute("SELECT cseq FROM chat_outbox ORDER BY place").fetchall())
        assert counts == [(1,), (2,)]
