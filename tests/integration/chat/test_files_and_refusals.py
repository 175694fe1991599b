"""Files on their way, words that are refused or overtaken, and what is erased, with a real server."""

import hashlib
import os
import struct
import zlib

import pyotp
import pytest

from backend.chat.attachments import NewFile
from backend.chat.message import Delivery, SearchFilters
from backend.errors import InvalidInput
from backend.events import Notice
from backend.sync.server import Standing
from sync_server.actor import Actor, Role
from sync_server.protocol import chain
from sync_server.protocol.bodies import Erase, File, MsgCreate, format_body
from sync_server.protocol.events import Kind, Op
from sync_server.protocol.ids import IdMaker
from tests.fakes.desks import eventually, join, standing, texts, two_desks, user_of
from tests.fakes.sync_server import PASSWORD
from tests.fakes.waiting import until

IDS = IdMaker(os.urandom)


def png(width, height):
    """A whole picture, all of it black."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\0" + bytes(3 * width) for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def erase_as_admin(server, room, desk, message):
    """Have a message erased by somebody who may, who has just shown a second factor."""
    now_ms = server.server.clock.now_ms()
    actor = Actor(
        user_of(desk), server.server.org.id, Role.ADMIN, "console-1", "console", stepped_ms=now_ms, until_ms=now_ms + 60_000
    )
    body = format_body(Erase((message,)))
    (result,) = await server.server.rooms.push(actor, [Op(IDS.make(now_ms), room, Kind.ERASE, body, chain.to_text(bytes(16)), 1)])
    assert result.st == "ok", result


async def in_a_room(server, ann, bob):
    a, _ = await join(ann, server, "Ann"), await join(bob, server, "Bob")
    room = (await ann.chat.create_room(a, "Desk", people=[user_of(bob)])).id
    await ann.chat.send(room, "Hello")
    await eventually(lambda: texts(bob, room), ["Hello"])
    return a, room


async def test_a_file_written_offline_is_sent_before_its_message_and_fetched_when_asked_for(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, room = await in_a_room(server, ann, bob)
        await ann.team.go_online(a, is_on=False)
        await until(lambda: standing(ann) is Standing.OFFLINE)
        content = b"close,volume\n" + b"181.18,1000\n" * 100_000
        path = tmp_path / "AAPL prices.csv"
        path.write_bytes(content)
        sent = await ann.chat.send(room, "Prices", files=[path, NewFile("chart.png", "", png(2, 3))])
        assert (sent.delivery, [f.name for f in sent.files]) == (Delivery.UPLOADING, ["AAPL prices.csv", "chart.png"])
        assert (sent.files[1].mime, sent.files[1].width, sent.files[1].height) == ("image/png", 2, 3)
        path.unlink()
        await ann.team.go_online(a, is_on=True)
        await eventually(lambda: texts(bob, room), ["Hello", "Prices"])
        came = (await bob.chat.page(room)).messages[-1]
        assert [f.is_here for f in came.files] == [False, False]
        sha256 = hashlib.sha256(content).hexdigest()
        assert came.files[0].sha256 == sha256
        assert await bob.chat.content(sha256) == content
        copy = await bob.chat.file(sha256, "AAPL prices.csv")
        assert (copy.read_bytes() == content, copy.suffix) == (True, ".csv")
        assert (await bob.chat.page(room)).messages[-1].files[0].is_here
        assert await texts(ann, room) == ["Hello", "Prices"]
    assert not copy.exists()


async def test_an_edit_that_a_colleague_overtook_keeps_its_words_until_they_are_sent_again(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, room = await in_a_room(server, ann, bob)
        owner = (await ann.chat.page(room)).messages[0]
        await ann.chat.set_seat(room, user_of(bob), "moderator")

        async def role():
            return (await bob.chat.room(room)).my_role

        await eventually(role, "moderator")
        await ann.team.go_online(a, is_on=False)
        await until(lambda: standing(ann) is Standing.OFFLINE)
        await ann.chat.edit(owner.id, "Hello from Ann")
        await bob.chat.delete(owner.id)

        async def is_deleted():
            return (await bob.chat.message(owner.id)).is_deleted, (await bob.chat.message(owner.id)).pending

        await eventually(is_deleted, (True, False))
        await ann.team.go_online(a, is_on=True)

        async def conflict():
            message = await ann.chat.message(owner.id)
            return message.is_deleted, message.conflict, bool(message.why)

        await eventually(conflict, (True, "Hello from Ann", True))
        assert await ann.chat.drop(owner.id)
        await eventually(conflict, (True, "", False))


async def test_erased_words_are_gone_from_rows_search_and_disk_of_both(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        _, room = await in_a_room(server, ann, bob)
        await ann.chat.send(room, "The zirconium memo", files=[NewFile("memo.txt", "text/plain", b"zirconium!")])
        await eventually(lambda: texts(bob, room), ["Hello", "The zirconium memo"])
        assert len(await bob.chat.search("zircon")) == 1
        sha256 = (await bob.chat.page(room)).messages[-1].files[0].sha256
        assert await bob.chat.content(sha256) == b"zirconium!"
        message = (await bob.chat.page(room)).messages[-1]
        await erase_as_admin(server, room, ann, message.id)

        async def is_erased():
            return (await bob.chat.message(message.id)).is_erased

        await eventually(is_erased, True)
        assert await bob.chat.search("zircon") == ()
        await bob.chat._parts.files.sweep(2**62)
        held = await bob.words.read(lambda db: db.execute("SELECT b FROM chat_events WHERE b LIKE '%zirconium%'").fetchall())
        rows = await bob.words.read(lambda db: db.execute("SELECT 1 FROM chat_messages WHERE state LIKE '%zirconium%'").fetchall())
        assert (held, rows) == ([], [])
        assert not await bob.chat._parts.files.is_here(sha256)


@pytest.mark.timeout(120)
async def test_an_administrator_erases_from_the_desktop_with_a_code_and_without_one_is_told_why_not(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        signed = await ann.team.join(await server.link(Role.ADMIN), "ann@example.com", "Ann", PASSWORD)
        await until(lambda: standing(ann) is Standing.LIVE)
        a = signed.server.id
        await join(bob, server, "Bob")
        room = (await ann.chat.create_room(a, "Desk", people=[user_of(bob)])).id
        message = await ann.chat.send(room, "The zirconium memo")
        await eventually(lambda: texts(bob, room), ["The zirconium memo"])

        await ann.chat.erase(message.id)
        await until(lambda: any("second factor" in event.text for event in ann.seen if isinstance(event, Notice)), what="a notice")
        with pytest.raises(InvalidInput):
            await ann.chat.erase(message.id, "000000")

        factor = await ann.team.enrol(a, PASSWORD)
        code = pyotp.TOTP(factor.secret.replace(" ", "")).now()
        await ann.team.confirm_enrolment(a, code)
        # Each code is taken once: the next one is shown by a recovery code, as somebody without a phone does.
        await ann.chat.erase(message.id, factor.recovery_codes[0])

        async def is_erased():
            return (await bob.chat.message(message.id)).is_erased

        await eventually(is_erased, True)


async def test_a_search_goes_on_at_the_server_for_what_is_not_here(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        _, room = await in_a_room(server, ann, bob)
        for n in range(4):
            await ann.chat.send(room, f"Platinum {n}")
        await eventually(lambda: texts(bob, room), ["Hello", *(f"Platinum {n}" for n in range(4))])
        filters = SearchFilters(room=room)

        async def found():
            return len(await bob.chat.search_server("platinum", filters, 10))

        assert [hit.message.text for hit in await bob.chat.search("platin", filters)] == [f"Platinum {n}" for n in (3, 2, 1, 0)]
        assert await found() == 0  # all of it is here
        await bob.words.write(lambda db: db.execute("DELETE FROM chat_messages WHERE text LIKE 'Platinum%'"))
        await eventually(found, 4)
        hit = (await bob.chat.search_server("platinum", filters, 10))[0]
        assert (hit.is_local, hit.room_name, hit.message.author_name) == (False, "Desk", "Ann")
        assert [hit.snippet[begin:end] for begin, end in hit.hits] == ["Platinum"]


async def test_rooms_that_are_open_are_listed_and_joined(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, b = await join(ann, server, "Ann"), await join(bob, server, "Bob")
        room = (await ann.chat.create_room(a, "Open outcry", is_open=True)).id

        async def names():
            return [row.name for row in await bob.chat.open_rooms(b)]

        await eventually(names, ["Open outcry"])
        await bob.chat.join_room(b, room)
        await ann.chat.send(room, "Welcome")
        await eventually(lambda: texts(bob, room), ["Welcome"])
        await bob.chat.leave(room)

        async def is_left():
            return (await bob.chat.room(room)).is_left

        await eventually(is_left, True)
        assert await texts(bob, room) == ["Welcome"]
        with pytest.raises(InvalidInput):
            await ann.chat.set_seat(room, user_of(bob), "emperor")


async def test_what_the_server_refuses_besides_words_is_told_and_given_up(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        _, room = await in_a_room(server, ann, bob)
        (hello,) = (await bob.chat.page(room)).messages
        bob.seen.clear()
        await bob.chat.pin(hello.id)
        await bob.chat.erase(hello.id)
        await until(lambda: [e for e in bob.seen if isinstance(e, Notice)], what="a notice")

        async def stands():
            (message,) = (await bob.chat.page(room)).messages
            return message.text, message.is_erased, (await bob.chat.room(room)).n_waiting

        await eventually(stands, ("Hello", False, 0))
        notices = [event for event in bob.seen if isinstance(event, Notice)]
        assert "An erasure was refused." in [notice.title for notice in notices]
        assert {notice.code for notice in notices} == {"chat.refused"}


async def test_a_file_that_the_server_refuses_keeps_its_message_and_says_why(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        _, room = await in_a_room(server, ann, bob)
        sent = await ann.chat.send(room, "Half a picture", files=[NewFile("half.png", "image/png", png(9, 9)[:-20])])

        async def outcome():
            message = await ann.chat.message(sent.id)
            return message.delivery, message.text, bool(message.why)

        await eventually(outcome, (Delivery.FAILED, "Half a picture", True))
        await ann.chat.again(sent.id)
        await eventually(outcome, (Delivery.FAILED, "Half a picture", True))
        assert await ann.chat.drop(sent.id)
        assert await texts(ann, room) == ["Hello"]
        assert (await ann.chat.room(room)).n_waiting == 0


async def test_a_file_waits_for_the_room_that_it_is_for(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, _ = await join(ann, server, "Ann"), await join(bob, server, "Bob")
        await ann.team.go_online(a, is_on=False)
        await until(lambda: standing(ann) is Standing.OFFLINE)
        room = (await ann.chat.direct(a, user_of(bob))).id
        await ann.chat.send(room, "First", files=[NewFile("a.txt", "text/plain", b"copper")])
        await ann.team.go_online(a, is_on=True)
        await eventually(lambda: texts(bob, room), ["First"])


async def test_a_message_whose_file_the_server_lost_waits_for_the_upload_and_then_arrives(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, room = await in_a_room(server, ann, bob)
        content = b"close\n181.18\n"
        sha256 = hashlib.sha256(content).hexdigest()
        await ann.chat.send(room, "Prices", files=[NewFile("a.csv", "text/csv", content)])
        await eventually(lambda: texts(bob, room), ["Hello", "Prices"])
        await ann.team.go_online(a, is_on=False)
        await until(lambda: standing(ann) is Standing.OFFLINE)
        message = (await ann.chat.page(room)).messages[-1]
        again = MsgCreate("Once more", files=(File(sha256, "a.csv", "text/csv", len(content)),))
        await (await ann.chat._parts.link_of(room)).line.submit(room, again, Kind.MSG_CREATE)
        await erase_as_admin(server, room, ann, message.id)
        await eventually(lambda: rows_of_file(server, sha256), 0)
        await ann.team.go_online(a, is_on=True)
        await eventually(lambda: texts(bob, room), ["Hello", "", "Once more"])
        assert await bob.chat.content(sha256) == content
        await eventually(lambda: refused_or_waiting(ann), (0, 0))


async def test_a_file_that_is_nowhere_any_more_leaves_its_message_refused_with_the_reason(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        _, room = await in_a_room(server, ann, bob)
        lost = MsgCreate("Look", files=(File("c" * 64, "a.csv", "text/csv", 4),))
        await (await ann.chat._parts.link_of(room)).line.submit(room, lost, Kind.MSG_CREATE)

        async def why():
            row = (await ann.chat.page(room)).messages[-1]
            return row.text, row.delivery, row.why

        await eventually(why, ("Look", Delivery.FAILED, "This file is not on this computer."))
        assert await texts(bob, room) == ["Hello"]


async def rows_of_file(server, sha256):
    """How often the server's tables have a file."""
    async with server.server.database.read() as view:
        return len(await view.rows("SELECT 1 FROM files WHERE sha256 = $1", sha256))


async def refused_or_waiting(desk):
    """Operations that were refused, and words that wait."""
    return await desk.words.read(
        lambda db: tuple(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("chat_outbox", "chat_staged"))
    )
