"""Which operations of a push are whole, and which must wait because there are too many."""

from collections.abc import Callable, Sequence
from typing import Final

from sync_server.edge.acts import Pace
from sync_server.protocol.codes import Code
from sync_server.protocol.events import Kind, Op, OpResult, OpState
from sync_server.protocol.ids import is_id

_PACES: Final[dict[str, Pace]] = {
    Kind.MSG_CREATE: Pace.MESSAGE,
    Kind.MSG_EDIT: Pace.EDIT,
    Kind.MSG_DELETE: Pace.EDIT,
    Kind.REACT_SET: Pace.REACT,
    Kind.PIN_SET: Pace.REACT,
}

Take = Callable[[Pace, str], int]


def is_whole(op: Op) -> bool:
    """Whether an operation can be carried at all, by its names; what its body says is for the room to judge."""
    return is_id(op.id) and is_id(op.r) and op.k.isascii() and op.k.isprintable() and op.n.isascii() and "\0" not in op.n


def let_through(ops: Sequence[Op], user: str, take: Take) -> tuple[tuple[Op, ...], dict[str, OpResult]]:
    """The operations that may go on, and answers by id for the rest: one that must wait holds all after it in its room."""
    allowed: list[Op] = []
    held_ms: dict[str, int] = {}
    limited: dict[str, OpResult] = {}
    for op in ops:
        if op.r not in held_ms:
            after_ms = take(_PACES.get(op.k, Pace.OTHER), user) or take(Pace.ROOM, op.r)
            if not after_ms:
                allowed.append(op)
                continue
            held_ms[op.r] = after_ms
        limited[op.id] = OpResult(op.id, OpState.RETRY, code=Code.LIMITED, after=held_ms[op.r])
    return tuple(allowed), limited
