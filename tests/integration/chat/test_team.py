"""Accounts on a real server: tokens, second factors, ended sessions, signing out, wiping and forgetting."""

import pyotp
import pytest

from backend.errors import Conflict, InvalidInput, NotFound
from backend.events import Notice
from backend.storage.credentials import Credentials
from backend.sync.api import SessionEnded
from backend.sync.server import Standing
from tests.fakes.chatting import open_desk
from tests.fakes.desks import eventually, join, standing, texts, two_desks, user_of
from tests.fakes.sync_server import PASSWORD
from tests.fakes.waiting import until


async def link_of(desk, server_id):
    return await desk.team.link_to(server_id)


async def test_the_access_token_is_renewed_silently_and_the_refresh_token_survives_a_restart(tmp_path, home):
    async with two_desks(tmp_path) as (server, _, bob):
        b = await join(bob, server, "Bob")
        link = await link_of(bob, b)
        first = await link.tokens.access()
        assert await link.tokens.access() == first
        kept = await link.tokens._credentials.get(link.account.place, "refresh")
        link.tokens.doubt()
        second = await link.tokens.access()
        assert second != first
        assert await link.tokens._credentials.get(link.account.place, "refresh") != kept
        assert standing(bob) is Standing.LIVE
        rows = await bob.words.read(lambda db: db.execute("SELECT * FROM chat_servers").fetchall())
        assert not [value for row in rows for value in row if value in (first, second, kept)], "a token lies in the ledger"
        (session,) = [row for row in await bob.team.sessions(b) if row.is_this]
        assert session.device


async def test_a_session_that_the_server_ended_signs_out_and_says_so_and_the_rooms_stay_readable(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, b = await join(ann, server, "Ann"), await join(bob, server, "Bob")
        room = (await ann.chat.direct(a, user_of(bob))).id
        await ann.chat.send(room, "Hello")
        await eventually(lambda: texts(bob, room), ["Hello"])
        signed = await ann.team.sign_in(a, "ann@example.com", PASSWORD)
        assert not signed.needs_code
        await server.server.accounts.logout(
            await server.server.accounts.verify(await (await link_of(bob, b)).tokens.access()), "127.0.0.1", is_everywhere=True
        )
        await until(lambda: standing(bob) is Standing.SIGNED_OUT, 20, what="signed out")
        await until(lambda: [e for e in bob.seen if isinstance(e, Notice) and e.code == "server.signed_out"], what="a notice")
        assert await texts(bob, room) == ["Hello"]
        sent = await bob.chat.send(room, "Still here")
        assert sent.seq == 0
        await bob.team.sign_in(b, "bob@example.com", PASSWORD)
        await eventually(lambda: texts(ann, room), ["Hello", "Still here"])


async def test_signing_out_keeps_wiping_removes_and_forgetting_leaves_nothing(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a, b = await join(ann, server, "Ann"), await join(bob, server, "Bob")
        room = (await ann.chat.direct(a, user_of(bob))).id
        await ann.chat.send(room, "Hello")
        await eventually(lambda: texts(bob, room), ["Hello"])
        await bob.team.sign_out(b)
        assert standing(bob) is Standing.SIGNED_OUT
        assert await texts(bob, room) == ["Hello"]
        with pytest.raises(InvalidInput, match="signed out"):
            await bob.team.go_online(b, is_on=True)
        await bob.team.sign_in(b, "bob@example.com", PASSWORD)
        await bob.team.sign_out(b, wipe=True)
        assert await bob.chat.rooms() == ()
        with pytest.raises(NotFound):
            await bob.chat.page(room)
        await bob.team.sign_in(b, "bob@example.com", PASSWORD)
        await eventually(lambda: texts(bob, room), ["Hello"])
        with pytest.raises(Conflict):
            await bob.team.sign_in(b, "ann@example.com", PASSWORD)
        await bob.team.forget(b)
        assert bob.team.servers() == ()
        left = await bob.words.read(
            lambda db: [
                db.execute(sql).fetchone()[0]
                for sql in (
                    "SELECT count(*) FROM chat_servers",
                    "SELECT count(*) FROM chat_rooms",
                    "SELECT count(*) FROM chat_events",
                    "SELECT count(*) FROM chat_messages",
                    "SELECT count(*) FROM chat_people",
                )
            ]
        )
        assert left == [0, 0, 0, 0, 0]


async def test_a_second_factor_is_asked_for_with_a_ticket(tmp_path):
    async with two_desks(tmp_path) as (server, ann, bob):
        a = await join(ann, server, "Ann")
        enrolment = await ann.team.enrol(a, PASSWORD)
        assert len(enrolment.recovery_codes) == 10
        totp = pyotp.TOTP(enrolment.secret)
        await ann.team.confirm_enrolment(a, totp.at(server.server.clock.now_ms() // 1000))
        with pytest.raises((InvalidInput, SessionEnded)):
            await bob.team.sign_in(server.url, "ann@example.com", "wrong password entirely")
        asked = await bob.team.sign_in(server.url, "ann@example.com", PASSWORD)
        assert asked.needs_code
        assert bob.team.servers() == ()
        signed = await bob.team.sign_in(server.url, "ann@example.com", "", enrolment.recovery_codes[0], asked.ticket)
        assert not signed.needs_code
        await until(lambda: standing(bob) is Standing.LIVE)
        assert user_of(bob) == user_of(ann)


async def test_another_server_behind_a_known_address_gets_nothing(tmp_path):
    async with two_desks(tmp_path, tls=True) as (server, ann, _):
        a = await join(ann, server, "Ann")
        other = (await link_of(ann, a)).account
        assert other.authority.startswith("-----BEGIN CERTIFICATE-----")
    from backend.sync.api import Api
    from tests.fakes.sync_server import served

    async with served(tmp_path / "other", tls=True) as impostor:
        api = Api(impostor.url, other.authority)
        try:
            with pytest.raises(InvalidInput, match="not the server"):
                await api.call("GET", "/healthz")
        finally:
            await api.close()


async def test_a_desk_that_restarts_is_live_again_without_a_password(tmp_path):
    async with two_desks(tmp_path) as (server, ann, _):
        a = await join(ann, server, "Ann")
        assert a
        from backend.storage.paths import Home

        home = Home(tmp_path / "third")
        async with open_desk(home) as third:
            await third.team.sign_in(server.url, "ann@example.com", PASSWORD)
        async with open_desk(home) as third:
            await third.team.begin()
            await until(lambda: standing(third) is Standing.LIVE)
            assert isinstance((await link_of(third, third.team.servers()[0].id)).tokens._credentials, Credentials)
