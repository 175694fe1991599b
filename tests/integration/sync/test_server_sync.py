"""The whole server over its WebSocket, on SQLite and on PostgreSQL: delivery by membership, tokens, sessions, TLS."""

import asyncio
import ssl
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync_server.clock import ManualClock
from sync_server.edge.tls import LEAF_DAYS, Certificates
from sync_server.protocol.bodies import RoomRole
from sync_server.protocol.chain import START, from_text, hash_after, to_text
from sync_server.protocol.codec import Codec, encode
from sync_server.protocol.events import Cursor
from sync_server.protocol.messages import Bye, Err, Ev, Head, Hello, Pull, Push, Reads, ReadUp, Renew, Res, Reset, Welcome
from tests.fakes.edge_house import Device
from tests.fakes.sync_author import Author
from tests.fakes.sync_server import served


@asynccontextmanager
async def device(house, member, codec=Codec.MSGPACK, rooms=()):
    """Somebody's device, connected, before its welcome is read."""
    options = {"subprotocols": [str(codec)], "compression": None, "proxy": None, "ssl": house.trust}
    async with websockets.connect(house.socket_url, **options) as socket:
        made = Device(socket, codec)
        await made.say(Hello(member.tokens.access, member.device, rooms))
        yield made


async def push(made, *ops, rid=1):
    """What became of operations."""
    await made.say(Push(rid, ops))
    return (await made.hear(Res)).ops


async def test_members_hear_and_others_learn_nothing(database_url, tmp_path):
    async with served(tmp_path, database=database_url) as house:
        ann, eve = await house.invite("Ann"), await house.invite("Eve")
        author = Author()
        room, create = author.room(ann.user)
        async with device(house, house.admin) as o, device(house, ann, Codec.JSON) as a, device(house, eve) as e:
            for one in (o, a, e):
                await one.hear(Welcome)
            assert (await push(o, create))[0].st == "ok"
            assert (await a.hear(Head)).h[0].r == room
            results = await push(o, *(author.says(room, f"n {n}") for n in range(5)), rid=2)
            assert [result.s for result in results] == [2, 3, 4, 5, 6]
            heard = []
            while not heard or heard[-1].s < 6:
                heard.extend((await a.hear(Ev)).ev)
            await a.say(Pull(3, room, 1, 0))
            page = await a.hear(Ev)
            assert hash_after(START, 1, page.ev) == from_text(page.h)
            assert page.ev[1:] == tuple(heard)
            await a.say(ReadUp(room, 1, 4))
            assert (await o.hear(Reads)).c[0].read == 4
            await e.say(Pull(9, room, 1, 0))
            answer = await e.hear()
            while not isinstance(answer, Reset | Err):
                assert getattr(answer, "r", "") != room
                answer = await e.hear()
            assert not isinstance(answer, Reset) or answer.why == "perm"


async def test_who_is_removed_hears_no_more_and_who_comes_back_begins_at_the_own_joining(database_url, tmp_path):
    async with served(tmp_path, database=database_url) as house:
        ann = await house.invite("Ann")
        author = Author()
        room, create = author.room(ann.user, shows_history=False)
        async with device(house, house.admin) as o, device(house, ann) as a:
            await o.hear(Welcome)
            await a.hear(Welcome)
            await push(o, create, author.says(room, "one"))
            await push(o, author.seats(room, ann.user, None), author.says(room, "secret"), rid=2)
            reset = await a.hear(Reset)
            assert (reset.r, reset.why) == (room, "perm")
            await push(o, author.seats(room, ann.user, RoomRole.MEMBER), author.says(room, "back"), rid=3)
            head = (await a.hear((Head, Ev))).h[0]
            assert (head.r, head.floor) == (room, 5)
            said = await a.hear(Ev)
            assert said.first == 6
            await a.say(Pull(7, room, 1, 0))
            page = await a.hear((Ev, Reset))
            assert page.floor == 5 if isinstance(page, Reset) else page.first >= 5


async def test_a_device_that_comes_back_is_told_which_copies_differ(tmp_path):
    async with served(tmp_path) as house:
        author = Author()
        room, create = author.room()
        async with device(house, house.admin) as o:
            await o.hear(Welcome)
            await push(o, create)
        async with device(house, house.admin, rooms=(Cursor(room, 1, 1, to_text(bytes(32))),)) as o:
            welcome = await o.hear(Welcome)
            assert (welcome.heads[0].r, welcome.heads[0].s) == (room, 1)
            assert (await o.hear(Reset)).why == "hash"


