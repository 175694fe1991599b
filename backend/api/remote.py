"""The calling side: runs a command in the process that owns the home, with this process's terminal."""

import contextlib
import signal
import socket
from collections.abc import Iterator
from types import FrameType
from typing import Final, Self

from backend.api.frames import (
    FRAME_BYTES_MAX,
    GREETING_BYTES_MAX,
    HEADER,
    Kind,
    is_proof,
    make_nonce,
    pack,
    pack_json,
    pack_run,
    parse_header,
    parse_json,
    prove,
)
from backend.commands.failures import INTERRUPTED, TERMINATED
from backend.commands.request import RunRequest
from backend.commands.streams import Streams
from backend.errors import Conflict, InvalidInput, Unavailable
from backend.storage.ownership import OwnerNote

GREETING_TIMEOUT_S: Final = 5.0


class NotServed(Exception):
    """Nobody took the command, and nothing of it was done: try again, or open the home instead."""


class Remote:
    """A connection to the owner of a home on which each side has proved that it knows the token."""

    def __init__(self, connection: socket.socket, note: OwnerNote) -> None:
        self._connection = connection
        self._note = note
        self._is_sending = False
        self._must_cancel = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def run(self, request: RunRequest, streams: Streams) -> int:
        """Run the command to its end; its exit code. Ctrl-C cancels it there, a second Ctrl-C stops waiting for that.

        Raises NotServed before it has started, Unavailable when the owner ends before it, BrokenPipeError when this
        process's output is closed.
        """
        self._send(pack_run(request))
        with self._interrupts_forwarded(streams) as stopped:
            try:
                kind, _ = self._receive()
            except (OSError, EOFError) as e:
                raise NotServed("The owner hung up.") from e
            if kind is not Kind.ACCEPTED:
                raise NotServed("The owner did not take the command.")
            self._connection.settimeout(None)
            code = self._follow_to_end(streams)
        return TERMINATED if code == INTERRUPTED and signal.SIGTERM in stopped else code

    def _follow_to_end(self, streams: Streams) -> int:
        try:
            return self._follow(streams)
        except BrokenPipeError:
            raise
        except (EOFError, ConnectionError) as e:
            raise Unavailable(
                f"TRII (process {self._note.pid}) ended before the command did.",
                hint="Run the command again; what it had not finished was not kept.",
                code="local.owner_gone",
            ) from e

    def _follow(self, streams: Streams) -> int:
        while True:
            kind, payload = self._receive()
            if kind is Kind.OUT:
                streams.write(payload)
            elif kind is Kind.ERR:
                streams.tell(payload)
            elif kind is Kind.ASK:
                self._send(pack(Kind.ANSWER, _answer(payload, streams)))
            elif kind is Kind.EXIT:
                return int(parse_json(payload)["code"])

    def greet(self) -> str:
        """Prove each other; the owner's version. Raises NotServed when the other side is not the owner."""
        try:
            kind, payload = self._receive(limit=GREETING_BYTES_MAX)
            hello = parse_json(payload)
            theirs, ours, token = str(hello.get("nonce")), make_nonce(), bytes.fromhex(self._note.token)
            self._send(pack_json(Kind.PROOF, nonce=ours, proof=prove(token, "command", theirs, ours)))
            kind, payload = self._receive(limit=GREETING_BYTES_MAX)
            proof = parse_json(payload).get("proof")
        except (OSError, EOFError, InvalidInput) as e:
            raise NotServed(str(e)) from e
        if kind is not Kind.WELCOME or not is_proof(proof, token, "owner", theirs, ours):
            raise NotServed("The process at the owner's port does not know the token.")
        return str(hello.get("version"))

    def _receive(self, *, limit: int = FRAME_BYTES_MAX) -> tuple[Kind, bytes]:
        kind, length = parse_header(self._receive_exactly(HEADER.size), limit=limit)
        return kind, self._receive_exactly(length)

    def _receive_exactly(self, n_bytes: int) -> bytes:
        data = bytearray(n_bytes)
        view, n_got = memoryview(data), 0
        while n_got < n_bytes:
            n_read = self._connection.recv_into(view[n_got:])
            if not n_read:
                raise EOFError("The owner hung up.")
            n_got += n_read
        return bytes(data)

    def _send(self, frame: bytes) -> None:
        self._is_sending = True
        try:
            self._connection.sendall(frame)
        finally:
            self._is_sending = False
        if self._must_cancel:
            self._cancel()

    def _cancel(self) -> None:
        """Ask for the command's end, after the frame that is being sent, if any."""
        self._must_cancel = self._is_sending
        if not self._is_sending:
            with contextlib.suppress(OSError):  # an owner that is gone needs no cancelling; receiving tells it
                self._connection.sendall(pack(Kind.CANCEL, b""))

    @contextlib.contextmanager
    def _interrupts_forwarded(self, streams: Streams) -> Iterator[list[int]]:
        stopped: list[int] = []

        def forward(number: int, _frame: FrameType | None) -> None:
            stopped.append(number)
            if len(stopped) > 1:
                raise KeyboardInterrupt
            streams.interrupt()
            self._cancel()

        before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield stopped
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def connect(note: OwnerNote, *, version: str) -> Remote:
    """A proved connection to the owner in ``note``.

    Raises NotServed when no owner answers there, Conflict when it is of another version than ``version``.
    """
    try:
        connection = socket.create_connection(("127.0.0.1", note.port), timeout=GREETING_TIMEOUT_S)
    except OSError as e:
        raise NotServed(str(e)) from e
    remote = Remote(connection, note)
    try:
        theirs = remote.greet()
    except BaseException:
        connection.close()
        raise
    if theirs != version:
        connection.close()
        raise Conflict(
            f"TRII {theirs} (process {note.pid}) has this home open, and this command is version {version}.",
            hint=f"Close the other one, or use the command of version {theirs}.",
            code="local.version",
        )
    return remote


def _answer(payload: bytes, streams: Streams) -> bytes:
    """One byte that tells an answer from none, then the answer."""
    question = parse_json(payload)
    if question.get("prompt") is None:
        return b"\x01" + streams.read_input(FRAME_BYTES_MAX - 1)
    answer = streams.ask(str(question["prompt"]))
    return b"" if answer is None else b"\x01" + answer.encode("utf-8", "surrogateescape")
