"""A process that changes a market store and prints what has been acknowledged; made to be killed.

Run as ``python -m tests.fakes.market_writer HOME WHAT SEED``. Lines it prints: ``saved N`` once the first N live bars are
durable, ``published N`` once version N of the daily bars is, ``done`` at the end.
"""

import asyncio
import itertools
import random
import sys
from pathlib import Path

import numpy as np

from backend.domain.bars import BarArrays, Series
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError
from backend.events import BarsSaved, Event
from backend.storage.market_store import MarketStore
from backend.storage.paths import Home
from tests.fakes.bars import DAYS, make_bars, make_days
from tests.fakes.market import APPLE_DAYS, APPLE_MINUTES, KEY, publish

N_LIVE = 20_000
N_DAYS = 300
OTHER_DAYS = [Series(InstrumentId(f"S{i}", "XNAS"), DAYS) for i in range(10)]


def say(*words: object) -> None:
    """Print a line that reaches the reader before anything else happens."""
    print(*words, flush=True)


def days_of(version: int) -> BarArrays:
    """Daily bars of one version: every volume is the version's number."""
    bars = make_days(N_DAYS + version)
    return BarArrays(bars.event_ns, *bars.columns()[:4], np.full(len(bars), float(version)))


class Live:
    """Appends the bars of one long series piece by piece and tells how many of them are durable."""

    def __init__(self) -> None:
        self.bars = make_bars(N_LIVE)
        self.stamps: list[tuple[int, int]] = []
        self.n_appended = 0

    def hear(self, event: Event) -> None:
        """Say what a watermark has made durable."""
        if isinstance(event, BarsSaved):
            saved = [n for stamp, n in self.stamps if stamp <= event.up_to_ns]
            self.stamps = [pair for pair in self.stamps if pair[0] > event.up_to_ns]
            if saved:
                say("saved", max(saved))

    def append(self, store: MarketStore, n_bars: int) -> None:
        """Append the next bars."""
        piece = self.bars[self.n_appended : self.n_appended + n_bars]
        stamp = store.append(APPLE_MINUTES, "feed", piece)
        self.n_appended += len(piece)
        self.stamps.append((stamp, self.n_appended))


async def start(live: Live, store: MarketStore, what: str, draw: random.Random) -> None:
    """Do one kind of work; "live" goes on for ever."""
    live.n_appended = len(await store.load(APPLE_MINUTES))
    if what == "live":
        store._live.rotate_bytes = 30_000
        while live.n_appended < N_LIVE:
            live.append(store, draw.randrange(1, 200))
            await asyncio.sleep(draw.random() / 500)
            if draw.random() < 0.3:
                await store.flush()
    elif what == "publish":
        first = int((await store.load(APPLE_DAYS)).volume.max(initial=0)) + 1
        for version in itertools.count(first):
            await publish(store, days_of(version))
            say("published", version)
            if version - first >= 2:
                break
    elif what == "cut":
        live.append(store, 500)
        await store.flush()
        await store.cut()
    elif what == "pack":
        for series in OTHER_DAYS:
            await publish(store, days_of(1), series)
        await store.pack()
    say("done")


async def run(root: Path, what: str, seed: int) -> None:
    """Open the store, say so, and work."""
    from backend.clock import SystemClock
    from backend.storage.ledger import open_ledger
    from backend.storage.market_store import open_market_store
    from backend.storage.money import MIGRATIONS

    home, live = Home(root), Live()
    path = home.ledgers / "money.db"
    async with (
        open_ledger(path, KEY, MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger,
        open_market_store(home, ledger, SystemClock(), publish=live.hear) as store,
    ):
        say("open")
        try:
            await start(live, store, what, random.Random(seed))
        except TriiError as error:
            say("refused", error.code)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
