"""One device's side of a server, step by step."""

import time

import pytest

from sync_server.protocol import chain
from sync_server.protocol.actions import (
    DropOp,
    FetchSnapshot,
    Heads,
    Heard,
    Known,
    Leave,
    LoadHeld,
    ReadTo,
    Renumber,
    SaveEvents,
    SaveOlder,
    SaveOp,
    SaveSettled,
    Send,
    Settled,
    StartFrom,
)
from sync_server.protocol.bodies import MsgCreate, MsgEdit, RoomCreate, RoomKind
from sync_server.protocol.codec import Codec, encode
from sync_server.protocol.codes import Code, ResetReason
from sync_server.protocol.events import Cursor, Event, Kind, OpResult, OpState
from sync_server.protocol.limits import MAX_FRAME, MAX_HELD, Limits
from sync_server.protocol.messages import (
    Err,
    Ev,
    Head,
    Hello,
    People,
    Person,
    Pull,
    Push,
    Reader,
    Reads,
    ReadUp,
    Res,
    Reset,
    RoomHead,
    Said,
    Say,
    Snapshot,
    Welcome,
)
from tests.fakes.model_sync_server import ModelSyncServer
from tests.fakes.sync_device import SyncDevice

ROOM, OTHER = "0190-room", "0190-other"


def exchange(server, *devices):
    """Everything that can be said is said, in order, until nobody has anything more to say."""
    while any(device.out for device in devices):
        for device in devices:
            while device.out:
                answer(server, device, device.out.pop(0), devices)


def answer(server, device, message, devices):
    match message:
        case Hello():
            for said in server.hello(device.user, message):
                device.receive(said)
        case Push():
            res, news = server.push(device.user, device.device, message)
            device.receive(res)
            for ev in news:
                for one in devices:
                    if one.wires_up and one.user in server.rooms[ev.r].members:
                        one.receive(ev)
        case Pull():
            device.receive(server.pull(device.user, message))


def sent(device, kind):
    return [action.message for action in device.done if isinstance(action, Send) and isinstance(action.message, kind)]


def done(device, kind):
    return [action for action in device.done if isinstance(action, kind)]


@pytest.fixture
def server():
    made = ModelSyncServer()
    made.make_room(ROOM, "ann", "bob")
    return made


@pytest.fixture
def ann(server):
    """A device that is online and has nothing more to say."""
    device = SyncDevice("ann", "ann-desk", 1)
    device.go_online()
    exchange(server, device)
    device.done.clear()
    return device


@pytest.fixture
def bob(server):
    device = SyncDevice("bob", "bob-desk", 2)
    device.go_online()
    exchange(server, device)
    return device


def say(device, text, room=ROOM):
    return device.write(room, MsgCreate(text), Kind.MSG_CREATE)


# Writing.


def test_what_is_written_offline_is_sent_in_order_once_online(server):
    device = SyncDevice("ann", "ann-desk", 1)
    written = [say(device, f"{n}").id for n in range(250)]
    assert not device.out
    device.go_online()
    exchange(server, device)
    assert [event.id for event in server.rooms[ROOM].events] == written
    assert device.disk.ops == {}
    assert device.disk.room(ROOM).events == server.rooms[ROOM].events
    assert device.stands.state == "live"


def test_an_operation_is_saved_before_it_is_sent(ann):
    op = say(ann, "words")
    kinds = [type(action) for action in ann.done]
    assert kinds.index(SaveOp) < kinds.index(Send)
    assert (op.cseq, op.base, len(chain.from_text(op.n))) == (1, 0, 16)


def test_an_operation_knows_what_its_author_had_seen(server, ann, bob):
    say(bob, "first")
    exchange(server, bob, ann)
    assert say(ann, "answer").base == 1


def test_a_body_that_the_server_would_refuse_is_refused_at_once_and_changes_nothing(ann):
    for body, kind in (
        (MsgCreate("x" * 12_001), Kind.MSG_CREATE),
        (MsgEdit("no id", "x"), Kind.MSG_EDIT),
        (MsgCreate("x"), "poll.open"),
    ):
        with pytest.raises(ValueError):
            ann.client.submit(ROOM, body, kind, ann.now_ms)
    with pytest.raises(ValueError, match="16384"):
        ann.client.submit(ROOM, MsgCreate('"' * 12_000), Kind.MSG_CREATE, ann.now_ms)
    assert say(ann, "first").cseq == 1


