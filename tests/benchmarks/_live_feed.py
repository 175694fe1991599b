"""The live benchmark's feed: the world's trades through the program's own tick path, as any venue's would come."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping

import msgspec
import numpy as np

from backend.app import Backend
from backend.domain.bars import BarArrays, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import NotFound
from backend.live.followed import Followed
from backend.live.tick_path import TickPath
from backend.market.bar_store import BarStore
from backend.market.feeds.feed import Abilities, FeedState, FeedStatus, TickBatch, Wants
from tests.benchmarks._live_market import INSTRUMENTS, N_INSTRUMENTS, SERIES, make_history
from tests.benchmarks._live_world import TICKS
from tests.fakes.waiting import until

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


class WorldFeed:
    """The world as a feed of the program: what the socket gave at one wake-up is one batch."""

    name = SOURCE
    abilities = Abilities()

    def __init__(self, start_ns: int) -> None:
        self.status = FeedStatus(FeedState.CONNECTING)
        self.port: int | None = None
        self.has_ended = asyncio.Event()
        self._started = asyncio.Event()
        self._start_ns = start_ns
        self._decode = msgspec.json.Decoder(Tick).decode_lines
        self._rest = b""

    def begin(self, port: int) -> None:
        """Connect now."""
        self.port = port
        self._started.set()

    def serves(self, instrument: InstrumentId) -> bool:
        """Whether it is one of the six."""
        return any(one.id == instrument for one in INSTRUMENTS)

    def want(self, wanted: Mapping[InstrumentId, Wants]) -> None:
        """The world sends everything."""

    async def batches(self) -> AsyncIterator[TickBatch]:
        """Read to the end."""
        await self._started.wait()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(TICKS)
        while chunk := await reader.read(262_144):
            received_ns = time.time_ns()
            self.status = FeedStatus(FeedState.LIVE, received_ns=received_ns)
            yield TickBatch(received_ns, self._read(chunk))
        writer.close()
        self.has_ended.set()

    async def fetch_bars(self, series: Series, from_ns: int, to_ns: int) -> BarArrays:
        """There are none."""
        raise NotFound(f"No bars of {series}.")

    async def fetch_trades(self, instrument: InstrumentId, from_ns: int, to_ns: int) -> None:
        """There are none."""
        return

    async def fetch_instruments(self) -> tuple[Instrument, ...]:
        """The six."""
        return INSTRUMENTS

    def _read(self, chunk: bytes) -> dict[InstrumentId, TradeArrays]:
        text = self._rest + chunk
        end = text.rfind(b"\n") + 1
        self._rest = text[end:]
        by_instrument: list[list[Tick]] = [[] for _ in range(N_INSTRUMENTS)]
        for tick in self._decode(text[:end]):
            by_instrument[tick.i].append(tick)
        batch = {}
        for i, ticks in enumerate(by_instrument):
            if ticks:
                event_ns = np.array([tick.t for tick in ticks], np.int64) + self._start_ns
                price, quantity = np.array([tick.p for tick in ticks]), np.array([tick.q for tick in ticks])
                batch[INSTRUMENTS[i].id] = TradeArrays(event_ns, price, quantity, np.zeros(len(ticks), np.int8))
        return batch


class LiveRun:
    """The program's own tick path over the world. ``applied[i]`` says after each change of a series how many trades were in.

    busy_ns : time spent on ticks, charts' indicators included, without what is waited for frames
    """

    def __init__(self, backend: Backend, start_ns: int) -> None:
        self.applied: list[list[int]] = [[0] for _ in range(N_INSTRUMENTS)]
        self.busy_ns = 0
        self._n_trades = [0] * N_INSTRUMENTS
        self._is_in_path = False
        self._backend = backend
        self._feed = WorldFeed(start_ns)
        self._places = {instrument.id: i for i, instrument in enumerate(INSTRUMENTS)}

    async def begin(self) -> None:
        """Follow all six, before the first tick."""
        live = self._backend.live
        self._time(live.path)
        self._count(self._backend.bars)
        await self._backend.begin_background()
        live.runs.run(self._feed)
        for instrument in INSTRUMENTS:
            await live.follow(instrument.id)
        await until(lambda: all(live.is_joined(instrument.id) for instrument in INSTRUMENTS), 60.0)

    async def run(self, port: int) -> None:
        """Read to the end, and make all of it durable."""
        self._feed.begin(port)
        await self._feed.has_ended.wait()
        await self._backend.store.flush()

    async def spent(self) -> tuple[int, int]:
        """Time spent on ticks, and processor time of this thread, so far, ns."""
        return self.busy_ns, time.thread_time_ns()

    def _time(self, path: TickPath) -> None:
        apply = path.apply

        def timed(one: Followed, trades: TradeArrays, batch: TickBatch) -> None:
            began_ns = time.perf_counter_ns()
            self._n_trades[self._places[one.instrument]] += len(trades)
            self._is_in_path = True
            apply(one, trades, batch)
            self._is_in_path = False
            self.busy_ns += time.perf_counter_ns() - began_ns

        path.apply = timed  # type: ignore[method-assign]  # measured from outside

    def _count(self, bars: BarStore) -> None:
        """Note how many trades each change of a chart's bars holds."""
        apply = bars.apply

        def counted(series: Series, tail: BarArrays) -> None:
            began_ns = time.perf_counter_ns()
            place = self._places[series.instrument]
            self.applied[place].append(self._n_trades[place])
            apply(series, tail)
            if not self._is_in_path:
                self.busy_ns += time.perf_counter_ns() - began_ns

        bars.apply = counted  # type: ignore[method-assign]  # measured from outside
