"""A process that fires and delivers, made to be killed at a point of TRII_FAULT.

Run as ``python -m tests.fakes.delivery_process HOME ADDRESS N_FIRINGS``; prints each firing's number once it is committed,
then "done" when every delivery has been settled.
"""

import asyncio
import sys
from pathlib import Path

from backend.clock import SystemClock
from backend.storage.faults import reach
from backend.storage.paths import Home
from tests.fakes.delivering import SETTLED, delivering, firing, phone


async def fire_and_deliver(root: Path, address: str, n_firings: int) -> None:
    """Fire those that are not yet there, and deliver all."""
    clock = SystemClock()
    async with delivering(Home(root), clock) as d:
        if not await d.deliveries.channels():
            await d.deliveries.put_channel(phone(address, roll_up_s=0))
        for n in range(n_firings):
            await d.fire_all([firing(n, at_ns=clock.now_ns())])
            print(n, flush=True)
        reach("test.queued")
        await d.until(lambda found: all(one.state in SETTLED for one in found))
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(fire_and_deliver(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
