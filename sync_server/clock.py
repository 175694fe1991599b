"""What time it is for the server: the system's clock, or one that a test or a simulation moves."""

import time
from typing import Protocol


class Clock(Protocol):
    """UTC time, and steady time for durations, both in integer milliseconds."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...

    def steady_ms(self) -> int:
        """Milliseconds since an arbitrary start; never goes backwards."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def steady_ms(self) -> int:
        """Milliseconds since an arbitrary start; never goes backwards."""
        return time.monotonic_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_ms: int = 1_790_000_000_000) -> None:
        self._now_ms = now_ms
        self._steady_ms = 0

    def now_ms(self) -> int:
        """UTC time as last set."""
        return self._now_ms

    def steady_ms(self) -> int:
        """Milliseconds advanced since the clock was made."""
        return self._steady_ms

    def advance(self, by_ms: int) -> None:
        """Move both forward."""
        self._now_ms += by_ms
        self._steady_ms += by_ms

    def jump(self, to_ms: int) -> None:
        """Set UTC time, forwards or back, as a wrong clock does."""
        self._now_ms = to_ms