def test_pushes_stay_within_the_servers_counts_and_bytes():
    server, device = ModelSyncServer(), SyncDevice("ann", "ann-desk", 1)
    server.make_room(ROOM, "ann")
    for n in range(130):
        say(device, '"' * (40 * n))  # quotes grow most on the wire
    device.go_online()
    exchange(server, device)
    pushes = sent(device, Push)
    assert all(len(push.ops) <= 100 for push in pushes)
    assert all(len(encode(push, codec)) <= MAX_FRAME for push in pushes for codec in Codec)
    assert len(server.rooms[ROOM].events) == 130


def test_an_operation_that_no_frame_of_the_server_holds_is_refused_here_and_the_next_takes_its_count(server, ann):
    ann.client.closed(1006, "", ann.now_ms)
    big, small = say(ann, "x" * 900), say(ann, "small")
    ann.wires_up = False
    ann.wait(60_000)
    assert isinstance(ann.out[-1], Hello)
    ann.out.clear()
    ann.receive(Welcome("s", "ann", "n", 0, 0, Limits(frame=800), heads=server.heads("ann")))
    exchange(server, ann)
    assert ann.disk.settled[big.id].code == Code.TOO_LARGE
    assert [event.id for event in server.rooms[ROOM].events] == [small.id]
    assert done(ann, Renumber) == [Renumber(ROOM, ((small.id, 1),))]


def test_a_refused_operation_does_not_hold_back_those_after_it(server, ann):
    refused, later = say(ann, "refuse me"), say(ann, "fine")
    exchange(server, ann)
    assert ann.disk.settled[refused.id].code == Code.NOT_ALLOWED
    assert [event.id for event in server.rooms[ROOM].events] == [later.id]


def test_a_refused_operation_is_sent_again_as_a_new_one_in_its_stead(server, ann):
    refused = say(ann, "refuse me")
    exchange(server, ann)
    server.refuses = lambda op: False
    op, actions = ann.client.again(refused.id, ann.now_ms)
    assert actions[0] == SaveOp(op, instead=refused.id)
    assert (op.b, op.cseq) == (refused.b, 2)
    assert (op.id, op.n) != (refused.id, refused.n)
    ann.carry_out(actions)
    exchange(server, ann)
    assert [event.id for event in server.rooms[ROOM].events] == [op.id]
    assert ann.disk.ops == {}


def test_only_what_was_refused_can_be_dropped_or_sent_again(server, ann):
    waiting = say(ann, "on its way")
    for deed in (ann.client.drop, ann.client.again):
        with pytest.raises(ValueError, match="not refused"):
            deed(waiting.id, ann.now_ms)
    refused = say(ann, "refuse me")
    exchange(server, ann)
    ann.carry_out(ann.client.drop(refused.id, ann.now_ms))
    assert ann.disk.ops == {}
    assert say(ann, "next").cseq == 3


def test_a_direct_room_that_the_other_made_first_is_fine(server, ann):
    op = ann.write(ROOM, RoomCreate(RoomKind.DIRECT), Kind.ROOM_CREATE)
    hello = say(ann, "hello")
    exchange(server, ann)
    assert DropOp(op.id) in ann.done
    assert ann.disk.ops == {}
    assert [event.id for event in ann.disk.room(ROOM).events] == [hello.id]


@pytest.mark.parametrize("first", ["result", "event"])
def test_an_operation_is_settled_once_whichever_comes_first(server, ann, first):
    op = say(ann, "words")
    res, (ev,) = server.push("ann", "ann-desk", ann.out.pop())
    said = [res, ev] if first == "result" else [ev, res]
    ann.done.clear()
    ann.receive(said[0])
    if first == "result":
        assert done(ann, SaveSettled) == [SaveSettled((Settled(op.id, 1, 1),))]
        assert op.id in ann.disk.ops
    ann.receive(said[1])
    (saved,) = done(ann, SaveEvents)
    assert saved.settled == (Settled(op.id, 1, 1),)
    assert len(done(ann, SaveSettled)) == (first == "result")
    assert ann.disk.ops == {}


def test_an_operation_of_another_device_with_the_same_id_settles_nothing(server, ann):
    op = say(ann, "mine")
    squat = Event(
        1, op.id, "bob", "bob-desk", op.k, 1, chain.to_text(chain.body_hash(bytes(16), op.b)), op.b, chain.to_text(bytes(16))
    )
    server.rooms[ROOM].append(squat)
    ann.receive(server.run(ROOM, 1, 1))
    assert op.id in ann.disk.ops


