"""A process that takes a model in, made to be killed at a point of TRII_FAULT.

Run as ``python -m tests.fakes.model_process HOME FILE_OR_URL``; prints the model's id once it has its card.
"""

import asyncio
import sys
from pathlib import Path

from backend.clock import SystemClock
from backend.storage.paths import Home
from tests.fakes.modelling import modelling


async def take_in(root: Path, what: str) -> None:
    """Add or download, on the real clock."""
    async with modelling(Home(root), SystemClock()) as m:
        card = await (m.models.download(what) if "://" in what else m.models.add_file(Path(what)))
        print(card.id, flush=True)


if __name__ == "__main__":
    asyncio.run(take_in(Path(sys.argv[1]), sys.argv[2]))
