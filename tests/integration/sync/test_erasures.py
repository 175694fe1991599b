"""Everything that a person wrote is erased by three people together, or not at all; holds and deadlines stand above them."""

import asyncio

import pyotp
import pytest

from sync_server.actor import Actor, Role
from sync_server.clock import ManualClock
from sync_server.errors import Refused
from sync_server.protocol.messages import Pull
from sync_server.rooms.erasures import APPROVED_MS, ASKED_MS, Erasures
from tests.fakes.sync_author import Author
from tests.fakes.sync_server import PASSWORD, Member, Served, served
from tests.integration.sync.test_server_process import trii_sync


def actor_of(house: Served, member: Member, role: Role, stepped_ms: int | None = None) -> Actor:
    now_ms = house.server.clock.now_ms()
    stepped_ms = now_ms if stepped_ms is None else stepped_ms
    return Actor(member.user, house.server.org.id, role, f"d-{member.user[:8]}", f"s-{member.user[:8]}", stepped_ms=stepped_ms)


class Cast:
    """Ann, who leaves; Olga who owns; Cora of compliance; Adam and Ada, administrators; a room with what Ann said in it."""

    def __init__(self, house: Served, members: dict[str, Member]) -> None:
        self.house = house
        self.ann = actor_of(house, members["Ann"], Role.MEMBER)
        self.cora = actor_of(house, members["Cora"], Role.COMPLIANCE)
        self.adam = actor_of(house, members["Adam"], Role.ADMIN)
        self.erasures: Erasures = house.server.house.erasures
        self.members = members

    async def said(self, n: int) -> str:
        """A room in which Ann has said something so often."""
        author = Author()
        room, create = author.room(self.adam.user)
        ops = [create, *(author.says(room, f"secret {i}") for i in range(n))]
        for place in range(0, len(ops), 100):
            results = await self.house.server.rooms.push(self.ann, ops[place : place + 100])
            assert {result.st for result in results} == {"ok"}
        return room

    async def bodies(self, room: str) -> list[str]:
        ev = await self.house.server.rooms.pull(self.adam, Pull(1, room, 0, limit=500))
        return [event.b or "" for event in ev.ev if event.k == "msg.create"]

    async def kinds(self) -> list[str]:
        page = await self.house.server.audit.entries(actor_of(self.house, self.house.admin, Role.OWNER), kind="erasure")
        return [noted.entry.kind for noted in reversed(page.entries)]


async def cast(house: Served) -> Cast:
    roles = {"Ann": Role.MEMBER, "Cora": Role.COMPLIANCE, "Adam": Role.ADMIN}
    return Cast(house, {name: await house.invite(name, role) for name, role in roles.items()})


async def refused(doing) -> tuple[str, int]:
    with pytest.raises(Refused) as error:
        await doing
    return str(error.value.code), error.value.status


async def test_three_people_erase_everything_that_one_wrote_and_the_audit_tells_each_step(database_url, tmp_path):
    database = "" if database_url.startswith("sqlite") else database_url
    async with served(tmp_path, database=database) as house:
        it = await cast(house)
        first, second = await it.said(150), await it.said(3)
        asked = await it.erasures.ask(it.ann, it.ann.user, "I leave")
        assert await refused(it.erasures.execute(it.adam, asked.id)) == ("not_allowed", 409)
        approved = await it.erasures.approve(it.cora, asked.id)
        done = await it.erasures.execute(it.adam, asked.id)

        assert (asked.state, approved.state, done.state) == ("asked", "approved", "done")
        assert (done.asked_by, done.approved_by, done.executed_by) == (it.ann.user, it.cora.user, it.adam.user)
        assert (done.n_messages, done.n_held) == (153, 0)
        assert {*await it.bodies(first), *await it.bodies(second)} == {""}
        assert await it.kinds() == ["erasure.asked", "erasure.approved", "erasure.begun", "erasure.done"]
        assert await refused(it.erasures.execute(it.adam, asked.id)) == ("not_allowed", 409)
        assert await it.erasures.rows(it.ann) == (done,)


