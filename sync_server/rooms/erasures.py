"""Everything that one person wrote is erased by several: one asks, compliance approves, an administrator who is neither executes.

A request that nobody carries to its end runs out. Rooms under a legal hold are left as they are, and said; once released, the same
request erases them too. The person's account is closed before anything is erased; who it was is destroyed with the last message.
"""

import asyncio
import enum
import os
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import msgspec

from sync_server.accounts.permissions import Deed, allows, check_may
from sync_server.accounts.records import load_account
from sync_server.actor import Actor
from sync_server.audit.links import AuditEntry
from sync_server.clock import Clock
from sync_server.errors import Refused
from sync_server.protocol.bodies import Erase, format_body
from sync_server.protocol.chain import SALT_BYTES, to_text
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Kind, Op, OpResult, OpState
from sync_server.protocol.ids import IdMaker, is_id
from sync_server.rooms.notes import Note
from sync_server.rooms.views import RoomId
from sync_server.storage.database import Database, Reading, Row, Writing

DAY_MS: Final = 24 * 3_600_000
ASKED_MS: Final = 30 * DAY_MS  # to be approved within
APPROVED_MS: Final = 7 * DAY_MS  # to be carried out within
TARGETS: Final = 100  # of one operation
PAGE: Final = 200
_ROOMS_AT_ONCE: Final = 500
_TRIES: Final = 3
_SPACE: Final = uuid.UUID("5d2f1a0c-8b1e-5c33-9a57-1f6f0c7a2b90")
_COLUMNS: Final = (
    "id, subject, why, state, asked_by, asked_ms, approved_by, approved_ms, executed_by, done_ms, until_ms, n_messages, n_held"
)
_ONE: Final = f"SELECT {_COLUMNS} FROM erasures WHERE org = $1 AND id = $2"  # noqa: S608 our own words
_LIST: Final = f"""
SELECT {_COLUMNS} FROM erasures WHERE org = $1 AND id < $2 AND ($3 = '' OR asked_by = $3) ORDER BY id DESC LIMIT $4
"""  # noqa: S608 our own words
_OPEN: Final = "SELECT id FROM erasures WHERE org = $1 AND subject = $2 AND state IN ('asked', 'approved', 'begun')"
_ADD: Final = """
INSERT INTO erasures (id, org, subject, why, state, asked_by, asked_ms, approved_by, approved_ms, executed_by, done_ms, until_ms,
    n_messages, n_held)
VALUES ($1, $2, $3, $4, 'asked', $5, $6, '', 0, '', 0, $7, 0, 0)
"""
_EXPIRE: Final = """
UPDATE erasures SET state = 'expired' WHERE state IN ('asked', 'approved', 'begun') AND until_ms <= $1 RETURNING id, org, subject
"""
_ROOMS: Final = "SELECT room FROM rooms WHERE org = $1 AND room > $2 ORDER BY room LIMIT $3"
_WRITTEN: Final = """
SELECT e.id FROM events e LEFT JOIN changes c ON c.room = e.room AND c.id = e.id
WHERE e.room = $1 AND e.author = $2 AND e.kind = 'msg.create' AND (c.id IS NULL OR NOT c.is_erased) ORDER BY e.seq LIMIT $3
"""

Push = Callable[[Actor, Sequence[Op]], Awaitable[tuple[OpResult, ...]]]


class Leaving(Protocol):
    """What becomes of the account of a person who is erased."""

    async def close(self, actor: Actor, user: str) -> None:
        """End its sessions and keys, and let nobody sign in. Raises Refused (409) for the last owner."""
        ...

    async def forget(self, actor: Actor, user: str) -> None:
        """Destroy what tells who it was; its id stays. Nothing where that was done before."""
        ...


class ErasureState(enum.StrEnum):
    """How far a request has come."""

    ASKED = "asked"
    APPROVED = "approved"
    BEGUN = "begun"  # some is erased; rooms under a hold, or what a failure left, are not
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Erasure(msgspec.Struct, frozen=True):
    """A request to erase everything that ``subject`` wrote: who did what when (UTC ms, 0: not yet), and until when it holds.

    ``n_messages`` were erased; ``n_held`` rooms were left because of a legal hold.
    """

    id: str
    subject: str
    why: str
    state: ErasureState
    asked_by: str
    asked_ms: int
    approved_by: str
    approved_ms: int
    executed_by: str
    done_ms: int
    until_ms: int
    n_messages: int
    n_held: int


