"""A process that imports many bars in the worst order, twice, and prints what it cost.

Run as ``python -m tests.fakes.market_bulk HOME N_ROWS BUFFER_ROWS``. Every piece it stages spans the whole time of the series, so
that all sorted runs overlap; the second import changes one bar in a thousand. It prints the peak of its memory in MiB,
the seconds both imports took, and the number of replaced bars.
"""

import asyncio
import resource
import sys
import time
from pathlib import Path

import numpy as np

from backend.domain.bars import MINUTE_NS, BarArrays
from backend.storage.market_store import MarketStore, MergeOutcome
from backend.storage.paths import Home
from backend.storage.stage import Stage
from tests.fakes.market import APPLE_MINUTES, open_store

PIECE_ROWS = 20_000


async def run(root: Path, n_rows: int, buffer_rows: int) -> None:
    """Import, import again with changes, and print."""
    started = time.perf_counter()
    async with open_store(Home(root)) as store:
        first = await publish(store, n_rows, buffer_rows, version=0)
        second = await publish(store, n_rows, buffer_rows, version=1)
        assert (first.n_new, second.n_new) == (n_rows, 0)
        stored = await store.series()
        assert stored[0].n_bars == n_rows
        middle = APPLE_MINUTES, n_rows // 2 * MINUTE_NS
        found = await store.load(middle[0], from_ns=middle[1], to_ns=middle[1] + 1000 * MINUTE_NS)
        assert len(found) == 1000
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{peak_mib:.0f} {time.perf_counter() - started:.1f} {second.n_replaced}")


async def publish(store: MarketStore, n_rows: int, buffer_rows: int, *, version: int) -> MergeOutcome:
    """Stage all rows, piece by piece, and publish them."""
    stage = store.stage(APPLE_MINUTES, "import")
    small = Stage(stage.folder, stage.key, buffer_rows=buffer_rows)
    n_pieces = -(-n_rows // PIECE_ROWS)
    for piece in range(n_pieces):
        row = np.arange(piece, n_rows, n_pieces, dtype=np.int64)
        price = 100 + row % 977 / 100
        volume = np.where(row % 1000 == 0, version, 1.0)
        small.add(BarArrays(row * MINUTE_NS, price, price + 1, price - 1, price, volume))
    return await store.publish(small)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
