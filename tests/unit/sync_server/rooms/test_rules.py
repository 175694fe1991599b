"""What each kind of operation asks for: rights, seats, and that nobody silently overwrites a colleague."""

import pytest

from sync_server.actor import Role
from sync_server.protocol.bodies import (
    Erase,
    File,
    MsgCreate,
    MsgDelete,
    MsgEdit,
    PinSet,
    ReactSet,
    RoomCreate,
    RoomEdit,
    RoomKind,
    RoomRole,
    Seat,
)
from sync_server.protocol.events import Op
from sync_server.protocol.fold import fold
from tests.fakes.planned_rooms import PlannedRooms
from tests.fakes.room_ops import NOW_MS, Writer


class Scene:
    """A room with an owner, a moderator, a member and a reader, and what the member said in it."""

    def __init__(self) -> None:
        self.owner, self.moderator, self.member, self.reader, self.outsider = (Writer(seed=seed) for seed in range(1, 6))
        self.admin, self.guest, self.leader = Writer(Role.ADMIN, seed=6), Writer(Role.GUEST, seed=7), Writer(Role.MODERATOR, seed=8)
        self.people = [self.owner, self.moderator, self.member, self.reader, self.outsider, self.admin, self.guest, self.leader]
        self.rooms = PlannedRooms(*self.people)
        seats = (
            Seat(self.moderator.user, RoomRole.MODERATOR),
            Seat(self.member.user),
            Seat(self.reader.user, RoomRole.READER),
            Seat(self.admin.user),
            Seat(self.guest.user),
            Seat(self.leader.user),
        )
        create = self.owner.create(members=seats)
        self.room = create.r
        self.said = self.member.say(self.room)
        assert self.ask(self.owner, create) == self.ask(self.member, self.said) == "ok"

    def ask(self, writer: Writer, op: Op) -> str:
        """The code of the refusal, or "ok"."""
        result = self.rooms.one(writer, op)
        return str(result.code or result.st)

    @property
    def seats(self):
        return {user: seat.role for user, seat in self.rooms.rooms[self.room].seats.items()}


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_author_owns_the_room_and_the_fold_sees_the_same_seats(scene):
    facts = fold(scene.rooms.events[scene.room]).room
    view = scene.rooms.rooms[scene.room]

    assert scene.seats[scene.owner.user] is RoomRole.OWNER
    assert facts.seats == scene.seats
    assert facts.since == {user: seat.since for user, seat in view.seats.items()}
    assert (facts.kind, facts.name, facts.topic, facts.is_open, facts.shows_history) == (
        view.kind,
        view.name,
        view.topic,
        view.is_open,
        view.shows_history,
    )


@pytest.mark.parametrize(
    ("who", "code"),
    [("owner", "ok"), ("moderator", "ok"), ("member", "ok"), ("guest", "ok"), ("reader", "not_allowed"), ("outsider", "no_room")],
)
def test_who_has_a_seat_that_writes_may_post(scene, who, code):
    writer = getattr(scene, who)

    assert scene.ask(writer, writer.say(scene.room)) == code
    assert scene.ask(writer, writer.op(scene.room, ReactSet(scene.said.id, "👍"))) == code


@pytest.mark.parametrize(
    ("who", "code"), [("owner", "ok"), ("moderator", "ok"), ("leader", "ok"), ("member", "not_allowed"), ("guest", "not_allowed")]
)
def test_who_leads_may_name_the_room(scene, who, code):
    writer = getattr(scene, who)

    assert scene.ask(writer, writer.op(scene.room, RoomEdit("Other", topic="fixings"))) == code
    assert scene.rooms.rooms[scene.room].name == ("Other" if code == "ok" else "Rates")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00b", "\u202egnp.exe", "x" * 81])
def test_a_name_is_one_line_that_reads_as_it_stands(scene, name):
    assert scene.ask(scene.owner, scene.owner.op(scene.room, RoomEdit(name))) == "bad_body"
    assert scene.ask(scene.owner, scene.owner.create(name=name)) == "bad_body"


