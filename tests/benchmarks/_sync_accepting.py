"""Durable messages accepted end to end: connections that push as fast as they are answered (P15)."""

import json
import os
import select
import time
from dataclasses import dataclass

from sync_server.protocol.chain import SALT_BYTES, to_text
from sync_server.protocol.codec import Codec, decode_from_server, encode
from sync_server.protocol.events import Kind, Op, OpState
from sync_server.protocol.ids import IdMaker
from sync_server.protocol.messages import Push, Res
from tests.benchmarks._fanout_dialects import Trii, frame, take_frames
from tests.benchmarks._fanout_load import cpu_s_of
from tests.benchmarks._sync_house import SyncHouse

OPS_EACH = 100
WINDOW = 2  # pushes of a connection under way
TEXT = "m" * 60


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was taken: operations, seconds, CPU seconds of the server."""

    n_ops: int
    wall_s: float
    cpu_s: float


class _Line:
    """One connection that pushes into a room of its own."""

    def __init__(self, house: SyncHouse, place: int) -> None:
        member = house.members[place]
        self.sock = Trii([member.tokens.access], [member.device], []).open(house.server.port, 0)
        self.sock.setblocking(False)
        self.buffer = bytearray()
        self.n_open = 0
        self.n_pushed = 0
        self._ids = IdMaker(os.urandom)
        self._salt = to_text(os.urandom(SALT_BYTES))
        self._room = self._ids.make(time.time_ns() // 1_000_000)
        self._cseq = 1
        create = json.dumps({"kind": "group", "name": f"Line {place}"})
        self.first = Op(self._room, self._room, Kind.ROOM_CREATE, create, self._salt, 1)

    def push(self, ops: tuple[Op, ...]) -> None:
        """Send these now."""
        self.n_pushed += 1
        self.n_open += 1
        data = frame(encode(Push(self.n_pushed, ops), Codec.MSGPACK), 2)
        while data:
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                select.select([], [self.sock], [], 1.0)

    def messages(self) -> tuple[Op, ...]:
        """The next hundred."""
        now_ms, made = time.time_ns() // 1_000_000, []
        for _ in range(OPS_EACH):
            self._cseq += 1
            body = json.dumps({"text": TEXT})
            made.append(Op(self._ids.make(now_ms), self._room, Kind.MSG_CREATE, body, self._salt, self._cseq))
        return tuple(made)

    def heard(self) -> int:
        """Operations accepted by what has come; whatever else was said is skipped."""
        try:
            piece = self.sock.recv(1 << 18)
        except BlockingIOError:
            return 0
        assert piece, "the server closed a connection"
        self.buffer += piece
        n_ok = 0
        for opcode, content in take_frames(self.buffer):
            message = decode_from_server(content, Codec.MSGPACK) if opcode == 2 else None
            if isinstance(message, Res):
                self.n_open -= 1
                n_ok += sum(one.st is OpState.OK for one in message.ops)
                assert all(one.st is OpState.OK for one in message.ops), message.ops[0]
        return n_ok


def accept(house: SyncHouse, n_lines: int, seconds: float) -> Accepted:
    """Push for a while; every operation counted was answered ``ok``, so it is durable."""
    lines = [_Line(house, place) for place in range(n_lines)]
    for line in lines:
        line.push((line.first,))
    poll = select.epoll()
    by_number = {line.sock.fileno(): line for line in lines}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    n_ops, cpu_s, begun_s = 0, cpu_s_of(house.server.pid), time.perf_counter()
    end_s = begun_s + seconds
    while time.perf_counter() < end_s or any(line.n_open for line in lines):
        for number, _ in poll.poll(0.05):
            n_ops += by_number[number].heard()
        for line in lines:
            while line.n_open < WINDOW and time.perf_counter() < end_s:
                line.push(line.messages())
    wall_s = time.perf_counter() - begun_s
    for line in lines:
        line.sock.close()
    return Accepted(n_ops, wall_s, cpu_s_of(house.server.pid) - cpu_s)
