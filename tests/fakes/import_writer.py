"""A process that imports one file into a home and says so on its output; kill tests end it.

Run as ``python -m tests.fakes.import_writer HOME FILE``. Prints "ready" once the home is open and the plan is made, and
"done" once the import is published.
"""

import asyncio
import sys
from pathlib import Path

from backend.clock import SystemClock
from backend.market.importers import Choices
from backend.storage.paths import Home
from tests.fakes.importing import open_workshop

INSTRUMENT = "BTCUSDT.BINANCE"


async def import_one(home: Home, path: Path) -> None:
    """Import ``path`` as minutes of one instrument."""
    async with open_workshop(home, SystemClock()) as shop:
        (plan,) = await shop.importer.preview(path, Choices(instrument=INSTRUMENT, interval="1m", timezone="UTC"))
        print("ready", flush=True)
        await shop.importer.run(plan)
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(import_one(Home(Path(sys.argv[1])), Path(sys.argv[2])))
