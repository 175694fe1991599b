"""The bridge benchmark's engine: reads ticks, keeps the bars of six instruments, and says when they have changed.

The same for every candidate; only where bars go (a ``Sink``) and whom to tell differ.
"""

import asyncio
import json
import socket
import time
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from typing import Protocol

import msgspec
import numpy as np

from backend.clock import SystemClock
from backend.domain.bars import MINUTE_NS, BarArrays
from backend.market.growing_bars import GrowingBars
from backend.right_of_way import RightOfWay
from backend.tasks import TaskOwner
from backend.telemetry.metrics import Histogram, Metrics, probe_lag
from tests.benchmarks._bridge_feed import N_INSTRUMENTS, TICKS, TICKS_A_FRAME

N_HISTORY = 500
N_BARS_MAX = 1500
TICKS_A_BAR = 250
START_NS = 1_700_000_000 * 1_000_000_000 // MINUTE_NS * MINUTE_NS
LAG_INTERVAL_S = 0.01


class Frame(msgspec.Struct):
    """One message of the feed: when it was due (ns), its number, and its ticks (instrument, price, quantity)."""

    t: int
    n: int
    d: list[tuple[int, float, int]]


class Sink(Protocol):
    """Where the bars of one instrument go."""

    def put(self, bars: BarArrays) -> None:
        """Rows that replace those from the first one's time on."""


def make_history(instrument: int) -> BarArrays:
    """The bars before the first tick: a seeded walk that ends near the feed's first prices."""
    rng = np.random.default_rng(instrument)
    close = 100.0 + 50 * instrument + rng.normal(0, 0.3, N_HISTORY).cumsum()
    open_ = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(open_, close) + 0.1, np.minimum(open_, close) - 0.1
    event_ns = START_NS + np.arange(N_HISTORY, dtype=np.int64) * MINUTE_NS
    return BarArrays(event_ns, open_, high, low, close, rng.integers(1, 1000, N_HISTORY).astype(np.float64))


class LiveSource:
    """A sink and a chart's source in one process: versioned immutable snapshots."""

    def __init__(self, instrument: int) -> None:
        self.version = 1
        self._bars = GrowingBars(make_history(instrument))
        self._snapshot = self._bars.snapshot(1)

    def put(self, bars: BarArrays) -> None:
        """Replace the newest rows."""
        self._bars.replace_from(bars)
        self.version += 1
        self._snapshot = self._bars.snapshot(self.version)

    def snapshot(self):
        """The newest state."""
        return self._snapshot


class SharedColumns:
    """The bars of one instrument in shared memory: one process writes, another copies them out between writes.

    The sequence number is odd while a write goes on; a reader that saw it change reads again.
    """

    N_BYTES = 8 * (4 + 6 * N_BARS_MAX)

    def __init__(self, memory: SharedMemory, instrument: int) -> None:
        words = np.frombuffer(memory.buf, np.int64, 4 + 6 * N_BARS_MAX, instrument * self.N_BYTES)
        self._head, self._times = words[:4], words[4 : 4 + N_BARS_MAX]
        self._columns = words[4 + N_BARS_MAX :].view(np.float64).reshape(5, N_BARS_MAX)

    def start(self, bars: BarArrays) -> None:
        """Write the history."""
        self._head[1] = 0
        self._write(0, bars)

    def put(self, bars: BarArrays) -> None:
        """Replace the newest rows."""
        self._write(int(self._times[: self._head[1]].searchsorted(bars.event_ns[0])), bars)

    def _write(self, row: int, bars: BarArrays) -> None:
        stop = row + len(bars)
        self._head[0] += 1
        self._times[row:stop] = bars.event_ns
        for column, values in zip(self._columns, bars.columns(), strict=True):
            column[row:stop] = values
        self._head[1] = stop
        self._head[0] += 1

    @property
    def version(self) -> int:
        """Grows with every write."""
        return int(self._head[0])

    def read(self) -> tuple[int, BarArrays]:
        """A consistent copy and its version."""
        while True:
            before, n_bars = int(self._head[0]), int(self._head[1])
            times, columns = self._times[:n_bars].copy(), self._columns[:, :n_bars].copy()
            if before % 2 == 0 and int(self._head[0]) == before:
                return before, BarArrays(times, *columns)

    def close(self) -> None:
        """Let go of the memory."""
        del self._head, self._times, self._columns


class Told:
    """Whether the window knows already that something changed: one bell a look, not one a batch."""

    def __init__(self, memory: SharedMemory) -> None:
        self._word = np.frombuffer(memory.buf, np.int64, 1, N_INSTRUMENTS * SharedColumns.N_BYTES)

    def first(self) -> bool:
        """Set it; whether it was not set before."""
        was_told = bool(self._word[0])
        self._word[0] = 1
        return not was_told

    def clear(self) -> None:
        """The window looks now."""
        self._word[0] = 0

    def close(self) -> None:
        """Let go of the memory."""
        del self._word