def test_counts_go_on_after_a_restart_with_everything_in_flight_sent_again(server, ann):
    first = say(ann, "acknowledged to nobody")
    server.push("ann", "ann-desk", ann.out.pop())
    ann.restart()
    second = say(ann, "written before going online")
    assert second.cseq == 2
    ann.go_online()
    exchange(server, ann)
    assert [event.id for event in server.rooms[ROOM].events] == [first.id, second.id]
    assert ann.disk.ops == {}


def test_what_the_server_wants_later_holds_back_its_room_and_no_other(server, ann):
    server.make_room(OTHER, "ann")
    first, second, elsewhere = say(ann, "1"), say(ann, "2"), say(ann, "3", OTHER)
    ann.out.clear()
    rids = {op.id: push.rid for push in sent(ann, Push) for op in push.ops}
    ann.receive(Res(rids[first.id], (OpResult(first.id, OpState.RETRY, code=Code.OUT_OF_ORDER, after=700),)))
    ann.receive(Res(rids[second.id], (OpResult(second.id, OpState.RETRY, code=Code.OUT_OF_ORDER, cseq=1),)))
    ann.receive(Res(rids[elsewhere.id], (OpResult(elsewhere.id, OpState.OK, 1, 1),)))
    third = say(ann, "4")
    ann.done.clear()
    ann.wait(699)
    assert not sent(ann, Push)
    ann.wait(1)
    (push,) = sent(ann, Push)
    assert [op.id for op in push.ops] == [first.id, second.id, third.id]


def test_a_device_with_other_counts_than_the_server_takes_the_servers(server, ann):
    server.counts["ann-desk", ROOM] = 40  # an older copy of this device's disk was put back
    first, second = say(ann, "1"), say(ann, "2")
    exchange(server, ann)
    ann.wait(1_000)
    exchange(server, ann)
    assert [event.id for event in server.rooms[ROOM].events] == [first.id, second.id]
    assert say(ann, "3").cseq == 43
    assert ann.disk.counts[ROOM] == 43


def test_a_server_that_is_busy_is_asked_less_and_more_again_with_every_success(server, ann):
    written = [say(ann, f"{n}") for n in range(60)]
    pushes = [message for message in ann.out if isinstance(message, Push)]
    ann.out.clear()
    for push in pushes:
        ann.receive(Res(push.rid, tuple(OpResult(op.id, OpState.RETRY, code=Code.LIMITED, after=2_000) for op in push.ops)))
    assert not ann.out
    ann.wait(2_000)
    n_ops = []
    while ann.out:
        n_ops.append(len(ann.out[0].ops))
        answer(server, ann, ann.out.pop(0), [ann])
    assert n_ops[0] == 1
    assert max(n_ops) > 8
    assert [event.id for event in server.rooms[ROOM].events] == [op.id for op in written]


def test_a_push_that_cannot_be_served_is_sent_again_smaller(server, ann):
    say(ann, "words")
    push = ann.out.pop()
    ann.receive(Err(push.rid, Code.BUSY, "no room on the disk", 3_000))
    ann.wait(2_999)
    assert not ann.out
    ann.wait(1)
    exchange(server, ann)
    assert len(server.rooms[ROOM].events) == 1


def test_no_room_waits_for_the_long_outbox_of_another(server):
    device = SyncDevice("ann", "ann-desk", 1)
    server.make_room(OTHER, "ann")
    for n in range(1_000):
        say(device, f"{n}")
    late = say(device, "short", OTHER)
    device.go_online()
    answer(server, device, device.out.pop(0), [device])
    assert late.id in {op.id for op in device.out[0].ops}


def test_a_hundred_thousand_operations_leave_in_time_that_grows_with_their_number_alone():
    took_s = []
    for n in (2_000, 8_000):
        device = SyncDevice("ann", "ann-desk", 1)
        server = ModelSyncServer()
        server.make_room(ROOM, "ann")
        for i in range(n):
            say(device, f"{i}")
        began = time.process_time()
        device.go_online()
        exchange(server, device)
        took_s.append(time.process_time() - began)
        assert len(server.rooms[ROOM].events) == n
    assert took_s[1] < took_s[0] * 8  # four times as many; with their square it would be sixteen times as long


# Reading.


def test_a_gap_is_asked_for_and_what_came_after_it_waits(server, ann, bob):
    for n in range(3):
        say(bob, f"{n}")
    exchange(server, bob)
    ann.receive(server.run(ROOM, 3, 3))
    assert not done(ann, SaveEvents)
    exchange(server, ann)
    assert [event.s for event in ann.disk.room(ROOM).events] == [1, 2, 3]


