"""The owner's server against callers of every kind, over real sockets."""

import asyncio
import json
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from backend.api import local
from backend.api.frames import (
    FRAME_BYTES_MAX,
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
from backend.api.local import LocalServer, serve
from backend.commands.request import RunRequest
from backend.commands.terminal import Terminal, TerminalFacts
from backend.storage.ownership import OwnerNote, Ownership, claim, read_owner
from backend.storage.paths import Home
from backend.tasks import TaskOwner
from tests.fakes.waiting import until


class Commands:
    """Stands where the backend's commands are: says what it got, pours, asks, waits or fails."""

    def __init__(self) -> None:
        self.n_poured = 0
        self.cancelled: list[str] = []
        self.goes_on = asyncio.Event()

    async def __call__(self, request: RunRequest, terminal: Terminal) -> int:
        name, *words = request.argv
        if name == "echo":
            await terminal.write(json.dumps([words, request.cwd, request.terminal.width]).encode())
            await terminal.tell(b"told")
            return 7
        if name == "pour":
            while True:
                await terminal.write(b"x" * 65536)
                self.n_poured += 1
        if name == "ask":
            answer = await terminal.ask("Who? ")
            await terminal.write(repr((answer, await terminal.read_input())).encode())
            return 0
        try:
            await self.goes_on.wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        return 0


class Caller:
    """The other side of the protocol, free to break it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def read(self) -> tuple[Kind, bytes]:
        kind, length = parse_header(await self.reader.readexactly(HEADER.size))
        return kind, await self.reader.readexactly(length)

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def greet(self, token: bytes) -> None:
        _, payload = await self.read()
        theirs, ours = parse_json(payload)["nonce"], make_nonce()
        self.send(pack_json(Kind.PROOF, nonce=ours, proof=prove(token, "command", theirs, ours)))
        kind, payload = await self.read()
        assert kind is Kind.WELCOME
        assert is_proof(parse_json(payload)["proof"], token, "owner", theirs, ours)

    async def start(self, *argv: str) -> None:
        self.send(pack_run(RunRequest(argv, "/here", TerminalFacts(width=99))))
        assert await self.read() == (Kind.ACCEPTED, b"")

    async def is_hung_up(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(1), 10) == b""
        except ConnectionError:
            return True

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return


@asynccontextmanager
async def served(home: Home) -> AsyncIterator[tuple[LocalServer, Commands, Ownership]]:
    commands = Commands()
    ownership = claim(home, role="window", version="1")
    assert ownership is not None
    with ownership:
        async with TaskOwner("test") as tasks, serve(ownership, tasks, commands) as server:
            yield server, commands, ownership


def note_of(home: Home) -> OwnerNote:
    note = read_owner(home)
    assert note is not None
    return note


@asynccontextmanager
async def calling(home: Home, *, proved: bool = True) -> AsyncIterator[Caller]:
    note = note_of(home)
    caller = Caller(*await asyncio.open_connection("127.0.0.1", note.port))
    try:
        if proved:
            await caller.greet(bytes.fromhex(note.token))
        yield caller
    finally:
        await caller.close()


async def test_a_command_arrives_with_its_folder_and_its_output_and_code_come_back(home: Home) -> None:
    async with served(home), calling(home) as caller:
        await caller.start("echo", "päper", "bad\udcff")
        assert await caller.read() == (Kind.OUT, json.dumps([["päper", "bad\udcff"], "/here", 99]).encode())
        assert await caller.read() == (Kind.ERR, b"told")
        kind, payload = await caller.read()
        assert (kind, parse_json(payload)) == (Kind.EXIT, {"code": 7})
        assert await caller.is_hung_up()


async def test_cancelling_ends_the_command_with_the_code_of_an_interrupt(home: Home) -> None:
    async with served(home) as (server, _, _), calling(home) as caller:
        await caller.start("wait")
        await until(lambda: server.n_running == 1)
        caller.send(pack(Kind.CANCEL, b""))
        kind, payload = await caller.read()
        assert (kind, parse_json(payload)) == (Kind.EXIT, {"code": 130})
        await until(lambda: server.n_running == 0)


async def test_a_caller_that_vanishes_takes_its_command_with_it(home: Home) -> None:
    async with served(home) as (server, _, _):
        async with calling(home) as caller:
            await caller.start("wait")
        await until(lambda: server.n_running == 0)
        async with calling(home) as caller:
            await caller.start("echo")
            assert (await caller.read())[0] is Kind.OUT


async def test_a_command_whose_output_nobody_reads_waits_instead_of_filling_memory(home: Home) -> None:
    async with served(home) as (server, commands, _), calling(home) as caller:
        caller.writer.transport.pause_reading()
        caller.send(pack_run(RunRequest(("pour",), "/", TerminalFacts())))
        await until(lambda: commands.n_poured > 0)
        before = -1
        while before != commands.n_poured:  # until the pipes are full
            before = commands.n_poured
            for _ in range(200):
                await asyncio.sleep(0)
        assert commands.n_poured * 65536 < 64 << 20
        assert server.n_running == 1
    assert server.n_running == 0


async def test_questions_reach_the_caller_and_its_answers_the_command(home: Home) -> None:
    async with served(home), calling(home) as caller:
        await caller.start("ask")
        kind, payload = await caller.read()
        assert (kind, parse_json(payload)) == (Kind.ASK, {"prompt": "Who? "})
        caller.send(pack(Kind.ANSWER, b"\x01me"))
        kind, payload = await caller.read()
        assert (kind, parse_json(payload)) == (Kind.ASK, {"prompt": None})
        caller.send(pack(Kind.ANSWER, b"\x01all of it"))
        assert await caller.read() == (Kind.OUT, b"('me', b'all of it')")


async def test_nobody_to_ask_is_told_apart_from_an_empty_answer(home: Home) -> None:
    async with served(home), calling(home) as caller:
        await caller.start("ask")
        await caller.read()
        caller.send(pack(Kind.ANSWER, b""))
        await caller.read()
        caller.send(pack(Kind.ANSWER, b""))
        assert await caller.read() == (Kind.OUT, b"(None, b'')")


@pytest.mark.logs("refused")
async def test_a_caller_without_the_token_gets_no_word_of_the_owner_and_no_command(home: Home) -> None:
    async with served(home) as (server, _, _), calling(home, proved=False) as caller:
        _, payload = await caller.read()
        theirs, ours = parse_json(payload)["nonce"], make_nonce()
        caller.send(pack_json(Kind.PROOF, nonce=ours, proof=prove(bytes(32), "command", theirs, ours)))
        caller.send(pack_run(RunRequest(("wait",), "/", TerminalFacts())))
        assert await caller.is_hung_up()
        assert server.n_refused == 1
        assert server.n_running == 0


@pytest.mark.logs("refused")
async def test_a_proof_that_was_overheard_does_not_open_another_connection(home: Home) -> None:
    async with served(home) as (_, _, ownership):
        async with calling(home, proved=False) as first:
            _, payload = await first.read()
            theirs, ours = parse_json(payload)["nonce"], make_nonce()
            overheard = pack_json(Kind.PROOF, nonce=ours, proof=prove(ownership.token, "command", theirs, ours))
            first.send(overheard)
            assert (await first.read())[0] is Kind.WELCOME
        async with calling(home, proved=False) as second:
            await second.read()
            second.send(overheard)
            assert await second.is_hung_up()


@pytest.mark.logs("refused")
@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        HEADER.pack(Kind.PROOF, 5000) + b"x" * 5000,
        HEADER.pack(Kind.PROOF, 0xFFFFFFFF),
        pack(Kind.PROOF, b"{}"),
        pack(Kind.PROOF, b"not json"),
        pack(Kind.RUN, b"{}"),
        bytes(64),
    ],
)
async def test_what_is_no_greeting_is_hung_up_on(home: Home, data: bytes) -> None:
    async with served(home) as (server, _, _), calling(home, proved=False) as caller:
        await caller.read()
        caller.send(data)
        assert await caller.is_hung_up()
        await until(lambda: server.n_refused == 1)


@pytest.mark.logs("refused")
async def test_random_bytes_at_any_moment_never_stop_the_server(home: Home) -> None:
    dice = random.Random(7)
    async with served(home) as (server, _, _):
        for _ in range(150):
            async with calling(home, proved=dice.random() < 0.5) as caller:
                if dice.random() < 0.5:
                    caller.send(dice.randbytes(dice.randrange(1, 200)))
                else:
                    caller.send(struct.pack(">BI", dice.randrange(256), dice.randrange(2000)) + dice.randbytes(2000))
        async with calling(home) as caller:
            await caller.start("echo")
            assert (await caller.read())[0] is Kind.OUT
        assert server.n_running <= 1


async def test_a_frame_over_the_limit_during_a_command_ends_it(home: Home) -> None:
    async with served(home) as (server, _, _), calling(home) as caller:
        await caller.start("wait")
        caller.send(HEADER.pack(Kind.ANSWER, FRAME_BYTES_MAX + 1))
        assert parse_json((await caller.read())[1]) == {"code": 130}
        await until(lambda: server.n_running == 0)


@pytest.mark.logs("refused")
async def test_a_caller_that_says_nothing_is_hung_up_on_after_the_deadline(home: Home, monkeypatch) -> None:
    monkeypatch.setattr(local, "GREETING_TIMEOUT_S", 0.05)
    async with served(home) as (server, _, _), calling(home, proved=False) as caller:
        await caller.read()
        assert await caller.is_hung_up()
        assert server.n_refused == 1


async def test_no_more_strangers_are_heard_at_once_than_the_limit(home: Home) -> None:
    async with served(home) as (server, _, _):
        note = note_of(home)
        crowd = [await asyncio.open_connection("127.0.0.1", note.port) for _ in range(local.N_STRANGERS_MAX)]
        for reader, _ in crowd:
            await reader.readexactly(HEADER.size)
        reader, writer = await asyncio.open_connection("127.0.0.1", note.port)
        assert await reader.read(1) == b""
        assert server.n_refused == 1
        for each in (*crowd, (reader, writer)):
            await Caller(*each).close()
        async with calling(home) as caller:
            await caller.start("echo")


async def test_the_server_listens_on_this_machine_alone(home: Home) -> None:
    async with served(home) as (server, _, _):
        assert server._listener is not None
        assert [s.getsockname()[0] for s in server._listener.sockets] == ["127.0.0.1"]
        other = socket.gethostbyname(socket.gethostname())
        if not other.startswith("127."):
            with pytest.raises((OSError, RuntimeError)):
                await asyncio.open_connection(other, note_of(home).port)


async def test_draining_waits_for_running_commands_and_takes_the_address_back_at_once(home: Home) -> None:
    async with served(home) as (server, commands, _), calling(home) as caller:
        await caller.start("wait")
        draining = asyncio.ensure_future(server.drain())
        await until(lambda: note_of(home).port == 0)
        assert not draining.done()
        commands.goes_on.set()
        assert parse_json((await caller.read())[1]) == {"code": 0}
        await draining


async def test_closing_hangs_up_on_a_running_command_without_an_exit_code(home: Home) -> None:
    async with served(home) as (server, commands, _), calling(home) as caller:
        await caller.start("wait")
        await until(lambda: server.n_running == 1)
        await server.close()
        assert await caller.is_hung_up()
        assert commands.cancelled == ["wait"]
