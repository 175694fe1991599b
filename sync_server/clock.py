"""What time it is for the server: the system's clock, or one that a test or a simulation moves."""

import time
from collections.abc import Callable
from typing import Final, Protocol

LOOK_MS: Final = 500  # between two looks at whether the event loop keeps up


class Clock(Protocol):
    """UTC time, and steady time for durations, in integer milliseconds."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...

    def steady_ms(self) -> int:
        """Milliseconds since an arbitrary start; never goes backwards."""
        ...

    def attended_ms(self) -> int:
        """Steady time without what the event loop was late by: a device is not to blame for what a starved server did not see."""
        ...

    def look(self) -> None:
        """The event loop came round: to be called every ``LOOK_MS``."""
        ...


class SystemClock:
    """The machine's own clock."""

    def __init__(self) -> None:
        self._attention = Attention(self.steady_ms)

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def steady_ms(self) -> int:
        """Milliseconds since an arbitrary start; never goes backwards."""
        return time.monotonic_ns() // 1_000_000

    def attended_ms(self) -> int:
        """See ``Clock``. Before the first look: steady time."""
        return self._attention.attended_ms()

    def look(self) -> None:
        """See ``Clock``."""
        self._attention.look()


class Attention:
    """How much of steady time an event loop was there for, by looks that were due every ``LOOK_MS``.

    While a look is overdue the time stands still, so that it does not matter which of the callbacks that waited comes first.
    """

    def __init__(self, steady_ms: Callable[[], int]) -> None:
        self._steady_ms = steady_ms
        self._lost_ms = 0
        self._due_ms: int | None = None

    def attended_ms(self) -> int:
        """Steady time without what was lost."""
        now_ms = self._steady_ms()
        return (now_ms if self._due_ms is None else min(now_ms, self._due_ms)) - self._lost_ms

    def look(self) -> None:
        """The loop came round."""
        now_ms = self._steady_ms()
        if self._due_ms is not None:
            self._lost_ms += max(0, now_ms - self._due_ms)
        self._due_ms = now_ms + LOOK_MS


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_ms: int = 1_790_000_000_000) -> None:
        self._now_ms = now_ms
        self._steady_ms = 0
        self._lost_ms = 0

    def now_ms(self) -> int:
        """UTC time as last set."""
        return self._now_ms

    def steady_ms(self) -> int:
        """Milliseconds advanced since the clock was made."""
        return self._steady_ms

    def attended_ms(self) -> int:
        """The same without what was starved through."""
        return self._steady_ms - self._lost_ms

    def look(self) -> None:
        """Nothing: the test says when the loop was late."""

    def advance(self, by_ms: int) -> None:
        """Move both forward."""
        self._now_ms += by_ms
        self._steady_ms += by_ms

    def starve(self, by_ms: int) -> None:
        """Move on while the event loop does not come round."""
        self.advance(by_ms)
        self._lost_ms += by_ms

    def jump(self, to_ms: int) -> None:
        """Set UTC time, forwards or back, as a wrong clock does."""
        self._now_ms = to_ms
