"""What becomes of operations: their places, their order, and that a decision is for ever."""

import msgspec
import pytest

from sync_server.protocol.bodies import MsgCreate, MsgEdit, RoomCreate, RoomKind
from sync_server.protocol.chain import START, hash_after
from sync_server.protocol.events import OpState
from sync_server.protocol.limits import MAX_BODY
from sync_server.rooms.planning import first_epoch, next_epoch
from tests.fakes.planned_rooms import PlannedRooms
from tests.fakes.room_ops import Writer


@pytest.fixture
def ann() -> Writer:
    return Writer()


@pytest.fixture
def bob() -> Writer:
    return Writer()


@pytest.fixture
def rooms(ann: Writer, bob: Writer) -> PlannedRooms:
    return PlannedRooms(ann, bob)


def states(results):
    return [(result.st.value, result.code) for result in results]


def test_events_stand_at_the_places_that_were_told_and_the_chain_follows_them(rooms, ann, bob):
    create = ann.create(bob)
    results = rooms.ask([(ann, create), (bob, bob.say(create.r)), (ann, ann.say(create.r))])

    assert [(result.st, result.e, result.s) for result in results] == [(OpState.OK, 1, s) for s in (1, 2, 3)]
    assert [event.s for event in rooms.events[create.r]] == [1, 2, 3]
    assert rooms.rooms[create.r].hash == hash_after(START, 1, rooms.events[create.r])


def test_the_same_operation_again_gets_the_same_place(rooms, ann):
    create = ann.create()
    said = ann.say(create.r)
    first = rooms.all(ann, create, said)

    again = rooms.all(ann, said, create)
    assert [(result.st, result.e, result.s) for result in again] == [
        (OpState.DUP, first[1].e, first[1].s),
        (OpState.DUP, first[0].e, first[0].s),
    ]
    assert rooms.rooms[create.r].seq == 2


def test_the_same_operation_twice_in_one_batch_enters_once(rooms, ann):
    create = ann.create()

    assert states(rooms.all(ann, create, create)) == [("ok", ""), ("dup", "")]


def test_a_refused_operation_is_refused_for_ever_and_counts(rooms, ann, bob):
    create = ann.create()
    rooms.one(ann, create)
    refused = bob.say(create.r)
    assert states([rooms.one(bob, refused)]) == [("rej", "no_room")]

    rooms.one(ann, ann.seat(create.r, bob.user))
    assert states([rooms.one(bob, refused)]) == [("rej", "no_room")]
    assert states([rooms.one(bob, bob.say(create.r))]) == [("ok", "")]  # its count goes on after the refused one


@pytest.mark.parametrize("change", ["body", "salt", "room", "kind"])
def test_an_id_that_was_used_for_something_else_is_taken(rooms, ann, change):
    create, other = ann.create(), ann.create()
    said = ann.say(create.r)
    rooms.all(ann, create, other, said)
    fields = {
        "body": {"b": '{"text":"else"}'},
        "salt": {"n": ann.say(create.r).n},
        "room": {"r": other.r, "cseq": 2},
        "kind": {"k": "room.edit"},
    }[change]

    assert states([rooms.one(ann, msgspec.structs.replace(said, **fields))]) == [("rej", "id_taken")]
    assert rooms.rooms[create.r].seq == 2


def test_another_device_may_use_the_same_id(rooms, ann, bob):
    create = ann.create(bob)
    said = ann.say(create.r)
    rooms.all(ann, create)
    squatted = bob.say(create.r, id=said.id)

    assert states([rooms.one(bob, squatted)]) == [("ok", "")]
    assert states([rooms.one(ann, said)]) == [("ok", "")]


