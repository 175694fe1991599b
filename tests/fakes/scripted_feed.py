"""A feed whose batches a test hands over one by one, with bars of its own for back-fill."""

import asyncio

import numpy as np

from backend.domain.bars import BarArrays, BarSpec
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import Unavailable
from backend.market.feeds.feed import Abilities, FeedState, FeedStatus, TickBatch


class ScriptedFeed:
    """``give`` returns when the batch was taken in. ``bars`` by (instrument, spec) are what ``fetch_bars`` cuts from."""

    def __init__(self, clock, instruments=(), *, name="scripted", specs=("1m", "1h", "1d")):
        self.name = name
        self.abilities = Abilities(bar_specs=tuple(BarSpec.parse(spec) for spec in specs), can_list=True)
        self.status = FeedStatus(FeedState.LIVE, received_ns=clock.now_ns())
        self.instruments: dict[InstrumentId, Instrument] = {one.id: one for one in instruments}
        self.bars: dict[tuple[InstrumentId, str], BarArrays] = {}
        self.wanted = {}
        self.asked: list[tuple[str, int, int]] = []
        self.is_down = False
        self.is_closed = False
        self._clock = clock
        self._queue: asyncio.Queue[TickBatch] = asyncio.Queue()

    def serves(self, instrument):
        return instrument in self.instruments

    def want(self, wanted):
        self.wanted = dict(wanted)

    async def batches(self):
        try:
            while True:
                yield await self._queue.get()
                self._queue.task_done()  # the one before was taken in when the next is asked for
        finally:
            self.is_closed = True

    async def give(self, batch: TickBatch) -> None:
        self.status = FeedStatus(FeedState.LIVE, received_ns=batch.received_ns)
        self._queue.put_nowait(batch)
        await self._queue.join()

    async def give_trades(self, instrument, trades: TradeArrays, **more) -> None:
        await self.give(TickBatch(self._clock.now_ns(), {instrument: trades}, **more))

    async def fetch_bars(self, series, from_ns, to_ns):
        self.asked.append((str(series), from_ns, to_ns))
        if self.is_down:
            raise Unavailable("The venue does not answer.")
        bars = self.bars.get((series.instrument, str(series.spec)), BarArrays.empty())
        start, stop = np.searchsorted(bars.event_ns, (from_ns, to_ns))
        return bars[start:stop]

    async def fetch_trades(self, instrument, from_ns, to_ns):
        return None

    async def fetch_instruments(self):
        return tuple(self.instruments.values())
