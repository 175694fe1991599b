"""Serves commands of other processes of this user from the process that owns the home, over loopback TCP."""

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeAlias

from backend.api.frames import (
    FRAME_BYTES_MAX,
    GREETING_BYTES_MAX,
    HEADER,
    PROTOCOL,
    Kind,
    is_proof,
    make_nonce,
    pack,
    pack_json,
    parse_header,
    parse_json,
    parse_run,
    prove,
)
from backend.commands.request import RunRequest
from backend.commands.terminal import Terminal, TerminalFacts
from backend.errors import InvalidInput
from backend.storage.ownership import Ownership
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

GREETING_TIMEOUT_S: Final = 5.0
N_STRANGERS_MAX: Final = 32
N_COMMANDS_MAX: Final = 64
PIECE_BYTES: Final = 1 << 16
WAITING_BYTES_MAX: Final = 1 << 18  # unread output of one command; beyond it the command waits
INTERRUPTED: Final = 130

CommandRunner: TypeAlias = Callable[[RunRequest, Terminal], Awaitable[int]]


class LocalServer:
    """Takes connections, checks who they are, and runs their commands; made by ``serve``."""

    def __init__(self, ownership: Ownership, tasks: TaskOwner, run: CommandRunner) -> None:
        self._ownership = ownership
        self._tasks = tasks
        self._run = run
        self._listener: asyncio.Server | None = None
        self._n_strangers = 0
        self._commands: set[asyncio.Task[int]] = set()
        self._conversations: set[asyncio.Task[None]] = set()
        self.n_refused = 0

    @property
    def n_running(self) -> int:
        """Commands that have started and not ended."""
        return len(self._commands)

    async def open(self) -> None:
        """Listen on 127.0.0.1 and announce the port."""
        listening = _make_listening_socket()
        self._listener = await asyncio.start_server(self._accept, sock=listening)
        self._ownership.announce(listening.getsockname()[1])

    async def drain(self) -> None:
        """Take no more commands and wait for those that run; others then open the home themselves."""
        self._stop_listening()
        while self._conversations:
            await asyncio.wait(self._conversations)

    async def close(self) -> None:
        """Take no more commands and cancel those that run."""
        self._stop_listening()
        for conversation in list(self._conversations):
            conversation.cancel()
        if self._conversations:
            await asyncio.wait(self._conversations)

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            self._ownership.announce(0)
            listener.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._n_strangers >= N_STRANGERS_MAX or self._listener is None:
            self.n_refused += 1
            writer.close()
            return
        conversation = self._tasks.start("local command", self._converse(reader, writer))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(high=WAITING_BYTES_MAX)
        try:
            request = await self._greet(reader, writer)
            if request is not None:
                await self._serve(request, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            log.info("A local command hung up.")
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> RunRequest | None:
        """The request of a caller that has proved it may read this home; None for any other."""
        self._n_strangers += 1
        try:
            async with asyncio.timeout(GREETING_TIMEOUT_S):
                return await self._check_caller(reader, writer)
        except (TimeoutError, InvalidInput) as e:
            self.n_refused += 1
            log.warning("A local caller was refused: %s", e if isinstance(e, InvalidInput) else "it said nothing in time")
            return None
        finally:
            self._n_strangers -= 1

    async def _check_caller(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> RunRequest | None:
        token, note, nonce = self._ownership.token, self._ownership.note, make_nonce()
        writer.write(pack_json(Kind.HELLO, protocol=PROTOCOL, version=note.version, nonce=nonce))
        kind, payload = await _read_frame(reader, limit=GREETING_BYTES_MAX)
        said = parse_json(payload)
        theirs = said.get("nonce")
        if (
            kind is not Kind.PROOF
            or not isinstance(theirs, str)
            or not is_proof(said.get("proof"), token, "command", nonce, theirs)
        ):
            raise InvalidInput("It does not know the token of this home.", hint="Start it as the same user.", code="local.token")
        writer.write(pack_json(Kind.WELCOME, proof=prove(token, "owner", nonce, theirs)))
        kind, payload = await _read_frame(reader)
        if kind is not Kind.RUN:
            return None
        return parse_run(payload)

    async def _serve(self, request: RunRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._commands) >= N_COMMANDS_MAX or self._listener is None:
            return  # hanging up before ACCEPTED lets the caller try again
        writer.write(pack(Kind.ACCEPTED, b""))
        terminal = RemoteTerminal(request.terminal, writer)
        command = self._tasks.start(f"command {' '.join(request.argv[:1])}", self._execute(request, terminal))
        self._commands.add(command)
        command.add_done_callback(self._commands.discard)
        listening = self._tasks.start("local command input", _listen(reader, terminal, command))
        try:
            await asyncio.wait((command,))
            writer.write(pack_json(Kind.EXIT, code=INTERRUPTED if command.cancelled() else command.result()))
            await writer.drain()
        finally:
            for task in (command, listening):
                task.cancel()
            await asyncio.wait((command, listening))

    async def _execute(self, request: RunRequest, terminal: Terminal) -> int:
        return await self._run(request, terminal)


class RemoteTerminal:
    """The terminal of a forwarded command, at the other end of a connection."""

    def __init__(self, facts: TerminalFacts, writer: asyncio.StreamWriter) -> None:
        self._facts = facts
        self._writer = writer
        self._answer: asyncio.Future[bytes | None] | None = None
        self._asking = asyncio.Lock()

    @property
    def facts(self) -> TerminalFacts:
        """What the caller's terminal can do."""
        return self._facts

    async def write(self, data: bytes) -> None:
        """Results, to the caller's standard output; waits while it does not read."""
        await self._send(Kind.OUT, data)

    async def tell(self, data: bytes) -> None:
        """Words for the person, to the caller's standard error."""
        await self._send(Kind.ERR, data)

    async def ask(self, prompt: str) -> str | None:
        """The caller's one-line answer, not shown; None where nobody can be asked."""
        answer = await self._question(pack_json(Kind.ASK, prompt=prompt))
        return None if answer is None else answer.decode("utf-8", "surrogateescape")

    async def read_input(self) -> bytes:
        """All of the caller's standard input, at most FRAME_BYTES_MAX bytes."""
        return await self._question(pack_json(Kind.ASK, prompt=None)) or b""

    def answer(self, payload: bytes) -> None:
        """Hand over what the caller answered: one byte that tells an answer from none, then the answer."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(payload[1:] if payload[:1] == b"\x01" else None)

    async def _question(self, frame: bytes) -> bytes | None:
        async with self._asking:
            self._answer = asyncio.get_running_loop().create_future()
            self._check_open()
            self._writer.write(frame)
            await self._writer.drain()
            return await self._answer

    async def _send(self, kind: Kind, data: bytes) -> None:
        for start in range(0, len(data), PIECE_BYTES):
            self._check_open()
            self._writer.write(pack(kind, data[start : start + PIECE_BYTES]))
            try:
                await self._writer.drain()
            except ConnectionError as e:
                raise BrokenPipeError("The caller has gone.") from e

    def _check_open(self) -> None:
        if self._writer.is_closing():
            raise BrokenPipeError("The caller has gone.")


async def _listen(reader: asyncio.StreamReader, terminal: RemoteTerminal, command: asyncio.Task[int]) -> None:
    """Obey the caller until it hangs up or says what it may not; both end its command."""
    try:
        while True:
            kind, payload = await _read_frame(reader)
            if kind is Kind.ANSWER:
                terminal.answer(payload)
                continue
            command.cancel()
            if kind is not Kind.CANCEL:
                log.warning("A local caller sent a %s frame during its command.", kind.name)
                return
    except (ConnectionError, asyncio.IncompleteReadError, InvalidInput) as e:
        log.info("A local command's caller is gone: %s", e)
        command.cancel()


async def _read_frame(reader: asyncio.StreamReader, *, limit: int = FRAME_BYTES_MAX) -> tuple[Kind, bytes]:
    kind, length = parse_header(await reader.readexactly(HEADER.size), limit=limit)
    return kind, await reader.readexactly(length)


def _make_listening_socket() -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # else another user's process could take the same port over
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


@contextlib.asynccontextmanager
async def serve(ownership: Ownership, tasks: TaskOwner, run: CommandRunner) -> AsyncIterator[LocalServer]:
    """Serve commands for as long as the block runs; leaving it cancels those that still run.

    ``run`` gets each request with its terminal and returns the exit code. Needs the loop on which ``tasks`` lives.
    """
    server = LocalServer(ownership, tasks, run)
    await server.open()
    try:
        yield server
    finally:
        await server.close()
