"""A TCP proxy on loopback that hurts what passes through it: delay, resets, half-open connections, one-way blocks, a narrow line.

What befalls the n-th connection is drawn from ``seed`` and n, so a failure can be looked at again with the same faults.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, Self

PIECE_BYTES = 4 * 1024
_RESET_NOT_FIN = struct.pack("ii", 1, 0)  # SO_LINGER: on, for 0 s


@dataclass(frozen=True, slots=True)
class Faults:
    """Probabilities are of one piece (up to 4 KiB) in one direction.

    ``delay_ms`` from and to, order kept · ``reset``: both sides get a TCP reset · ``half_open``: nothing passes any more and
    nobody is told · ``one_way``: nothing passes in this direction any more · ``bytes_per_s`` of one direction, 0 without a bound.
    """

    delay_ms: tuple[float, float] = (0.0, 0.0)
    reset: float = 0.0
    half_open: float = 0.0
    one_way: float = 0.0
    bytes_per_s: int = 0


CALM = Faults()


@dataclass(slots=True, eq=False)
class _Line:
    """One proxied connection. ``swallows``: directions (True: to the server) whose bytes vanish."""

    draw: Random
    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]  # to the client, to the server
    swallows: set[bool] = field(default_factory=set)


class FaultProxy:
    """Listens on a loopback port of its own while entered; ``target`` may be moved to a server that was started anew."""

    def __init__(self, target: tuple[str, int], seed: int, faults: Faults = CALM) -> None:
        self.target = target
        self.seed = seed
        self.faults = faults
        self.port = 0
        self.n_connections = 0
        self.done: dict[str, int] = {"reset": 0, "half_open": 0, "one_way": 0, "refused": 0}
        self._blocked: set[bool] = set()
        self._lines: set[_Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=PIECE_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.cut_all()
        await self._server.wait_closed()

    def cut_all(self) -> None:
        """Reset every connection now."""
        for line in list(self._lines):
            _reset(line)

    def go_silent(self) -> None:
        """Every connection of now is half-open from here on: both sides think that it stands."""
        for line in self._lines:
            line.swallows |= {True, False}

    def block(self, *, up: bool = False, down: bool = False) -> None:
        """Bytes of all connections, also of later ones, vanish in these directions until :meth:`unblock`.

        A connection that lost bytes never passes anything in that direction again.
        """
        self._blocked |= {way for way, is_blocked in ((True, up), (False, down)) if is_blocked}

    def unblock(self) -> None:
        """Let new connections pass again."""
        self._blocked.clear()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.n_connections += 1
        self._start(self._serve(reader, writer, Random(f"{self.seed}/{self.n_connections}")))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, draw: Random) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target, limit=PIECE_BYTES)
        except OSError:
            self.done["refused"] += 1
            _abort(writer)
            return
        line = _Line(draw, (writer, far_writer))
        self._lines.add(line)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(line, reader, far_writer, is_up=True))
                group.create_task(self._carry(line, far_reader, writer, is_up=False))
        finally:
            self._lines.discard(line)
            for end in line.writers:
                end.close()

    async def _carry(self, line: _Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_up: bool) -> None:
        """One direction: read, decide what befalls each piece, and pass it on when its time has come.

        Where bytes vanish, the end of the connection does too: the other side learns nothing.
        """
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass_on(line, waiting, writer, is_up=is_up))
            due_s, loop = 0.0, asyncio.get_running_loop()
            with contextlib.suppress(OSError):
                while piece := await reader.read(PIECE_BYTES):
                    self._strike(line, is_up=is_up)
                    if is_up in line.swallows:
                        continue
                    delay_s = line.draw.uniform(*self.faults.delay_ms) / 1000
                    if self.faults.bytes_per_s:
                        delay_s += len(piece) / self.faults.bytes_per_s
                        due_s = max(due_s, loop.time()) + delay_s
                    else:
                        due_s = max(due_s, loop.time() + delay_s)
                    await waiting.put((due_s, piece))
            await waiting.put((due_s, b""))

    def _strike(self, line: _Line, *, is_up: bool) -> None:
        faults, draw = self.faults, line.draw
        if is_up in self._blocked:
            line.swallows.add(is_up)
        fate = draw.random()
        for name, share, deed in self._fates(faults, line, is_up=is_up):
            if fate < share:
                self.done[name] += 1
                deed()
                return
            fate -= share

    @staticmethod
    def _fates(faults: Faults, line: _Line, *, is_up: bool) -> tuple[tuple[str, float, Callable[[], object]], ...]:
        return (
            ("reset", faults.reset, lambda: _reset(line)),
            ("half_open", faults.half_open, lambda: line.swallows.update((True, False))),
            ("one_way", faults.one_way, lambda: line.swallows.add(is_up)),
        )

    @staticmethod
    async def _pass_on(
        line: _Line, waiting: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, *, is_up: bool
    ) -> None:
        """Write the pieces when they are due; an empty one is the end of what this side says."""
        loop, is_lost = asyncio.get_running_loop(), False
        while True:
            due_s, piece = await waiting.get()
            if not piece:
                with contextlib.suppress(OSError):
                    if not is_lost and is_up not in line.swallows and writer.can_write_eof():
                        writer.write_eof()
                return
            if is_lost or is_up in line.swallows:
                continue
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            try:
                writer.write(piece)
                await writer.drain()
            except OSError:
                is_lost = True
                _reset(line)


def _reset(line: _Line) -> None:
    for writer in line.writers:
        _abort(writer)


def _abort(writer: asyncio.StreamWriter) -> None:
    """End the connection as a crash of the peer does: a reset, no farewell."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_NOT_FIN)
    writer.transport.abort()
