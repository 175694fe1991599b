"""The table of rights, held against the same table as the requirements draw it, cell by cell."""

import itertools

import pytest

from sync_server.accounts import permissions
from sync_server.accounts.permissions import SCOPES, STEP_UP_MS, Deed, allows, check_may, may, outranks, roles_given_by
from sync_server.actor import Actor, Role
from sync_server.errors import Refused
from sync_server.protocol.bodies import RoomRole
from sync_server.protocol.codes import Code

NOW = 1_790_000_000_000
# . no   + yes   o only what concerns oneself   s with a seat   w with a seat that writes   l as leader of the room
# ! with a second factor   k with the scope
DRAWN = """
                 guest member trader moderator compliance admin owner bot
READ             s     s      s      s         s          s     s     k
READ_ANY         .     .      .      .         +          .     .     .
POST             w     w      w      w         .          w     w     k
REACT            w     w      w      w         .          w     w     k
PIN              l     w      w      w         .          w     w     k
CREATE_ROOM      .     +      +      +         .          +     +     .
OPEN_DIRECT      .     +      +      +         .          +     +     .
JOIN_OPEN        .     +      +      +         +          +     +     .
EDIT_ROOM        .     l      l      w         .          w     w     k
SET_SEAT         .     l      l      w         .          w     w     k
DELETE_OTHERS    .     l      l      w         .          w     w     .
UPLOAD           w     w      w      w         .          w     w     k
CREATE_ALERT     .     o      +      +         .          +     +     .
BROADCAST        .     .      !      !         .          !     !     .
EXPORT           .     o      o      l         +          +     +     .
HOLD             .     .      .      .         +          +     +     .
SEE_AUDIT        .     o      o      o         +          +     +     k
ASK_ERASE        .     o      o      .         .          +     +     .
APPROVE_ERASE    .     .      .      .         +          .     .     .
ERASE            .     .      .      .         .          !     !     .
SEE_PEOPLE       o     +      +      +         +          +     +     k
SEE_ACCOUNTS     .     .      .      .         +          +     +     .
INVITE           .     .      .      .         .          +     +     k
DISABLE          .     .      .      .         .          +     +     k
RESET            .     .      .      .         .          !     !     .
SET_ROLE         .     .      .      .         .          !     !     .
MAKE_KEY         .     .      .      .         .          !     !     .
RUN_ORG          .     .      .      .         .          .     !     .
"""
HEAD, *LINES = (line.split() for line in DRAWN.strip().splitlines())
CELLS = [(line[0], role, mark) for line in LINES for role, mark in zip(HEAD, line[1:], strict=True)]
SEATS = (None, *RoomRole)
WRITING = (RoomRole.OWNER, RoomRole.MODERATOR, RoomRole.MEMBER)
LEADING = (RoomRole.OWNER, RoomRole.MODERATOR)


def actor(role=Role.ADMIN, scopes=None, stepped_ms=0):
    return Actor("u", "o", role, "d", "s", scopes=scopes, stepped_ms=stepped_ms)


@pytest.mark.parametrize(("deed", "role", "mark"), CELLS)
def test_every_cell_of_the_table_is_what_the_requirements_draw(deed, role, mark):
    deed, role = Deed[deed], Role(role)
    for seat, is_own in itertools.product(SEATS, (False, True)):
        expected = {
            ".": False,
            "+": True,
            "!": True,
            "o": is_own,
            "s": seat is not None,
            "w": seat in WRITING,
            "l": seat in LEADING,
            "k": False,  # without scopes a key may do nothing
        }[mark]
        assert may(role, deed, seat, is_own=is_own) is expected, (deed, role, seat, is_own)


def test_the_drawn_table_leaves_out_no_deed_and_no_role():
    assert [line[0] for line in LINES] == [deed.name for deed in Deed]
    assert set(HEAD) == {role.value for role in Role}


@pytest.mark.parametrize("deed", Deed)
def test_a_key_does_with_one_scope_what_that_scope_is_for_and_nothing_else(deed):
    for scope in SCOPES:
        is_for_it = permissions.SCOPE_OF.get(deed) == scope
        assert may(Role.BOT, deed, RoomRole.OWNER, scopes=frozenset({scope})) is is_for_it


@pytest.mark.parametrize("deed", [Deed.READ, Deed.POST, Deed.REACT, Deed.PIN, Deed.UPLOAD, Deed.EDIT_ROOM, Deed.SET_SEAT])
def test_a_key_with_all_scopes_still_needs_a_seat_in_the_room(deed):
    assert not may(Role.BOT, deed, None, scopes=SCOPES)
    assert may(Role.BOT, deed, RoomRole.READER, scopes=SCOPES) is (deed is Deed.READ)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.BOT])
def test_scopes_never_act_with_the_role_of_a_person(role):
    assert not any(may(role, deed, RoomRole.OWNER, is_own=True, scopes=SCOPES) for deed in Deed)


def test_a_deed_that_asks_for_a_second_factor_says_so_until_one_was_shown_lately():
    for stepped_ms, is_enough in (
        (0, False),
        (NOW - STEP_UP_MS - 1, False),
        (NOW - STEP_UP_MS, True),
        (NOW, True),
        (NOW + 1, False),
    ):
        if is_enough:
            check_may(actor(stepped_ms=stepped_ms), Deed.SET_ROLE, NOW)
        else:
            with pytest.raises(Refused) as refused:
                check_may(actor(stepped_ms=stepped_ms), Deed.SET_ROLE, NOW)
            assert (refused.value.code, refused.value.status) == (Code.STEP_UP, 403)


def test_who_may_not_at_all_is_not_asked_for_a_second_factor():
    with pytest.raises(Refused) as refused:
        check_may(actor(Role.TRADER), Deed.SET_ROLE, NOW)

    assert refused.value.code == Code.NOT_ALLOWED


def test_an_actor_brings_role_and_scopes():
    assert allows(actor(Role.BOT, frozenset({"users:read"})), Deed.SEE_PEOPLE)
    assert not allows(actor(Role.BOT, frozenset()), Deed.SEE_PEOPLE)


def test_nobody_gives_a_role_as_high_as_their_own_but_an_owner():
    assert roles_given_by(Role.OWNER) == set(Role) - {Role.BOT}
    assert roles_given_by(Role.ADMIN) == {Role.GUEST, Role.MEMBER, Role.TRADER, Role.MODERATOR, Role.COMPLIANCE}
    assert roles_given_by(Role.BOT) == {Role.GUEST, Role.MEMBER, Role.TRADER}
    for role in (Role.GUEST, Role.MEMBER, Role.TRADER, Role.MODERATOR, Role.COMPLIANCE):
        assert not roles_given_by(role)
    assert outranks(Role.OWNER, Role.OWNER)
    assert not outranks(Role.ADMIN, Role.ADMIN)