def test_a_name_may_hold_any_script_and_joined_emoji(scene):
    assert scene.ask(scene.owner, scene.owner.op(scene.room, RoomEdit("デスク 👩\u200d💻 कक्ष\u200cक"))) == "ok"


# --- seats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "role", "code"),
    [
        ("owner", RoomRole.OWNER, "ok"),
        ("moderator", RoomRole.MODERATOR, "ok"),
        ("moderator", RoomRole.OWNER, "not_allowed"),
        ("member", RoomRole.MEMBER, "not_allowed"),
        ("leader", RoomRole.MODERATOR, "ok"),
        ("leader", RoomRole.OWNER, "not_allowed"),
        ("admin", RoomRole.OWNER, "ok"),
        ("guest", RoomRole.READER, "not_allowed"),
        ("outsider", RoomRole.MEMBER, "no_room"),
    ],
)
def test_nobody_gives_a_seat_above_their_own(scene, who, role, code):
    writer = getattr(scene, who)
    invited = Writer()
    scene.rooms.people.add((invited.org, invited.user))

    assert scene.ask(writer, writer.seat(scene.room, invited.user, role)) == code
    assert scene.seats.get(invited.user) == (role if code == "ok" else None)


@pytest.mark.parametrize(
    ("who", "whom", "code"),
    [
        ("owner", "moderator", "ok"),
        ("moderator", "member", "ok"),
        ("moderator", "owner", "not_allowed"),
        ("leader", "moderator", "not_allowed"),
        ("member", "reader", "not_allowed"),
        ("owner", "outsider", "no_target"),
    ],
)
def test_nobody_removes_who_stands_as_high(scene, who, whom, code):
    writer, other = getattr(scene, who), getattr(scene, whom)

    assert scene.ask(writer, writer.seat(scene.room, other.user, None)) == code
    assert (other.user in scene.seats) == (code == "not_allowed")


def test_everybody_may_leave_and_step_down_and_nobody_may_rise_by_themselves(scene):
    assert scene.ask(scene.member, scene.member.seat(scene.room, scene.member.user, RoomRole.OWNER)) == "not_allowed"
    assert scene.ask(scene.moderator, scene.moderator.seat(scene.room, scene.moderator.user, RoomRole.OWNER)) == "not_allowed"
    assert scene.ask(scene.moderator, scene.moderator.seat(scene.room, scene.moderator.user, RoomRole.READER)) == "ok"
    assert scene.ask(scene.reader, scene.reader.seat(scene.room, scene.reader.user, None)) == "ok"
    assert scene.ask(scene.reader, scene.reader.say(scene.room)) == "no_room"


def test_the_last_owner_stays_while_others_do(scene):
    owner = scene.owner
    for role in (None, RoomRole.MEMBER):
        assert scene.ask(owner, owner.seat(scene.room, owner.user, role)) == "not_allowed"
    assert scene.ask(scene.admin, scene.admin.seat(scene.room, owner.user, None)) == "not_allowed"
    assert scene.ask(owner, owner.seat(scene.room, scene.member.user, RoomRole.OWNER)) == "ok"
    assert scene.ask(owner, owner.seat(scene.room, owner.user, None)) == "ok"


def test_the_only_person_may_leave(scene):
    create = scene.owner.create()

    assert [scene.ask(scene.owner, op) for op in (create, scene.owner.seat(create.r, scene.owner.user, None))] == ["ok", "ok"]
    assert not scene.rooms.rooms[create.r].members


def test_only_people_of_the_organisation_are_seated(scene):
    foreign = Writer(org="018f0000-0000-7000-8000-000000000002")

    assert scene.ask(scene.owner, scene.owner.seat(scene.room, foreign.user)) == "no_target"
    assert scene.ask(scene.owner, scene.owner.create(foreign)) == "no_target"
    assert scene.ask(scene.owner, scene.owner.direct(foreign)) == "no_target"


