"""One room's operations in the outbox: in which order they leave, which fly, which have a place; and how they line up anew."""

from collections import deque
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from sync_server.protocol.actions import Settled
from sync_server.protocol.events import Cursor, Event, Kind, Op
from sync_server.protocol.fold import as_event, touched

_PATIENCE_MS: Final = (250, 30_000)  # first and longest wait before an operation that made no progress is tried again


@dataclass(slots=True)
class Lane:
    """One room's operations, by id."""

    queue: deque[str] = field(default_factory=deque)  # to be sent, in order; may name what is settled meanwhile
    flying: dict[str, int] = field(default_factory=dict)  # id → ``n_decided`` when it was sent
    back: list[str] = field(default_factory=list)  # to be sent again once nothing of the room flies
    placed: deque[str] = field(default_factory=deque)  # have a place, their events have not come
    covered: deque[str] = field(default_factory=deque)  # have one that the copy went past without their events, as a snapshot does
    not_before_ms: int = 0
    n_tries: int = 0
    expected: dict[str, tuple[int, int]] = field(default_factory=dict)  # id → the count the server wants, ``n_decided`` when sent
    n_decided: int = 0  # operations that the server was seen to decide
    is_held: bool = False

    @property
    def with_place(self) -> tuple[str, ...]:
        """Those that stand in the log as far as is known, in its order."""
        return *self.covered, *self.placed

    def may_send(self, now_ms: int) -> bool:
        """Whether the next operation may leave now."""
        return not self.is_held and not self.back and self.not_before_ms <= now_ms

    def put_back(self, identity: str, after_ms: int, now_ms: int) -> None:
        """The server does not want this one now: it waits for ``after_ms``, or longer from try to try."""
        self.back.append(identity)
        if len(self.back) == 1:
            wait_ms = after_ms if after_ms or self.n_tries == 0 else _patience_ms(self.n_tries)
            self.not_before_ms = max(self.not_before_ms, now_ms + wait_ms)
            self.n_tries += 1

    def pass_by(self, cursor: Cursor, first_held: int, places: Mapping[str, Settled]) -> tuple[Settled, ...]:
        """Those whose places a copy has gone past and whose events it holds; the others that it has gone past are covered."""
        passed = []
        while self.placed:
            place = places.get(self.placed[0])
            if place is not None and (place.s > cursor.s or place.e > cursor.e):
                break
            self.placed.popleft()
            if place is not None and place.s < first_held:
                self.covered.append(place.id)
            elif place is not None:
                passed.append(place)
        return tuple(passed)

    def take_back(self, ids: Collection[str]) -> None:
        """These have no place any more."""
        self.placed = deque(identity for identity in self.placed if identity not in ids)
        self.covered = deque(identity for identity in self.covered if identity not in ids)

    def restart(self, ids: Iterable[str]) -> None:
        """These wait now, in this order, and nothing flies."""
        self.queue = deque(ids)
        self.flying, self.back, self.expected, self.n_tries = {}, [], {}, 0


def counted(ops: Sequence[Op], following: int) -> list[Op]:
    """With counts for the first ones, which have none: those before the others', or before ``following`` where there are no others.

    That is right if the server forgot them all; otherwise it says which count it wants.
    """
    n_unknown = sum(not op.cseq for op in ops)
    first = ops[n_unknown].cseq if n_unknown < len(ops) else following
    if first <= n_unknown:
        return [msgspec.structs.replace(op, cseq=count) for count, op in enumerate(ops, 1)]
    return [
        *(msgspec.structs.replace(op, cseq=count) for count, op in enumerate(ops[:n_unknown], first - n_unknown)),
        *ops[n_unknown:],
    ]


def op_of(event: Event, room: str, fork: int) -> Op:
    """The operation that an event of one's own was, to be sent again."""
    return Op(
        id=event.id,
        r=room,
        k=event.k,
        b=event.b or "",
        n=event.n,
        cseq=0,
        base=min(event.s - 1, fork),
        cts=event.ts,
        rec=True,
    )


def has_words_of(op: Op, messages: Container[str]) -> bool:
    """Whether an operation holds words of one of these messages: it made it, or edits it."""
    return op.k in {Kind.MSG_CREATE, Kind.MSG_EDIT} and any(message in messages for message in touched(as_event(op, "")))


def _patience_ms(n_tries: int) -> int:
    least, most = _PATIENCE_MS
    return min(most, least << min(n_tries - 1, 16))
