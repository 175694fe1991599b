"""Sessions on both databases: joining, renewing, retrying, stealing, ending, and clocks that are wrong."""

import asyncio

import pytest

from sync_server.accounts.accounts import Terms
from sync_server.accounts.families import ABSOLUTE_MS, GRACE_MS, IDLE_MS, LATEST_MS
from sync_server.accounts.tokens import ACCESS_MS
from sync_server.accounts.values import InvitationTerms, UserChange
from sync_server.actor import Role
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from tests.fakes.accounts_house import accounts_house
from tests.fakes.waiting import until


async def refused(asked, code, status=401):
    with pytest.raises(Refused) as refusal:
        await asked
    assert (refusal.value.code, refusal.value.status) == (code, status)
    return refusal.value


async def live_tokens(house, session):
    async with house.database.read() as tx:
        return (await tx.row("SELECT COUNT(*) FROM refreshes WHERE session = $1 AND used_ms IS NULL", session))[0]


async def test_the_first_owner_joins_once_by_the_newest_code_and_by_no_other(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        older = await house.accounts.invitations.first_code(house.org)
        code = await house.accounts.invitations.first_code(house.org)

        await refused(house.join(older, "eve@example.org", "Eve"), Code.NO_TARGET, 404)
        tokens = await house.join(code, "olga@example.org", "Olga Owner")
        await refused(house.join(code, "eve@example.org", "Eve"), Code.NO_TARGET, 404)

        assert tokens.role is Role.OWNER
        assert await house.accounts.invitations.first_code(house.org) == ""
        actor = await house.accounts.verify(tokens.access)
        assert (actor.user, actor.org, actor.role, actor.device) == (tokens.user, house.org, Role.OWNER, "device-0001")
        assert actor.until_ms == tokens.until_ms == house.clock.now_ms() + ACCESS_MS


async def test_two_who_use_the_last_place_of_an_invitation_at_once_are_one_in_and_one_out(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        code = (await house.accounts.invitations.make(await house.owner(), InvitationTerms())).code
        joins = [house.join(code, f"p{number}@example.org", f"Person {number}", f"device-000{number}") for number in range(4)]
        answers = await asyncio.gather(*joins, return_exceptions=True)

        assert sum(not isinstance(answer, Refused) for answer in answers) == 1


async def test_an_invitation_ends_with_its_time_and_when_it_is_withdrawn(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        old = await house.accounts.invitations.make(owner, InvitationTerms(days=1))
        withdrawn = await house.accounts.invitations.make(owner, InvitationTerms(days=9))
        assert (await house.accounts.invitations.look(withdrawn.code, "192.0.2.9")).org == "Team"
        house.clock.advance(24 * 3_600_000)
        assert [row.id for row in await house.accounts.invitations.rows(owner)] == [withdrawn.id]
        await house.accounts.invitations.withdraw(owner, withdrawn.id)

        for code in (old.code, withdrawn.code, "never-was"):
            await refused(house.join(code, "ada@example.org", "Ada"), Code.NO_TARGET, 404)
            await refused(house.accounts.invitations.look(code, "192.0.2.9"), Code.NO_TARGET, 404)
        await refused(house.accounts.invitations.withdraw(owner, withdrawn.id), Code.NO_TARGET, 404)


async def test_a_token_is_used_once_and_a_retry_within_grace_gives_the_same_successor(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        first = await house.signed_in("olga@example.org")
        second = await house.accounts.refresh(first.refresh)
        house.clock.advance(GRACE_MS)
        again = await house.accounts.refresh(first.refresh)
        third = await house.accounts.refresh(second.refresh)
        late = await house.accounts.refresh(second.refresh)

        assert again.refresh == second.refresh != first.refresh
        assert late.refresh == third.refresh
        assert await live_tokens(house, first.session) == 1
        assert house.ended == []


async def test_seconds_in_which_the_server_was_starved_end_no_session_whose_answer_came_too_late(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        first = await house.signed_in("olga@example.org")
        second = await house.accounts.refresh(first.refresh)
        house.clock.starve(5 * GRACE_MS)

        assert (await house.accounts.refresh(first.refresh)).refresh == second.refresh
        house.clock.advance(GRACE_MS)
        assert (await house.accounts.refresh(first.refresh)).refresh == second.refresh
        house.clock.advance(1)
        await refused(house.accounts.refresh(first.refresh), Code.ENDED)


async def test_no_starving_keeps_a_copy_good_for_longer_than_two_minutes(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        first = await house.signed_in("olga@example.org")
        await house.accounts.refresh(first.refresh)
        house.clock.starve(LATEST_MS + 1)

        await refused(house.accounts.refresh(first.refresh), Code.ENDED)


async def test_a_late_double_of_a_request_gives_nothing_and_ends_nothing_once_the_successor_is_in_use(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        first = await house.signed_in("olga@example.org")
        second = await house.accounts.refresh(first.refresh)
        third = await house.accounts.refresh(second.refresh)

        await refused(house.accounts.refresh(first.refresh), Code.EXPIRED)
        assert (await house.accounts.refresh(second.refresh)).refresh == third.refresh
        assert house.ended == []
        async with house.database.read() as tx:
            assert len(await tx.rows("SELECT hash FROM refreshes WHERE successor IS NOT NULL")) == 1


async def test_twenty_retries_at_the_same_moment_leave_one_live_successor(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        first = await house.signed_in("olga@example.org")
        answers = await asyncio.gather(*(house.accounts.refresh(first.refresh) for _ in range(20)))

        assert len({answer.refresh for answer in answers}) == 1
        assert await live_tokens(house, first.session) == 1


async def test_a_token_used_after_grace_ends_the_session_tells_listeners_and_is_audited(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        first = await house.signed_in("olga@example.org")
        second = await house.accounts.refresh(first.refresh)
        house.clock.advance(GRACE_MS + 1)

        await refused(house.accounts.refresh(first.refresh, "198.51.100.66"), Code.ENDED)

        assert house.ended == [frozenset({first.session})]
        assert await house.accounts.is_ended(first.session)
        for access in (first.access, second.access):
            await refused(house.accounts.verify(access), Code.ENDED)
        await refused(house.accounts.refresh(second.refresh), Code.ENDED)
        (entry,) = await house.audited("auth.reuse")
        assert (entry.actor, entry.about, entry.address) == (first.user, first.session, "198.51.100.66")


async def test_after_a_restart_grace_still_gives_the_same_successor_and_theft_is_still_seen(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        first = await house.signed_in("olga@example.org")
        second = await house.accounts.refresh(first.refresh)
        clock = house.clock
    async with accounts_house(database_url, tmp_path, clock=clock) as house:
        assert (await house.accounts.verify(second.access)).session == first.session
        assert (await house.accounts.refresh(first.refresh)).refresh == second.refresh
        house.clock.advance(GRACE_MS + 1)
        await refused(house.accounts.refresh(first.refresh), Code.ENDED)


async def test_an_unknown_token_is_refused_and_ends_nothing(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        await refused(house.accounts.refresh("nobody-ever-had-this-one"), Code.NOT_SIGNED_IN)
        await refused(house.accounts.verify("nonsense"), Code.NOT_SIGNED_IN)

        assert house.ended == []


async def test_an_access_token_ends_on_time_and_its_session_goes_on(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        tokens = await house.signed_in("olga@example.org")
        house.clock.advance(ACCESS_MS)

        await refused(house.accounts.verify(tokens.access), Code.EXPIRED)
        fresh = await house.accounts.refresh(tokens.refresh)
        assert (await house.accounts.verify(fresh.access)).session == tokens.session


@pytest.mark.parametrize(("step_ms", "n_steps"), [(IDLE_MS + 1, 1), (IDLE_MS, 5)])
async def test_a_session_ends_after_a_week_unused_or_after_thirty_days(database_url, tmp_path, step_ms, n_steps):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        tokens = await house.signed_in("olga@example.org")
        began_ms = house.clock.now_ms()
        for _ in range(n_steps):
            house.clock.advance(step_ms)
            if step_ms > IDLE_MS or house.clock.now_ms() - began_ms >= ABSOLUTE_MS:
                await refused(house.accounts.refresh(tokens.refresh), Code.EXPIRED)
                return
            tokens = await house.accounts.refresh(tokens.refresh)
        pytest.fail("The session never ended.")


@pytest.mark.parametrize("jump_ms", [400 * 24 * 3_600_000, -400 * 24 * 3_600_000])
async def test_a_clock_that_jumps_and_comes_back_ends_nobodys_session(database_url, tmp_path, jump_ms):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        tokens = await house.signed_in("olga@example.org")
        right_ms = house.clock.now_ms()
        second = await house.accounts.refresh(tokens.refresh)
        house.clock.jump(right_ms + jump_ms)

        await refused(house.accounts.verify(second.access), Code.EXPIRED)  # also one that would hold for a year
        assert (await house.accounts.refresh(tokens.refresh)).refresh == second.refresh  # grace is steady time
        if jump_ms > 0:
            await refused(house.accounts.refresh(second.refresh), Code.EXPIRED)
        house.clock.jump(right_ms)

        assert await house.accounts.verify(second.access)
        assert (await house.accounts.refresh(second.refresh)).session == tokens.session
        assert house.ended == []


async def test_one_device_has_one_session_and_one_device_too_many_ends_the_one_longest_unused(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path, Terms(devices_max=3)) as house:
        await house.owner()
        sessions = []
        for number in range(3):
            house.clock.advance(1_000)
            sessions.append(await house.signed_in("olga@example.org", f"laptop-{number}"))
        house.clock.advance(1_000)
        await house.accounts.refresh(sessions[0].refresh)  # the oldest by birth is the latest used
        house.clock.advance(1_000)
        await house.signed_in("olga@example.org", "laptop-3")

        assert await house.accounts.is_ended(sessions[1].session)
        assert not await house.accounts.is_ended(sessions[0].session)
        again = await house.signed_in("olga@example.org", "laptop-0")
        assert await house.accounts.is_ended(sessions[0].session)
        rows = await house.accounts.sessions.rows(await house.accounts.verify(again.access))
        assert [row.device for row in rows] == ["laptop-0", "laptop-3", "laptop-2"]
        assert [row.is_this for row in rows] == [True, False, False]


async def test_signing_out_ends_this_session_and_everywhere_ends_all(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        laptop = await house.signed_in("olga@example.org", "laptop-1")
        phone = await house.signed_in("olga@example.org", "phone-01")
        await house.accounts.logout(await house.accounts.verify(laptop.access))
        await refused(house.accounts.refresh(laptop.refresh), Code.ENDED)
        await refused(house.accounts.verify(laptop.access), Code.ENDED)
        assert not await house.accounts.is_ended(phone.session)

        await house.accounts.logout(await house.accounts.verify(phone.access), is_everywhere=True)
        for session in (phone.session, owner.session):
            assert await house.accounts.is_ended(session)
        assert frozenset.union(*house.ended) == {laptop.session, phone.session, owner.session}
        assert house.accounts.remembered(owner) is None
        await refused(house.accounts.recheck(owner), Code.ENDED)


async def test_a_person_ends_one_session_and_nobody_ends_a_strangers(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        laptop = await house.signed_in("olga@example.org", "laptop-1")
        tom = await house.accounts.verify((await house.invite(owner, "tom@example.org")).access)

        await refused(house.accounts.sessions.end(tom, laptop.session), Code.NO_TARGET, 404)
        await house.accounts.sessions.end(owner, laptop.session)
        await refused(house.accounts.sessions.end(owner, laptop.session), Code.NO_TARGET, 404)
        assert [row.id for row in await house.accounts.sessions.rows(owner)] == [owner.session]


async def test_a_new_role_counts_at_once_without_a_new_token(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        tokens = await house.invite(owner, "tom@example.org", Role.TRADER)
        tom = await house.accounts.verify(tokens.access)
        await house.accounts.directory.change(owner, tom.user, UserChange(role=Role.GUEST))

        assert house.accounts.remembered(tom) is None, "what memory held is out of date"
        assert (await house.accounts.verify(tokens.access)).role is Role.GUEST
        assert (await house.accounts.recheck(tom)).role is Role.GUEST
        assert house.accounts.remembered(tom) == await house.accounts.recheck(tom)
        assert (await house.accounts.refresh(tokens.refresh)).role is Role.GUEST


async def test_a_closed_account_is_out_everywhere_and_an_opened_one_signs_in_again(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        tokens = await house.invite(owner, "tom@example.org")
        await house.accounts.directory.change(owner, tokens.user, UserChange(is_disabled=True))

        await refused(house.accounts.verify(tokens.access), Code.ENDED)
        await refused(house.accounts.refresh(tokens.refresh), Code.ENDED)
        await refused(house.signed_in("tom@example.org"), Code.NOT_SIGNED_IN)
        await house.accounts.directory.change(owner, tokens.user, UserChange(is_disabled=False))
        assert (await house.signed_in("tom@example.org")).user == tokens.user


async def test_what_another_process_ends_or_changes_is_known_after_a_look(database_url, tmp_path):
    often = Terms(look_s=0.02)
    async with accounts_house(database_url, tmp_path) as house, accounts_house(database_url, tmp_path, often, house.clock) as other:
        owner = await house.stepped(await house.owner())
        tom, una = await house.invite(owner, "tom@example.org"), await house.invite(owner, "una@example.org")
        assert (await other.accounts.verify(tom.access)).role is Role.TRADER
        assert (await other.accounts.verify(una.access)).role is Role.TRADER
        await house.accounts.directory.change(owner, tom.user, UserChange(is_disabled=True))
        await house.accounts.directory.change(owner, una.user, UserChange(role=Role.GUEST))

        watching = asyncio.ensure_future(other.accounts.watch())
        await until(lambda: other.ended, 5.0, what="the other process to learn of the end")
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

        assert frozenset.union(*other.ended) == {tom.session}
        await refused(other.accounts.verify(tom.access), Code.ENDED)
        assert (await other.accounts.verify(una.access)).role is Role.GUEST


async def test_a_clock_that_leaps_between_two_looks_hides_no_change_of_another_process(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house, accounts_house(database_url, tmp_path, clock=house.clock) as other:
        owner = await house.stepped(await house.owner())
        tom = await house.invite(owner, "tom@example.org")
        await other.accounts.verify(tom.access)
        await other.accounts.sessions.look()
        await house.accounts.directory.change(owner, tom.user, UserChange(is_disabled=True))
        house.clock.jump(house.clock.now_ms() + 3_600_000)
        await other.accounts.sessions.look()

        assert await other.accounts.is_ended(tom.session)


@pytest.mark.parametrize("skew_ms", [-3_600_000, 3_600_000])
async def test_sessions_of_a_backup_end_once_whatever_the_clock_was_when_it_was_restored(database_url, tmp_path, skew_ms):
    async with accounts_house(database_url, tmp_path) as house:
        await house.owner()
        before = await house.signed_in("olga@example.org")
        async with house.database.write() as tx:
            sql = "INSERT INTO restores (id, made_ms, restored_ms, is_settled) VALUES ($1, $2, $3, FALSE)"
            await tx.run(sql, "r1", 1, house.clock.now_ms() + skew_ms)
        await house.accounts.begin()
        await refused(house.accounts.refresh(before.refresh), Code.ENDED)
        async with house.database.write() as tx:
            await tx.run("UPDATE restores SET is_settled = TRUE")

        after = await house.signed_in("olga@example.org")
        await house.accounts.begin()  # the server is started once more
        assert (await house.accounts.refresh(after.refresh)).session == after.session


async def test_what_is_over_is_forgotten_after_its_time_and_what_stands_is_kept(database_url, tmp_path):
    from sync_server.accounts.sweeping import KEPT_AFTER_MS, sweep

    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        laptop = await house.signed_in("olga@example.org", "laptop-1")
        await house.accounts.sessions.end(owner, laptop.session)
        house.clock.advance(KEPT_AFTER_MS + 1)
        fresh = await house.signed_in("olga@example.org", "laptop-2")
        await sweep(house.accounts.means)

        async with house.database.read() as tx:
            kept = [row[0] for row in await tx.rows("SELECT id FROM sessions ORDER BY began_ms")]
            n_tokens = (await tx.row("SELECT COUNT(*) FROM refreshes"))[0]
        assert fresh.session in kept
        assert laptop.session not in kept
        assert n_tokens == len(kept)
        assert await house.accounts.refresh(fresh.refresh)