async def account_of(house: Served, user: str) -> tuple:
    """All that the tables of accounts hold of somebody, beside ids, roles and times."""
    sql = "SELECT name, email_index, email_sealed, password, factor_sealed, trading_style, preferences FROM users WHERE id = $1"
    devices = "SELECT name, address, device, ended_ms > 0 FROM sessions WHERE user_id = $1"
    async with house.server.database.read() as view:
        return tuple(await view.row(sql, user) or ()), [tuple(row) for row in await view.rows(devices, user)]


async def test_an_erased_person_is_signed_out_everywhere_and_nothing_tells_who_it_was(database_url, tmp_path):
    database = "" if database_url.startswith("sqlite") else database_url
    async with served(tmp_path, database=database) as house:
        it = await cast(house)
        await it.said(1)
        async with house.client(it.members["Ann"]) as ann:
            await ann.patch("/api/v1/users/me", json={"trading_style": "swing", "preferences": {"theme": "dark"}})
            asked = await it.erasures.ask(it.ann, it.ann.user, "I leave")
            await it.erasures.approve(it.cora, asked.id)
            await it.erasures.execute(it.adam, asked.id)
            assert (await ann.get("/api/v1/users/me")).status_code == 401
            login = {"email": it.members["Ann"].email, "password": PASSWORD, "device": {"id": it.members["Ann"].device}}
            assert (await ann.post("/api/v1/auth/login", json=login)).status_code == 401

        assert await account_of(house, it.ann.user) == (("Deleted account", None, None, "", None, "", "{}"), [("", "", "", 1)])
        (gone,) = [one for one in await house.server.accounts.people(it.cora) if one.u == it.ann.user]
        assert (gone.name, gone.is_gone) == ("Deleted account", True)
        assert (await house.server.audit.verify()).is_whole
        kinds = [noted.entry.kind for noted in (await audit_of(house)).entries if noted.entry.about == it.ann.user]
        assert kinds[:2] == ["account.deleted", "account.disabled"]


async def test_a_hold_keeps_whose_words_they_are_and_the_account_is_closed_all_the_same(tmp_path):
    async with served(tmp_path) as house:
        it = await cast(house)
        held = await it.said(1)
        await house.server.rooms.hold(it.cora, held, "case 7")
        asked = await it.erasures.ask(it.adam, it.ann.user, "she left")
        await it.erasures.approve(it.cora, asked.id)
        other = await house.invite("Ada", Role.ADMIN)
        ada = actor_of(house, other, Role.ADMIN)
        assert (await it.erasures.execute(ada, asked.id)).state == "begun"
        (about, sessions) = await account_of(house, it.ann.user)
        assert about[0] == "Ann"
        assert [is_over for *_, is_over in sessions] == [1]

        await house.server.rooms.release(it.cora, held, "closed")
        assert (await it.erasures.execute(ada, asked.id)).state == "done"
        assert (await account_of(house, it.ann.user))[0][0] == "Deleted account"


async def test_the_last_owner_is_not_erased_and_nothing_of_theirs_is_lost(tmp_path):
    async with served(tmp_path) as house:
        it = await cast(house)
        owner = actor_of(house, house.admin, Role.OWNER)
        asked = await it.erasures.ask(owner, owner.user, "I sell")
        await it.erasures.approve(it.cora, asked.id)
        assert await refused(it.erasures.execute(it.adam, asked.id)) == ("not_allowed", 409)
        assert [one.state for one in await it.erasures.rows(it.cora)] == ["approved"]
        async with house.client(house.admin) as still:
            assert (await still.get("/api/v1/users/me")).status_code == 200


async def audit_of(house: Served):
    return await house.server.audit.entries(actor_of(house, house.admin, Role.OWNER))


