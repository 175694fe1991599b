"""The WebSocket edge with the real websockets client: handshakes, delivery, bounds, slow readers, floods, the end."""

import asyncio
import contextlib
import json
import socket
import tracemalloc

import pytest
import websockets

from sync_server.edge.session import Figures
from sync_server.protocol.bodies import MemberSet, format_body
from sync_server.protocol.codec import Codec
from sync_server.protocol.events import Cursor, Event, Op
from sync_server.protocol.limits import MAX_BYTES_WAITING
from sync_server.protocol.messages import (
    Bye,
    Err,
    Ev,
    Head,
    Hello,
    People,
    Person,
    Pull,
    Push,
    Reads,
    ReadUp,
    Res,
    Reset,
    Said,
    Say,
    Welcome,
)
from tests.fakes.edge_house import Device, edge_house
from tests.fakes.waiting import until

ROOM = "01990000-0000-7000-8000-0000000000aa"
CODECS = pytest.mark.parametrize("codec", list(Codec))


def op(n, body='{"text":"hi"}'):
    return Op(f"01990000-0000-7000-8000-{n:012x}", ROOM, "msg.create", body, "AAAAAAAAAAAAAAAAAAAAAA", n)


async def close_of(connection):
    """The code with which the server ended, after its last words."""
    with contextlib.suppress(websockets.ConnectionClosed):
        async for _ in connection:
            pass
    return connection.close_code


@CODECS
async def test_what_one_says_the_others_hear_in_either_codec(codec):
    async with edge_house() as house:
        house.rooms.members[ROOM] = {"ann", "bob"}
        async with house.device("ann") as ann, house.device("bob", codec) as bob:
            welcome = await ann.hear(Welcome)
            await bob.hear(Welcome)
            assert (welcome.u, welcome.heads[0].r, welcome.hb) == ("ann", ROOM, 20_000)
            assert [person.u for person in (await ann.hear(People)).p] == ["ann", "bob"]

            await ann.say(Push(1, (op(1), op(2))))

            heard = await events_heard(bob, 2)
            assert [(event.s, event.a, event.b) for event in heard] == [(1, "ann", '{"text":"hi"}'), (2, "ann", '{"text":"hi"}')]
            assert [result.s for result in (await ann.hear(Res)).ops] == [1, 2]
            await bob.say(Pull(5, ROOM, 1))
            assert (await bob.hear(Ev)).rid == 5


async def test_a_copy_of_a_room_one_is_no_member_of_is_reset_at_once():
    async with edge_house() as house, house.device("ann", rooms=(Cursor(ROOM, 1, 5, "h"),)) as ann:
        reset = await ann.hear(Reset)

    assert (reset.r, reset.why) == (ROOM, "perm")


async def test_who_joins_is_told_where_the_room_stands_and_who_is_removed_hears_no_more():
    async with edge_house() as house:
        house.rooms.members[ROOM] = {"ann"}
        async with house.device("ann") as ann, house.device("bob") as bob:
            await ann.hear(Welcome)
            await bob.hear(Welcome)
            house.rooms.members[ROOM] = {"ann", "bob"}
            house.rooms.logs[ROOM].append(Event(1, "e", "ann", "d", "member.set", 0, "", format_body(MemberSet("b" * 36))))
            seat = Ev(ROOM, 1, 1, 1, tuple(house.rooms.logs[ROOM]))
            house.rooms.tell(seat, frozenset({"ann"}), frozenset({"ann", "bob"}))
            head = (await bob.hear(Head)).h[0]
            assert (head.r, head.s) == (ROOM, 1)
            house.rooms.enter(ROOM, "{}")
            assert (await bob.hear(Ev)).first == 2

            house.rooms.members[ROOM] = {"ann"}
            house.rooms.tell(Ev(ROOM, 1, 3, 3), frozenset({"ann", "bob"}), frozenset({"ann"}))
            house.rooms.tell(Ev(ROOM, 1, 4, 4))
            assert [(await ann.hear(Ev)).first for _ in range(4)] == [1, 2, 3, 4]
            assert (await bob.hear()).why == "perm"
            await bob.say(Say("typing", ROOM))
            await bob.say(Pull(9, ROOM, 1))
            answer = await bob.hear(Err)
            assert (answer.rid, answer.code) == (9, "no_room")


