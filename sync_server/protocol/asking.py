"""Which rooms a device asks for, four at a time and in turn, and again what was not answered in time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sync_server.protocol.actions import Action, Send
from sync_server.protocol.messages import Pull
from sync_server.protocol.replica import Replica

MAX_PULLS: Final = 4
PATIENCE_MS: Final = 10_000  # an answer that has not come by then is asked for again


@dataclass(frozen=True, slots=True)
class Asked:
    """A pull that is not answered yet; ``before`` > 0: for history before that event."""

    room: str
    since_ms: int
    before: int = 0


class Asking:
    """The line of rooms whose turn comes, those to be looked at later, and what was asked; ``replicas`` by room."""

    def __init__(self, replicas: Mapping[str, Replica]) -> None:
        self._replicas = replicas
        self._line: dict[str, None] = {}
        self._later: dict[str, int] = {}
        self._asked: dict[int, Asked] = {}
        self.n_overdue = 0  # rounds of questions in a row that nobody answered

    @property
    def is_busy(self) -> bool:
        """Whether something is to be asked for or on its way."""
        return bool(self._line) or any(not asked.before for asked in self._asked.values())

    def ask(self, room: str) -> None:
        """Ask for a room when its turn comes."""
        self._later.pop(room, None)
        self._line.setdefault(room)

    def later(self, room: str, at_ms: int) -> None:
        """Look at ``at_ms`` whether a room is still behind; nothing new where that is planned already."""
        self._later.setdefault(room, at_ms)

    def rest(self, room: str, until_ms: int) -> None:
        """Do not ask for a room before ``until_ms``, whatever was planned."""
        self._line.pop(room, None)
        self._later[room] = until_ms

    def forget(self, room: str) -> None:
        """There is nothing to ask for."""
        self._line.pop(room, None)
        self._later.pop(room, None)

    def withdraw(self, room: str) -> None:
        """What was asked about a room is no longer waited for."""
        for rid in [rid for rid, asked in self._asked.items() if asked.room == room]:
            del self._asked[rid]

    def answered(self, rid: int, room: str = "") -> Asked | None:
        """The question ``rid``, now answered; None where there is none, or where it was about another room."""
        asked = self._asked.get(rid)
        if asked is None or room not in {"", asked.room}:
            return None
        return self._asked.pop(rid)

    def older(self, replica: Replica, n: int, rid: int, now_ms: int) -> list[Action]:
        """Ask for ``n`` events before what a copy holds; nothing where that is asked for already."""
        room, before = replica.cursor.r, replica.first_held
        if before <= 1 or any(asked.room == room and asked.before for asked in self._asked.values()):
            return []
        self._asked[rid] = Asked(room, now_ms, before)
        return [Send(Pull(rid, room, replica.cursor.e, limit=n, before=before))]

    def pump(self, next_rid: Callable[[], int], limit: int, now_ms: int) -> list[Action]:
        """Ask for the rooms whose turn it is, ``limit`` events at a time."""
        self._look_again(now_ms)
        busy = {asked.room for asked in self._asked.values() if not asked.before}
        actions: list[Action] = []
        for room in list(self._line):
            if len(busy) >= MAX_PULLS:
                break
            if room in busy:
                continue
            del self._line[room]
            replica = self._replicas[room]
            if replica.is_behind:
                busy.add(room)
                rid = next_rid()
                self._asked[rid] = Asked(room, now_ms)
                actions.append(Send(Pull(rid, room, replica.cursor.e, after=replica.cursor.s, limit=limit)))
        return actions

    def _look_again(self, now_ms: int) -> None:
        overdue = [(rid, asked) for rid, asked in self._asked.items() if asked.since_ms + PATIENCE_MS <= now_ms]
        self.n_overdue += bool(overdue)
        for rid, asked in overdue:
            del self._asked[rid]
            if not asked.before:
                self._line.setdefault(asked.room)
        for room in [room for room, at_ms in self._later.items() if at_ms <= now_ms]:
            del self._later[room]
            if self._replicas[room].is_behind:
                self._line.setdefault(room)

    def lost(self) -> None:
        """The connection is gone: nothing that was asked will be answered."""
        self._asked.clear()
        self._line.clear()
        self._later.clear()
        self.n_overdue = 0

    def next_ms(self) -> int | None:
        """When to look again; None for never."""
        overdue = [asked.since_ms + PATIENCE_MS for asked in self._asked.values()]
        return min((*self._later.values(), *overdue), default=None)