async def test_nobody_does_two_of_the_three_parts(tmp_path):
    async with served(tmp_path) as house:
        it = await cast(house)
        room = await it.said(1)
        asked = await it.erasures.ask(it.adam, it.ann.user, "she left")
        for actor in (it.adam, it.ann):
            assert await refused(it.erasures.approve(actor, asked.id)) == ("not_allowed", 403)
        await it.erasures.approve(it.cora, asked.id)
        assert await refused(it.erasures.execute(it.adam, asked.id)) == ("not_allowed", 403)
        both = Actor(it.cora.user, it.cora.org, Role.ADMIN, "d", "s", stepped_ms=it.cora.stepped_ms)  # promoted meanwhile
        assert await refused(it.erasures.execute(both, asked.id)) == ("not_allowed", 403)
        assert await refused(it.erasures.execute(it.ann, asked.id)) == ("not_allowed", 403)
        assert await it.bodies(room) != [""]
        own = await it.erasures.ask(it.adam, it.cora.user, "she asked")
        assert await refused(it.erasures.approve(it.cora, own.id)) == ("not_allowed", 403)


async def test_who_may_not_ask_or_is_of_another_organisation_learns_nothing(tmp_path):
    async with served(tmp_path) as house:
        it = await cast(house)
        asked = await it.erasures.ask(it.ann, it.ann.user, "I leave")
        eve = Actor(it.adam.user, "018f0000-0000-7000-8000-000000000002", Role.ADMIN, "d", "s", stepped_ms=it.adam.stepped_ms)
        spy = Actor(it.cora.user, eve.org, Role.COMPLIANCE, "d", "s")
        assert await refused(it.erasures.ask(it.ann, it.cora.user, "no")) == ("not_allowed", 403)
        assert await refused(it.erasures.ask(eve, it.ann.user, "no")) == ("no_target", 404)
        assert await refused(it.erasures.approve(spy, asked.id)) == ("no_target", 404)
        assert await refused(it.erasures.execute(eve, asked.id)) == ("no_target", 404)
        assert await refused(it.erasures.decline(spy, asked.id, "no")) == ("no_target", 404)
        assert await it.erasures.rows(eve) == ()
        assert await refused(it.erasures.ask(it.adam, it.ann.user, "twice")) == ("held", 409)
        guest = Actor(it.ann.user, it.ann.org, Role.GUEST, "d", "s")
        assert await refused(it.erasures.rows(guest)) == ("not_allowed", 403)


async def test_a_hold_keeps_its_room_and_the_same_request_erases_it_once_it_is_released(tmp_path):
    async with served(tmp_path) as house:
        it = await cast(house)
        free, held = await it.said(2), await it.said(2)
        await house.server.rooms.hold(it.cora, held, "case 7")
        asked = await it.erasures.ask(it.ann, it.ann.user, "I leave")
        await it.erasures.approve(it.cora, asked.id)
        begun = await it.erasures.execute(it.adam, asked.id)
        assert (begun.state, begun.n_messages, begun.n_held) == ("begun", 2, 1)
        assert (await it.bodies(free), "" in await it.bodies(held)) == (["", ""], False)
        await house.server.rooms.release(it.cora, held, "closed")
        done = await it.erasures.execute(it.adam, asked.id)
        assert (done.state, done.n_messages, done.n_held, await it.bodies(held)) == ("done", 4, 0, ["", ""])


async def test_a_request_runs_out_before_it_is_approved_and_before_it_is_carried_out(tmp_path):
    clock = ManualClock()
    async with served(tmp_path, clock=clock) as house:
        it = await cast(house)
        late = await it.erasures.ask(it.ann, it.ann.user, "I leave")
        clock.advance(ASKED_MS)
        assert await refused(it.erasures.approve(it.cora, late.id)) == ("not_allowed", 409)
        asked = await it.erasures.ask(it.ann, it.ann.user, "still")
        await it.erasures.approve(it.cora, asked.id)
        clock.advance(APPROVED_MS)
        fresh = actor_of(house, it.members["Adam"], Role.ADMIN)
        assert await refused(it.erasures.execute(fresh, asked.id)) == ("not_allowed", 409)
        await it.erasures.expire()
        assert [one.state for one in await it.erasures.rows(it.cora)] == ["expired", "expired"]
        assert (await it.kinds()).count("erasure.expired") == 2


