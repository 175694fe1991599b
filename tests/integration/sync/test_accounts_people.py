"""People on both databases: roles, invitations, keys, profiles, deletion, and organisations that see nothing of each other."""

import asyncio

import msgspec
import pytest

from sync_server.accounts.accounts import Terms
from sync_server.accounts.orgs import operator
from sync_server.accounts.permissions import SCOPES, Deed, allows
from sync_server.accounts.replies import Once
from sync_server.accounts.values import InvitationTerms, KeyTerms, MeChange, UserChange
from sync_server.actor import Role
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from tests.fakes.accounts_house import HOME, PASSWORD, accounts_house


async def refused(asked, code, status):
    with pytest.raises(Refused) as refusal:
        await asked
    assert (refusal.value.code, refusal.value.status) == (code, status)


async def person(house, tokens):
    return await house.accounts.verify(tokens.access)


async def dump(house):
    """Everything that lies in the tables of accounts, as one text."""
    tables = ("orgs", "users", "sessions", "refreshes", "recovery_codes", "invitations", "resets", "api_keys", "replies", "audit")
    texts = []
    async with house.database.read() as tx:
        for table in tables:
            texts += [repr(row) for row in await tx.rows(f"SELECT * FROM {table}")]
    return "\n".join(texts)


async def test_only_who_may_invites_and_nobody_invites_above_themselves(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        invitations = house.accounts.invitations
        await refused(invitations.make(owner, InvitationTerms(Role.ADMIN)), Code.STEP_UP, 403)
        owner = await house.stepped(owner)
        admin = await person(house, await house.invite(owner, "ada@example.org", Role.ADMIN))
        trader = await person(house, await house.invite(admin, "tom@example.org", Role.TRADER))

        await refused(invitations.make(trader, InvitationTerms(Role.GUEST)), Code.NOT_ALLOWED, 403)
        await refused(invitations.make(admin, InvitationTerms(Role.OWNER)), Code.NOT_ALLOWED, 403)
        await refused(invitations.make(admin, InvitationTerms(Role.ADMIN)), Code.NOT_ALLOWED, 403)
        await refused(invitations.make(owner, InvitationTerms(Role.BOT)), Code.NOT_ALLOWED, 403)
        await refused(invitations.make(admin, InvitationTerms(Role.COMPLIANCE)), Code.STEP_UP, 403)


async def test_roles_are_changed_by_who_stands_above_with_a_second_factor(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        admin = await person(house, await house.invite(owner, "ada@example.org", Role.ADMIN))
        second = await person(house, await house.invite(owner, "abe@example.org", Role.ADMIN))
        trader = await person(house, await house.invite(owner, "tom@example.org", Role.TRADER))
        change = house.accounts.directory.change

        await refused(change(trader, trader.user, UserChange(role=Role.OWNER)), Code.NOT_ALLOWED, 403)
        await refused(change(admin, trader.user, UserChange(role=Role.GUEST)), Code.STEP_UP, 403)
        admin = await house.stepped(admin)
        await change(admin, trader.user, UserChange(role=Role.MODERATOR))
        await refused(change(admin, trader.user, UserChange(role=Role.ADMIN)), Code.NOT_ALLOWED, 403)
        await refused(change(admin, second.user, UserChange(role=Role.GUEST)), Code.NOT_ALLOWED, 403)
        await refused(change(admin, owner.user, UserChange(is_disabled=True)), Code.NOT_ALLOWED, 403)
        await refused(change(owner, "nobody", UserChange(role=Role.GUEST)), Code.NO_TARGET, 404)
        await refused(change(owner, owner.user, UserChange(role=Role.GUEST)), Code.NOT_ALLOWED, 409)
        await refused(change(owner, owner.user, UserChange(is_disabled=True)), Code.NOT_ALLOWED, 409)
        await change(owner, second.user, UserChange(role=Role.OWNER))
        await change(owner, owner.user, UserChange(role=Role.ADMIN))

        kinds = [(entry.about, entry.detail.get("after")) for entry in await house.audited("role.changed")]
        assert kinds == [(trader.user, "moderator"), (second.user, "owner"), (owner.user, "admin")]


async def test_an_organisation_sees_and_changes_nothing_of_another(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        accounts = house.accounts
        owner = await house.stepped(await house.owner())
        tom = await person(house, await house.invite(owner, "tom@example.org"))
        invitation = await accounts.invitations.make(owner, InvitationTerms())
        key = await accounts.api_keys.make(owner, KeyTerms("Robot", ("chat:read",)))
        foreign_org = await accounts.orgs.make("Kestrel")
        code = await accounts.invitations.first_code(foreign_org.id)
        foreigner = await house.stepped(await person(house, await house.join(code, "fred@example.org", "Fred", "device-fred")))
        fred = operator(foreign_org.id, house.clock.now_ms())

        assert [seen.u for seen in await accounts.people(foreigner)] == [foreigner.user]
        assert [row.id for row in await accounts.directory.users(foreigner)] == [foreigner.user]
        assert await accounts.invitations.rows(foreigner) == ()
        assert await accounts.api_keys.rows(foreigner) == ()
        for asking in (foreigner, fred):
            await refused(accounts.directory.change(asking, tom.user, UserChange(is_disabled=True)), Code.NO_TARGET, 404)
            await refused(accounts.directory.change(asking, tom.user, UserChange(role=Role.GUEST)), Code.NO_TARGET, 404)
            await refused(accounts.signing_in.make_reset(asking, tom.user), Code.NO_TARGET, 404)
            await refused(accounts.invitations.withdraw(asking, invitation.id), Code.NO_TARGET, 404)
            await refused(accounts.api_keys.end(asking, key.id), Code.NO_TARGET, 404)
            await refused(accounts.sessions.end(asking, tom.session), Code.NO_TARGET, 404)
        assert (await accounts.recheck(tom)).role is Role.TRADER
        assert {org.name for org in await accounts.orgs.rows()} == {"Team", "Kestrel"}
        await refused(
            house.join((await accounts.invitations.make(foreigner, InvitationTerms())).code, "tom@example.org", "Tom"),
            Code.ID_TAKEN,
            409,
        )


async def test_every_row_carries_its_organisation(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        once = Once.of("scope", "name", "body")
        await house.accounts.api_keys.make(owner, KeyTerms("Robot", ("chat:read",)), once)
        await house.accounts.signing_in.make_reset(owner, owner.user)
        async with house.database.read() as tx:
            for table in ("users", "sessions", "refreshes", "recovery_codes", "invitations", "resets", "api_keys", "replies"):
                assert {org for (org,) in await tx.rows(f"SELECT org FROM {table}")} == {house.org}, table


async def test_a_profile_is_changed_field_by_field_within_its_bounds(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner, directory = await house.owner(), house.accounts.directory
        await directory.change_me(owner, MeChange(trading_style="swing", preferences={"theme": "dark", "sounds": [1, 2]}))
        changed = await directory.change_me(owner, MeChange(name="Olga  O.", preferences={"sounds": None, "depth": {"n": 5}}))

        assert (changed.name, changed.trading_style, changed.risk_tolerance) == ("Olga O.", "swing", "")
        assert changed.preferences == {"theme": "dark", "depth": {"n": 5}}
        assert (await house.accounts.recheck(owner)).name == "Olga O."
        for preferences in ({"big": "x" * 17_000}, {f"key {number}": 1 for number in range(65)}):
            await refused(directory.change_me(owner, MeChange(preferences=preferences)), Code.TOO_LARGE, 400)
        await refused(directory.change_me(owner, MeChange(name="\u202eevil")), Code.BAD_BODY, 400)
        assert (await directory.me(owner)).preferences == {"theme": "dark", "depth": {"n": 5}}
        for body in (
            b'{"role":"owner"}',
            b'{"org":"x"}',
            b'{"name":""}',
            b'{"trading_style":null}',
            b'{"name":"' + b"x" * 81 + b'"}',
        ):
            with pytest.raises(msgspec.ValidationError):
                msgspec.json.decode(body, type=MeChange)


async def test_a_deleted_account_leaves_its_id_and_nothing_that_tells_who_it_was(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        tokens = await house.invite(owner, "sylvester.unique@example.org", name="Sylvester Unique")
        actor = await house.stepped(await person(house, tokens))
        await house.accounts.directory.change_me(actor, MeChange(trading_style="contrarian-unique", preferences={"unique": 1}))
        assert "sylvester" in (await dump(house)).lower()
        await refused(house.accounts.directory.delete_me(actor, "wrong"), Code.NOT_SIGNED_IN, 401)
        await house.accounts.directory.delete_me(actor, PASSWORD)

        left = (await dump(house)).lower()
        assert "sylvester" not in left
        assert "unique" not in left
        async with house.database.read() as tx:
            columns = "email_index, email_sealed, password, factor_sealed"
            assert tuple(await tx.row(f"SELECT {columns} FROM users WHERE id = $1", actor.user)) == (None, None, "", None)
            assert await tx.rows("SELECT * FROM recovery_codes WHERE user_id = $1", actor.user) == []
        assert await house.accounts.is_ended(actor.session)
        await refused(house.accounts.refresh(tokens.refresh), Code.ENDED, 401)
        await refused(house.signed_in("sylvester.unique@example.org"), Code.NOT_SIGNED_IN, 401)
        (gone,) = [seen for seen in await house.accounts.people(owner) if seen.u == actor.user]
        assert (gone.name, gone.is_gone) == ("Deleted account", True)
        assert actor.user not in {row.id for row in await house.accounts.directory.users(owner)}
        assert (await house.invite(owner, "sylvester.unique@example.org")).user != actor.user  # the address is free again


async def test_the_last_owner_cannot_delete_the_own_account(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()

        await refused(house.accounts.directory.delete_me(owner, PASSWORD), Code.NOT_ALLOWED, 409)
        assert (await house.accounts.recheck(owner)).user == owner.user


async def test_guests_see_themselves_and_whom_they_share_a_room_with(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        guest = await person(house, await house.invite(owner, "gus@example.org", Role.GUEST))
        await house.invite(owner, "tom@example.org")

        assert {seen.u for seen in await house.accounts.people(guest)} == {guest.user}
        assert {seen.u for seen in await house.accounts.people(guest, frozenset({owner.user}))} == {guest.user, owner.user}
        assert len(await house.accounts.people(owner)) == 3


async def test_two_of_one_name_get_handles_of_their_own(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        for number in range(3):
            await house.invite(owner, f"ada{number}@example.org", name="Ada Lovelace")

        handles = sorted(seen.handle for seen in await house.accounts.people(owner))
        assert handles == ["ada.lovelace", "ada.lovelace2", "ada.lovelace3", "olga.owner"]


async def test_accounts_are_listed_page_by_page_without_a_hole(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        for number in range(7):
            await house.invite(owner, f"p{number}@example.org")
        seen, after = [], ""
        while page := await house.accounts.directory.users(owner, after, 3):
            seen += [row.email for row in page]
            after = page[-1].id

        assert seen == ["olga@example.org", *(f"p{number}@example.org" for number in range(7))]


async def test_a_reset_code_sets_a_password_once_and_ends_every_session(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        tokens = await house.invite(owner, "tom@example.org")
        tom = await house.stepped(await person(house, tokens))
        signing_in = house.accounts.signing_in
        await refused(signing_in.make_reset(tom, owner.user), Code.NOT_ALLOWED, 403)
        first = await signing_in.make_reset(owner, tom.user)
        second = await signing_in.make_reset(owner, tom.user)

        await refused(signing_in.reset(first.code, "nine dry leaves in may", HOME), Code.NO_TARGET, 404)
        await refused(signing_in.reset(second.code, "password1", HOME), Code.BAD_BODY, 400)
        await signing_in.reset(second.code, "nine dry leaves in may", HOME)
        await refused(signing_in.reset(second.code, "ten blue doors at dusk", HOME), Code.NO_TARGET, 404)
        assert await house.accounts.is_ended(tokens.session)
        await refused(house.signed_in("tom@example.org"), Code.NOT_SIGNED_IN, 401)
        assert (await house.accounts.directory.users(owner))[1].has_factor  # it proves the person, not the administrator
        third = await signing_in.make_reset(owner, tom.user)
        house.clock.advance(24 * 3_600_000)
        await refused(signing_in.reset(third.code, "ten blue doors at dusk", HOME), Code.NO_TARGET, 404)


async def test_who_lost_phone_and_codes_is_let_in_by_somebody_above_with_a_second_factor(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        tokens = await house.invite(owner, "tom@example.org")
        tom = await house.stepped(await person(house, tokens))
        change, lost = house.accounts.directory.change, UserChange(removes_factor=True)
        await refused(change(tom, tom.user, lost), Code.NOT_ALLOWED, 403)
        await refused(change(owner, tom.user, lost), Code.STEP_UP, 403)
        await change(await house.stepped(owner), tom.user, lost)

        assert await house.accounts.is_ended(tokens.session)
        again = await house.signed_in("tom@example.org")
        assert again.user == tom.user
        assert not (await house.accounts.directory.me(await person(house, again))).has_factor
        assert (await house.audited("factor.off"))[0].actor == owner.user


async def test_a_changed_password_ends_the_other_sessions_where_that_is_asked(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        kept = await house.signed_in("olga@example.org", "laptop-1")
        change = house.accounts.signing_in.change_password
        await refused(change(owner, "wrong", "nine dry leaves in may"), Code.NOT_SIGNED_IN, 401)
        await refused(change(owner, PASSWORD, "olga.owner1"), Code.BAD_BODY, 400)
        await change(owner, PASSWORD, "nine dry leaves in may", ends_others=False)
        assert not await house.accounts.is_ended(kept.session)
        await change(owner, "nine dry leaves in may", PASSWORD)

        assert await house.accounts.is_ended(kept.session)
        assert not await house.accounts.is_ended(owner.session)


async def test_a_key_acts_as_its_bot_within_its_scopes_until_it_ends(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        made = await house.accounts.api_keys.make(owner, KeyTerms("Price bot", ("chat:write", "users:read"), 30))
        bot = await house.accounts.verify(made.key, HOME)

        assert (bot.role, bot.name, bot.scopes, bot.user) == (Role.BOT, "Price bot", {"chat:write", "users:read"}, made.user)
        assert allows(bot, Deed.SEE_PEOPLE)
        assert not any(allows(bot, deed) for deed in (Deed.MAKE_KEY, Deed.SET_ROLE, Deed.INVITE, Deed.SEE_AUDIT))
        assert made.user in {seen.u for seen in await house.accounts.people(owner)}
        for wrong in (made.key[:-1] + ("A" if made.key[-1] != "A" else "B"), "trii_key_x_y", made.key.replace(made.id, "0" * 32)):
            await refused(house.accounts.verify(wrong, HOME), Code.NOT_SIGNED_IN, 401)
        await refused(house.accounts.logout(bot), Code.NOT_ALLOWED, 403)
        await refused(house.accounts.api_keys.make(bot, KeyTerms("More", ("chat:read",))), Code.NOT_ALLOWED, 403)
        await refused(house.accounts.factors.enrol(bot, ""), Code.NOT_SIGNED_IN, 401)
        await refused(house.accounts.directory.delete_me(bot, ""), Code.NOT_ALLOWED, 403)

        (row,) = await house.accounts.api_keys.rows(owner)
        assert (row.key, row.seen_ms) == ("", house.clock.now_ms())
        house.clock.advance(30 * 24 * 3_600_000)
        await refused(house.accounts.verify(made.key, HOME), Code.EXPIRED, 401)


async def test_a_key_ends_at_once_with_its_end_its_makers_end_or_its_makers_rights(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        admin = await house.stepped(await person(house, await house.invite(owner, "ada@example.org", Role.ADMIN)))
        keys = [await house.accounts.api_keys.make(admin, KeyTerms(f"Bot {number}", tuple(SCOPES))) for number in range(2)]
        assert (await house.accounts.verify(keys[0].key, HOME)).scopes == SCOPES
        await house.accounts.api_keys.end(owner, keys[0].id)
        await refused(house.accounts.verify(keys[0].key, HOME), Code.NOT_SIGNED_IN, 401)

        assert (await house.accounts.verify(keys[1].key, HOME)).scopes == SCOPES
        await house.accounts.directory.change(owner, admin.user, UserChange(role=Role.TRADER))
        weaker = await house.accounts.verify(keys[1].key, HOME)
        assert weaker.scopes == SCOPES - {"admin", "audit:read"}
        await house.accounts.directory.change(owner, admin.user, UserChange(is_disabled=True))
        await refused(house.accounts.verify(keys[1].key, HOME), Code.NOT_SIGNED_IN, 401)
        await refused(house.accounts.recheck(weaker), Code.NOT_SIGNED_IN, 401)
        assert {keys[0].id, keys[1].id} <= frozenset.union(*house.ended)


async def test_a_key_bound_to_networks_is_refused_from_anywhere_else(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        make = house.accounts.api_keys.make
        made = await make(owner, KeyTerms("Near", ("chat:read",), 30, ("192.0.2.0/24", "2001:db8::/32")))

        for near in ("192.0.2.200", "::ffff:192.0.2.3", "2001:db8::7"):
            assert await house.accounts.verify(made.key, near)
        for far in ("198.51.100.1", "2001:db9::1", "", "unknown"):
            await refused(house.accounts.verify(made.key, far), Code.NOT_SIGNED_IN, 401)
        await refused(make(owner, KeyTerms("Wrong", ("chat:read",), 30, ("not a network",))), Code.BAD_BODY, 400)
        await refused(make(owner, KeyTerms("Wrong", ("everything",))), Code.BAD_BODY, 400)


async def test_what_is_made_with_one_key_of_repetition_is_made_once(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        once = Once.of(owner.user, "key-1", "/invitations", "{}")
        make = house.accounts.invitations.make
        answers = await asyncio.gather(*(make(owner, InvitationTerms(), once) for _ in range(8)))

        assert len({answer.code for answer in answers}) == 1
        assert len(await house.accounts.invitations.rows(owner)) == 1
        await refused(make(owner, InvitationTerms(), Once.of(owner.user, "key-1", "/invitations", "{other}")), Code.ID_TAKEN, 409)
        assert (await make(owner, InvitationTerms(), Once.of(owner.user, "key-2", "/invitations", "{}"))).code != answers[0].code
        assert answers[0].code not in await dump(house)


async def test_whoever_runs_the_server_lets_a_new_owner_in_when_none_can_sign_in(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path, Terms(org="Kestrel")) as house:
        owner = await house.owner()
        acting = operator(house.org, house.clock.now_ms())
        made = await house.accounts.invitations.make(acting, InvitationTerms(Role.ADMIN))
        assert (await house.join(made.code, "ada@example.org", "Ada", "device-ada1")).role is Role.ADMIN
        code = await house.accounts.invitations.recovery_code(house.org)

        tokens = await house.join(code, "otto@example.org", "Otto", "device-otto")
        assert tokens.role is Role.OWNER
        await house.accounts.orgs.rename(await house.stepped(owner), "Kestrel Capital")
        assert (await house.accounts.directory.me(owner)).org_name == "Kestrel Capital"
