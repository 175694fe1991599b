"""What single events come to."""

import pytest

from sync_server.protocol import bodies, fold
from sync_server.protocol.events import Event, Kind, Op

ANN, BOB, EVE = (f"0190a000-0000-7000-8000-00000000000{n}" for n in range(3))
ONE, TWO = "0190b000-0000-7000-8000-000000000001", "0190b000-0000-7000-8000-000000000002"


def entered(*said, start=1):
    """Events of (author, kind, body), the ids of messages given with their kinds."""
    log = []
    for s, (author, kind, body, *identity) in enumerate(said, start):
        log.append(Event(s, *(identity or [f"id-{s}"]), author, "desk", kind, 1_000 + s, "", bodies.format_body(body), ""))
    return log


def test_who_makes_a_group_owns_it_and_those_named_sit_in_it():
    made = bodies.RoomCreate(
        bodies.RoomKind.GROUP, "desk", members=(bodies.Seat(BOB, bodies.RoomRole.READER), bodies.Seat(EVE, None), bodies.Seat(ANN))
    )
    room = fold.fold(entered((ANN, Kind.ROOM_CREATE, made))).room
    assert room.seats == {ANN: bodies.RoomRole.OWNER, BOB: bodies.RoomRole.READER}
    assert (room.creator, room.since) == (ANN, {ANN: 1, BOB: 1})


def test_both_people_of_a_direct_room_are_members_whatever_its_maker_wrote():
    made = bodies.RoomCreate(bodies.RoomKind.DIRECT, members=(bodies.Seat(BOB, bodies.RoomRole.OWNER),))
    assert fold.fold(entered((ANN, Kind.ROOM_CREATE, made))).room.seats == dict.fromkeys((ANN, BOB), bodies.RoomRole.MEMBER)


def test_a_person_who_comes_back_is_served_from_the_new_seat():
    log = entered(
        (ANN, Kind.ROOM_CREATE, bodies.RoomCreate(bodies.RoomKind.GROUP, "desk")),
        (ANN, Kind.MEMBER_SET, bodies.MemberSet(BOB)),
        (ANN, Kind.MEMBER_SET, bodies.MemberSet(BOB, bodies.RoomRole.MODERATOR)),
        (BOB, Kind.MEMBER_SET, bodies.MemberSet(BOB, None)),
        (ANN, Kind.MEMBER_SET, bodies.MemberSet(BOB)),
    )
    assert fold.fold(log[:3]).room.since[BOB] == 2
    assert BOB not in fold.fold(log[:4]).room.seats
    assert fold.fold(log).room.since[BOB] == 5


def test_a_room_is_made_once():
    log = entered(
        (ANN, Kind.ROOM_CREATE, bodies.RoomCreate(bodies.RoomKind.GROUP, "first")),
        (BOB, Kind.ROOM_CREATE, bodies.RoomCreate(bodies.RoomKind.GROUP, "second")),
    )
    assert fold.fold(log).room.name == "first"


def test_a_room_whose_beginning_is_not_held_takes_what_comes():
    room = fold.fold(entered((ANN, Kind.ROOM_EDIT, bodies.RoomEdit("known now")), start=40)).room
    assert (room.name, room.creator) == ("known now", "")


def test_delete_wins_over_every_later_edit_reaction_and_pin():
    log = entered(
        (ANN, Kind.MSG_CREATE, bodies.MsgCreate("words", thread=TWO), ONE),
        (ANN, Kind.REACT_SET, bodies.ReactSet(ONE, "+")),
        (ANN, Kind.MSG_DELETE, bodies.MsgDelete(ONE)),
        (BOB, Kind.MSG_EDIT, bodies.MsgEdit(ONE, "back")),
        (BOB, Kind.REACT_SET, bodies.ReactSet(ONE, "+")),
        (BOB, Kind.PIN_SET, bodies.PinSet(ONE)),
    )
    assert fold.fold(log).messages[ONE] == fold.MessageState(ONE, 1, ANN, 1_001, thread=TWO, is_deleted=True)