class Erasures:
    """Requests and what becomes of them. ``push`` enters operations in rooms; every step is an entry of the audit log."""

    def __init__(self, database: Database, clock: Clock, push: Push, note: Note, leaving: Leaving) -> None:
        self._database = database
        self._clock = clock
        self._push = push
        self._leaving = leaving
        self._note = note
        self._ids = IdMaker(os.urandom)
        self._turn = asyncio.Lock()

    async def ask(self, actor: Actor, subject: str, why: str) -> Erasure:
        """Ask that everything of ``subject`` be erased. Raises Refused: not theirs to ask, nobody there, asked already."""
        check_may(actor, Deed.ASK_ERASE, self._clock.now_ms(), is_own=subject == actor.user)
        now_ms = self._clock.now_ms()
        async with self._database.write() as tx:
            await self._expire(tx)
            account = await load_account(tx, subject) if is_id(subject) else None
            if account is None or account.org != actor.org:
                raise Refused(Code.NO_TARGET, "There is nobody of this id in the organisation.", status=404)
            if (row := await tx.row(_OPEN, actor.org, subject)) is not None:
                raise Refused(Code.HELD, "This was asked for already.", hint=f"See the request {row[0]}.", status=409)
            identity = self._ids.make(now_ms)
            await tx.run(_ADD, identity, actor.org, subject, why, _person(actor), now_ms, now_ms + ASKED_MS)
            await self._noted(tx, actor, "erasure.asked", identity, subject=subject)
            return await self._one(tx, actor.org, identity)

    async def rows(self, actor: Actor, before: str = "", limit: int = PAGE) -> tuple[Erasure, ...]:
        """Requests, the newest first, those before ``before``; who only asks sees the own ones. Raises Refused."""
        sees_all = allows(actor, Deed.APPROVE_ERASE) or allows(actor, Deed.ERASE)
        if not sees_all:
            check_may(actor, Deed.ASK_ERASE, self._clock.now_ms(), is_own=True)
        async with self._database.read() as view:
            found = await view.rows(_LIST, actor.org, before or "~", "" if sees_all else actor.user, max(1, min(limit, PAGE)))
        return tuple(map(_erasure, found))

    async def approve(self, actor: Actor, identity: str) -> Erasure:
        """Compliance agrees. Raises Refused: not theirs to say, not there, one's own request, run out."""
        check_may(actor, Deed.APPROVE_ERASE, self._clock.now_ms())
        async with self._database.write() as tx:
            found = await self._open_one(tx, actor, identity, ErasureState.ASKED)
            if actor.user in (found.asked_by, found.subject):
                raise _same_person("approves it")
            now_ms = self._clock.now_ms()
            sql = "UPDATE erasures SET state = 'approved', approved_by = $2, approved_ms = $3, until_ms = $4 WHERE id = $1"
            await tx.run(sql, identity, actor.user, now_ms, now_ms + APPROVED_MS)
            await self._noted(tx, actor, "erasure.approved", identity, subject=found.subject)
            return await self._one(tx, actor.org, identity)

    async def decline(self, actor: Actor, identity: str, why: str) -> Erasure:
        """Compliance says no, or who asked takes it back, before anything is erased. Raises Refused."""
        async with self._database.write() as tx:
            found = await self._open_one(tx, actor, identity, ErasureState.ASKED, ErasureState.APPROVED)
            is_own = found.asked_by == _person(actor)
            if not is_own:
                check_may(actor, Deed.APPROVE_ERASE, self._clock.now_ms())
            state = ErasureState.WITHDRAWN if is_own else ErasureState.DECLINED
            await tx.run("UPDATE erasures SET state = $2 WHERE id = $1", identity, state.value)
            await self._noted(tx, actor, f"erasure.{state}", identity, subject=found.subject, why=why)
            return await self._one(tx, actor.org, identity)

    async def execute(self, actor: Actor, identity: str) -> Erasure:
        """Close the account and erase, room by room; asked for again it goes on with what was left.

        Raises Refused: no second factor, whoever asked or approved, not approved or run out, the last owner; ``busy`` in the
        middle of it.
        """
        check_may(actor, Deed.ERASE, self._clock.now_ms())
        async with self._turn:
            async with self._database.write() as tx:
                found = await self._open_one(tx, actor, identity, ErasureState.APPROVED, ErasureState.BEGUN)
                if _person(actor) in (found.asked_by, found.approved_by) or not actor.user:
                    raise _same_person("carries it out")
            await self._leaving.close(actor, found.subject)  # before anything else: from here on the person writes nothing more
            async with self._database.write() as tx:
                await self._open_one(tx, actor, identity, ErasureState.APPROVED, ErasureState.BEGUN)
                await tx.run("UPDATE erasures SET state = 'begun', executed_by = $2 WHERE id = $1", identity, actor.user)
                await self._noted(tx, actor, "erasure.begun", identity, subject=found.subject)
            n_held = await self._erase_all(actor, found)
            if not n_held:  # whose words are held, the hold needs to know
                await self._leaving.forget(actor, found.subject)
            return await self._finish(actor, found, n_held)

    async def expire(self) -> None:
        """Let requests run out that nobody carried to their end: called every hour. Raises Refused (busy)."""
        async with self._database.write() as tx:
            await self._expire(tx)

    async def _erase_all(self, actor: Actor, found: Erasure) -> int:
        """Erase in all rooms but those under a hold; how many these are."""
        n_held, after = 0, ""
        while True:
            async with self._database.read() as view:
                rooms = [row[0] for row in await view.rows(_ROOMS, actor.org, after, _ROOMS_AT_ONCE)]
            for room in rooms:
                n_held += not await self._erase_in(actor, found, room)
            if len(rooms) < _ROOMS_AT_ONCE:
                return n_held
            after = rooms[-1]

    async def _erase_in(self, actor: Actor, found: Erasure, room: RoomId) -> bool:
        """Erase what the subject wrote in a room; False where a hold keeps it."""
        device = msgspec.structs.replace(actor, device=str(uuid.uuid5(_SPACE, found.id)))
        count = 1
        while True:
            async with self._database.read() as view:
                targets = tuple(row[0] for row in await view.rows(_WRITTEN, room, found.subject, TARGETS))
            if not targets:
                return True
            result, count = await self._enter(device, room, targets, count)
            if result.code == Code.HELD:
                return False
            if result.st is not OpState.OK:
                code = Code(result.code or Code.BUSY)
                raise Refused(code, "Not everything could be erased now.", hint="Try again.", status=503, after_ms=result.after)
            async with self._database.write() as tx:
                await tx.run("UPDATE erasures SET n_messages = n_messages + $2 WHERE id = $1", found.id, len(targets))

    async def _enter(self, device: Actor, room: RoomId, targets: tuple[str, ...], count: int) -> tuple[OpResult, int]:
        """Enter one erasure with the next count of this request's device; the result, and the count after it."""
        now_ms = self._clock.now_ms()
        salt = to_text(os.urandom(SALT_BYTES))
        op = Op(self._ids.make(now_ms), room, Kind.ERASE, format_body(Erase(targets)), salt, count, cts=now_ms)
        for _ in range(_TRIES):
            (result,) = await self._push(device, (op,))
            if result.code != Code.OUT_OF_ORDER:
                break
            op = msgspec.structs.replace(op, cseq=result.cseq)
        return result, op.cseq + 1

    async def _finish(self, actor: Actor, found: Erasure, n_held: int) -> Erasure:
        state = ErasureState.BEGUN if n_held else ErasureState.DONE
        async with self._database.write() as tx:
            sql = "UPDATE erasures SET state = $2, n_held = $3, done_ms = $4 WHERE id = $1"
            await tx.run(sql, found.id, state.value, n_held, 0 if n_held else self._clock.now_ms())
            after = await self._one(tx, actor.org, found.id)
            kind = "erasure.held" if n_held else "erasure.done"
            await self._noted(tx, actor, kind, found.id, subject=found.subject, messages=after.n_messages, held=n_held)
        return after

    async def _open_one(self, tx: Writing, actor: Actor, identity: str, *states: ErasureState) -> Erasure:
        """A request in one of these states. Raises Refused."""
        found = await self._one(tx, actor.org, identity)
        if found.state not in states or found.until_ms <= self._clock.now_ms():
            now = ErasureState.EXPIRED if found.state in states else found.state
            raise Refused(Code.NOT_ALLOWED, f"The request is {now}: this cannot be done with it now.", status=409)
        return found

    async def _one(self, reading: Reading, org: str, identity: str) -> Erasure:
        row = await reading.row(_ONE, org, identity) if is_id(identity) else None
        if row is None:
            raise Refused(Code.NO_TARGET, "There is no such request.", status=404)
        return _erasure(row)

    async def _expire(self, tx: Writing) -> None:
        for identity, org, subject in await tx.rows(_EXPIRE, self._clock.now_ms()):
            await self._note(tx, AuditEntry(org, "erasure.expired", "", identity, detail={"subject": subject}))

    async def _noted(self, tx: Writing, actor: Actor, kind: str, identity: str, **detail: object) -> None:
        await self._note(tx, AuditEntry(actor.org, kind, actor.user, identity, detail=detail))


def _erasure(row: Row) -> Erasure:
    return Erasure(row[0], row[1], row[2], ErasureState(row[3]), *row[4:])


def _person(actor: Actor) -> str:
    """Who somebody is in a request; whoever runs the server has no account."""
    return actor.user or "operator"


def _same_person(deed: str) -> Refused:
    hint = "One asks, compliance approves, an administrator who is neither carries it out."
    return Refused(Code.NOT_ALLOWED, f"Somebody else {deed}.", hint=hint, status=403)
