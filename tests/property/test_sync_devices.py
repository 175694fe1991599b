"""Devices and a model server over wires that lose, double and swap frames, with kills and failovers (I8 to I13)."""

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sync_server.protocol import chain, codec, fold
from sync_server.protocol.bodies import MsgCreate, MsgEdit, PinSet, ReactSet
from sync_server.protocol.events import Cursor, Kind
from sync_server.protocol.messages import Hello, Pull, Push, Reset
from tests.fakes.model_sync_server import ModelSyncServer
from tests.fakes.sync_device import Killed, SyncDevice

ROOMS = ("room-a", "room-b")
DEVICES = (("ann", "ann-desk"), ("ann", "ann-home"), ("bob", "bob-desk"))
devices = st.integers(0, len(DEVICES) - 1)
rooms = st.sampled_from(ROOMS)


class Wires(RuleBasedStateMachine):
    """Two people, three devices, two rooms; every frame goes through the codec."""

    @initialize(seed=st.integers(0, 2**16), snapshots_from=st.sampled_from([4, 10**9]), tells_counts=st.booleans())
    def begin(self, seed, snapshots_from, tells_counts):
        self.server = ModelSyncServer(snapshots_from=snapshots_from)
        self.server.tells_counts = tells_counts
        for room in ROOMS:
            self.server.make_room(room, "ann", "bob")
        self.devices = [SyncDevice(user, device, seed + n) for n, (user, device) in enumerate(DEVICES)]
        self.coming = [[] for _ in DEVICES]
        self.is_greeted = [False for _ in DEVICES]
        self.accepted = {}  # id → the device that promised to keep it, and its room
        self.given_up = set()
        self.disordered = set()
        self.n_written = 0
        for n in range(len(DEVICES)):
            self.act(n, self.devices[n].go_online)

    # What a device does, and may die of.

    def act(self, n, deed, *arguments):
        device = self.devices[n]
        n_connections = device.n_connections
        try:
            deed(*arguments)
        except Killed:
            self.sever(n)
            device.restart()
            self.act(n, device.go_online)
        for op in device.disk.ops.values():
            self.accepted.setdefault(op.id, (device, op.r))
        if not device.wires_up or device.n_connections > n_connections:
            self.sever(n)

    def sever(self, n):
        self.coming[n] = []
        self.is_greeted[n] = False

    @rule(n=devices, after=st.integers(0, 6))
    def be_killed_soon(self, n, after):
        self.devices[n].kill_after = after

    @rule(n=devices, room=rooms, words=st.sampled_from(["well", "refuse me", "long" * 300]))
    def write(self, n, room, words):
        self.n_written += 1
        self.act(n, self.devices[n].write, room, MsgCreate(f"{self.n_written} {words}"), Kind.MSG_CREATE)

    @rule(n=devices, room=rooms, data=st.data())
    def change(self, n, room, data):
        device = self.devices[n]
        messages = sorted(device.disk.room(room).state().messages)
        if not messages:
            return
        target = data.draw(st.sampled_from(messages))
        body, kind = data.draw(
            st.sampled_from(
                [
                    (MsgEdit(target, "edited"), Kind.MSG_EDIT),
                    (ReactSet(target, "+", on=True), Kind.REACT_SET),
                    (ReactSet(target, "+", on=False), Kind.REACT_SET),
                    (PinSet(target), Kind.PIN_SET),
                ]
            )
        )
        self.act(n, device.write, room, body, kind)

    @rule(n=devices, once_more=st.booleans())
    def answer_a_refusal(self, n, once_more):
        device = self.devices[n]
        refused = [one.id for one in device.disk.settled.values() if one.code]
        if not refused:
            return
        self.given_up.add(refused[0])
        if once_more:
            self.act(n, lambda: device.carry_out(device.client.again(refused[0], device.now_ms)[1]))
        else:
            self.act(n, lambda: device.carry_out(device.client.drop(refused[0], device.now_ms)))
        if refused[0] in device.disk.ops:  # killed before it was saved
            self.given_up.discard(refused[0])

    @rule(n=devices, room=rooms, to=st.integers(1, 9))
    def read_and_look_back(self, n, room, to):
        device = self.devices[n]
        self.act(n, lambda: device.carry_out(device.client.read_to(room, to, device.now_ms)))
        self.act(n, lambda: device.carry_out(device.client.older(room, 2, device.now_ms)))

    @rule(n=devices)
    def cut(self, n):
        self.act(n, self.devices[n].cut)
        self.sever(n)

    @rule(n=devices, by_ms=st.sampled_from([10, 400, 3_000, 40_000]))
    def time_passes(self, n, by_ms):
        self.server.now_ms += by_ms
        self.act(n, self.devices[n].wait, by_ms)

    @rule(n=devices, by_ms=st.sampled_from([-3_600_000, 3_600_000]))
    def the_clock_jumps(self, n, by_ms):
        self.devices[n].jump(by_ms)

    # What the wires do.

    @rule(n=devices, at=st.integers(0, 3), how=st.sampled_from(["take", "take", "take", "double", "lose"]))
    def hear_a_device(self, n, at, how):
        out = self.devices[n].out
        if not out:
            return
        message = out.pop(min(at, len(out) - 1))
        for _ in range({"take": 1, "double": 2, "lose": 0}[how]):
            self.hear(n, message)

    @rule(n=devices, at=st.integers(0, 3), how=st.sampled_from(["take", "take", "take", "double", "lose"]))
    def tell_a_device(self, n, at, how):
        coming = self.coming[n]
        if not coming:
            return
        message = coming.pop(min(at, len(coming) - 1))
        n_times = {"take": 1, "double": 2, "lose": 0}[how]
        n_connections = self.devices[n].n_connections
        for _ in range(max(n_times, 1) if isinstance(message, Reset) else n_times):  # nothing would reveal a lost reset but news
            if self.devices[n].n_connections == n_connections:
                self.tell(n, message)

    @rule()
    def all_is_calm(self):
        for n, device in enumerate(self.devices):
            while device.out:
                self.hear(n, device.out.pop(0))
            while self.coming[n]:
                self.tell(n, self.coming[n].pop(0))

    def hear(self, n, message):
        device = self.devices[n]
        message = codec.decode_from_device(codec.encode(message, codec.Codec.JSON), codec.Codec.JSON)
        match message:
            case Hello():
                self.is_greeted[n] = True
                self.coming[n] += self.server.hello(device.user, message)
            case Push():
                res, news = self.server.push(device.user, device.device, message)
                self.coming[n].append(res)
                for ev in news:
                    self.publish(ev)
            case Pull():
                answer = self.server.pull(device.user, message)
                self.coming[n].append(answer)
                device.snapshots[message.r] = self.snapshot(device.user, message.r)

    def snapshot(self, user, room):
        is_served = user in self.server.rooms[room].members and len(self.server.rooms[room].events) > 2
        return self.server.snapshot(room) if is_served else None

    def publish(self, ev):
        for n, device in enumerate(self.devices):
            if self.is_greeted[n] and device.user in self.server.rooms[ev.r].members:
                self.coming[n].append(ev)

    def tell(self, n, message):
        if self.devices[n].wires_up:
            encoded = codec.encode(message, codec.Codec.MSGPACK)
            self.act(n, self.devices[n].receive, codec.decode_from_server(encoded, codec.Codec.MSGPACK))

    # What happens to the server.

    @rule(n=devices)
    def say_heads(self, n):
        if self.is_greeted[n]:
            self.coming[n].append(self.server.head(self.devices[n].user))

    @precondition(lambda self: self.server.tells_counts)
    @rule(room=rooms, share=st.sampled_from([0.0, 0.3, 0.6, 0.9, 1.0]), forgets=st.booleans())
    def fail_over(self, room, share, forgets):
        there = self.server.rooms[room]
        fork = int(share * len(there.events))
        lost = there.events[fork:]
        self.server.fail_over(room, fork, forgets_counts=forgets)
        if not forgets:  # what was on its way then has its turn before what the device sends again
            self.disordered.add(room)
        for event in lost:  # nobody can send again what its author's device no longer holds
            device, _ = self.accepted.get(event.id, (None, ""))
            if device is None:
                continue
            held = {one.id for one in device.disk.room(room).events} | set(device.disk.ops)
            if event.id not in held:
                self.given_up.add(event.id)

    @rule(room=rooms)
    def retention_passes(self, room):
        there = self.server.rooms[room]
        there.floor = min(there.floor + 2, len(there.events) + 1)

    @rule(room=rooms)
    def bob_is_removed(self, room):
        self.server.rooms[room].members.pop("bob", None)

    @rule(room=rooms, sees_all=st.booleans())
    def bob_is_back(self, room, sees_all):
        there = self.server.rooms[room]
        there.members.setdefault("bob", 1 if sees_all else len(there.events) + 1)

    @precondition(lambda self: self.server.tells_counts)
    @rule(n=devices, room=rooms)
    def a_bit_flips_on_a_disk(self, n, room):
        device = self.devices[n]
        copy = device.disk.room(room)
        if copy.cursor.s:
            copy.cursor = Cursor(room, copy.cursor.e, copy.cursor.s, chain.to_text(bytes([1]) * 32))
            self.sever(n)
            device.restart()
            self.act(n, device.go_online)

    # What always holds.

    @invariant()
    def a_copy_has_no_hole_and_only_what_its_cursor_says(self):
        for device in getattr(self, "devices", ()):
            for copy in device.disk.rooms.values():
                places = [event.s for event in copy.events]
                assert places == list(range(copy.cursor.s - len(places) + 1, copy.cursor.s + 1))

    @invariant()
    def no_operation_is_entered_twice(self):
        for room in getattr(self, "server", ModelSyncServer()).rooms.values():
            entered = [(event.d, event.id) for event in room.events]
            assert len(entered) == len(set(entered))

    # And in the end.

    def teardown(self):
        if not hasattr(self, "devices"):
            return
        for device in self.devices:
            device.kill_after = None
        n_quiet = 0
        for _ in range(60):
            n_quiet = n_quiet + 1 if self.settle() and self.is_quiet() else 0
            if n_quiet == 2:  # the heads of the first have been looked into
                break
        check_copies(self)
        check_operations(self)
        self.check_removals()

    def settle(self):
        """One calm minute: everything arrives, in order. Whether nothing was left to say."""
        was_quiet = True
        for n, device in enumerate(self.devices):
            self.act(n, device.wait, 20_000)
            if not device.wires_up:
                self.act(n, device.go_online)
            if self.is_greeted[n]:
                self.coming[n].append(self.server.head(device.user))
        n_rounds = 0
        while any(self.coming) or any(device.out for device in self.devices):
            n_rounds += 1
            assert n_rounds < 60, "what is said leads to no end"
            for n, device in enumerate(self.devices):
                while device.out:
                    message = device.out.pop(0)
                    was_quiet = was_quiet and not isinstance(message, Push | Pull)
                    self.hear(n, message)
                while self.coming[n]:
                    self.tell(n, self.coming[n].pop(0))
        return was_quiet

    def is_quiet(self):
        return all(device.stands.state == "live" and not device.disk.waiting() for device in self.devices)

    def check_removals(self):
        """Who was removed knows it after the next greeting at the latest."""
        for n, device in enumerate(self.devices):
            self.cut(n)
            self.settle()
            left = {name for name, room in self.server.rooms.items() if device.user not in room.members}
            held = {name for name, copy in device.disk.rooms.items() if copy.events}
            assert all(device.disk.room(name).is_left for name in left & held)