def test_an_erased_message_keeps_nothing_but_who_and_when():
    log = entered(
        (ANN, Kind.MSG_CREATE, bodies.MsgCreate("words", thread=TWO, mentions=(BOB,)), ONE),
        (ANN, Kind.MSG_EDIT, bodies.MsgEdit(ONE, "other words")),
        (ANN, Kind.MSG_DELETE, bodies.MsgDelete(ONE)),
        (ANN, Kind.ERASE, bodies.Erase((ONE, TWO, ONE))),
        (BOB, Kind.MSG_DELETE, bodies.MsgDelete(ONE)),
    )
    state = fold.fold(log)
    assert state.messages == {ONE: fold.MessageState(ONE, 1, ANN, 1_001, is_erased=True)}
    assert "words" not in state.to_text()
    assert fold.touched(log[3]) == (ONE, TWO)


def test_another_device_that_uses_an_id_again_changes_nothing():
    log = entered((ANN, Kind.MSG_CREATE, bodies.MsgCreate("mine"), ONE), (EVE, Kind.MSG_CREATE, bodies.MsgCreate("squat"), ONE))
    assert fold.fold(log).messages[ONE].text == "mine"


def test_reactions_are_sorted_and_gone_with_the_last_that_took_its_own_off():
    log = entered(
        (ANN, Kind.MSG_CREATE, bodies.MsgCreate("x"), ONE),
        (BOB, Kind.REACT_SET, bodies.ReactSet(ONE, "b")),
        (BOB, Kind.REACT_SET, bodies.ReactSet(ONE, "a")),
        (ANN, Kind.REACT_SET, bodies.ReactSet(ONE, "b")),
        (BOB, Kind.REACT_SET, bodies.ReactSet(ONE, "a", on=False)),
    )
    assert fold.fold(log).messages[ONE].reactions == (("b", (ANN, BOB)),)


def test_an_event_says_which_messages_it_touches():
    create, edit, react, seat = entered(
        (ANN, Kind.MSG_CREATE, bodies.MsgCreate("x"), ONE),
        (ANN, Kind.MSG_EDIT, bodies.MsgEdit(TWO, "y")),
        (ANN, Kind.REACT_SET, bodies.ReactSet(TWO, "+")),
        (ANN, Kind.MEMBER_SET, bodies.MemberSet(BOB)),
    )
    assert [fold.touched(event) for event in (create, edit, react, seat)] == [(ONE,), (TWO,), (TWO,), ()]


def test_applying_tells_what_changed_and_an_event_of_the_past_changes_nothing():
    create, edit = entered((ANN, Kind.MSG_CREATE, bodies.MsgCreate("x"), ONE), (ANN, Kind.MSG_EDIT, bodies.MsgEdit(ONE, "y")))
    state = fold.RoomState()
    assert [state.apply(event) for event in (create, edit, create, edit)] == [(ONE,), (ONE,), (), ()]
    assert (state.s, state.ts) == (2, 1_002)


def test_what_waits_lies_over_what_is_confirmed_and_stands_last():
    state = fold.fold(entered((ANN, Kind.MSG_CREATE, bodies.MsgCreate("here"), ONE)))
    ops = [
        Op(TWO, "r", Kind.MSG_CREATE, bodies.format_body(bodies.MsgCreate("waits")), "", 1, cts=9),
        Op("id-3", "r", Kind.REACT_SET, bodies.format_body(bodies.ReactSet(ONE, "+")), "", 2, cts=9),
    ]
    seen = state.overlay(ops, BOB)
    assert [message.id for message in fold.parse_state(seen.to_text()).messages.values()] == [ONE, TWO]
    assert (seen.messages[TWO].s, seen.messages[TWO].a, seen.messages[ONE].reactions) == (0, BOB, (("+", (BOB,)),))
    assert TWO not in state.messages
    assert state.messages[ONE].reactions == ()
    assert (seen.s, seen.ts) == (state.s, state.ts)


def test_a_room_for_newcomers_has_no_message():
    log = entered(
        (ANN, Kind.ROOM_CREATE, bodies.RoomCreate(bodies.RoomKind.GROUP, "desk")),
        (ANN, Kind.MSG_CREATE, bodies.MsgCreate("x"), ONE),
    )
    bare = fold.fold(log).without_messages()
    assert (bare.room.name, bare.messages, bare.s) == ("desk", {}, 2)


@pytest.mark.parametrize("text", ["", "[]", '{"s":"x"}', '{"messages":[{"id":1}]}', "{" * 50_000, '{"messages":' + "[" * 100_000])
def test_a_text_that_is_no_state_is_refused(text):
    with pytest.raises(ValueError):
        fold.parse_state(text)