async def test_typing_reaches_the_room_reading_everybody_in_it_and_presence_the_organisation():
    async with edge_house() as house:
        house.rooms.members[ROOM] = {"ann", "bob"}
        async with house.device("ann") as ann, house.device("bob") as bob, house.device("cid") as cid:
            for device in (ann, bob, cid):
                await device.hear(Welcome)
            await ann.say(Say("typing", ROOM))
            assert await bob.hear(Said) is not None
            await ann.say(ReadUp(ROOM, 1, 7))
            reads = await bob.hear(Reads)
            assert (reads.c[0].u, reads.c[0].read) == ("ann", 7)
            await ann.say(Say("presence", "", "busy"))
            said = await cid.hear(Said)
            while (said.a, said.b) != ("ann", "busy"):
                assert said.k == "presence", "typing reached somebody outside the room"
                said = await cid.hear(Said)


async def test_presence_ends_with_the_last_connection_after_a_grace(monkeypatch):
    monkeypatch.setattr("sync_server.edge.presence.GRACE_MS", 300)
    async with edge_house() as house, house.device("ann") as ann:
        await ann.hear(Welcome)
        async with house.device("bob") as bob:
            await bob.hear(Welcome)
            while (said := await ann.hear(Said)).a != "bob":
                assert said.b == "online"
        assert (said.b, house.hub.presence.state("bob")) in (("online", "online"), ("online", "offline"))
        async with asyncio.timeout(10):
            while (await ann.hear(Said)).b != "offline":
                pass


async def test_who_joins_or_changes_is_told_to_those_who_are_connected(monkeypatch):
    monkeypatch.setattr("sync_server.edge.hub.PEOPLE_S", 0.05)
    async with edge_house() as house, house.device("ann") as ann:
        assert len((await ann.hear(People)).p) == 2
        house.accounts.known.append(Person("cid", "Cid", "cid"))
        assert [person.u for person in (await ann.hear(People)).p] == ["cid"]
        house.accounts.known[1] = Person("bob", "Bobby", "bob", seen=5)
        assert [person.name for person in (await ann.hear(People)).p] == ["Bobby"]


@pytest.mark.parametrize(
    ("headers", "origins", "status"),
    [
        ({"Origin": "https://evil.example"}, (), 403),
        ({"Origin": "null"}, (), 403),
        ({"Origin": "https://good.example.evil.example"}, ("https://good.example",), 403),
        ({"Origin": "https://good.example"}, ("https://good.example",), 101),
        ({}, ("https://good.example",), 101),
    ],
)
async def test_only_pages_on_the_list_and_programs_without_a_page_may_connect(headers, origins, status):
    async with edge_house(origins=origins) as house:
        if status == 101:
            async with house.connect(additional_headers=headers) as connection:
                assert connection.subprotocol == Codec.JSON
        else:
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with house.connect(additional_headers=headers):
                    pass
            assert refused.value.response.status_code == status


async def test_an_unknown_subprotocol_or_path_is_refused_before_the_upgrade():
    async with edge_house() as house:
        for options, status in (({"subprotocols": ["mqtt"]}, 400), ({"url": house.url + "/more"}, 404)):
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with house.connect(**options):
                    pass
            assert refused.value.response.status_code == status
        async with house.connect(url=house.url.replace("/v1/sync", "/api/chat/connect")) as connection:
            assert connection.subprotocol == Codec.JSON


async def test_compression_is_never_agreed_on():
    async with edge_house() as house, house.connect(compression="deflate") as connection:
        assert "Sec-WebSocket-Extensions" not in connection.response.headers


async def test_too_many_strangers_of_one_address_wait_until_one_says_who_it_is():
    async with edge_house(strangers_at=2) as house, house.connect() as first, house.connect():
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with house.connect():
                pass
        assert refused.value.response.status_code == 429
        await Device(first, Codec.JSON).say(Hello("ann", "ann-device"))
        await until(lambda: house.hub.n_strangers("127.0.0.1") == 1)
        async with house.device("bob") as bob:
            assert (await bob.hear(Welcome)).u == "bob"
    assert house.hub.n_strangers("127.0.0.1") == house.hub.n_strangers() == 0


