"""One connection of the standing benchmark: the product's own rules for when to come back, on a raw socket that never blocks."""

import base64
import errno
import json
import os
import random
import socket
import struct
import time
from typing import Final

import msgspec

from sync_server.protocol.actions import Action
from sync_server.protocol.chain import SALT_BYTES, to_text
from sync_server.protocol.codec import Codec, decode_from_server, encode
from sync_server.protocol.connection import Connection, Phase
from sync_server.protocol.events import Cursor, Kind, Op, OpState
from sync_server.protocol.ids import IdMaker
from sync_server.protocol.messages import Bye, Ev, FromDevice, FromServer, Hello, Pull, Push, ReadUp, Res, Say, Welcome
from tests.benchmarks._fanout_dialects import MSGPACK, frame, take_frames

READ_BYTES: Final = 64 * 1024
KNOWN_MAX: Final = 4_096  # messages to many that were decoded already
KNOWN_BYTES: Final = 4_096  # larger ones are for one connection
TEXT: Final = "m" * 120
_TEXT_OR_BINARY, _CLOSE, _PING, _PONG = (1, 2), 8, 9, 10
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: a close is a reset, as when a line is cut
_ids: Final = IdMaker(os.urandom)
_known: dict[bytes, FromServer] = {}


class Desk(msgspec.Struct):
    """One person at one device, as many connections share it. ``until_ms``: UTC, when ``access`` ends; ``cseq`` of the room."""

    access: str
    refresh: str
    until_ms: int
    device: str
    room: str
    cseq: int = 0


