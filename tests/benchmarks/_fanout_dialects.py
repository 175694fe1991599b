"""How each server of the fan-out benchmark is spoken to on a raw socket: shake hands, publish, and find deliveries in bytes.

One delivery is one event, decoded, at one connection. Every event carries the time at which it was due (monotonic ns), so that
what the load generator itself is late counts as lateness too.
"""

import base64
import json
import os
import socket
from typing import Final, Protocol

import msgspec

from sync_server.protocol.codec import Codec, encode
from sync_server.protocol.events import Op
from sync_server.protocol.messages import Ev, Hello, Push
from tests.benchmarks._fanout_streams import Stream, TlsStream, connect

PAYLOAD_BYTES: Final = 256
MSGPACK: Final = Codec.MSGPACK.value


def payload(due_ns: int) -> str:
    """256 characters that begin with the time."""
    return f"{due_ns:020}".ljust(PAYLOAD_BYTES, "x")


class Dialect(Protocol):
    """One server's way to speak."""

    def open(self, port: int, number: int) -> Stream:
        """A connection that hears the room; blocking until it does."""
        ...

    def publisher(self, port: int) -> Stream | None:
        """A connection that only publishes; None where one that hears does that too."""
        ...

    def publish(self, due_ns: int) -> bytes:
        """The bytes that publish one event."""
        ...

    def parse(self, data: bytearray, stream: Stream) -> list[int]:
        """Due times of all whole deliveries in ``data``, which are taken from it; what has to be answered on ``stream`` is."""
        ...


def frame(content: bytes, opcode: int) -> bytes:
    """A client's WebSocket frame; the mask is all zeros, so that the content need not be changed."""
    n_bytes = len(content)
    if n_bytes < 126:
        head = bytes((0x80 | opcode, 0x80 | n_bytes))
    elif n_bytes < 65_536:
        head = bytes((0x80 | opcode, 0x80 | 126)) + n_bytes.to_bytes(2)
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + n_bytes.to_bytes(8)
    return head + bytes(4) + content


def take_frames(data: bytearray) -> list[tuple[int, bytes]]:
    """(opcode, content) of every whole server frame in ``data``, which are taken from it."""
    found, at, n_bytes = [], 0, len(data)
    while n_bytes - at >= 2:
        size, start = data[at + 1] & 127, at + 2
        if size == 126:
            size, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
        elif size == 127:
            size, start = int.from_bytes(data[at + 2 : at + 10]), at + 10
        if start + size > n_bytes or start > n_bytes:
            break
        found.append((data[at] & 15, bytes(data[start : start + size])))
        at = start + size
    if at:
        del data[:at]
    return found


def shake_hands(port: int, path: str, protocol: str = "", buffer_bytes: int = 0) -> tuple[socket.socket, bytearray]:
    """An upgraded connection, and what the server said right after. ``buffer_bytes`` of the receiving end, 0: the system's."""
    sock = connect(port, buffer_bytes)
    return sock, upgrade(sock, port, path, protocol)