def test_a_gap_in_a_devices_count_holds_back_all_its_later_operations_of_that_room(rooms, ann, bob):
    create, other = ann.create(bob), ann.create()
    rooms.all(ann, create, other)
    first, second, third = (ann.say(create.r) for _ in range(3))
    elsewhere = ann.say(other.r)

    results = rooms.ask([(ann, second), (ann, first), (ann, elsewhere), (bob, bob.say(create.r)), (ann, third)])
    assert states(results) == [
        ("retry", "out_of_order"),
        ("retry", "out_of_order"),
        ("ok", ""),
        ("ok", ""),
        ("retry", "out_of_order"),
    ]
    assert all(result.after > 0 for result in results if result.st == OpState.RETRY)
    assert states(rooms.all(ann, first, second, third)) == [("ok", "")] * 3


def test_a_device_is_told_which_count_is_next_whatever_it_said(rooms, ann):
    create = ann.create()
    rooms.all(ann, create, ann.say(create.r))

    results = [rooms.one(ann, ann.say(create.r, cseq=cseq)) for cseq in (1, 2, 4, 900)]
    assert states(results) == [("retry", "out_of_order")] * 4
    assert {result.cseq for result in results} == {3}
    assert states([rooms.one(ann, ann.say(create.r, cseq=3))]) == [("ok", "")]


def test_an_operation_that_was_decided_is_known_under_another_count(rooms, ann):
    create = ann.create()
    said = ann.say(create.r)
    rooms.all(ann, create, said)

    assert states([rooms.one(ann, msgspec.structs.replace(said, cseq=9, rec=True))]) == [("dup", "")]


def test_what_is_entered_again_into_a_room_that_was_lost_waits_for_the_room(rooms, ann, bob):
    create = ann.create(bob)
    said = [bob.say(create.r, rec=True) for _ in range(2)]
    held_back = rooms.all(bob, *said)
    assert states(held_back) == [("retry", "no_room"), ("retry", "out_of_order")]
    assert held_back[0].after > 0

    rooms.one(ann, msgspec.structs.replace(create, rec=True))
    assert states(rooms.all(bob, *said)) == [("ok", "")] * 2


def test_nobody_learns_by_waiting_whether_two_others_have_a_room(rooms, ann, bob):
    eve = Writer()
    meeting = ann.direct(bob)

    for _ in range(2):
        assert states([rooms.one(eve, eve.say(meeting.r, cseq=1, rec=True))]) == [("retry", "no_room")]
        assert rooms.one(ann, meeting).st in ("ok", "dup")
    assert states([rooms.one(eve, eve.say(meeting.r, cseq=1))]) == [("rej", "no_room")]


def test_words_of_a_lost_direct_room_wait_until_one_of_the_two_brings_it_back(rooms, ann, bob):
    meeting = ann.direct(bob)
    said = bob.say(meeting.r, rec=True)

    assert states([rooms.one(bob, said)]) == [("retry", "no_room")]
    rooms.one(ann, msgspec.structs.replace(meeting, rec=True))
    assert states([rooms.one(bob, said)]) == [("ok", "")]