class Device:
    """One connection, from its first try to the end of the run; ``core`` says when it tries.

    ``seq`` newest event heard without a hole · ``n_gaps`` times that an event was missing while it stood · ``pending`` operation
    that was pushed and is not answered · ``is_whole`` whether it has all that there was · ``was_up`` whether this try was welcomed.
    """

    def __init__(self, number: int, desk: Desk, draw: random.Random) -> None:
        self.number = number
        self.desk = desk
        self.core = Connection(draw.random)
        self.sock: socket.socket | None = None
        self.seq = 0
        self.n_events = 0
        self.n_gaps = 0
        self.n_dropped = 0
        self.n_said = 0
        self.said = ""
        self.pending: Op | None = None
        self.is_whole = False
        self.was_up = False
        self._epoch = 0
        self._hash = ""
        self._rid = 0
        self._is_upgraded = False
        self._is_pulling = False
        self._data = bytearray()
        self.out = b""  # what the socket has not taken yet

    # The socket.

    def connect(self, port: int) -> None:
        """Begin to connect, and have the handshake ready."""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ("GET /v1/sync HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade")
        more = (f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Protocol: {MSGPACK}")
        self.out = ("\r\n".join((*lines, *more)) + "\r\n\r\n").encode()
        self._data, self._is_upgraded, self._is_pulling, self.is_whole = bytearray(), False, False, False
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = self.sock.connect_ex(("127.0.0.1", port))
        if begun not in (0, errno.EINPROGRESS):
            raise OSError(begun, os.strerror(begun))

    def cut(self) -> None:
        """The line is cut: nothing is said."""
        if self.sock is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self.sock.close()
        self.sock, self.out, self.is_whole, self.was_up = None, b"", False, False

    def send(self, message: FromDevice) -> None:
        """Say something."""
        self._write(frame(encode(message, Codec.MSGPACK), 2))

    def _write(self, data: bytes) -> None:
        self.out += data
        self.flush()

    def flush(self) -> None:
        """Write what the socket takes. Raises OSError where it is gone."""
        if self.sock is not None and self.out:
            try:
                self.out = self.out[self.sock.send(self.out) :]
            except BlockingIOError:
                return

    def read(self, now_ms: int) -> list[Action]:
        """What is to be done about what has come. Raises OSError and ConnectionError where the line is gone."""
        assert self.sock is not None
        try:
            piece = self.sock.recv(READ_BYTES)
        except BlockingIOError:
            return []
        if not piece:
            raise ConnectionError(self.said or "closed")
        self._data += piece
        if not self._is_upgraded:
            return self._upgrade(now_ms)
        return self._heard(now_ms)

    def _upgrade(self, now_ms: int) -> list[Action]:
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return []
        if b" 101 " not in self._data[:20]:
            raise ConnectionError(bytes(self._data[9:40]).decode("ascii", "replace"))
        del self._data[: end + 4]
        self._is_upgraded = True
        found = self.core.opened(now_ms)
        cursors = (Cursor(self.desk.room, self._epoch, self.seq, self._hash),) if self.seq else ()
        self.send(Hello(self.core.access, self.desk.device, cursors))
        return found + self._heard(now_ms)

    def _heard(self, now_ms: int) -> list[Action]:
        found: list[Action] = []
        for opcode, content in take_frames(self._data):
            self.core.heard(now_ms)
            if opcode in _TEXT_OR_BINARY:
                found += self._take(decode(content), now_ms)
            elif opcode == _PING:
                self._write(frame(content, _PONG))
            elif opcode == _CLOSE:
                raise ConnectionError(self.said or "closed")
        return found

    # What the server says.

    def _take(self, message: FromServer, now_ms: int) -> list[Action]:
        match message:
            case Ev():
                self._enter(message)
            case Welcome():
                self.was_up = True
                self.core.welcomed(message, now_ms)
                head = next(head for head in message.heads if head.r == self.desk.room)
                self._epoch = head.e
                self.is_whole = self.seq == head.s
                if not self.is_whole:
                    self._pull()
                elif self.pending is not None:
                    self.push(self.pending)
            case Res():
                self._settle(message)
            case Bye():
                self.said = f"{message.code} {message.why}"
                return self.core.bye(message, now_ms)
        return []

    def _enter(self, ev: Ev) -> None:
        if ev.r != self.desk.room:
            return
        if ev.rid:
            self._is_pulling = False
        if ev.first == self.seq + 1:
            self.seq, self._hash = ev.last, ev.h
            self.n_events += len(ev.ev)
        elif ev.first > self.seq + 1 and not self._is_pulling:
            self.n_gaps += self.is_whole
            self._pull()
            return
        if ev.rid and ev.ev:
            self._pull()
        elif ev.rid:
            self.is_whole = True
            if self.pending is not None:
                self.push(self.pending)

    def _pull(self) -> None:
        self._rid += 1
        self._is_pulling = True
        self.send(Pull(self._rid, self.desk.room, self._epoch, self.seq))

    def _settle(self, res: Res) -> None:
        for one in res.ops:
            if self.pending is not None and one.id == self.pending.id:
                assert one.st in (OpState.OK, OpState.DUP), one
                self.pending = None
                self.n_said += 1

    # What the person does.

    def type(self) -> None:
        """Begin to write."""
        self.send(Say("typing", self.desk.room))

    def write(self) -> None:
        """Say it; a person waits for what was said before."""
        if self.pending is None:
            now_ms = time.time_ns() // 1_000_000
            self.desk.cseq += 1
            body, salt = json.dumps({"text": TEXT}), to_text(os.urandom(SALT_BYTES))
            self.pending = Op(_ids.make(now_ms), self.desk.room, Kind.MSG_CREATE, body, salt, self.desk.cseq, self.seq, now_ms)
            self.push(self.pending)

    def push(self, op: Op) -> None:
        """Give an operation to the server."""
        self._rid += 1
        self.send(Push(self._rid, (op,)))

    def see(self) -> None:
        """Have read it all."""
        self.send(ReadUp(self.desk.room, self._epoch, self.seq))

    @property
    def is_up(self) -> bool:
        """Whether it was welcomed and has all that there was."""
        return self.core.phase is Phase.UP and self.is_whole


def decode(content: bytes) -> FromServer:
    """What was said; the same bytes to many are decoded once, for this is no measure of clients."""
    if len(content) > KNOWN_BYTES:
        return decode_from_server(content, Codec.MSGPACK)
    found = _known.get(content)
    if found is None:
        if len(_known) >= KNOWN_MAX:
            _known.clear()
        found = _known[content] = decode_from_server(content, Codec.MSGPACK)
    return found
