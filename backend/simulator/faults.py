"""What can go wrong on the way from a simulated venue to its reader, planned call by call."""

import asyncio
import collections
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from backend.clock import Clock
from backend.domain.bars import SECOND_NS
from backend.simulator.answers import Answer
from backend.simulator.bad_frames import FieldNames, Harm, harm_message

_DROP, _TWICE, _SWAP = "dropped", "sent twice", "swapped"


class Line(Protocol):
    """A conversation that can be ended."""

    def abort(self) -> None:
        """End it without a word."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """End it with a close frame."""
        ...


@dataclass(slots=True)
class _Plan:
    what: str
    n_left: int
    containing: bytes


class Faults:
    """The plans of one venue; each is carried out on the next messages or requests that fit it, and counted.

    counts : how often each fault has happened, by its name
    handshake_delay_s : before a WebSocket handshake is answered; is_key_refused : whether every key is wrong
    """

    def __init__(self, names: FieldNames, clock: Clock) -> None:
        self.counts: collections.Counter[str] = collections.Counter()
        self.handshake_delay_s = 0.0
        self.is_key_refused = False
        self.lines: set[Line] = set()
        self._names = names
        self._clock = clock
        self._plans: list[_Plan] = []
        self._held: weakref.WeakKeyDictionary[Line, bytes] = weakref.WeakKeyDictionary()
        self._refusals: collections.deque[Answer] = collections.deque()
        self._handshakes: collections.deque[Answer] = collections.deque()
        self._stalled_until_ns: int | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether market data passes untouched."""
        return not self._plans and not self._held and self._stalled_until_ns is None

    def drop_next(self, n: int = 1, *, containing: bytes = b"") -> None:
        """Lose the next ``n`` messages (that hold these bytes)."""
        self._plans.append(_Plan(_DROP, n, containing))

    def repeat_next(self, n: int = 1, *, containing: bytes = b"") -> None:
        """Send each of the next ``n`` messages twice."""
        self._plans.append(_Plan(_TWICE, n, containing))

    def swap_next(self, n: int = 1, *, containing: bytes = b"") -> None:
        """Send each of the next ``n`` messages after the one that follows it."""
        self._plans.append(_Plan(_SWAP, n, containing))

    def harm_next(self, harm: Harm, n: int = 1, *, containing: bytes = b"") -> None:
        """Make the next ``n`` messages wrong, those that can be wrong in this way."""
        self._plans.append(_Plan(harm.value, n, containing))

    def stall(self, duration_s: float | None = None) -> None:
        """Send no market data for a while, or until ``resume``; what happens meanwhile is never sent."""
        self._stalled_until_ns = self._clock.monotonic_ns() + round((1e9 if duration_s is None else duration_s) * SECOND_NS)
        self.counts["stalled"] += 1

    def resume(self) -> None:
        """Send market data again."""
        self._stalled_until_ns = None

    def refuse_calls(self, answer: Answer, n: int = 1) -> None:
        """Answer the next ``n`` GETs with this instead."""
        self._refusals.extend([answer] * n)

    def refuse_handshakes(self, status: int = 503, n: int = 1) -> None:
        """Turn the next ``n`` WebSocket handshakes away."""
        self._handshakes.extend([Answer(b"unavailable", status, "text/plain")] * n)

    async def disconnect(self, code: int | None = None, reason: str = "") -> int:
        """End every conversation: abruptly, or with a close frame of ``code``; how many there were."""
        lines = list(self.lines)
        self.counts["cut off" if code is None else "closed"] += len(lines)
        if code is None:
            for line in lines:
                line.abort()
        else:
            await asyncio.gather(*(line.close(code, reason) for line in lines))
        return len(lines)

    def clear(self) -> None:
        """Forget everything that was planned and has not happened."""
        self._plans.clear()
        self._refusals.clear()
        self._handshakes.clear()
        self._stalled_until_ns = None
        self.handshake_delay_s = 0.0
        self.is_key_refused = False

    def refuse_call(self) -> Answer | None:
        """What to answer instead of the truth, if that is planned."""
        return self._take(self._refusals, "refused")

    def refuse_handshake(self) -> Answer | None:
        """What to answer instead of the handshake, if that is planned."""
        return self._take(self._handshakes, "turned away")

    def harm(self, line: Line, messages: Sequence[bytes]) -> list[bytes]:
        """What is sent to ``line`` instead of ``messages``."""
        if self._stalled_until_ns is not None:
            if self._clock.monotonic_ns() < self._stalled_until_ns:
                return []
            self._stalled_until_ns = None
        sent: list[bytes] = []
        for message in messages:
            self._harm_one(line, message, sent)
        return sent

    def _harm_one(self, line: Line, message: bytes, sent: list[bytes]) -> None:
        held = self._held.pop(line, None)
        for plan in self._plans:
            if plan.containing in message and self._carry_out(plan.what, line, message, sent):
                self.counts[plan.what] += 1
                plan.n_left -= 1
                if plan.n_left <= 0:
                    self._plans.remove(plan)
                break
        else:
            sent.append(message)
        if held is not None:
            sent.append(held)

    def _carry_out(self, what: str, line: Line, message: bytes, sent: list[bytes]) -> bool:
        if what == _TWICE:
            sent += [message, message]
        elif what == _SWAP:
            self._held[line] = message
        elif what != _DROP:
            harmed = harm_message(message, Harm(what), self._names)
            if harmed is None:
                return False
            sent.append(harmed)
        return True

    def _take(self, answers: collections.deque[Answer], name: str) -> Answer | None:
        if not answers:
            return None
        self.counts[name] += 1
        return answers.popleft()
