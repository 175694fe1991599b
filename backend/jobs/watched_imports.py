"""Files of watched folders are imported as jobs: seen, tried again and cancelled like all other work in the background."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from backend.jobs.job import Priority, Retry
from backend.jobs.job_store import NewJob
from backend.jobs.runner import JobContext, JobRunner
from backend.market.watch_folder import FolderWatcher, Look

KIND: Final = "import"


class _Folders(msgspec.Struct, frozen=True):
    folders: list[str]


class WatchedImports:
    """Stands between the watcher, which knows what is new, and the runner, which does the work."""

    def __init__(self, watcher: FolderWatcher, jobs: JobRunner) -> None:
        self._watcher = watcher
        self._jobs = jobs
        self._looked = Look()
        watcher.look_with = self.look
        jobs.register(KIND, "Importing from watched folders", self._run, retry=Retry(attempts_max=3))

    async def look(self, folders: Sequence[Path]) -> Look:
        """Have what is new in the folders imported by a job, and wait for it; nothing where nothing is new."""
        if not await self._watcher.has_news(folders):
            return Look()
        self._looked = Look()
        payload = msgspec.json.encode(_Folders([str(folder) for folder in folders]))
        job = await self._jobs.submit(NewJob(KIND, payload, key="watched folders", priority=Priority.LOW))
        await self._jobs.over(job.id)
        return self._looked

    async def _run(self, context: JobContext) -> str:
        folders = [Path(text) for text in msgspec.convert(context.payload, _Folders).folders]
        self._looked = await self._watcher.look(folders)
        n_rows = sum(report.n_accepted for report in self._looked.reports)
        return f"{len(self._looked.reports)} tables, {n_rows:,} rows"