class TickBook:
    """Applies frames of ticks to the forming bars, and counts what came, what was missed and how late it was."""

    def __init__(self, sinks: list[Sink]) -> None:
        self.n_ticks = 0
        self.n_missed = 0
        self.late_ms = Histogram()
        self._sinks = sinks
        self._decode = msgspec.json.Decoder(Frame).decode
        self._rest = b""
        self._next = 0
        self._forming: list[list[float]] = []
        for i in range(len(sinks)):
            last = float(make_history(i).close[-1])
            self._forming.append([START_NS + N_HISTORY * MINUTE_NS, last, last, last, last, 0.0, 0])

    def apply(self, chunk: bytes) -> None:
        """Take what the socket gave; bars of every instrument it touched are put into their sinks."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        closed: dict[int, list[list[float]]] = {}
        for line in lines:
            frame = self._decode(line)
            self.n_missed += (frame.n - self._next) * TICKS_A_FRAME
            self._next = frame.n + 1
            for i, price, quantity in frame.d:
                bar = self._forming[i]
                rows = closed.setdefault(i, [])
                if bar[6] == TICKS_A_BAR:
                    rows.append(bar)
                    bar = self._forming[i] = [bar[0] + MINUTE_NS, price, price, price, price, 0.0, 0]
                bar[2] = max(bar[2], price)
                bar[3] = min(bar[3], price)
                bar[4] = price
                bar[5] += quantity
                bar[6] += 1
            self.n_ticks += len(frame.d)
            self.late_ms.record((time.monotonic_ns() - frame.t) / 1e6)
        for i, rows in closed.items():
            self._sinks[i].put(_columns([*rows, self._forming[i]]))


def _columns(rows: list[list[float]]) -> BarArrays:
    times = np.array([row[0] for row in rows], np.int64)
    table = np.array([row[1:6] for row in rows], np.float64)
    return BarArrays(times, *(table[:, i].copy() for i in range(5)))


async def read_ticks(port: int, book: TickBook, tell: Callable[[], None], way: RightOfWay) -> None:
    """Read the feed to its end; ``tell`` is called after each batch."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(TICKS)
    while chunk := await reader.read(65536):
        await way.clear()
        book.apply(chunk)
        tell()
    writer.close()


async def keep_busy(share: float, way: RightOfWay) -> None:
    """Other work of the engine: slices of 1 ms of Python, together ``share`` of the time."""
    while share:
        await way.clear()
        until_ns = time.perf_counter_ns() + 1_000_000
        while time.perf_counter_ns() < until_ns:
            sum(range(50))
        await asyncio.sleep(0.001 * (1 - share) / share)


class EngineRun:
    """The engine of one run on the running loop: feed, other work and the probe of its lag."""

    def __init__(
        self, sinks: list[Sink], *, port: int, busy_share: float, tell: Callable[[], None], way: RightOfWay | None = None
    ) -> None:
        self._way = way or RightOfWay()
        self.book = TickBook(sinks)
        self.metrics = Metrics()
        self._port = port
        self._busy_share = busy_share
        self._tell = tell

    async def run(self) -> dict[str, object]:
        """Read the feed to its end; what was measured."""
        async with TaskOwner("engine") as tasks:
            tasks.start("busy", keep_busy(self._busy_share, self._way))
            tasks.start("probe", probe_lag(self.metrics, SystemClock(), interval_s=LAG_INTERVAL_S))
            await read_ticks(self._port, self.book, self._tell, self._way)
        lag, late = self.metrics.histogram("engine.lag_ms").read(), self.book.late_ms.read()
        return {
            "n_ticks": self.book.n_ticks,
            "n_missed": self.book.n_missed,
            "lag_ms_p99": lag.p99,
            "lag_ms_max": lag.max,
            "late_ms_p99": late.p99,
            "late_ms_max": late.max,
        }


def engine_process(port: int, memory_name: str, ui_port: int, busy_share: float) -> None:
    """Candidate c's child: the engine with its sinks in shared memory; one byte wakes the window, the last line is the result."""
    memory = SharedMemory(memory_name)
    sinks = [SharedColumns(memory, i) for i in range(N_INSTRUMENTS)]
    told = Told(memory)
    with socket.create_connection(("127.0.0.1", ui_port)) as window:
        window.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def tell() -> None:
            if told.first():
                window.send(b".")

        result = asyncio.run(EngineRun(sinks, port=port, busy_share=busy_share, tell=tell).run())
        window.sendall(b"\n" + json.dumps({**result, "cpu_s": time.process_time()}).encode() + b"\n")
    for part in (*sinks, told):
        part.close()
    memory.close()
