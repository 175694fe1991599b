"""One connection at work: carries out what its session asks for, and keeps what waits for a slow reader within bounds."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Final, Protocol

import msgspec

from sync_server.actor import Actor, Role
from sync_server.edge.acts import Act, Beat, Close, Fetch, Read, Recheck, Submit, Tell, Verify, Write
from sync_server.edge.hub import Hub
from sync_server.edge.packing import Backlog, Form, Packed
from sync_server.edge.session import ServerSession
from sync_server.errors import Refused
from sync_server.protocol.codes import CloseCode, Code
from sync_server.protocol.messages import Ev, Pull, Reset, RoomHead

log = logging.getLogger(__name__)

UNAUTHORISED: Final = 401
PAGE_BYTES: Final = 192 * 1024  # of one page that is told: four at a time stay within what may wait


class Outlet(Protocol):
    """Where a connection's bytes go."""

    form: Form

    def flush(self, backlog: Backlog) -> None:
        """Take from the backlog what can be written now."""
        ...

    def close(self, code: int, why: str) -> None:
        """Write what is left and end."""
        ...


class Line:
    """One connection of the hub. Everything happens on the loop's thread."""

    def __init__(self, hub: Hub, session: ServerSession, outlet: Outlet, address: str = "") -> None:
        self.session = session
        self.outlet = outlet
        self.address = address
        self.backlog = Backlog()
        self.is_closed = False
        self.calm = asyncio.Event()
        self.calm.set()
        self._hub = hub
        self._turn = asyncio.Lock()

    # From the wire.

    def opened(self) -> None:
        """The connection stands."""
        self._hub.add(self)
        self.carry_out(self.session.opened(self._hub.now_ms()))

    def received(self, data: bytes) -> None:
        """A whole message came."""
        self._hub.counts.received(len(data))
        self.carry_out(self.session.received(data))

    def lost(self) -> None:
        """The connection is gone, whoever ended it."""
        self.session.is_over = True
        self._forget()

    # From the hub.

    def hear(self, packed: Packed, now_ms: int) -> None:
        """Something happened that this person may hear."""
        actor = self.session.actor
        if actor is None or self.session.is_over:
            for message in packed.messages:
                self.carry_out(self.session.hear(message, now_ms))
        elif not 0 < actor.until_ms <= now_ms:
            self.offer(packed)

    def offer(self, packed: Packed) -> None:
        """Let a message wait to be written; a reader that is too slow is let go and comes back by its cursors."""
        if self.is_closed:
            return
        data = packed.in_form(self.outlet.form)
        if not self.backlog.push(data, is_passing=packed.is_passing):
            self.outlet.flush(self.backlog)
            if not self.backlog.push(data, is_passing=packed.is_passing):
                self._let_go()
                return
        self._hub.counts.sent()
        self._hub.must_flush(self)

    def flush(self) -> None:
        """Write what the socket takes."""
        self.outlet.flush(self.backlog)
        self._look()

    def carry_out(self, acts: list[Act]) -> None:
        """Do what the session asks for, in order."""
        for act in acts:
            match act:
                case Write(message):
                    self.offer(Packed(message))
                case Close(code, why):
                    self._end(code, why)
                case Verify():
                    self._start("verify", self._verify(act))
                case Submit(rid, ops):
                    self._start("push", self._submit(Submit(rid, ops)))
                case Fetch(pull):
                    self._start("pull", self._fetch(pull))
                case Read():
                    self._start("read", self._read(act))
                case Tell(said):
                    assert self.session.actor is not None
                    self._hub.tell(self.session.actor, said)
                case Recheck(actor):
                    now = self._hub.sides.accounts.remembered(actor)
                    if now is None:
                        self._start("recheck", self._recheck(actor))
                    else:
                        self.carry_out(self.session.renewed(now, self._hub.now_ms()))
                case Beat():
                    self.carry_out(self.session.head(self._hub.moved(self), self._hub.now_ms()))
        self._look()

    def _start(self, name: str, coro: Coroutine[Any, Any, None]) -> None:
        self._hub.tasks.start(name, coro, self._broken)

    def _broken(self) -> None:
        """A defect of ours must not leave a device waiting for an answer."""
        self.carry_out(self.session.bye(1011, "Something failed on the server.", (1_000, 30_000)))

    # Answers.

    async def _verify(self, act: Verify) -> None:
        try:
            actor = await self._hub.sides.accounts.verify(act.token)
            _check_device(actor, act.device)
            if act.is_renewal:
                self.carry_out(self.session.renewed(actor, self._hub.now_ms()))
                return
            await self.welcome(actor, act)
        except Refused as refused:
            self.carry_out(self.session.turned_away(refused.code, refused.why, after_ms=refused.after_ms))

    async def welcome(self, actor: Actor, act: Verify) -> None:
        """Gather what the device is told first. From here on it hears what happens, after the welcome."""
        _check_scope(actor)
        self._hub.admit(self, actor)
        rooms = self._hub.sides.rooms
        heads = await rooms.heads(actor)
        self._hub.know(actor.user, heads)
        resets = await rooms.check(actor, act.cursors)
        people = await self._people(actor, heads)
        self.carry_out(self.session.admitted(actor, heads, self._hub.now_ms(), resets=resets))
        for packed in (people, self._hub.present(actor)):
            if packed is not None:
                self.offer(packed)

    async def _people(self, actor: Actor, heads: Sequence[RoomHead]) -> Packed | None:
        """Whom this person may see: for a guest, who shares a room; for a key without the scope, nobody."""
        rooms = self._hub.sides.rooms
        seats = [await rooms.members(head.r) for head in heads] if actor.role is Role.GUEST else []
        try:
            return await self._hub.people(actor, frozenset().union(*seats))
        except Refused:
            return None

    async def _submit(self, act: Submit) -> None:
        assert self.session.actor is not None
        try:
            # What the person may do now: the role, and whether a second factor was shown a moment ago. It is at hand in memory.
            async with self._turn:  # pushes of one connection are taken in their order
                actor = await self._hub.sides.accounts.recheck(self.session.actor)
            results = await self._hub.sides.rooms.push(actor, act.ops)
        except Refused as refused:
            if refused.status == UNAUTHORISED:
                self.carry_out(self.session.ended())
                return
            self.carry_out(self.session.failed(act.rid, refused.code, refused.why, refused.after_ms))
        else:
            self.carry_out(self.session.results(act.rid, results))

    async def _fetch(self, pull: Pull) -> None:
        actor = self.session.actor
        assert actor is not None
        try:
            page = await fetch_page(self._hub, actor, pull, self.outlet.form)
        except Refused as refused:
            self.carry_out(self.session.failed(pull.rid, refused.code, refused.why, refused.after_ms))
        else:
            self.carry_out(self.session.fetched(pull.rid, page))

    async def _read(self, act: Read) -> None:
        actor, read = self.session.actor, act.message
        assert actor is not None
        try:
            reads = await self._hub.sides.rooms.read_to(actor, read.r, read.e, read.read)
        except Refused as refused:
            log.debug("A read cursor of %s was refused: %s", read.r, refused.why)
            return
        if reads is not None:
            self._hub.has_read(reads)

    async def _recheck(self, actor: Actor) -> None:
        try:
            now = await self._hub.sides.accounts.recheck(actor)
        except Refused as refused:
            if refused.status != UNAUTHORISED:
                return  # the database is away for a moment: asked again in two seconds
            self.carry_out(self.session.ended())
        else:
            self.carry_out(self.session.renewed(now, self._hub.now_ms()))

    # The end.

    def _let_go(self) -> None:
        self.backlog.clear()
        self._hub.counts.slow()
        self.carry_out(self.session.bye(CloseCode.SLOW, "Too slow: continue from your cursors.", (200, 2_000)))

    def _end(self, code: int, why: str) -> None:
        self._hub.counts.closed(code)
        self.outlet.flush(self.backlog)
        self.outlet.close(code, why)
        self._forget()

    def _forget(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._hub.remove(self)
            self.calm.set()

    def _look(self) -> None:
        is_calm = self.is_closed or (self.session.n_open < 8 and len(self.backlog) < 64)
        if is_calm:
            self.calm.set()
        else:
            self.calm.clear()


def _check_device(actor: Actor, device: str) -> None:
    if actor.scopes is None and device != actor.device:
        raise Refused(Code.NOT_SIGNED_IN, "This token belongs to another device.", status=401)


def _check_scope(actor: Actor) -> None:
    if actor.scopes is not None and "chat:read" not in actor.scopes:
        raise Refused(Code.NOT_ALLOWED, "This key may not read: it needs the scope chat:read.", status=403)


async def fetch_page(hub: Hub, actor: Actor, pull: Pull, form: Form) -> Ev | Reset:
    """A page that fits: half as many events are asked for until what comes is no larger than a slow reader may let wait."""
    while True:
        page = await hub.sides.rooms.pull(actor, pull)
        if isinstance(page, Reset) or len(page.ev) <= 1 or len(Packed(page).in_form(form)) <= PAGE_BYTES:
            return page
        pull = msgspec.structs.replace(pull, limit=max(1, len(page.ev) // 2))
