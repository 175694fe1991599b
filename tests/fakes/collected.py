"""Runs a feed beside a test and keeps what it gives."""

import asyncio
from contextlib import asynccontextmanager

from tests.fakes.waiting import until


class Collected:
    """Batches of a feed so far, and all trades of them as (event_ns, price, quantity)."""

    def __init__(self):
        self.batches = []

    def trades(self, instrument, *, is_late=None):
        return [
            (int(at), float(price), float(quantity))
            for batch in self.batches
            if is_late is None or batch.is_late is is_late
            for at, price, quantity in self._columns(batch, instrument)
        ]

    def prices(self, instrument, **which):
        return [price for _, price, _ in self.trades(instrument, **which)]

    def gaps(self):
        return [gap for batch in self.batches for gap in batch.gaps]

    def quotes(self, instrument):
        return [batch.quotes[instrument] for batch in self.batches if instrument in batch.quotes]

    def depths(self, instrument):
        return [batch.depths[instrument] for batch in self.batches if instrument in batch.depths]

    async def has_trades(self, instrument, n):
        await until(lambda: len(self.trades(instrument)) >= n, what=f"{n} trades, now {self.trades(instrument)}")

    @staticmethod
    def _columns(batch, instrument):
        if instrument not in batch.trades:
            return []
        found = batch.trades[instrument]
        return zip(found.event_ns, found.price, found.quantity, strict=True)


@asynccontextmanager
async def collecting(feed):
    """What ``feed`` gives until the block ends; a feed that raises fails the test."""
    collected = Collected()

    async def run():
        batches = feed.batches()
        try:
            async for batch in batches:
                collected.batches.append(batch)
        finally:
            await batches.aclose()

    task = asyncio.ensure_future(run())
    try:
        yield collected
        assert not task.done(), f"The feed ended by itself: {task}"
    finally:
        task.cancel()
        await asyncio.wait({task})