async def test_the_wrong_kind_of_frame_and_a_frame_over_the_bound_end_the_connection():
    async with edge_house() as house:
        async with house.connect() as connection:
            await connection.send(b"{}")
            assert await close_of(connection) == 4000
        async with house.connect(Codec.MSGPACK) as connection:
            await connection.send("{}")
            assert await close_of(connection) == 4000
        async with house.connect() as connection:
            await connection.send("x" * (64 * 1024 + 1))
            assert await close_of(connection) == 1009
        await until(lambda: len(house.hub) == 0)


async def test_a_flood_of_pings_or_of_fragments_ends_the_connection():
    async with edge_house() as house:
        async with house.connect() as connection:
            for _ in range(30):
                await connection.ping()
            assert await close_of(connection) == 1008
        async with house.connect() as connection:
            with contextlib.suppress(websockets.ConnectionClosed):
                await connection.send(["x"] * 200)
            assert await close_of(connection) == 1008


async def test_a_socket_that_never_asks_for_anything_is_closed(monkeypatch):
    monkeypatch.setattr("sync_server.edge.wire.FIRST_REQUEST_S", 0.2)
    async with edge_house() as house:
        halves = [await asyncio.open_connection("127.0.0.1", house.listener.port) for _ in range(20)]
        for n, (_, writer) in enumerate(halves):
            writer.write(b"" if n % 2 else b"GET /v1/sync HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        for reader, writer in halves:
            async with asyncio.timeout(5):
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await reader.readexactly(1)
            writer.close()


@pytest.mark.parametrize(
    ("line", "replaced", "status"),
    [
        ("", "", 101),
        ("GET ", "POST ", 405),
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 400),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400),
        ("Sec-WebSocket-Key: dGhl", "Sec-WebSocket-Key: ", 400),
        ("Host: x", "Host: x\r\nSec-WebSocket-Protocol: a b", 400),
        ("Host: x", "Host: x\r\nX-Long: " + "y" * 5_000, 101),
    ],
)
async def test_a_handshake_that_is_odd_is_judged_as_the_standard_says(line, replaced, status):
    plain = (
        "GET /v1/sync HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    async with edge_house() as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.listener.port)
        writer.write(plain.replace(line, replaced, 1).encode())
        async with asyncio.timeout(5):
            head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert int(head.split()[1]) == status
    assert (b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head) == (status == 101)
    assert head.lower().count(b"\r\ndate: ") == 1


@pytest.mark.logs("Task edge/push failed")
async def test_a_defect_behind_a_request_ends_the_connection_and_not_the_server():
    async with edge_house() as house:
        house.rooms.broken = RuntimeError("a defect")
        async with house.device("ann") as ann:
            await ann.hear(Welcome)
            await ann.say(Push(1, (op(1),)))
            assert (await ann.hear(Bye)).code == 1011
        async with house.device("bob") as bob:
            assert (await bob.hear()).u == "bob"


async def test_the_oldest_of_too_many_connections_of_one_person_makes_room():
    async with edge_house() as house:
        connections = []
        for _ in range(11):
            entered = house.device("ann")
            device = await entered.__aenter__()
            await device.hear(Welcome)
            connections.append((entered, device))
        assert (await connections[0][1].hear(Bye)).code == 4029
        assert len(house.hub) == 10
        for entered, _ in connections:
            await entered.__aexit__(None, None, None)


async def test_an_ended_session_is_found_within_five_seconds_though_nobody_told():
    async with edge_house() as house, house.device("ann") as ann:
        await ann.hear(Welcome)
        house.accounts.ended.add("ann-session")
        async with asyncio.timeout(5):
            assert (await ann.hear(Bye)).code == 4002


async def test_an_ended_session_falls_silent_at_once_when_told():
    async with edge_house() as house:
        house.rooms.members[ROOM] = {"ann"}
        async with house.device("ann") as ann:
            await ann.hear(Welcome)
            house.hub.sessions_ended(["ann-session"])
            house.rooms.enter(ROOM, "{}")
            assert isinstance(await ann.hear((Ev, Bye)), Bye)


async def test_heartbeats_tell_where_rooms_stand_that_moved():
    async with edge_house(figures=Figures(hb_ms=200)) as house:
        house.rooms.members[ROOM] = {"ann"}
        async with house.device("ann") as ann:
            await ann.hear(Welcome)
            house.rooms.enter(ROOM, "{}", "{}")
            while not (heads := (await ann.hear(Head)).h) or heads[0].s != 2:
                pass
            assert heads[0].r == ROOM
            while (await ann.hear(Head)).h:
                pass


async def test_messages_of_one_moment_leave_in_few_writes():
    async with edge_house() as house:
        house.rooms.members[ROOM] = {"ann"}
        async with house.device("ann") as ann:
            await ann.hear(Welcome)
            writes = count_writes(house)
            for _ in range(200):
                house.rooms.enter(ROOM, "{}")
            assert [event.s for event in await events_heard(ann, 200)] == list(range(1, 201))
            assert len(writes) <= 3


async def events_heard(device, n):
    """The next ``n`` events, in however few messages they come."""
    heard = []
    while len(heard) < n:
        heard += (await device.hear(Ev)).ev
    return heard


def count_writes(house):
    writes = []
    (wire,) = house.listener._state.connections
    write = wire.write_frames

    def counted(data):
        writes.append(len(data))
        write(data)

    wire.write_frames = counted
    return writes


async def deaf(house, name):
    """A device that says hello and never reads again: a plain socket with a small buffer."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", house.listener.port))
    lines = ("GET /v1/sync HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade")
    keys = ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", "")
    hello = json.dumps({"t": "hello", "tok": name, "dev": f"{name}-device"}).encode()
    frame = bytes((0x81, 0x80 | len(hello), 0, 0, 0, 0)) + hello
    await loop.sock_sendall(raw, "\r\n".join((*lines, *keys)).encode())
    assert b" 101 " in await loop.sock_recv(raw, 4096)
    await loop.sock_sendall(raw, frame)
    await until(lambda: name in house.hub._by_user)
    return raw


async def test_a_reader_that_stops_is_let_go_within_bounds_while_others_hear_everything(monkeypatch):
    monkeypatch.setattr("sync_server.edge.wire.CLOSE_S", 0.2)
    async with edge_house() as house:
        house.rooms.members[ROOM] = {"ann", "eve"}
        async with house.device("ann") as ann:
            await ann.hear(Welcome)
            raw = await deaf(house, "eve")
            (line,) = house.hub._by_user["eve"]
            most, n_heard = 0, 0
            tracemalloc.start()
            body = json.dumps({"text": "x" * 8_000})
            while "eve" in house.hub._by_user:
                house.rooms.enter(ROOM, body)
                most = max(most, line.backlog.n_bytes)
                n_heard += (await ann.hear(Ev)).first == n_heard + 1
                assert n_heard < 20_000, "the slow reader was never let go"
            held, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert 0 < most <= MAX_BYTES_WAITING
            assert held < 64 * 1024 * 1024
            assert n_heard == len(house.rooms.logs[ROOM])
            await until(lambda: not any(wire.transport.get_write_buffer_size() for wire in house.listener._state.connections), 10)
            raw.close()


async def test_what_passes_anyway_is_dropped_first_for_a_slow_reader():
    async with edge_house() as house:
        house.rooms.members[ROOM] = {"ann", "eve"}
        async with house.device("ann") as ann:
            await ann.hear(Welcome)
            raw = await deaf(house, "eve")
            (line,) = house.hub._by_user["eve"]
            filler = json.dumps({"text": "x" * 8_000})
            while line.backlog.n_bytes < 200_000:
                house.rooms.enter(ROOM, filler)
                await ann.hear(Ev)
            for _ in range(1_000):
                await ann.say(Say("typing", ROOM))
            await ann.say(Pull(1, ROOM, 1, limit=1))
            while (await ann.hear(Ev)).rid != 1:
                pass
            assert len(line.backlog) <= 256
            assert not line.is_closed
            house.rooms.enter(ROOM, filler)
            assert not line.is_closed
            raw.close()


async def test_a_drain_answers_what_was_pushed_and_tells_everybody_when_to_come_back():
    async with edge_house() as house:
        house.rooms.members[ROOM] = {"ann", "bob"}
        async with house.device("ann") as ann, house.device("bob") as bob:
            await ann.hear(Welcome)
            await bob.hear(Welcome)
            await ann.say(Push(1, (op(1),)))
            await until(lambda: house.rooms.logs[ROOM])
            await house.hub.drain((100, 900))
            assert (await ann.hear(Res)).ops[0].st == "ok"
            for device in (ann, bob):
                farewell = await device.hear(Bye)
                assert (farewell.code, farewell.retry) == (4003, (100, 900))
                assert await close_of(device.socket) == 4003
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with house.connect():
                    pass
            assert refused.value.response.status_code == 503