async def test_what_is_declined_or_withdrawn_is_not_carried_out(tmp_path):
    async with served(tmp_path) as house:
        it = await cast(house)
        first = await it.erasures.ask(it.ann, it.ann.user, "I leave")
        assert (await it.erasures.decline(it.cora, first.id, "a case is open")).state == "declined"
        second = await it.erasures.ask(it.ann, it.ann.user, "again")
        await it.erasures.approve(it.cora, second.id)
        assert await refused(it.erasures.decline(it.adam, second.id, "no")) == ("not_allowed", 403)
        assert (await it.erasures.decline(it.ann, second.id, "I stay")).state == "withdrawn"
        assert await refused(it.erasures.execute(it.adam, second.id)) == ("not_allowed", 409)


async def test_over_http_each_does_the_own_part_and_the_last_shows_a_second_factor(tmp_path):
    async with served(tmp_path) as house:
        it = await cast(house)
        room = await it.said(2)
        path = "/api/v1/erasures"
        async with (
            house.client(it.members["Ann"]) as ann,
            house.client(it.members["Cora"]) as cora,
            house.client(it.members["Adam"]) as adam,
        ):
            made = await ann.post(path, json={"subject": it.ann.user, "why": "I leave"})
            assert (made.status_code, made.json()["state"]) == (201, "asked")
            one = f"{path}/{made.json()['id']}"
            assert (await adam.post(f"{one}/approve")).status_code == 403
            assert (await cora.post(f"{one}/approve")).json()["state"] == "approved"
            assert (await adam.post(f"{one}/execute")).json()["code"] == "step_up"
            secret = (await adam.post("/api/v1/auth/factor", json={"password": PASSWORD})).json()["secret"]
            code = pyotp.TOTP(secret).at(house.server.clock.now_ms() // 1000)
            assert (await adam.post("/api/v1/auth/factor/confirm", json={"code": code})).status_code == 204
            done = await adam.post(f"{one}/execute")
            assert (done.status_code, done.json()["state"], done.json()["n_messages"]) == (200, "done", 2)
            assert await it.bodies(room) == ["", ""]
            page = (await cora.get(path, params={"limit": 1})).json()
            assert [row["state"] for row in page["erasures"]] == ["done"]
            assert (await adam.get(path, params={"cursor": page["cursor"]})).status_code == 400
            assert (await cora.post(path, json={"subject": "x", "why": ""})).status_code in (400, 422)
            assert (await ann.get(path)).status_code == 401


async def test_whoever_runs_the_server_asks_and_withdraws_and_carries_nothing_out(tmp_path):
    async with served(tmp_path) as house:
        it = await cast(house)
        listed = await trii(house, "erasures", "ask", "ann@example.com", "--why", "a letter")
        identity = listed.partition(":")[0]
        assert "ann@example.com  asked" in await trii(house, "erasures")
        await it.erasures.approve(it.cora, identity)
        operator = Actor("", it.adam.org, Role.OWNER, "", "", "operator", stepped_ms=house.server.clock.now_ms())
        assert await refused(it.erasures.execute(operator, identity)) == ("not_allowed", 403)
        assert "Withdrawn." in await trii(house, "erasures", "withdraw", identity, "--why", "a mistake")
        assert await refused(it.erasures.execute(it.adam, identity)) == ("not_allowed", 409)


async def trii(house: Served, *words: str) -> str:
    """What a command printed beside the running server."""
    return await asyncio.to_thread(trii_sync, house.server.config.data, *words)
