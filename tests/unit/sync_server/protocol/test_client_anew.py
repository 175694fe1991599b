"""Copies that cannot go on and begin anew."""

import pytest

from sync_server.protocol.actions import (
    FetchSnapshot,
    Leave,
    LoadHeld,
    SaveEvents,
    StartFrom,
)
from sync_server.protocol.bodies import Erase, MsgEdit, RoomCreate, RoomKind, Seat, format_body, parse_body
from sync_server.protocol.chain import START, to_text
from sync_server.protocol.codes import ResetReason
from sync_server.protocol.copies import Copies
from sync_server.protocol.events import Cursor, Event, Kind
from sync_server.protocol.fold import fold
from sync_server.protocol.messages import (
    Hello,
    Pull,
    Push,
    Reset,
    Snapshot,
)
from sync_server.protocol.outbox import Outbox
from tests.fakes.sync_device import Killed, SyncDevice
from tests.fakes.sync_exchange import ROOM, done, exchange, fill, say, sent


def test_after_a_failover_ones_own_lost_events_are_sent_again_before_what_waits(server, ann, bob):
    say(ann, "kept")
    lost = say(ann, "lost")
    exchange(server, ann, bob)
    theirs = say(bob, "lost, of bob")
    exchange(server, bob, ann)
    ann.cut()
    waiting = say(ann, "written offline")
    server.fail_over(ROOM, 1)
    ann.done.clear()
    ann.wait(60_000)
    exchange(server, ann)
    (started,) = done(ann, StartFrom)
    assert (started.cursor.s, started.keep) == (1, 1)
    assert [(op.id, op.rec) for op in started.again] == [(lost.id, True), (waiting.id, False)]
    assert [event.id for event in started.unconfirmed] == [theirs.id]
    assert [event.id for event in server.rooms[ROOM].events[2:]] == [lost.id, waiting.id]
    assert theirs.id in ann.disk.room(ROOM).unconfirmed
    bob.cut()
    bob.wait(60_000)
    exchange(server, bob, ann)
    assert ann.disk.room(ROOM).unconfirmed == {}
    assert ann.disk.room(ROOM).events == bob.disk.room(ROOM).events == server.rooms[ROOM].events
    assert ann.disk.ops == bob.disk.ops == {}


def test_what_was_acknowledged_and_cut_off_before_it_was_seen_is_sent_again(server, ann):
    op = say(ann, "acknowledged")
    ann.receive(server.push("ann", "ann-desk", ann.out.pop())[0])
    assert ann.disk.settled[op.id].s == 1
    ann.receive(server.fail_over(ROOM, 0))
    exchange(server, ann)
    assert [event.id for event in server.rooms[ROOM].events[1:]] == [op.id]
    assert ann.disk.ops == {}


def test_a_head_of_a_later_epoch_holds_back_what_waits(server, ann):
    say(ann, "kept")
    exchange(server, ann)
    server.fail_over(ROOM, 0)
    ann.receive(server.head("ann"))
    late = say(ann, "written now")
    assert not [message for message in ann.out if isinstance(message, Push)]
    ann.wait(300)
    exchange(server, ann)
    assert [event.rec for event in server.rooms[ROOM].events] == [False, True, False]
    assert server.rooms[ROOM].events[-1].id == late.id


def test_a_greeting_of_an_earlier_epoch_holds_back_what_waits(server, ann):
    """A server restored under a clock that was behind: what it has lost goes before what was written since."""
    server.rooms[ROOM].epoch = 9
    lost = say(ann, "lost")
    exchange(server, ann)
    ann.cut()
    late = say(ann, "written offline")
    server.fail_over(ROOM, 0)
    server.rooms[ROOM].epoch = 3
    server.rooms[ROOM].epochs[:] = [3]
    ann.wait(60_000)
    welcome = server.welcome("ann")
    assert [head.e for head in welcome.heads] == [3]
    ann.out.clear()
    ann.receive(welcome)

    assert not [message for message in ann.out if isinstance(message, Push)]
    ann.receive(Reset(ROOM, ResetReason.HASH, 3, floor=1, h=server.rooms[ROOM].hash_at(0)))
    exchange(server, ann)
    assert [event.id for event in server.rooms[ROOM].events[1:]] == [lost.id, late.id]