def upgrade(stream: Stream, port: int, path: str, protocol: str = "") -> bytearray:
    """Make a WebSocket of a connection; what the server said right after. Raises ConnectionError where it is refused."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    lines += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
    stream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    said = bytearray()
    while b"\r\n\r\n" not in said:
        piece = stream.recv(65_536)
        if not piece:
            raise ConnectionError(f"The server on port {port} closed during the handshake: {bytes(said)!r}")
        said += piece
    if b" 101 " not in said[:20]:
        raise ConnectionError(f"No WebSocket on port {port}: {bytes(said[:200])!r}")
    del said[: said.index(b"\r\n\r\n") + 4]
    return said


class _OneLine:
    """What most have in common: connections that hear and publish. ``is_tls``: over TLS."""

    def __init__(self, *, is_tls: bool = False) -> None:
        self.is_tls = is_tls

    def connect(self, port: int) -> Stream:
        """A connection on which nothing was said."""
        sock = connect(port)
        return TlsStream(sock) if self.is_tls else sock

    def publisher(self, _port: int) -> Stream | None:
        return None


class PlainSocket(_OneLine):
    """``websockets`` and ``ws``: a text frame in is that frame to all; an event is JSON with its text."""

    def open(self, port: int, number: int) -> Stream:
        stream = self.connect(port)
        upgrade(stream, port, "/")
        return stream

    def publish(self, due_ns: int) -> bytes:
        return frame(json.dumps({"id": due_ns, "a": "u", "text": payload(due_ns)}).encode(), 1)

    def parse(self, data: bytearray, stream: Stream) -> list[int]:
        decode = msgspec.json.decode
        return [int(decode(content)["text"][:20]) for opcode, content in take_frames(data) if opcode == 1]


class SocketIo(_OneLine):
    """socket.io 4 over WebSocket: Engine.IO frames, answered pings, events as ``42["say",{…}]``."""

    def open(self, port: int, number: int) -> Stream:
        sock = self.connect(port)
        said = upgrade(sock, port, "/socket.io/?EIO=4&transport=websocket")
        sock.sendall(frame(b"40", 1))
        while b"40{" not in said:
            said += sock.recv(65_536)
        return sock

    def publish(self, due_ns: int) -> bytes:
        return frame(b"42" + json.dumps(["say", {"id": due_ns, "a": "u", "text": payload(due_ns)}]).encode(), 1)

    def parse(self, data: bytearray, stream: Stream) -> list[int]:
        found = []
        for opcode, text in take_frames(data):
            if opcode == 1 and text[:2] == b"42":
                found.append(int(msgspec.json.decode(text[2:])[1]["text"][:20]))
            elif text == b"2":
                stream.send(frame(b"3", 1))
        return found


class Nats(_OneLine):
    """Core NATS: every connection subscribes to one subject; the event is JSON as for the others."""

    def open(self, port: int, number: int) -> Stream:
        plain = connect(port)
        if self.is_tls:  # begins in the clear, with what the server says of itself
            while b"\r\n" not in plain.recv(65_536):
                pass
        sock = TlsStream(plain) if self.is_tls else plain
        sock.sendall(b'CONNECT {"verbose":false,"pedantic":false,"echo":true}\r\nSUB room 1\r\nPING\r\n')
        said = b""
        while b"PONG\r\n" not in said:
            said += sock.recv(65_536)
        return sock

    def publish(self, due_ns: int) -> bytes:
        content = json.dumps({"id": due_ns, "a": "u", "text": payload(due_ns)}).encode()
        return b"PUB room %d\r\n%b\r\n" % (len(content), content)

    def parse(self, data: bytearray, stream: Stream) -> list[int]:
        found, at, decode = [], 0, msgspec.json.decode
        while True:
            line_end = data.find(b"\r\n", at)
            if line_end < 0:
                break
            if data[at : at + 4] == b"MSG ":
                n_bytes = int(data[data.rindex(b" ", at, line_end) + 1 : line_end])
                if line_end + 2 + n_bytes + 2 > len(data):
                    break
                found.append(int(decode(data[line_end + 2 : line_end + 2 + n_bytes])["text"][:20]))
                at = line_end + 2 + n_bytes + 2
            else:
                at = line_end + 2
        del data[:at]
        return found


class Trii(_OneLine):
    """Ours: MessagePack frames that hold as many events as came together. ``tokens`` one a person, used in turn."""

    def __init__(self, tokens: list[str], devices: list[str], ops: list[Op], *, is_tls: bool = False) -> None:
        super().__init__(is_tls=is_tls)
        self._tokens = tokens
        self._devices = devices
        self._ops = iter(ops)
        self._n_pushed = 0
        self._decode = msgspec.msgpack.Decoder(Ev).decode
        self._tag = msgspec.msgpack.encode("ev")

    def open(self, port: int, number: int) -> Stream:
        sock = self.connect(port)
        said = upgrade(sock, port, "/v1/sync", MSGPACK)
        place = number % len(self._tokens)
        sock.sendall(frame(encode(Hello(self._tokens[place], self._devices[place]), Codec.MSGPACK), 2))
        while b"welcome" not in said:
            piece = sock.recv(65_536)
            if not piece:
                raise ConnectionError(f"No welcome, but: {bytes(said)!r}")
            said += piece
        return sock

    def publish(self, due_ns: int) -> bytes:
        self._n_pushed += 1
        op = msgspec.structs.replace(next(self._ops), b=json.dumps({"text": payload(due_ns)}))
        return frame(encode(Push(self._n_pushed, (op,)), Codec.MSGPACK), 2)

    def parse(self, data: bytearray, stream: Stream) -> list[int]:
        found = []
        for opcode, content in take_frames(data):
            if opcode == 2 and self._tag in content[:8]:
                decode = msgspec.json.decode
                found += [int(decode(event.b)["text"][:20]) for event in self._decode(content).ev if event.b]
            elif opcode == 9:
                stream.send(frame(content, 10))
        return found