def test_what_waits_behind_a_gap_is_bounded_and_asked_for_later(server, ann):
    server._page = 500
    fill(server, MAX_HELD + 50)
    for s in range(2, MAX_HELD + 51):
        ann.receive(server.run(ROOM, s, s))
    replica = ann.client._copies.replica(ROOM)
    assert replica._n_held == MAX_HELD
    exchange(server, ann)
    assert ann.disk.room(ROOM).events == server.rooms[ROOM].events


def fill(server, n, room=ROOM):
    """Messages of somebody else."""
    device = f"bob-filler-{len(server.decided)}"
    author = SyncDevice("bob", device, len(server.decided))
    for i in range(n):
        op = author.client.submit(room, MsgCreate(f"{i}"), Kind.MSG_CREATE, author.now_ms)[0]
        server.decide("bob", device, op)


def test_a_head_reveals_a_publication_that_was_lost(server, ann):
    fill(server, 1)
    ann.receive(server.head("ann"))
    assert not ann.out  # it may be on its way
    ann.wait(300)
    exchange(server, ann)
    assert len(ann.disk.room(ROOM).events) == 1


def test_a_result_reveals_an_event_that_was_lost(server, ann):
    say(ann, "words")
    ann.receive(server.push("ann", "ann-desk", ann.out.pop())[0])
    ann.wait(300)
    exchange(server, ann)
    assert ann.disk.ops == {}
    assert len(ann.disk.room(ROOM).events) == 1


def test_a_run_that_is_not_what_its_hash_says_is_not_taken_but_asked_for(server, ann):
    fill(server, 2)
    ev = server.run(ROOM, 1, 2)
    forged = Event(2, "x", "eve", "eve-desk", "msg.create", 1, ev.ev[1].bh, ev.ev[1].b, ev.ev[1].n)
    for broken in (
        Ev(ROOM, 1, 1, 2, (ev.ev[0], forged), ev.h),
        Ev(ROOM, 1, 1, 2, ev.ev, "nonsense"),
        Ev(ROOM, 1, 1, 3, ev.ev, ev.h),
        Ev(ROOM, 1, 0, 1, ev.ev, ev.h),
        Ev(ROOM, 1, 1, 2, (ev.ev[0], ev.ev[0]), ev.h),
    ):
        ann.receive(broken)
        assert ann.disk.room(ROOM).cursor.s == 0
    exchange(server, ann)
    assert ann.disk.room(ROOM).cursor.s == 2


def test_a_server_whose_answers_never_fit_is_greeted_once_more_and_then_asked_seldom(server, ann):
    fill(server, 1)
    broken = server.run(ROOM, 1, 1)
    greetings = 0
    for _ in range(40):
        ann.receive(server.head("ann"))
        ann.wait(10_000)
        while ann.out:
            message = ann.out.pop(0)
            if isinstance(message, Pull):
                ann.receive(Ev(ROOM, 1, 1, 1, broken.ev, "nonsense", message.rid))
            else:
                greetings += isinstance(message, Hello)
                answer(server, ann, message, [ann])
    assert greetings == 1
    assert 3 < len(sent(ann, Pull)) < 12
    assert ann.disk.room(ROOM).cursor.s == 0


def test_four_rooms_are_asked_for_at_a_time_the_latest_first_and_each_in_turn(server):
    rooms = [f"room-{n}" for n in range(6)]
    for room in rooms:
        server.make_room(room, "ann", "bob")
        fill(server, 7, room)
    device = SyncDevice("ann", "ann-desk", 1)
    device.go_online()
    answer(server, device, device.out.pop(0), [device])
    assert [pull.r for pull in device.out] == rooms[:4]
    while device.out:
        answer(server, device, device.out.pop(0), [device])
    order = [pull.r for pull in sent(device, Pull)]
    assert order[:10] == [*rooms, *rooms[:4]]
    assert all(len(device.disk.room(room).events) == 7 for room in rooms)


def test_older_history_is_asked_for_and_joined(server):
    fill(server, 12)
    server.rooms[ROOM].floor = 9
    ann = SyncDevice("ann", "ann-desk", 1)
    ann.go_online()
    exchange(server, ann)
    assert [event.s for event in ann.disk.room(ROOM).events] == [9, 10, 11, 12]
    server.rooms[ROOM].floor = 1
    ann.receive(server.head("ann"))
    ann.carry_out(ann.client.older(ROOM, 5, ann.now_ms))
    ann.carry_out(ann.client.older(ROOM, 5, ann.now_ms))  # asked once
    assert len(ann.out) == 1
    exchange(server, ann)
    assert done(ann, SaveOlder)[-1].has_more
    ann.carry_out(ann.client.older(ROOM, 50, ann.now_ms))
    exchange(server, ann)
    assert not done(ann, SaveOlder)[-1].has_more
    assert ann.disk.room(ROOM).events == server.rooms[ROOM].events
    assert ann.client.older(ROOM, 50, ann.now_ms) == []