def check_copies(wires):
    for device in wires.devices:
        for name, room in wires.server.rooms.items():
            copy = device.disk.room(name)
            if device.user not in room.members:
                continue
            assert copy.cursor.s == len(room.events)
            assert not copy.cursor.s or copy.cursor.h == room.hash_at(len(room.events))
            first = copy.events[0].s if copy.events else len(room.events) + 1
            assert copy.events == room.events[first - 1 :]
            if first == 1 or copy.base:
                assert copy.state().to_text() == fold.fold(room.events).to_text()


def check_operations(wires):
    for identity, (device, name) in wires.accepted.items():
        n_entered = sum(
            (event.d, event.id) == (device.device, identity) for room in wires.server.rooms.values() for event in room.events
        )
        assert n_entered <= 1
        is_member = device.user in wires.server.rooms[name].members
        if identity in device.disk.ops and (is_member or device.disk.settled[identity].code):
            assert device.disk.settled[identity].code
            assert not n_entered
        elif identity not in wires.given_up and is_member:
            assert n_entered == 1
    made = {identity: n for n, identity in enumerate(wires.accepted)}
    for room in (room for name, room in wires.server.rooms.items() if name not in wires.disordered):
        for device in wires.devices:
            for again in {False, room.epoch == 2}:  # what is sent again comes when the device has heard of the failover
                mine = [made[event.id] for event in room.events if event.d == device.device and event.rec is again]
                assert mine == sorted(mine)


TestDevicesOverBadWires = Wires.TestCase
TestDevicesOverBadWires.settings = hypothesis.settings(max_examples=120, stateful_step_count=50, deadline=None)