def test_an_open_room_is_joined_as_a_member_and_a_closed_one_is_not_there(scene):
    create = scene.owner.create(is_open=True)
    outsider, guest = scene.outsider, Writer(Role.GUEST)
    assert scene.ask(scene.owner, create) == "ok"

    assert scene.ask(outsider, outsider.seat(create.r, outsider.user, RoomRole.MODERATOR)) == "not_allowed"
    assert scene.ask(outsider, outsider.seat(create.r, scene.member.user)) == "no_room"
    scene.rooms.people.add((outsider.org, outsider.user))
    assert scene.ask(outsider, outsider.seat(create.r, outsider.user)) == "ok"
    scene.rooms.people.add((guest.org, guest.user))
    assert scene.ask(guest, guest.seat(create.r, guest.user)) == "not_allowed"
    assert scene.ask(outsider, outsider.seat(scene.room, outsider.user)) == "no_room"


def test_a_seat_keeps_its_beginning_through_promotion_and_begins_anew_after_leaving(scene):
    owner, member = scene.owner, scene.member
    floor = scene.rooms.rooms[scene.room].seats[member.user].since
    scene.ask(owner, owner.seat(scene.room, member.user, RoomRole.MODERATOR))
    assert scene.rooms.rooms[scene.room].seats[member.user].since == floor

    scene.ask(owner, owner.seat(scene.room, member.user, None))
    scene.ask(owner, owner.seat(scene.room, member.user))
    view = scene.rooms.rooms[scene.room]
    assert view.seats[member.user].since == view.seq


@pytest.mark.parametrize("role", [Role.GUEST, Role.COMPLIANCE, Role.BOT])
def test_not_every_role_makes_rooms(role):
    writer, other = Writer(role), Writer()
    rooms = PlannedRooms(writer, other)

    assert [result.code for result in rooms.all(writer, writer.create(), writer.direct(other))] == ["not_allowed"] * 2


def test_a_room_is_made_once(scene):
    again = scene.outsider.create(room=scene.room)

    assert scene.ask(scene.outsider, again) == "room_exists"


def test_a_room_names_nobody_twice_and_no_empty_seat(scene):
    twice = RoomCreate(kind=RoomKind.GROUP, name="x", members=(Seat(scene.member.user), Seat(scene.member.user)))
    empty = RoomCreate(kind=RoomKind.GROUP, name="x", members=(Seat(scene.member.user, None),))

    for body in (twice, empty):
        assert scene.ask(scene.owner, scene.owner.op(scene.owner.id(), body)) == "bad_body"


def test_two_people_share_one_room_whoever_made_it(scene):
    owner, member = scene.owner, scene.member
    meeting = owner.direct(member)

    assert scene.ask(owner, meeting) == "ok"
    assert scene.ask(member, member.direct(owner)) == "room_exists"
    assert scene.ask(member, member.say(meeting.r)) == "ok"
    view = scene.rooms.rooms[meeting.r]
    assert {user: seat.role for user, seat in view.seats.items()} == dict.fromkeys((owner.user, member.user), RoomRole.MEMBER)
    assert fold(scene.rooms.events[meeting.r]).room.seats == {user: seat.role for user, seat in view.seats.items()}
    for op in (
        owner.seat(meeting.r, scene.admin.user),
        owner.seat(meeting.r, owner.user, None),
        owner.op(meeting.r, RoomEdit("x")),
    ):
        assert scene.ask(owner, op) == "not_allowed"
    assert scene.ask(owner, owner.op(meeting.r, PinSet(scene.said.id))) == "no_target"


# --- messages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "code"),
    [("member", "ok"), ("moderator", "ok"), ("owner", "ok"), ("leader", "ok"), ("guest", "not_allowed"), ("reader", "not_allowed")],
)
def test_the_author_and_who_leads_may_change_a_message(scene, who, code):
    writer = getattr(scene, who)

    assert scene.ask(writer, writer.op(scene.room, MsgEdit(scene.said.id, "other"), base=2)) == code
    assert scene.ask(writer, writer.op(scene.room, MsgDelete(scene.said.id), base=3)) == code