def test_a_room_that_was_lost_begins_above_every_epoch_it_can_have_had(rooms, ann):
    lost = msgspec.structs.replace(ann.create(), rec=True)

    assert rooms.one(ann, lost).e > 1_000_000


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"id": "1"}, "bad_frame"),
        ({"r": "../../etc"}, "bad_frame"),
        ({"cseq": 2**60}, "bad_frame"),
        ({"b": "\ud800"}, "bad_frame"),
        ({"k": "msg.shout"}, "unknown_kind"),
        ({"k": "room.failover", "b": '{"fork":1}'}, "not_allowed"),
        ({"n": ""}, "bad_body"),
        ({"n": "AAAA"}, "bad_body"),
        ({"b": "{}"}, "bad_body"),
        ({"b": "[" * 5_000}, "bad_body"),
        ({"b": '{"text":"a\x00b"}'}, "bad_body"),
        ({"b": '{"text":" "}'}, "bad_body"),
        ({"b": '{"text":"a","thread":"1"}'}, "bad_body"),
        ({"b": '{"text":"' + "ü" * (MAX_BODY // 2) + '"}'}, "too_large"),
    ],
)
def test_what_is_no_operation_of_its_kind_is_refused(rooms, ann, fields, code):
    create = ann.create()
    rooms.one(ann, create)

    assert states([rooms.one(ann, ann.say(create.r, **fields))]) == [("rej", code)]
    assert rooms.rooms[create.r].seq == 1


def test_a_count_below_one_is_no_operation(rooms, ann):
    op = msgspec.structs.replace(ann.create(), cseq=0)

    assert states([rooms.one(ann, op)]) == [("rej", "bad_frame")]


def test_a_malformed_operation_leaves_nothing_behind(rooms, ann):
    rooms.one(ann, msgspec.structs.replace(ann.create(), id="x\x00"))

    assert not rooms.plans[-1].refused
    assert not rooms.plans[-1].counts


def test_an_unknown_kind_is_remembered_without_its_text(rooms, ann):
    create = ann.create()
    rooms.one(ann, create)
    shout = ann.say(create.r, k="\x00" * 1000)

    assert states([rooms.one(ann, shout), rooms.one(ann, shout)]) == [("rej", "unknown_kind")] * 2
    assert rooms.plans[-2].refused[0].k == "?"


def test_planning_leaves_its_view_as_it_was(rooms, ann, bob):
    create = ann.create()
    said = ann.say(create.r)
    rooms.all(ann, create, said)
    before = rooms.rooms[create.r]
    text = repr(before)

    rooms.all(ann, ann.seat(create.r, bob.user), ann.op(create.r, MsgEdit(said.id, "other")))
    assert repr(before) == text
    assert rooms.rooms[create.r].members == {ann.user, bob.user}


def test_messages_of_a_batch_can_be_edited_in_the_same_batch(rooms, ann):
    create = ann.create()
    said = ann.say(create.r)
    edited = ann.op(create.r, MsgEdit(said.id, "better"))

    assert states(rooms.all(ann, create, said, edited)) == [("ok", "")] * 3
    assert rooms.messages[create.r, said.id].edited_s == 3


def test_a_room_of_another_organisation_is_not_there(rooms, ann):
    create = ann.create(is_open=True)
    rooms.one(ann, create)
    stranger = Writer(org="018f0000-0000-7000-8000-000000000002")

    results = rooms.all(stranger, stranger.seat(create.r, stranger.user), stranger.op(create.r, MsgCreate(text="hi")))
    assert states(results) == [("rej", "no_room")] * 2


def test_nobody_makes_a_room_where_two_others_will_meet(rooms, ann, bob):
    eve = Writer()
    meeting = bob.direct(ann)
    place = meeting.r

    assert states([rooms.one(eve, eve.create(room=place))]) == [("rej", "bad_body")]
    assert states([rooms.one(eve, eve.op(place, RoomCreate(kind=RoomKind.DIRECT)))]) == [("rej", "bad_body")]
    assert states([rooms.one(bob, meeting)]) == [("ok", "")]


NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000


def test_two_restores_of_one_backup_begin_different_epochs_whatever_the_clock_was_when_it_was_made():
    for before in (1, NOW_MS - HOUR_MS, NOW_MS, NOW_MS + HOUR_MS, NOW_MS + 400 * 24 * HOUR_MS):
        first, second = next_epoch(before, NOW_MS), next_epoch(before, NOW_MS + 1)
        assert before < first != second > before


def test_epochs_stay_numbers_that_every_reader_holds_exactly_though_the_clock_is_always_behind():
    epoch = NOW_MS + HOUR_MS
    for _ in range(100_000):
        epoch = next_epoch(epoch, NOW_MS)
    assert epoch < 2**53


def test_on_a_server_that_was_restored_every_room_begins_above_what_it_can_have_had_before(ann):
    op = ann.create()
    assert (first_epoch(op, NOW_MS), first_epoch(op, NOW_MS, was_restored=True)) == (1, NOW_MS)
