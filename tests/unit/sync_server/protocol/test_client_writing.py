"""What a device writes: kept, sent in order, settled once."""

import sys

import pytest

from sync_server.protocol import chain
from sync_server.protocol.actions import (
    DropOp,
    Renumber,
    SaveEvents,
    SaveOp,
    SaveSettled,
    Send,
    Settled,
)
from sync_server.protocol.bodies import MsgCreate, MsgEdit, RoomCreate, RoomKind
from sync_server.protocol.codec import Codec, encode
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Event, Kind, OpResult, OpState
from sync_server.protocol.limits import MAX_FRAME, Limits
from sync_server.protocol.messages import (
    Err,
    Hello,
    Push,
    Res,
    Welcome,
)
from tests.fakes.model_sync_server import ModelSyncServer
from tests.fakes.sync_device import SyncDevice
from tests.fakes.sync_exchange import OTHER, ROOM, answer, done, exchange, say, sent


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


def test_what_a_long_outbox_costs_grows_with_the_number_of_its_operations_alone():
    n_calls = []
    for n in (1_000, 4_000):
        device = SyncDevice("ann", "ann-desk", 1)
        server = ModelSyncServer()
        server.make_room(ROOM, "ann")
        for i in range(n):
            say(device, f"{i}")
        counted = [0]

        def count(_frame, event, _argument, counted=counted):
            counted[0] += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            device.go_online()
            exchange(server, device)
        finally:
            sys.setprofile(None)
        n_calls.append(counted[0])
        assert len(server.rooms[ROOM].events) == n
    assert n_calls[1] < n_calls[0] * 5  # four times as many; with their square it would be sixteen times
