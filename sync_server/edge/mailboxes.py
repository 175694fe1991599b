"""Connections whose messages wait until they are asked for: mailboxes of polls, and what streams read from."""

import asyncio
import contextlib
import secrets
from typing import Any, Final

import msgspec

from sync_server.actor import Actor
from sync_server.edge.acts import Verify
from sync_server.edge.hub import Hub
from sync_server.edge.line import Line
from sync_server.edge.packing import CODECS, Backlog, Form
from sync_server.edge.session import ServerSession
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Cursor

LEFT_MS: Final = 60_000  # a mailbox that nobody asks for so long is let go
WATCH_S: Final = 5.0
MAX_MAILBOXES: Final = 5_000


class PulledOutlet:
    """What waits until it is asked for."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.news = asyncio.Event()
        self.is_over = False

    def flush(self, backlog: Backlog) -> None:
        """There is something to ask for."""
        if backlog:
            self.news.set()

    def close(self, _code: int, _why: str) -> None:
        """What waits is the last."""
        self.is_over = True
        self.news.set()


class PollAnswer(msgspec.Struct, frozen=True):
    """Messages in order, none after the wait. The same ones come again until an ask names this ``n``."""

    sid: str
    n: int
    messages: tuple[dict[str, Any], ...]


class Mailbox:
    """A connection that is asked for what it has."""

    def __init__(self, line: Line, outlet: PulledOutlet, actor: Actor, asked_ms: int) -> None:
        self.line = line
        self.outlet = outlet
        self.actor = actor
        self.asked_ms = asked_ms
        self.is_asked = False
        self._n = 0
        self._last: tuple[bytes, ...] = ()

    async def answer(self, n: int, wait_ms: int) -> PollAnswer:
        """What was not yet acknowledged, or else what comes within the wait."""
        if n != self._n and self._last:
            return self._answer()
        self._last = ()
        if not self.line.backlog and not self.outlet.is_over and wait_ms:
            self.outlet.news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_ms / 1000):
                    await self.outlet.news.wait()
        self._last = tuple(one for data in self.line.backlog.take_messages() for one in data.split(b"\n"))
        if self._last:
            self._n += 1
        return self._answer()

    def _answer(self) -> PollAnswer:
        return PollAnswer(self.line.session.sid, self._n, tuple(msgspec.json.decode(data) for data in self._last))


class Mailboxes:
    """All that are open. One is let go when nobody asked for it for a minute."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._boxes: dict[str, Mailbox] = {}

    async def open(self, actor: Actor, rooms: tuple[Cursor, ...], address: str) -> Mailbox:
        """A new one, with the welcome in it. Raises Refused."""
        self.sweep()
        if len(self._boxes) >= MAX_MAILBOXES:
            raise Refused(Code.BUSY, "Too many are waiting.", status=503, after_ms=5_000)
        line, outlet = await begin_line(self._hub, actor, rooms, Form.PLAIN, address)
        box = self._boxes[line.session.sid] = Mailbox(line, outlet, actor, self._hub.clock.attended_ms())
        return box

    def find(self, sid: str, actor: Actor) -> Mailbox:
        """One's own mailbox. Raises Refused where it is gone: begin again."""
        box = self._boxes.get(sid)
        if box is None or (box.actor.user, box.actor.device) != (actor.user, actor.device):
            raise Refused(Code.NO_TARGET, "This mailbox is gone.", hint="Begin again without sid.", status=404)
        return box

    async def answer(self, box: Mailbox, n: int, wait_ms: int) -> PollAnswer:
        """Wait and answer; nobody else may wait at the same mailbox."""
        if box.is_asked:
            raise Refused(Code.LIMITED, "This mailbox is being asked already.", status=429, after_ms=500)
        box.is_asked = True
        try:
            return await box.answer(n, wait_ms)
        finally:
            box.is_asked = False
            box.asked_ms = self._hub.clock.attended_ms()
            if box.outlet.is_over and not box.line.backlog:
                self._boxes.pop(box.line.session.sid, None)

    async def watch(self) -> None:
        """Let go of what nobody asks for; runs until it is cancelled."""
        while True:
            await asyncio.sleep(WATCH_S)
            self.sweep()

    def sweep(self) -> None:
        """Let go of what nobody asks for."""
        late_ms = self._hub.clock.attended_ms() - LEFT_MS
        for sid, box in tuple(self._boxes.items()):
            if not box.is_asked and box.asked_ms < late_ms:
                del self._boxes[sid]
                box.line.lost()


async def begin_line(hub: Hub, actor: Actor, rooms: tuple[Cursor, ...], form: Form, address: str) -> tuple[Line, PulledOutlet]:
    """A connection of somebody who is known already. Raises Refused."""
    if hub.is_draining:
        raise Refused(Code.BUSY, "The server stops for a moment.", status=503, after_ms=1_000)
    outlet = PulledOutlet(form)
    session = ServerSession(secrets.token_urlsafe(12), CODECS[form], hub.take, hub.figures)
    line = Line(hub, session, outlet, address)
    line.opened()
    session.greeted()
    try:
        await line.welcome(actor, Verify("", actor.device, rooms))
    except BaseException:
        line.lost()
        raise
    return line, outlet
