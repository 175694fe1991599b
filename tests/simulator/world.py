"""One process that is a whole world: virtual time, a seeded scheduler and a seeded source of chance.

The same seed gives the same run to the last byte. Nothing here looks at a real clock.
"""

import heapq
from collections import deque
from collections.abc import Callable
from random import Random

START_MS = 1_790_000_000_000
TRACE_LINES = 4_000


class World:
    """Virtual UTC time in ms, what is due when, and one stream of chance for all.

    Things due in the same millisecond happen in an order that the seed decides.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.now_ms = START_MS
        self.n_steps = 0
        self.trace: deque[str] = deque(maxlen=TRACE_LINES)
        self._queue: list[tuple[int, float, int, Callable[[], None]]] = []
        self._n_planned = 0

    def later(self, delay_ms: float, deed: Callable[[], None]) -> None:
        """Do ``deed`` after this much virtual time."""
        self._n_planned += 1
        at_ms = self.now_ms + max(0, round(delay_ms))
        heapq.heappush(self._queue, (at_ms, self.random.random(), self._n_planned, deed))

    def run_until(self, at_ms: int) -> None:
        """Let everything happen that is due up to and with ``at_ms``; time stands there afterwards."""
        while self._queue and self._queue[0][0] <= at_ms:
            self.now_ms, _, _, deed = heapq.heappop(self._queue)
            self.n_steps += 1
            deed()
        self.now_ms = at_ms

    def run_for(self, length_ms: int) -> None:
        """Let this much virtual time pass."""
        self.run_until(self.now_ms + length_ms)

    def chance(self, probability: float) -> bool:
        """True with this probability; draws nothing where it cannot be."""
        return probability > 0 and self.random.random() < probability

    def entropy(self, n_bytes: int) -> bytes:
        """Random bytes of this seed, for ids, salts and jitter."""
        return self.random.randbytes(n_bytes)

    def note(self, who: str, what: str) -> None:
        """One line of what happened, for the reader of a failure."""
        self.trace.append(f"{self.now_ms - START_MS:>9} {who:<12} {what}")
