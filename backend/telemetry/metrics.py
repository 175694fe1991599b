"""Numbers about the program's own work: counters, gauges and histograms, read by ``trii doctor`` and the status bar."""

import asyncio
import threading
from array import array
from dataclasses import dataclass
from typing import Final

from backend.clock import Clock

N_RECENT: Final = 2048
LAG_INTERVAL_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a histogram held: quantiles over its newest values, the rest over all of them; 0 where it is empty."""

    n: int
    total: float
    p50: float
    p95: float
    p99: float
    max: float


class Counter:
    """A number that only grows; safe to add to from any thread."""

    def __init__(self) -> None:
        self._value = 0
        self._lock = threading.Lock()

    def add(self, n: int = 1) -> None:
        """Count ``n`` more, at least 0."""
        assert n >= 0, f"A counter was asked to add {n}."
        with self._lock:
            self._value += n

    @property
    def value(self) -> int:
        """How many were counted."""
        return self._value


class Gauge:
    """The newest value of something that goes up and down."""

    def __init__(self) -> None:
        self.value = 0.0

    def set(self, value: float) -> None:
        """Remember ``value``."""
        self.value = value


class Histogram:
    """How values are spread, over the newest 2,048 of them; safe to record from any thread."""

    def __init__(self) -> None:
        self._recent = array("d")
        self._n = 0
        self._total = 0.0
        self._max = 0.0
        self._lock = threading.Lock()

    def record(self, value: float) -> None:
        """Add one value, at least 0."""
        with self._lock:
            if len(self._recent) < N_RECENT:
                self._recent.append(value)
            else:
                self._recent[self._n % N_RECENT] = value
            self._n += 1
            self._total += value
            self._max = max(self._max, value)

    def read(self) -> Distribution:
        """The spread so far."""
        with self._lock:
            recent, n, total, largest = sorted(self._recent), self._n, self._total, self._max
        if not recent:
            return Distribution(0, 0.0, 0.0, 0.0, 0.0, 0.0)
        last = len(recent) - 1
        p50, p95, p99 = (recent[round(last * q)] for q in (0.50, 0.95, 0.99))
        return Distribution(n, total, p50, p95, p99, largest)


class Metrics:
    """Every metric of this process by name; names end in their unit (``engine.lag_ms``)."""

    def __init__(self) -> None:
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}

    def counter(self, name: str) -> Counter:
        """The counter called ``name``, made at first use."""
        return self._counters.setdefault(name, Counter())

    def gauge(self, name: str) -> Gauge:
        """The gauge called ``name``, made at first use."""
        return self._gauges.setdefault(name, Gauge())

    def histogram(self, name: str) -> Histogram:
        """The histogram called ``name``, made at first use."""
        return self._histograms.setdefault(name, Histogram())

    def read(self) -> dict[str, float | Distribution]:
        """Every value by name, sorted, as plain frozen values."""
        values: dict[str, float | Distribution] = {name: float(c.value) for name, c in list(self._counters.items())}
        values.update((name, g.value) for name, g in list(self._gauges.items()))
        values.update((name, h.read()) for name, h in list(self._histograms.items()))
        return dict(sorted(values.items()))


async def probe_lag(metrics: Metrics, clock: Clock, *, interval_s: float = LAG_INTERVAL_S) -> None:
    """Record for ever how late the running loop wakes a sleeper, in ms, as ``engine.lag_ms``."""
    lag_ms = metrics.histogram("engine.lag_ms")
    while True:
        due_ns = clock.monotonic_ns() + round(interval_s * 1e9)
        await asyncio.sleep(interval_s)
        lag_ms.record(max(0.0, (clock.monotonic_ns() - due_ns) / 1e6))
