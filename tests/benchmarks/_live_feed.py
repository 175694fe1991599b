"""The live benchmark's feed: reads a venue's trades, stores them, cuts them into bars and applies these, batch by batch.

A stand-in for the program's own feeds and tick path, made of the backend's public methods; the same for both sides.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import numpy as np

from backend.app import Backend
from backend.domain.bars import BarArrays
from backend.domain.ticks import TradeArrays
from backend.market.aggregate import TradeAggregator
from backend.market.growing_bars import join
from backend.right_of_way import RightOfWay
from tests.benchmarks._live_market import INSTRUMENTS, MINUTES, N_INSTRUMENTS, SERIES, make_history
from tests.benchmarks._live_world import TICKS

SOURCE = "live"


class Tick(msgspec.Struct, gc=False):
    """One line of the feed: instrument, event time after the first live minute (ns), price and quantity."""

    i: int
    t: int
    p: float
    q: float


async def fill(backend: Backend, n_history: int, start_ns: int) -> None:
    """Put the instruments and their bars before ``start_ns`` into the store."""
    for i, instrument in enumerate(INSTRUMENTS):
        await backend.catalog.put(instrument)
        backend.store.append(SERIES[i], SOURCE, make_history(i, n_history, start_ns))
        await backend.store.flush()


class LiveFeed:
    """Takes what the socket gave. ``applied[i]`` says after each change of a series how many of its trades were in.

    busy_ns : time spent on ticks, charts' indicators included
    """

    def __init__(self, backend: Backend, start_ns: int, *, way: RightOfWay) -> None:
        self.applied: list[list[int]] = [[0] for _ in range(N_INSTRUMENTS)]
        self.busy_ns = 0
        self._backend = backend
        self._start_ns = start_ns
        self._way = way
        self._decode = msgspec.json.Decoder(Tick).decode_lines
        self._rest = b""
        self._aggregators: list[TradeAggregator] = []

    async def run(self, port: int) -> None:
        """Read to the end, and make all of it durable."""
        for instrument in INSTRUMENTS:
            self._aggregators.append(TradeAggregator(MINUTES, await self._backend.calendars.load(instrument.calendar)))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(TICKS)
        while chunk := await reader.read(262_144):
            await self._way.clear()
            with self._timed():
                batches = self._read(chunk)
            for i, trades in batches:
                await self._way.clear()  # a frame may have begun meanwhile
                with self._timed():
                    self._apply(i, trades)
        writer.close()
        await self._backend.store.flush()

    async def spent(self) -> tuple[int, int]:
        """Time spent on ticks, and processor time of this thread, so far, ns."""
        return self.busy_ns, time.thread_time_ns()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began_ns = time.perf_counter_ns()
        yield
        self.busy_ns += time.perf_counter_ns() - began_ns

    def _read(self, chunk: bytes) -> list[tuple[int, TradeArrays]]:
        text = self._rest + chunk
        end = text.rfind(b"\n") + 1
        self._rest = text[end:]
        by_instrument: list[list[Tick]] = [[] for _ in range(N_INSTRUMENTS)]
        for tick in self._decode(text[:end]):
            by_instrument[tick.i].append(tick)
        batches = []
        for i, ticks in enumerate(by_instrument):
            if ticks:
                event_ns = np.array([tick.t for tick in ticks], np.int64) + self._start_ns
                price, quantity = np.array([tick.p for tick in ticks]), np.array([tick.q for tick in ticks])
                batches.append((i, TradeArrays(event_ns, price, quantity, np.zeros(len(ticks), np.int8))))
        return batches

    def _apply(self, i: int, trades: TradeArrays) -> None:
        store, aggregator = self._backend.store, self._aggregators[i]
        store.append_trades(INSTRUMENTS[i].id, SOURCE, trades)
        closed = aggregator.apply(trades)
        if len(closed):
            store.append(SERIES[i], SOURCE, closed)
        forming = aggregator.forming()
        assert forming is not None, "Trades leave a bar under way."
        self._backend.bars.apply(SERIES[i], join(closed, BarArrays.of([forming])))
        self.applied[i].append(self.applied[i][-1] + len(trades))