def test_an_edit_that_did_not_see_a_colleagues_edit_is_stale(scene):
    assert scene.ask(scene.moderator, scene.moderator.op(scene.room, MsgEdit(scene.said.id, "theirs"))) == "ok"

    assert scene.ask(scene.member, scene.member.op(scene.room, MsgEdit(scene.said.id, "mine"), base=2)) == "stale"
    assert scene.ask(scene.member, scene.member.op(scene.room, MsgDelete(scene.said.id), base=2)) == "stale"
    assert scene.ask(scene.member, scene.member.op(scene.room, MsgEdit(scene.said.id, "mine"), base=3)) == "ok"


def test_ones_own_edits_never_make_one_stale(scene):
    for text in ("one", "two"):
        assert scene.ask(scene.member, scene.member.op(scene.room, MsgEdit(scene.said.id, text), base=0)) == "ok"


def test_delete_wins_over_edit_reaction_and_pin(scene):
    member, target = scene.member, scene.said.id
    assert scene.ask(member, member.op(scene.room, MsgDelete(target))) == "ok"

    for body in (MsgEdit(target, "x"), MsgDelete(target), ReactSet(target, "👍"), PinSet(target)):
        assert scene.ask(member, member.op(scene.room, body)) == "deleted"


@pytest.mark.parametrize("kind", [MsgDelete, PinSet, lambda target: MsgEdit(target, "x"), lambda target: ReactSet(target, "👍")])
def test_what_is_not_a_message_of_the_room_is_no_target(scene, kind):
    owner = scene.owner
    elsewhere = owner.create()
    said = owner.say(elsewhere.r)
    scene.ask(owner, elsewhere)
    scene.ask(owner, said)
    room_event = scene.rooms.events[scene.room][0].id

    for target in (owner.id(), said.id, room_event):
        assert scene.ask(owner, owner.op(scene.room, kind(target))) == "no_target"


def test_guests_do_not_pin(scene):
    assert scene.ask(scene.guest, scene.guest.op(scene.room, PinSet(scene.said.id))) == "not_allowed"
    assert scene.ask(scene.member, scene.member.op(scene.room, PinSet(scene.said.id))) == "ok"


def test_a_message_of_another_device_with_the_same_id_is_not_the_target(scene):
    scene.ask(scene.owner, scene.owner.say(scene.room, id=scene.said.id))

    assert scene.ask(scene.guest, scene.guest.op(scene.room, MsgEdit(scene.said.id, "x"))) == "not_allowed"
    assert scene.rooms.messages[scene.room, scene.said.id].author == scene.member.user


def test_a_file_is_named_by_its_hash(scene):
    file = File(sha256="A" * 64, name="x", mime="text/plain", size=1)

    assert scene.ask(scene.member, scene.member.op(scene.room, MsgCreate(text="", files=(file,)))) == "bad_body"


# --- erasing --------------------------------------------------------------------------------------------------------


def test_an_admin_erases_also_where_they_have_no_seat(scene):
    admin = Writer(Role.ADMIN)

    assert scene.ask(admin, admin.op(scene.room, Erase((scene.said.id,)))) == "ok"
    assert scene.rooms.plans[-1].erased == ((scene.room, scene.said.id),)
    assert scene.ask(scene.member, scene.member.op(scene.room, ReactSet(scene.said.id, "👍"))) == "deleted"
    assert scene.ask(admin, admin.say(scene.room)) == "no_room"


def test_erasing_names_messages_alone(scene):
    admin = scene.admin
    event = scene.rooms.events[scene.room][0]

    assert scene.ask(admin, admin.op(scene.room, Erase((scene.said.id, event.id)))) == "no_target"
    assert scene.rooms.plans[-1].erased == ()


def test_a_second_factor_of_long_ago_does_not_count(scene):
    admin = Writer(Role.ADMIN)
    admin.stepped(NOW_MS - 16 * 60 * 1000)

    assert scene.ask(admin, admin.op(scene.room, Erase((scene.said.id,)))) == "step_up"
