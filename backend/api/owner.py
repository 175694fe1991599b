"""This process as the owner of a home without a window: opens its stores, runs one command or serves until stopped."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from backend.api.local import LocalServer, serve
from backend.app import Backend, open_backend
from backend.commands.failures import INTERRUPTED, TERMINATED
from backend.commands.json_text import encode
from backend.commands.picture import ChartRenderer
from backend.commands.request import RunRequest
from backend.commands.runner import CommandRunner, needs_of, run_closed
from backend.commands.stream_terminal import StreamTerminal
from backend.commands.streams import Streams
from backend.commands.table import Needs
from backend.commands.tables import printable
from backend.events import Level, Notice
from backend.exit_signals import on_signals
from backend.process import Process, watched_process
from backend.storage.ownership import Ownership

UNPROTECTED: Final = "key.unprotected"


def run_command(ownership: Ownership, request: RunRequest, streams: Streams, renderer: ChartRenderer) -> int:
    """Carry out one command on the owned home; others that come meanwhile are served, and ended before this returns."""
    with watched_process(ownership.home) as process:
        if needs_of(request) in (Needs.HOME, Needs.EITHER):
            return _run_until_done(streams, run_closed(request, ownership.home, StreamTerminal(streams)))
        parts = _Parts(ownership, streams, renderer, process)
        return _run_until_done(streams, _run_on_stores(parts, request))


def run_headless(ownership: Ownership, streams: Streams, renderer: ChartRenderer) -> int:
    """Serve commands, feeds and alerts of the owned home until SIGINT or SIGTERM; 0 then."""
    with watched_process(ownership.home) as process:
        return asyncio.run(_serve_until_stopped(_Parts(ownership, streams, renderer, process)))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What opening a home here needs."""

    ownership: Ownership
    streams: Streams
    renderer: ChartRenderer
    process: Process

    def ask(self, question: str) -> str | None:
        """A passphrase from the person at this process's terminal."""
        return self.streams.ask(f"{question}: ")


async def _run_on_stores(parts: _Parts, request: RunRequest) -> int:
    async with _open(parts, watch=False) as (backend, server):
        _tell_notices(backend, parts.streams)
        code = await CommandRunner(backend, parts.renderer)(request, StreamTerminal(parts.streams))
        await server.drain()
    return code


async def _serve_until_stopped(parts: _Parts) -> int:
    stopping = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(parts.process.crashes.asyncio_handler)
    with on_signals(stopping.set, signal.SIGINT, signal.SIGTERM):
        async with _open(parts, watch=True) as (backend, _):
            _tell_notices(backend, parts.streams)
            where = f"{backend.home.root} (process {parts.ownership.note.pid})"
            parts.streams.tell(encode(f"TRII serves {printable(where)}. Stop it with Ctrl-C.\n"))
            await backend.begin_background()  # no chart is waited for
            await stopping.wait()
    return 0


@asynccontextmanager
async def _open(parts: _Parts, *, watch: bool) -> AsyncIterator[tuple[Backend, LocalServer]]:
    opening = open_backend(parts.ownership.home, ask_passphrase=parts.ask, watch=watch, process=parts.process)
    async with opening as backend, serve(parts.ownership, backend.tasks, CommandRunner(backend, parts.renderer)) as server:
        yield backend, server


def _tell_notices(backend: Backend, streams: Streams) -> None:
    """Say what opening found and the person has to know; what a new home needs is said once."""
    for notice in backend.notices:
        is_news = backend.key.is_new or notice.code != UNPROTECTED
        if is_news and notice.level in (Level.WARNING, Level.ERROR):
            streams.tell(encode(f"{notice.level}: {_words_of(notice)}\n"))
    if backend.key.is_new:
        where = printable(str(backend.home.root))
        streams.tell(encode(f"A new home was made in {where}. Write its recovery phrase down: trii recovery show\n"))


def _words_of(notice: Notice) -> str:
    return printable(" ".join(part for part in (f"{notice.title}:" if notice.title else "", notice.text, notice.hint) if part))


def _run_until_done(streams: Streams, running: Coroutine[Any, Any, int]) -> int:
    """Run to the end. The first signal cancels and gives its own code once everything is closed, the next ends at once."""
    stopped: list[int] = []

    def stop(task: asyncio.Task[Any], code: int) -> None:
        stopped.append(code)
        if len(stopped) > 1:
            os._exit(code)
        streams.interrupt()
        task.cancel()

    async def run() -> int:
        task = asyncio.current_task()
        assert task is not None
        interrupt, terminate = (partial(stop, task, code) for code in (INTERRUPTED, TERMINATED))
        with on_signals(interrupt, signal.SIGINT), on_signals(terminate, signal.SIGTERM):
            return await running

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        return stopped[0]
