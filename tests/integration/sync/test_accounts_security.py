"""The security checklist of accounts, row by row: what an attacker tries, and what the disk gives away."""

import asyncio
import time

import pytest

from sync_server.accounts.accounts import Terms
from sync_server.accounts.limits import Rule
from sync_server.accounts.passwords import Cost, Passwords
from sync_server.accounts.values import Device as Computer
from sync_server.accounts.values import InvitationTerms, KeyTerms, Login, NeedsCode, UserChange
from sync_server.actor import Role
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from tests.fakes.accounts_house import HOME, PASSWORD, accounts_house
from tests.fakes.accounts_http import accounts_client

EMAIL = "olga@example.org"


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'server.db'}"


def login(email=EMAIL, password=PASSWORD, **more):
    return Login(Computer("device-0002"), email, password, **more)


async def failure(house, asked, address):
    with pytest.raises(Refused) as refusal:
        await house.accounts.login(asked, address)
    refused = refusal.value
    return refused.code, refused.status, refused.why, refused.hint, refused.after_ms


async def test_every_failed_sign_in_looks_the_same_and_costs_one_run_of_argon2(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        closed = await house.invite(owner, "closed@example.org")
        await house.accounts.directory.change(owner, closed.user, UserChange(is_disabled=True))
        gone = await house.accounts.verify((await house.invite(owner, "gone@example.org")).access)
        await house.accounts.directory.delete_me(gone, PASSWORD)
        bot = await house.accounts.api_keys.make(owner, KeyTerms("Bot", ("chat:read",)))
        tries = {
            "wrong password": login(password="wrong"),
            "nobody": login("nobody@example.org"),
            "closed, right password": login("closed@example.org"),
            "closed, wrong password": login("closed@example.org", "wrong"),
            "deleted": login("gone@example.org"),
            "empty": login("", ""),
            "not an address": login("\ud800\x00", "wrong"),
            "a bot": login(bot.user, ""),
        }
        seen = {}
        for number, (name, asked) in enumerate(tries.items()):
            before = house.accounts.passwords.n_computed
            seen[name] = await failure(house, asked, f"192.0.2.{number}"), house.accounts.passwords.n_computed - before

        assert len(set(seen.values())) == 1, seen
        assert seen["nobody"][1] == 1


async def test_over_http_the_failures_are_the_same_bytes(url, tmp_path):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        await house.owner()
        bodies = set()
        for email in (EMAIL, "nobody@example.org", "OLGA@EXAMPLE.ORG "):
            asked = {"email": email, "password": "wrong", "device": {"id": "device-0002"}}
            answer = await client.post("/api/auth/login", json=asked)
            bodies.add((answer.status_code, answer.content, tuple(sorted(answer.headers.items()))))

        assert len(bodies) == 1


async def test_an_unknown_account_takes_as_long_as_a_known_one():
    """At a cost that dominates; the quickest of turns taken one by one, which a busy machine does not slow."""
    passwords = Passwords(Cost(4_096, 1), 1)
    await passwords.begin()
    hashed = await passwords.hash(PASSWORD)
    took = {"known": [], "unknown": []}
    for _ in range(20):
        for name, stored in (("known", hashed), ("unknown", "")):
            began = time.perf_counter()
            await passwords.check(stored, "wrong")
            took[name].append(time.perf_counter() - began)
    passwords.close()

    ratio = min(took["known"]) / min(took["unknown"])
    assert 0.6 < ratio < 1.7


async def test_guessing_is_limited_for_a_place_for_an_account_and_for_both(url, tmp_path):
    async with accounts_house(url, tmp_path) as house:
        await house.owner()

        async def n_looked_at(tries):
            n = 0
            for email, address in tries:
                n += (await failure(house, login(email, "wrong"), address))[1] == 401
            return n

        assert await n_looked_at([(EMAIL, HOME)] * 30) == 5
        assert await n_looked_at((f"p{number}@example.org", "198.51.100.1") for number in range(60)) == 30
        assert await n_looked_at(("ada@example.org", f"203.0.113.{number}") for number in range(60)) == 20
        assert await n_looked_at([("nobody@example.org", "203.0.113.200")] * 30) == 5  # an unknown account no more, no less
        assert (await house.accounts.login(login(), "192.0.2.200")).user  # the person from elsewhere is not locked out


async def test_what_one_limit_refuses_uses_up_nothing_of_another(url, tmp_path):
    wide, narrow = Rule("wide", 3, 60_000), Rule("narrow", 1, 60_000)
    async with accounts_house(url, tmp_path) as house:
        means = house.accounts.means
        means.check_rates((("ada", wide), ("place", narrow)))
        for _ in range(10):
            with pytest.raises(Refused):
                means.check_rates((("ada", wide), ("place", narrow)))

        means.check_rate("ada", wide)
        means.check_rate("ada", wide)
        with pytest.raises(Refused):
            means.check_rate("ada", wide)


async def test_right_passwords_are_not_counted_as_guesses(url, tmp_path):
    async with accounts_house(url, tmp_path) as house:
        await house.owner()
        for _ in range(12):
            assert await house.accounts.login(login(), HOME)


async def test_a_thousand_half_open_sign_ins_keep_nobody_out(tmp_path):
    async with accounts_house(f"sqlite:///{tmp_path / 'server.db'}", tmp_path) as house:
        owner = await house.owner()
        tokens = await house.invite(owner, "tom@example.org")
        await house.stepped(owner)
        for number in range(1_000):
            answer = await house.accounts.login(login(), f"10.0.{number // 250}.{number % 250}")
            assert isinstance(answer, NeedsCode)

        assert (await house.accounts.verify(tokens.access)).user == tokens.user
        assert (await house.signed_in("tom@example.org")).user == tokens.user
        house.clock.advance(30_000)
        assert (await house.signed_in(EMAIL, code=house.code_of(owner.user))).user == owner.user


async def test_a_thousand_sign_ins_at_once_are_taken_or_told_to_come_again_and_the_signed_in_go_on(tmp_path):
    terms = Terms(cost=Cost(8_192, 1))
    async with accounts_house(f"sqlite:///{tmp_path / 'server.db'}", tmp_path, terms) as house:
        owner = await house.owner()
        tokens = await house.invite(owner, "tom@example.org")
        flood = [
            asyncio.ensure_future(
                house.accounts.login(login(f"p{number}@example.org", "wrong"), f"10.0.{number // 250}.{number % 250}")
            )
            for number in range(1_000)
        ]
        await asyncio.sleep(0)
        for _ in range(50):
            assert (await house.accounts.verify(tokens.access)).user == tokens.user
            await asyncio.sleep(0)
        assert not all(task.done() for task in flood)  # who is signed in did not wait for it
        answers = await asyncio.gather(*flood, return_exceptions=True)
        statuses = {answer.status for answer in answers}

        assert statuses == {401, 429}
        assert all(answer.after_ms > 0 for answer in answers if answer.status == 429)
        assert house.accounts.passwords.n_waiting == 0
        assert (await house.signed_in("tom@example.org")).user == tokens.user


async def test_nothing_secret_lies_readable_on_the_disk_or_in_the_audit(tmp_path):
    file = tmp_path / "data" / "server.db"
    async with accounts_house(f"sqlite:///{file}", tmp_path / "keys") as house:
        owner = await house.owner()
        enrolment = await house.accounts.factors.enrol(owner, PASSWORD)
        house.seeds[owner.user] = enrolment.secret
        await house.accounts.factors.confirm(owner, house.code_of(owner.user))
        owner = await house.accounts.recheck(owner)
        tokens = await house.accounts.login(login(code=enrolment.recovery_codes[0]), HOME)
        renewed = await house.accounts.refresh(tokens.refresh)
        invitation = await house.accounts.invitations.make(owner, InvitationTerms())
        key = await house.accounts.api_keys.make(owner, KeyTerms("Bot", ("chat:read",)))
        await house.accounts.verify(key.key, HOME)
        reset = await house.accounts.signing_in.make_reset(owner, owner.user)
        with pytest.raises(Refused):
            await house.accounts.login(login("guess@example.org", "the wrong password"), HOME)
    secrets = [
        EMAIL, PASSWORD, "guess@example.org", "the wrong password", enrolment.secret, *enrolment.recovery_codes, tokens.refresh,
        tokens.access, renewed.refresh, renewed.access, invitation.code, key.key, key.key[-43:], reset.code,
    ]  # fmt: skip
    written = b"".join(path.read_bytes() for path in file.parent.iterdir())

    assert b"Olga Owner" in written  # names are no secret: what is looked at is what was written
    assert [secret for secret in secrets if secret.encode() in written] == []


async def test_every_coming_going_and_refusal_is_in_the_audit(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        await failure(house, login(password="wrong"), "198.51.100.7")
        await failure(house, login("nobody@example.org"), "198.51.100.8")
        tokens = await house.accounts.login(login(), HOME)
        actor = await house.accounts.verify(tokens.access)
        owner = await house.stepped(owner)
        await house.accounts.logout(actor, HOME)
        key = await house.accounts.api_keys.make(owner, KeyTerms("Bot", ("chat:read",)))
        await house.accounts.verify(key.key, "198.51.100.9")
        await house.accounts.verify(key.key, "198.51.100.9")
        await house.accounts.api_keys.end(owner, key.id)
        await house.accounts.signing_in.change_password(owner, PASSWORD, "nine dry leaves in may")

        kinds = [entry.kind for entry in await house.audited()]
        assert kinds == [
            "org.made", "invitation.made", "auth.registered", "auth.refused", "auth.refused", "auth.login", "factor.begun",
            "factor.on", "auth.logout", "key.made", "key.used", "key.ended", "password.changed",
        ]  # fmt: skip
        known, unknown = await house.audited("auth.refused")
        assert (known.org, known.about, known.address) == (house.org, owner.user, "198.51.100.7")
        assert (unknown.org, unknown.about, unknown.address) == ("", "", "198.51.100.8")


async def test_every_refusal_for_want_of_rights_is_in_the_audit(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        tom = await house.accounts.verify((await house.invite(owner, "tom@example.org")).access)
        accounts = house.accounts
        stepped = await house.stepped(owner)
        ada = await house.stepped(await accounts.verify((await house.invite(stepped, "ada@example.org", Role.ADMIN)).access))
        for asked in (
            accounts.directory.users(tom),
            accounts.invitations.make(tom, InvitationTerms(), address="198.51.100.5"),
            accounts.invitations.make(ada, InvitationTerms(Role.OWNER)),
            accounts.directory.change(ada, owner.user, UserChange(is_disabled=True)),
            accounts.signing_in.make_reset(ada, owner.user),
            accounts.api_keys.make(owner, KeyTerms("Bot", ("chat:read",))),
        ):
            with pytest.raises(Refused) as refusal:
                await asked
            assert refusal.value.status == 403

        entries = await house.audited("access.refused")
        assert [(entry.actor, entry.detail["code"]) for entry in entries] == [
            (tom.user, "not_allowed"), (tom.user, "not_allowed"), (ada.user, "not_allowed"), (ada.user, "not_allowed"),
            (ada.user, "not_allowed"), (owner.user, "step_up"),
        ]  # fmt: skip
        assert entries[1].address == "198.51.100.5"
        assert all(entry.org == house.org for entry in entries)


async def test_forged_tokens_are_in_the_audit_a_few_times_a_minute(url, tmp_path):
    async with accounts_house(url, tmp_path) as house:
        for _ in range(50):
            with pytest.raises(Refused):
                await house.accounts.verify("x.y.z", "198.51.100.5")

        entries = await house.audited("auth.refused")
        assert [(entry.address, entry.detail["step"]) for entry in entries] == [("198.51.100.5", "token")] * 5


@pytest.mark.parametrize("door", ["register", "reset", "invitation"])
async def test_guessing_codes_of_links_is_limited_for_a_place(url, tmp_path, door):
    async with accounts_house(url, tmp_path) as house, accounts_client(house) as client:
        bodies = {
            "register": {"code": "x", "email": "a@b.c", "name": "Eve", "password": PASSWORD, "device": {"id": "device-eve"}},
            "reset": {"code": "x", "password": PASSWORD},
            "invitation": {"code": "x"},
        }
        statuses = [(await client.post(f"/api/v1/auth/{door}", json=bodies[door])).status_code for _ in range(15)]

        assert statuses == [404] * 10 + [429] * 5
        assert house.accounts.passwords.n_computed == 1  # the one at the start: a wrong code costs no argon2


async def test_a_hash_of_an_older_cost_is_made_anew_at_the_next_sign_in(url, tmp_path):
    async with accounts_house(url, tmp_path) as house:
        await house.owner()
        async with house.database.write() as tx:
            (old,) = (await tx.row("SELECT password FROM users"))[:1]
            dated = await Passwords(Cost(8, 2), 1).hash(PASSWORD)
            await tx.run("UPDATE users SET password = $1", dated)
        await house.accounts.login(login(), HOME)
        async with house.database.read() as tx:
            (renewed,) = await tx.row("SELECT password FROM users")

        assert renewed not in (old, dated)
        assert "t=1" in renewed
        assert (await house.accounts.login(login(), HOME)).user


async def test_a_known_account_and_codes_of_other_peoples_factors_do_not_mix(url, tmp_path):
    async with accounts_house(url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        ada = await house.stepped(await house.accounts.verify((await house.invite(owner, "ada@example.org")).access))
        house.clock.advance(300_000)

        assert (await failure(house, login(code=house.code_of(ada.user)), HOME))[0] == Code.NOT_SIGNED_IN
        assert (await house.accounts.login(login(code=house.code_of(owner.user)), HOME)).user == owner.user
