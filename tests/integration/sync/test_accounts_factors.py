"""Second factors on both databases: set up, asked for, each code once, lost phones, tries that end, clocks that jump."""

import asyncio

import pytest

from sync_server.accounts.permissions import STEP_UP_MS, Deed, check_may
from sync_server.accounts.values import Device, Login, NeedsCode
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from tests.fakes.accounts_house import HOME, PASSWORD, accounts_house

EMAIL = "olga@example.org"
STEP_MS = 30_000


async def refused(asked, code, status=401):
    with pytest.raises(Refused) as refusal:
        await asked
    assert (refusal.value.code, refusal.value.status) == (code, status)


async def test_once_confirmed_a_code_is_asked_for_and_the_ticket_stands_for_the_password(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        enrolment = await house.accounts.factors.enrol(owner, PASSWORD)
        assert enrolment.uri.startswith("otpauth://totp/TRII%20Team:olga%40example.org?secret=")
        assert not isinstance(await house.signed_in(EMAIL), NeedsCode)  # not yet
        house.seeds[owner.user] = enrolment.secret
        await refused(house.accounts.factors.confirm(owner, "000000"), Code.NOT_SIGNED_IN)
        await house.accounts.factors.confirm(owner, house.code_of(owner.user))

        answer = await house.signed_in(EMAIL)
        assert isinstance(answer, NeedsCode)
        house.clock.advance(STEP_MS)
        tokens = await house.accounts.login(
            Login(Device("device-0002"), code=house.code_of(owner.user), ticket=answer.ticket), HOME
        )
        assert (await house.accounts.verify(tokens.access)).stepped_ms == house.clock.now_ms()
        assert (await house.accounts.directory.me(owner)).has_factor


async def test_a_ticket_is_good_for_its_device_and_its_password_alone(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        ticket = (await house.signed_in(EMAIL)).ticket
        house.clock.advance(STEP_MS)
        code = house.code_of(owner.user)

        await refused(house.accounts.login(Login(Device("another-one"), code=code, ticket=ticket), HOME), Code.NOT_SIGNED_IN)
        await refused(house.accounts.login(Login(Device("device-0002"), ticket=ticket), HOME), Code.NOT_SIGNED_IN)
        house.clock.advance(1_000)
        await house.accounts.signing_in.change_password(owner, PASSWORD, "nine dry leaves in may")
        await refused(house.accounts.login(Login(Device("device-0002"), code=code, ticket=ticket), HOME), Code.NOT_SIGNED_IN)


async def test_each_code_signs_in_once_even_when_five_ask_at_the_same_moment(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        await refused(house.signed_in(EMAIL, code=house.code_of(owner.user)), Code.NOT_SIGNED_IN)  # the one that confirmed
        house.clock.advance(20 * STEP_MS)
        code = house.code_of(owner.user)
        asked = [house.signed_in(EMAIL, f"device-10{number}", code, f"192.0.2.{number}") for number in range(5)]
        answers = await asyncio.gather(*asked, return_exceptions=True)

        assert sum(not isinstance(answer, Refused) for answer in answers) == 1


async def test_codes_one_step_to_each_side_count_and_no_further(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        house.clock.advance(20 * STEP_MS)

        for steps in (-2, 2):
            await refused(house.signed_in(EMAIL, code=house.code_of(owner.user, steps)), Code.NOT_SIGNED_IN)
        assert await house.signed_in(EMAIL, code=house.code_of(owner.user, -1))
        assert await house.signed_in(EMAIL, code=house.code_of(owner.user))
        assert await house.signed_in(EMAIL, code=house.code_of(owner.user, 1))
        for steps in (-1, 0, 1):  # none of them again, and none from before the newest
            await refused(house.signed_in(EMAIL, code=house.code_of(owner.user, steps)), Code.NOT_SIGNED_IN)


async def test_a_recovery_code_signs_in_once_however_it_is_typed(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        enrolment = await house.accounts.factors.enrol(owner, PASSWORD)
        house.seeds[owner.user] = enrolment.secret
        first, second, *_ = enrolment.recovery_codes
        await refused(house.accounts.factors.confirm(owner, first), Code.NOT_SIGNED_IN)  # it would prove no authenticator
        await house.accounts.factors.confirm(owner, house.code_of(owner.user))

        assert await house.signed_in(EMAIL, code=first.upper().replace("-", " "))
        await refused(house.signed_in(EMAIL, code=first), Code.NOT_SIGNED_IN)
        assert (await house.accounts.directory.me(owner)).n_recovery_codes == 9
        fresh = await house.accounts.factors.new_recovery_codes(owner, PASSWORD)
        await refused(house.signed_in(EMAIL, code=second), Code.NOT_SIGNED_IN)
        assert await house.signed_in(EMAIL, code=fresh[9])


async def test_after_five_wrong_codes_not_even_the_right_one_is_looked_at_for_a_while(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        house.clock.advance(20 * STEP_MS)
        for number in range(5):
            await refused(house.signed_in(EMAIL, code="000000", address=f"192.0.2.{number}"), Code.NOT_SIGNED_IN)

        await refused(house.signed_in(EMAIL, code=house.code_of(owner.user), address="192.0.2.99"), Code.LIMITED, 429)
        await refused(house.accounts.factors.step_up(owner, house.code_of(owner.user)), Code.LIMITED, 429)
        house.clock.advance(15 * 60_000)
        assert await house.signed_in(EMAIL, code=house.code_of(owner.user))


async def test_a_second_factor_shown_counts_for_a_quarter_of_an_hour_and_for_its_session_alone(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        tokens = await house.signed_in(EMAIL)
        owner = await house.stepped(owner)
        check_may(owner, Deed.SET_ROLE, house.clock.now_ms())
        elsewhere = await house.accounts.verify(tokens.access)
        with pytest.raises(Refused, match="second factor"):
            check_may(elsewhere, Deed.SET_ROLE, house.clock.now_ms())

        house.clock.advance(STEP_UP_MS + 1)
        with pytest.raises(Refused, match="second factor"):
            check_may(owner, Deed.SET_ROLE, house.clock.now_ms())
        check_may(await house.stepped(owner), Deed.SET_ROLE, house.clock.now_ms())


async def test_it_is_taken_off_with_password_and_code_and_the_other_sessions_end(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.owner()
        other = await house.signed_in(EMAIL)
        owner = await house.stepped(owner)
        house.clock.advance(STEP_MS)
        code = house.code_of(owner.user)
        await refused(house.accounts.factors.enrol(owner, PASSWORD), Code.ID_TAKEN, 409)
        await refused(house.accounts.factors.remove(owner, "wrong", code), Code.NOT_SIGNED_IN)
        await refused(house.accounts.factors.remove(owner, PASSWORD, "000000"), Code.NOT_SIGNED_IN)
        await house.accounts.factors.remove(owner, PASSWORD, code)

        assert await house.accounts.is_ended(other.session)
        assert (await house.accounts.recheck(owner)).stepped_ms == 0
        assert not isinstance(await house.signed_in(EMAIL), NeedsCode)
        await refused(house.accounts.factors.step_up(owner, code), Code.STEP_UP, 403)


async def test_a_clock_that_was_ahead_when_a_code_was_taken_locks_nobody_out(database_url, tmp_path):
    async with accounts_house(database_url, tmp_path) as house:
        owner = await house.stepped(await house.owner())
        right_ms = house.clock.now_ms()
        house.clock.jump(right_ms + 365 * 24 * 3_600_000)
        ahead = house.code_of(owner.user)
        assert await house.signed_in(EMAIL, code=ahead)
        house.clock.jump(right_ms + STEP_MS)

        assert await house.signed_in(EMAIL, code=house.code_of(owner.user))
        await refused(house.signed_in(EMAIL, code=house.code_of(owner.user)), Code.NOT_SIGNED_IN)
