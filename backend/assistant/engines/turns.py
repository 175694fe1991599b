"""Whose turn it is at a model: a person first, then alerts, then what nobody waits for; fair among equals, and bounded."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from backend.assistant.engines.engine import Priority
from backend.errors import Conflict, Unavailable

N_WAITING_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Turn:
    """A request's place: ``id`` is its own, ``source`` (a mode, a caller) shares evenly with others of its priority."""

    id: str
    priority: Priority = Priority.PERSON
    source: str = ""


class Turns:
    """One turn runs at a time; the rest wait.

    Among turns of one priority, sources alternate, and each source's own come in the order they were asked. At most
    ``n_max`` wait in each priority, so that no backlog of one shuts out another.
    """

    def __init__(self, n_max: int = N_WAITING_MAX) -> None:
        self._n_max = n_max
        self._waiting: dict[Priority, dict[str, deque[Turn]]] = {priority: {} for priority in Priority}
        self._running: Turn | None = None

    @property
    def running(self) -> Turn | None:
        """The turn that runs."""
        return self._running

    @property
    def n_waiting(self) -> int:
        """How many wait."""
        return sum(self.n_waiting_of(priority) for priority in Priority)

    def n_waiting_of(self, priority: Priority) -> int:
        """How many of one priority wait."""
        return sum(len(turns) for turns in self._waiting[priority].values())

    def ask(self, turn: Turn) -> None:
        """Wait for a turn. Raises Conflict for one that is there already, Unavailable where too many wait."""
        if self._find(turn.id) is not None or (self._running is not None and self._running.id == turn.id):
            raise Conflict(f"The request {turn.id} is being answered already.", code="engine.twice")
        n = self.n_waiting_of(turn.priority)
        if n >= self._n_max:
            raise Unavailable(
                f"{n} requests already wait for the model.",
                hint="Ask again when some are answered, or stop one.",
                code="engine.full",
            )
        self._waiting[turn.priority].setdefault(turn.source, deque()).append(turn)

    def next(self) -> Turn | None:
        """The turn that may run now, which then runs; None while another runs or nobody waits."""
        if self._running is not None:
            return None
        for sources in self._waiting.values():
            for source in sources:
                self._running = sources[source].popleft()
                left = sources.pop(source)
                if left:
                    sources[source] = left  # behind the other sources now
                return self._running
        return None

    @property
    def yields(self) -> bool:
        """Whether what runs should stop for now: a batch, while a person waits."""
        running = self._running
        return running is not None and running.priority is Priority.BATCH and self.n_waiting_of(Priority.PERSON) > 0

    def put_back(self, turn_id: str) -> None:
        """The running turn was stopped for another's sake: it waits again, first of its priority."""
        turn = self._end(turn_id)
        sources = self._waiting[turn.priority]
        own = sources.pop(turn.source, deque())
        own.appendleft(turn)
        self._waiting[turn.priority] = {turn.source: own, **sources}

    def finish(self, turn_id: str) -> None:
        """The running turn is over."""
        self._end(turn_id)

    def cancel(self, turn_id: str) -> bool:
        """Take a waiting turn out; whether it waited."""
        turn = self._find(turn_id)
        if turn is None:
            return False
        sources = self._waiting[turn.priority]
        sources[turn.source].remove(turn)
        if not sources[turn.source]:
            del sources[turn.source]
        return True

    def place_of(self, turn_id: str) -> int:
        """How many are served before this waiting turn, as things stand, the running one included; -1 where it does not wait."""
        n = 1 if self._running is not None else 0
        for priority in Priority:
            order = _served(self._waiting[priority])
            if turn_id in order:
                return n + order.index(turn_id)
            n += len(order)
        return -1

    def _end(self, turn_id: str) -> Turn:
        turn = self._running
        assert turn is not None, f"{turn_id} ends, but nothing runs."
        assert turn.id == turn_id, f"{turn_id} ends, but {turn.id} runs."
        self._running = None
        return turn

    def _find(self, turn_id: str) -> Turn | None:
        waiting = (turn for sources in self._waiting.values() for turns in sources.values() for turn in turns)
        return next((turn for turn in waiting if turn.id == turn_id), None)


def _served(sources: dict[str, deque[Turn]]) -> list[str]:
    """Ids in the order of service: one of each source, then the next of each."""
    longest = max((len(turns) for turns in sources.values()), default=0)
    return [turns[i].id for i in range(longest) for turns in sources.values() if i < len(turns)]
