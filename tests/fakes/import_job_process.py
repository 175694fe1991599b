"""A process that has files imported by the runner of jobs; kill tests end it, and start it again.

Run as ``python -m tests.fakes.import_job_process HOME [FILE ...]``. Files are asked for as one job; without any, the jobs that
a former process left are gone on with. Prints "ready" before jobs begin and "over" once none waits or runs.
"""

import asyncio
import sys
from pathlib import Path

from backend.app import open_backend
from backend.market.importers import Choices
from backend.storage.paths import Home
from tests.fakes.import_writer import INSTRUMENT

CHOICES = Choices(instrument=INSTRUMENT, interval="1m", timezone="UTC")


async def work_off(home: Home, paths: list[Path]) -> None:
    """Ask for the files, and carry out every job."""
    async with open_backend(home, watch=False) as backend:
        plans = [plan for path in paths for plan in await backend.importer.preview(path, CHOICES)]
        if plans:
            await backend.imports.submit(plans)
        print("ready", flush=True)
        await backend.jobs.begin()
        for job in await backend.jobs.jobs():
            await backend.jobs.over(job.id)
        print("over", flush=True)


if __name__ == "__main__":
    asyncio.run(work_off(Home(Path(sys.argv[1])), [Path(name) for name in sys.argv[2:]]))
