"""Operations made by the server for who has no copy of the rooms: scripts and keys that send one message at a time.

Such a caller is a device of its own beside the desktop with the same session, so that neither disturbs the other's counting.
"""

import asyncio
import hashlib
import os
import uuid
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from sync_server.actor import Actor
from sync_server.clock import Clock
from sync_server.edge.pacing import Take, let_through
from sync_server.edge.parts import RoomsSide
from sync_server.edge.problem import STATUS_OF
from sync_server.errors import Refused
from sync_server.protocol.bodies import Body, format_body
from sync_server.protocol.chain import SALT_BYTES, to_text
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Op, OpResult, OpState
from sync_server.protocol.ids import IdMaker

TRIES: Final = 4
COUNTS_KEPT: Final = 10_000
_SPACE: Final = uuid.UUID("7f0c3b1e-52a4-5f0d-8a3e-0d9b8a6e4c21")


class Posting:
    """Numbers and enters operations. ``entropy(n)`` gives n random bytes."""

    def __init__(self, rooms: RoomsSide, clock: Clock, take: Take, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._rooms = rooms
        self._clock = clock
        self._take = take
        self._entropy = entropy
        self._ids = IdMaker(entropy)
        self._counts: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._turns: weakref.WeakValueDictionary[tuple[str, str], asyncio.Lock] = weakref.WeakValueDictionary()

    async def enter(self, actor: Actor, room: str, kind: str, body: Body, once: str = "") -> OpResult:
        """Where the operation stands. The same ``once`` (an Idempotency-Key) of the same caller enters the same thing once.

        Raises Refused with the room's reason.
        """
        device = str(uuid.uuid5(_SPACE, f"http|{actor.device}"))
        identity, salt = self._names(device, once)
        op = Op(identity, room, kind, format_body(body), salt, 1, cts=self._clock.now_ms())
        _, limited = let_through((op,), actor.user, self._take)
        if limited:
            raise _refusal(limited[op.id])
        line = (device, room)
        async with self._turns.setdefault(line, asyncio.Lock()):
            result = await self._enter(msgspec.structs.replace(actor, device=device), op, line)
        if result.st not in (OpState.OK, OpState.DUP):
            raise _refusal(result)
        return result

    def room_id(self, actor: Actor, once: str) -> str:
        """The id of a room to be made: a new one, or always the same for the same key of the same caller."""
        if not once:
            return self._ids.make(self._clock.now_ms())
        return _named(f"room|{actor.device}|{once}")

    async def _enter(self, actor: Actor, op: Op, line: tuple[str, str]) -> OpResult:
        """Enter with the next count, as far as it is known here; a server that knows better says which it is."""
        result = OpResult(op.id, OpState.RETRY, code=Code.BUSY, after=1_000)
        count = self._counts.get(line, 0) + 1
        for _ in range(TRIES):
            (result,) = await self._rooms.push(actor, (msgspec.structs.replace(op, cseq=count),))
            if result.st is not OpState.RETRY or result.code != Code.OUT_OF_ORDER:
                break
            count = result.cseq
        if result.st in (OpState.OK, OpState.REJ):
            self._counts[line] = count
            self._counts.move_to_end(line)
            if len(self._counts) > COUNTS_KEPT:
                self._counts.popitem(last=False)
        return result

    def _names(self, device: str, once: str) -> tuple[str, str]:
        """Id and salt: new ones, or always the same for the same key of the same caller."""
        if not once:
            return self._ids.make(self._clock.now_ms()), to_text(self._entropy(SALT_BYTES))
        salt = hashlib.sha256(f"{device}|{once}".encode()).digest()[:SALT_BYTES]
        return _named(f"{device}|{once}"), to_text(salt)


def _named(text: str) -> str:
    """An id that is always the same for the same text: UUIDv8, for version 5 is what rooms of two people have."""
    value = int.from_bytes(hashlib.sha256(_SPACE.bytes + text.encode("utf-8")).digest()[:16])
    value = (value & ~(0xF << 76) & ~(0x3 << 62)) | (8 << 76) | (2 << 62)
    return str(uuid.UUID(int=value))


def _refusal(result: OpResult) -> Refused:
    """What became of an operation, as a refusal."""
    status = STATUS_OF.get(result.code, 422)
    if result.st is OpState.RETRY and status not in (429, 503):
        status = 503
    return Refused(
        Code(result.code or Code.BUSY), _WHY.get(result.code, "The room refuses this."), status=status, after_ms=result.after
    )


_WHY: Final[dict[str, str]] = {
    Code.NO_ROOM: "There is no such room for you.",
    Code.NOT_ALLOWED: "You may not do this here.",
    Code.ROOM_EXISTS: "This room is there already.",
    Code.BAD_BODY: "The room cannot take this as it is.",
    Code.NO_TARGET: "The message it is about is not there.",
    Code.NO_FILE: "A file of the message is not in this room; upload it first.",
    Code.DELETED: "The message was deleted.",
    Code.STALE: "Somebody else changed it meanwhile.",
    Code.ID_TAKEN: "This Idempotency-Key was used for something else.",
    Code.LIMITED: "That was too often.",
    Code.BUSY: "The server cannot store this now; nothing was taken.",
}
