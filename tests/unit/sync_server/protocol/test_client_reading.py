"""What a device reads: in order, without holes, in turn; what it tells in passing."""

from sync_server.protocol import chain
from sync_server.protocol.actions import (
    Heads,
    Heard,
    Known,
    ReadTo,
    SaveEvents,
    SaveOlder,
    Settled,
)
from sync_server.protocol.codec import Codec, encode
from sync_server.protocol.codes import ResetReason
from sync_server.protocol.events import Cursor, Event
from sync_server.protocol.limits import MAX_FRAME, MAX_HELD
from sync_server.protocol.messages import (
    Ev,
    Head,
    Hello,
    People,
    Person,
    Pull,
    Reader,
    Reads,
    ReadUp,
    Reset,
    RoomHead,
    Said,
    Say,
)
from tests.fakes.sync_device import SyncDevice
from tests.fakes.sync_exchange import ROOM, answer, done, exchange, fill, say, sent


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


def test_what_a_copy_went_past_without_its_event_is_kept_with_its_place(server, ann):
    op = say(ann, "words")
    push = ann.out.pop()
    res, _ = server.push("ann", "ann-desk", push)
    server.rooms[ROOM].floor = 2
    ann.receive(Reset(ROOM, ResetReason.FLOOR, 1, floor=2, h=server.rooms[ROOM].hash_at(1)))
    ann.receive(res)  # said before, and so not believed: it is asked again
    exchange(server, ann)
    assert done(ann, SaveEvents) == []
    assert ann.disk.settled == {op.id: Settled(op.id, 1, 1)}
    assert (set(ann.disk.ops), ann.disk.waiting()) == ({op.id}, [])