def test_a_room_begins_with_its_snapshot_and_what_followed(server):
    server._snapshots_from, server._page = 4, 100
    fill(server, 9)
    device = SyncDevice("ann", "ann-desk", 1)
    device.snapshots[ROOM] = server.snapshot(ROOM)
    device.go_online()
    exchange(server, device)
    assert [action.path for action in done(device, FetchSnapshot)] == [f"/{ROOM}"]
    copy = device.disk.room(ROOM)
    assert [event.s for event in copy.events] == [7, 8, 9]
    assert len(copy.state().messages) == 9


def test_a_copy_that_began_with_a_snapshot_is_not_shortened_but_begun_anew(server):
    """What a later event had done to a message of the snapshot could not be taken back."""
    server._snapshots_from, server._page = 4, 100
    fill(server, 9)
    device = SyncDevice("ann", "ann-desk", 1)
    device.snapshots[ROOM] = server.snapshot(ROOM)
    device.go_online()
    exchange(server, device)
    (first,) = server.rooms[ROOM].events[:1]
    edited = device.write(ROOM, MsgEdit(first.id, "changed"), Kind.MSG_EDIT)
    exchange(server, device)
    device.done.clear()
    device.receive(server.fail_over(ROOM, 9))
    device.snapshots[ROOM] = server.snapshot(ROOM)
    exchange(server, device)

    assert [started.keep for started in done(device, StartFrom)] == [0]
    assert device.disk.room(ROOM).state().to_text() == fold(server.rooms[ROOM].events).to_text()
    assert [(event.id, event.rec) for event in server.rooms[ROOM].events[10:]] == [(edited.id, True)]


def test_without_its_snapshot_a_room_begins_with_the_oldest_event_served_or_waits(server):
    server._snapshots_from = 4
    fill(server, 9)
    device = SyncDevice("ann", "ann-desk", 1)
    device.go_online()
    exchange(server, device)
    device.wait(4_999)
    assert not [message for message in device.out if isinstance(message, Pull)]
    device.snapshots[ROOM] = server.snapshot(ROOM)
    device.wait(1)
    exchange(server, device)
    assert len(device.disk.room(ROOM).state().messages) == 9


def test_a_copy_that_differs_begins_anew_and_says_again_what_it_alone_knows(server, ann):
    said = say(ann, "known to both")
    exchange(server, ann)
    server.rooms[ROOM].hashes[1] = bytes(32)  # another history, by the same numbers
    server.decided.clear()
    server.counts.clear()
    del server.rooms[ROOM].events[:], server.rooms[ROOM].epochs[:], server.rooms[ROOM].hashes[1:]
    fill(server, 2)
    ann.cut()
    ann.done.clear()
    ann.wait(60_000)
    exchange(server, ann)
    assert done(ann, LoadHeld) == [LoadHeld(ROOM, 0)]
    assert server.rooms[ROOM].events[-1].id == said.id
    assert ann.disk.room(ROOM).events == server.rooms[ROOM].events


def test_who_is_removed_leaves_and_comes_back_with_a_head(server, ann):
    fill(server, 2)
    ann.receive(server.head("ann"))
    ann.wait(300)
    pull = ann.out.pop()
    del server.rooms[ROOM].members["ann"]
    ann.receive(server.pull("ann", pull))  # removed while it asked
    assert done(ann, Leave) == [Leave(ROOM)]
    ann.receive(server.run(ROOM, 1, 1))  # said before, come after
    ann.wait(60_000)
    assert ann.disk.room(ROOM).events == []
    assert not [message for message in ann.out if isinstance(message, Pull)]
    fill(server, 1)
    server.rooms[ROOM].members["ann"] = 3
    ann.receive(server.head("ann"))
    ann.wait(300)
    exchange(server, ann)
    assert [event.s for event in ann.disk.room(ROOM).events] == [3]


def test_a_room_that_is_ones_own_again_just_as_it_was_left_is_marked_so_at_once(server, ann):
    fill(server, 2)
    ann.receive(server.head("ann"))
    ann.wait(300)
    exchange(server, ann)
    ann.receive(Reset(ROOM, ResetReason.PERM))
    assert ann.disk.room(ROOM).is_left

    ann.receive(server.head("ann"))

    assert not ann.disk.room(ROOM).is_left
    assert [one.is_back for one in done(ann, SaveEvents)][-1]


def test_a_reset_that_comes_after_the_farewell_does_not_bring_the_copy_back(server, ann):
    ann.receive(Reset(ROOM, ResetReason.PERM))
    ann.done.clear()
    for why in (ResetReason.EPOCH, ResetReason.HASH, ResetReason.FLOOR):
        ann.receive(Reset(ROOM, why, 9, fork=0, floor=1))

    assert not done(ann, StartFrom)
    assert ann.disk.room(ROOM).is_left