def test_two_devices_of_one_person_hold_the_same_and_confirm_only_their_own(server, ann):
    home = SyncDevice("ann", "ann-home", 5)
    home.go_online()
    exchange(server, home)
    mine, theirs = say(ann, "from the desk"), say(home, "from home")
    assert (mine.cseq, theirs.cseq) == (1, 1)
    exchange(server, ann, home)
    assert ann.disk.room(ROOM).events == home.disk.room(ROOM).events == server.rooms[ROOM].events
    assert ann.disk.ops == home.disk.ops == {}


# Copies that begin anew.


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


# In passing.


def test_reads_are_told_once_a_second_and_again_after_a_connection_was_lost(server, ann):
    for seq in (1, 5, 3):
        ann.carry_out(ann.client.read_to(ROOM, seq, ann.now_ms))
    assert [message.read for message in ann.out] == [1]
    ann.wait(1_000)
    assert [message.read for message in sent(ann, ReadUp)] == [1, 5]
    ann.out.clear()
    ann.cut()
    ann.wait(60_000)
    exchange(server, ann)
    assert [message.read for message in sent(ann, ReadUp)] == [1, 5, 5]


def test_what_another_device_read_is_not_told_again(ann):
    ann.receive(Reads(ROOM, (Reader("ann", 9), Reader("bob", 2))))
    assert done(ann, ReadTo) == [ReadTo(ROOM, "ann", 9), ReadTo(ROOM, "bob", 2)]
    ann.carry_out(ann.client.read_to(ROOM, 9, ann.now_ms))
    ann.wait(5_000)
    assert not sent(ann, ReadUp)


def test_presence_is_repeated_before_it_lapses_and_typing_never(server, ann):
    ann.carry_out(ann.client.say("presence", "", "away", ann.now_ms))
    ann.carry_out(ann.client.say("typing", ROOM, "", ann.now_ms))
    ann.out.clear()
    for _ in range(3):
        ann.wait(20_000)
        ann.receive(server.head("ann"))
    assert [message.b for message in sent(ann, Say) if message.k == "presence"] == ["away"] * 4
    assert len([message for message in sent(ann, Say) if message.k == "typing"]) == 1
    ann.cut()
    assert ann.client.say("typing", ROOM, "", ann.now_ms) == []


def test_people_presence_and_heads_are_told_on(ann):
    people, head = (Person("bob", "Bob", "bob"),), (RoomHead(ROOM, 1, 0),)
    ann.receive(People(people))
    ann.receive(Said("typing", "bob", ROOM, "", 5_000))
    ann.receive(Head(head))
    assert [action for action in ann.done if isinstance(action, Known | Heard | Heads)] == [
        Known(people),
        Heard("typing", "bob", ROOM, "", 5_000),
        Heads(head),
    ]


def test_a_greeting_names_no_more_copies_than_a_frame_holds(server):
    device = SyncDevice("ann", "ann-desk", 1)
    for n in range(700):
        name = f"0190d000-0000-7000-8000-{n:012d}"
        device.disk.room(name).cursor = Cursor(name, 2**52, 2**52, chain.to_text(bytes(32)))
    device.restart()
    device.go_online()
    (hello,) = sent(device, Hello)
    assert 200 < len(hello.rooms) <= 500
    assert all(len(encode(hello, codec)) < MAX_FRAME - 4_096 for codec in Codec)


def test_an_event_already_passed_by_a_copy_settles_with_its_result(server, ann):
    op = say(ann, "words")
    push = ann.out.pop()
    res, _ = server.push("ann", "ann-desk", push)
    server.rooms[ROOM].floor = 2
    ann.receive(Reset(ROOM, ResetReason.FLOOR, 1, floor=2, h=server.rooms[ROOM].hash_at(1)))
    ann.receive(res)  # said before, and so not believed: it is asked again
    exchange(server, ann)
    assert done(ann, SaveEvents) == [SaveEvents(Cursor(ROOM, 1, 1, server.rooms[ROOM].hash_at(1)), (), (Settled(op.id, 1, 1),))]
    assert ann.disk.ops == {}
