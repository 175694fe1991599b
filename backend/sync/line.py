"""The line to one server: a state machine that is begun from what is stored, and begun anew where something cannot be stored.

So it never believes in more than there is: after a full disk what was not kept is fetched again, and what a person wrote was
refused at once.
"""

import asyncio
import logging
import os
import random
from collections.abc import Callable, Sequence
from typing import Final

from backend.errors import TriiError, Unavailable
from backend.events import Notice, notice_of
from backend.sync.run import Needs, Run, closing
from backend.tasks import TaskOwner
from sync_server.protocol.actions import Action
from sync_server.protocol.bodies import Body
from sync_server.protocol.client import SyncClient
from sync_server.protocol.events import Op

log = logging.getLogger(__name__)

PATIENCE_S: Final = (1.0, 30.0)  # first and longest wait before a state machine is begun anew

Ask = Callable[[SyncClient, int], Sequence[Action]]


class Line:
    """What the facades say to one server's state machine; everything here is called on the engine's loop.

    is_wanted : whether the person wants to be connected; words can be left either way
    """

    def __init__(self, name: str, needs: Needs, notify: Callable[[Notice], None], *, is_wanted: bool) -> None:
        self._name = name
        self._needs = needs
        self._notify = notify
        self._is_wanted = is_wanted
        self._tasks = TaskOwner(f"line to {name}", notify)
        self._run: Run | None = None
        self._ready = asyncio.Event()
        self._is_reloading = False
        self._trouble: TriiError | None = None
        self._chance = random.Random()  # noqa: S311 - jitter, no secret
        self._running: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start from what is stored."""
        self._running = self._tasks.start("run", self._keep_running())

    async def close(self) -> None:
        """Store what waits, hang up and end."""
        run, running = self._run, self._running
        if run is not None and running is not None:
            run.finish()
            await asyncio.wait({running}, timeout=10.0)
        await self._tasks.close()

    @property
    def sending(self) -> frozenset[str]:
        """Operations that are on their way at this moment."""
        return frozenset(self._run.sending) if self._run is not None else frozenset()

    async def reload(self) -> None:
        """Begin anew from what is stored, which was changed beside the state machine; words that wait are stored first."""
        if self._run is not None and not self._tasks.is_closed:
            self._is_reloading = True
            self._ready.clear()
            self._run.finish()
            await self._ready.wait()

    def want(self, *, is_on: bool) -> None:
        """Be connected whenever it is possible, or stay offline."""
        self._is_wanted = is_on
        self.tell(lambda client, now_ms: client.want(is_on, now_ms))

    async def submit(self, room: str, body: Body, kind: str, also: Sequence[Action] = ()) -> Op:
        """Leave an operation in the outbox, together with ``also``; durable on return. Raises Unavailable, ValueError."""
        run = await self._opened()
        op, actions = run.client.submit(room, body, kind, run.now_ms)
        await run.durable([*also, *actions])
        return op

    async def ask(self, what: Ask) -> None:
        """Tell the state machine something and return once what comes of it is stored. Raises Unavailable."""
        run = await self._opened()
        await run.durable(what(run.client, run.now_ms))

    def tell(self, what: Ask) -> None:
        """Tell the state machine something that matters only while it lives."""
        run = self._run
        if run is not None:
            run.feed(what(run.client, run.now_ms))

    async def _opened(self) -> Run:
        if self._trouble is not None:
            raise self._trouble
        if self._tasks.is_closed:
            raise closing()
        await self._ready.wait()
        return self._current()

    def _current(self) -> Run:
        if self._run is None:
            raise self._trouble or closing()
        return self._run

    async def _keep_running(self) -> None:
        patience_s = PATIENCE_S[0]
        while True:
            began_ns = self._needs.clock.monotonic_ns()
            try:
                kept = await self._needs.keeping.load(self._needs.server)
                run = Run(SyncClient(kept, os.urandom, self._chance.random), self._needs, self._tasks)
                self._run, self._trouble = run, None
                self._ready.set()
                for room, seq in await self._needs.keeping.reads(self._needs.server):
                    run.feed(run.client.read_to(room, seq, run.now_ms))
                run.feed(run.client.want(self._is_wanted, run.now_ms))
                await run.serve()
            except TriiError as error:
                self._break_off(error)
                if self._needs.clock.monotonic_ns() - began_ns > 60_000_000_000:
                    patience_s = PATIENCE_S[0]
                await asyncio.sleep(patience_s)
                patience_s = min(2 * patience_s, PATIENCE_S[1])
                self._ready.clear()
                continue
            finally:
                self._run = None
                if not self._is_reloading:
                    self._ready.set()
            if not self._is_reloading:
                return
            self._is_reloading = False

    def _break_off(self, error: TriiError) -> None:
        """Say once what cannot be stored; words are refused until the next try."""
        if self._trouble is None or self._trouble.code != error.code:
            self._notify(notice_of(error, f"Messages of {self._name} cannot be stored."))
        self._trouble = error if isinstance(error, Unavailable) else Unavailable(error.message, hint=error.hint, code=error.code)