def test_a_room_that_was_left_before_a_restart_is_not_greeted_and_goes_on_from_its_copy_once_it_is_back(server, ann):
    fill(server, 2)
    exchange(server, ann)
    ann.receive(server.head("ann"))
    ann.wait(300)
    exchange(server, ann)
    del server.rooms[ROOM].members["ann"]
    ann.receive(Reset(ROOM, ResetReason.PERM))
    ann.restart()
    ann.go_online()
    assert [hello.rooms for hello in sent(ann, Hello)] == [()]
    exchange(server, ann)
    server.rooms[ROOM].members["ann"] = 1
    fill(server, 1)
    ann.receive(server.head("ann"))
    ann.wait(300)
    exchange(server, ann)
    assert [pull.after for pull in sent(ann, Pull)] == [2]
    assert ann.disk.room(ROOM).events == server.rooms[ROOM].events
    assert not ann.disk.room(ROOM).is_left


def test_a_room_that_is_back_in_an_earlier_epoch_begins_anew(server, ann):
    """The server was restored under a clock that was behind, from a copy in which this person had no seat yet."""
    server.rooms[ROOM].epoch = 9
    op = say(ann, "lost")
    exchange(server, ann)
    ann.receive(Reset(ROOM, ResetReason.PERM))
    server.rooms[ROOM].epoch = 2
    server.fail_over(ROOM, 0)
    ann.receive(server.head("ann"))
    ann.wait(300)
    (pull,) = sent(ann, Pull)[-1:]
    assert (pull.e, pull.after) == (9, 1)
    ann.out.clear()
    ann.receive(Reset(ROOM, ResetReason.HASH, 3, floor=1, h=server.rooms[ROOM].hash_at(0)))
    exchange(server, ann)
    assert [event.id for event in server.rooms[ROOM].events[1:]] == [op.id]
    assert ann.disk.room(ROOM).events == server.rooms[ROOM].events


def test_leaving_twice_is_told_once(ann):
    for _ in range(2):
        ann.receive(Reset(ROOM, ResetReason.PERM))
    assert done(ann, Leave) == [Leave(ROOM)]


@pytest.mark.parametrize("why", [ResetReason.EPOCH, ResetReason.FLOOR])
def test_a_reset_that_a_copy_has_gone_beyond_changes_nothing(server, ann, why):
    say(ann, "words")
    exchange(server, ann)
    ann.done.clear()
    ann.receive(Reset(ROOM, why, e=1, fork=0, floor=1))
    assert not done(ann, StartFrom)
    assert not done(ann, LoadHeld)


def test_a_server_that_sends_a_copy_in_circles_is_asked_ever_less(server, ann):
    fill(server, 3)
    ann.receive(server.head("ann"))
    n_rounds = 0
    for _ in range(60):
        ann.wait(1_000)
        while ann.out:
            message = ann.out.pop(0)
            if isinstance(message, Pull):
                n_rounds += 1
                ann.snapshots[ROOM] = Snapshot(ROOM, 1, 1, server.rooms[ROOM].hash_at(1), "{}")
                ann.receive(Reset(ROOM, ResetReason.HASH, 1, floor=1, snap="/x"))
    assert 3 < n_rounds < 12


def acknowledged_behind_a_floor(server, ann):
    """An operation of ann's that has a place before the first event that her copy holds."""
    op = say(ann, "acknowledged")
    ann.receive(server.push("ann", "ann-desk", ann.out.pop())[0])
    fill(server, 2)
    server.rooms[ROOM].floor = 3
    ann.wait(300)
    return op


def test_a_kill_between_a_copy_that_began_anew_and_what_it_passed_sends_nothing_twice(server, ann):
    op = acknowledged_behind_a_floor(server, ann)
    actions = ann.client.received(server.pull("ann", ann.out.pop()), ann.now_ms)
    ann.kill_after = 1 + next(n for n, action in enumerate(actions) if isinstance(action, StartFrom))
    with pytest.raises(Killed):
        ann.carry_out(actions)
    ann.restart()
    assert ann.disk.settled[op.id].s == 1
    ann.done.clear()
    ann.go_online()
    exchange(server, ann)
    assert [event.s for event in ann.disk.room(ROOM).events] == [3]
    assert sent(ann, Push) == ann.disk.waiting() == []