async def test_a_token_is_renewed_in_band_and_ends_the_connection_when_it_is_not(tmp_path):
    clock = ManualClock()
    async with served(tmp_path, clock=clock) as house, device(house, house.admin) as o:
        welcome = await o.hear(Welcome)
        assert welcome.texp == clock.now_ms() + 15 * 60_000
        clock.advance(10 * 60_000)
        renewed = await house.server.accounts.refresh(house.admin.tokens.refresh)
        await o.say(Renew(renewed.access))
        author = Author()
        room, create = author.room()
        assert (await push(o, create))[0].st == "ok"
        clock.advance(10 * 60_000)
        assert (await push(o, author.says(room), rid=2))[0].st == "ok"
        clock.advance(10 * 60_000)
        assert (await o.hear(Bye)).code == 4001


async def test_somebody_elses_token_or_device_does_not_get_in(tmp_path):
    async with served(tmp_path) as house:
        ann = await house.invite("Ann")
        for token, name in (
            (ann.tokens.access, house.admin.device),
            (ann.tokens.access + "x", ann.device),
            ("", ann.device),
            (ann.tokens.refresh, ann.device),
        ):
            async with websockets.connect(house.socket_url, subprotocols=[str(Codec.JSON)], proxy=None) as socket:
                await socket.send(encode(Hello(token, name), Codec.JSON).decode())
                assert (await Device(socket, Codec.JSON).hear()).code == 4001


async def test_signing_out_everywhere_closes_every_socket_at_once(tmp_path):
    async with served(tmp_path) as house:
        ann = await house.invite("Ann")
        async with (
            device(house, ann) as one,
            device(house, ann) as two,
            device(house, house.admin) as other,
            house.client(ann) as client,
        ):
            for made in (one, two, other):
                await made.hear(Welcome)
            assert (await client.post("/api/auth/logout", json={"everywhere": True})).status_code == 204
            for made in (one, two):
                async with asyncio.timeout(5):
                    assert (await made.hear(Bye)).code == 4002
            author = Author()
            assert (await push(other, author.room()[1]))[0].st == "ok"


async def test_connections_are_tls_1_3_under_the_pinned_identity_and_nothing_older(tmp_path):
    async with served(tmp_path, tls=True) as house:
        identity = house.server.house.identity
        authority = x509.load_pem_x509_certificate(identity.certificate.encode())
        raw = authority.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        assert to_text(raw) == identity.pin == house.server.keys.pin
        authority.verify_directly_issued_by(authority)
        async with device(house, house.admin) as made:
            await made.hear(Welcome)
            channel = made.socket.transport.get_extra_info("ssl_object")
            assert channel.version() == "TLSv1.3"
            leaf = x509.load_der_x509_certificate(channel.getpeercert(binary_form=True))
            leaf.verify_directly_issued_by(authority)
        old = ssl.create_default_context(cadata=identity.certificate)
        old.check_hostname = False
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        strangers = ssl.create_default_context()
        strangers.check_hostname = False
        for context in (old, strangers):
            async with httpx.AsyncClient(verify=context, trust_env=False) as client:
                with pytest.raises(httpx.ConnectError):
                    await client.get(f"{house.url}/healthz")


def test_a_leaf_is_renewed_before_it_ends_and_the_identity_stays_the_same(tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    now = 1_790_000_000_000
    made = Certificates(key, ("localhost", "127.0.0.1"), tmp_path)
    assert made.refresh(now)
    assert not made.refresh(now + 24 * 3_600_000)
    assert made.refresh(now + (LEAF_DAYS - 3) * 24 * 3_600_000)
    assert made.refresh(now - 400 * 24 * 3_600_000)  # the clock was put back
    assert Certificates(key, ("elsewhere",), tmp_path).pem == made.pem
    assert list(tmp_path.iterdir()) == []


async def test_a_page_that_a_slow_reader_could_not_hold_is_told_in_smaller_ones(tmp_path):
    async with served(tmp_path) as house:
        author = Author()
        room, create = author.room()
        async with device(house, house.admin) as o:
            await o.hear(Welcome)
            await push(o, create)
            for n in range(20):
                assert {result.st for result in await push(o, *(author.says(room, "x" * 11_000) for _ in range(4)), rid=n + 2)} == {
                    "ok"
                }
            await o.say(Pull(99, room, 1, 0, 500))
            page = await o.hear(Ev)
            while page.rid != 99:
                page = await o.hear(Ev)
            assert 0 < page.last < 81
            assert len(msgspec.msgpack.encode(page)) <= 192 * 1024
