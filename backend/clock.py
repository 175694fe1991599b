"""What time it is: the system's clock, or one moved by hand in tests and replay."""

import time
from datetime import UTC, datetime
from typing import Protocol

from backend.errors import InvalidInput


class Clock(Protocol):
    """Tells UTC time and steady time, both in integer nanoseconds."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds since an arbitrary start; never goes backwards."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Nanoseconds since an arbitrary start; never goes backwards."""
        return time.monotonic_ns()


class ManualClock:
    """A clock that stands still until it is moved; replay and tests own one."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns
        self._monotonic_ns = 0

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC, as last set."""
        return self._now_ns

    def monotonic_ns(self) -> int:
        """Nanoseconds advanced since the clock was made."""
        return self._monotonic_ns

    def advance(self, by_ns: int) -> None:
        """Move both clocks forward by ``by_ns``, at least 0."""
        if by_ns < 0:
            raise InvalidInput(f"A clock was asked to go back {-by_ns} ns.", hint="Only jump() may move UTC time back.")
        self._now_ns += by_ns
        self._monotonic_ns += by_ns

    def jump(self, to_ns: int) -> None:
        """Set UTC time, forwards or back, as a user changing the system time does."""
        self._now_ns = to_ns


def utc_now() -> datetime:
    """The system's time, for the names of files: those must differ even where a clock stands still."""
    return datetime.now(UTC)