def test_what_was_acknowledged_behind_the_oldest_event_held_is_sent_again_after_a_restore_without_it(server, ann):
    op = acknowledged_behind_a_floor(server, ann)
    exchange(server, ann)
    later = say(ann, "later")
    exchange(server, ann)
    ann.cut()
    ann.restart()
    waiting = say(ann, "written offline")
    server.fail_over(ROOM, 0)
    ann.go_online()
    exchange(server, ann)
    assert [event.id for event in server.rooms[ROOM].events[1:]] == [op.id, later.id, waiting.id]
    assert ann.disk.ops == {}


def test_an_older_page_that_brings_an_acknowledged_operation_takes_it_out_of_the_outbox(server, ann):
    op = acknowledged_behind_a_floor(server, ann)
    exchange(server, ann)
    assert set(ann.disk.ops) == {op.id}
    server.rooms[ROOM].floor = 1
    ann.receive(server.head("ann"))
    ann.carry_out(ann.client.older(ROOM, 50, ann.now_ms))
    exchange(server, ann)
    assert ann.disk.ops == {}
    assert ann.disk.room(ROOM).events == server.rooms[ROOM].events


def test_an_acknowledged_operation_behind_the_oldest_event_held_goes_with_the_words_that_are_erased(server, ann):
    op = acknowledged_behind_a_floor(server, ann)
    exchange(server, ann)
    ann.write(ROOM, Erase((op.id,)), Kind.ERASE)
    exchange(server, ann)
    assert ann.disk.ops == {}


def test_a_snapshot_that_says_that_words_were_erased_takes_them_out_of_the_outbox(server, ann):
    op, kept = say(ann, "to be erased"), say(ann, "to be kept")
    for push in sent(ann, Push):
        ann.receive(server.push("ann", "ann-desk", push)[0])
    ann.out.clear()
    eraser = SyncDevice("bob", "bob-eraser", 9)
    server.decide("bob", eraser.device, eraser.client.submit(ROOM, Erase((op.id,)), Kind.ERASE, ann.now_ms)[0])
    fill(server, 3)
    server._snapshots_from, server._page = 4, 100
    ann.snapshots[ROOM] = server.snapshot(ROOM)
    ann.wait(300)
    exchange(server, ann)
    assert done(ann, FetchSnapshot)
    assert set(ann.disk.ops) == {kept.id}


ANN_ID, BOB_ID = ("0190aaaa-0000-7000-8000-00000000000a", "0190aaaa-0000-7000-8000-00000000000b")


def offered(made_by, device, kind):
    """What bob's desk sends again of a room that is gone: it began with ``made_by``, and bob said one thing there."""
    body = RoomCreate(kind, members=(Seat(BOB_ID if made_by == ANN_ID else ANN_ID),))
    create = Event(1, "made", made_by, device, Kind.ROOM_CREATE, 5, "bh", format_body(body), "salt")
    said = Event(2, "said", BOB_ID, "bob-desk", Kind.MSG_CREATE, 6, "bh", '{"text":"hello"}', "salt")
    copies = Copies("bob-desk", [Cursor(ROOM, 1, 2, "h")], {ROOM: 1}, Outbox((), (), {}))
    copies.user = BOB_ID
    assert copies.reset(Reset(ROOM, ResetReason.HASH, 1, h=to_text(START)), 0) == [LoadHeld(ROOM, 0)]
    (started, *_) = copies.held(ROOM, [create, said], 0)
    return [(op.id, op.k, op.cseq, op.rec) for op in started.again], started.again[0].b, started.unconfirmed


def test_a_lost_room_of_two_is_offered_again_by_whoever_has_it_before_the_own_words():
    ops, body, aside = offered(ANN_ID, "ann-desk", RoomKind.DIRECT)

    assert ops == [("made", "room.create", 1, True), ("said", "msg.create", 2, True)]
    assert parse_body("room.create", body) == RoomCreate(RoomKind.DIRECT, members=(Seat(ANN_ID),))
    assert [event.id for event in aside] == ["made"]


def test_a_lost_group_is_offered_again_by_another_device_of_its_maker_and_by_nobody_else():
    mine, body, _ = offered(BOB_ID, "bob-laptop", RoomKind.GROUP)
    theirs, _, _ = offered(ANN_ID, "ann-desk", RoomKind.GROUP)

    assert mine == [("made", "room.create", 1, True), ("said", "msg.create", 2, True)]
    assert parse_body("room.create", body) == RoomCreate(RoomKind.GROUP, members=(Seat(ANN_ID),))
    assert theirs == [("said", "msg.create", 1, True)]
