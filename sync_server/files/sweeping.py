"""What nobody needs any more: uploads that broke off, files that no message names, and bytes of erased messages."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from sync_server.clock import Clock
from sync_server.files.blobs import Blobs
from sync_server.files.files import Files
from sync_server.storage.database import Database, Writing

GRACE_MS: Final = 24 * 3_600_000
UNUSED_MS: Final = 7 * GRACE_MS  # the message that names a file may wait that long in the outbox of a desktop on the road
AT_ONCE: Final = 500
_UNUSED: Final = """
DELETE FROM files WHERE org = $1 AND sha256 = $2
AND NOT EXISTS (SELECT 1 FROM room_files WHERE room_files.org = files.org AND room_files.sha256 = files.sha256)
"""
_DROP: Final = """
UPDATE files SET dropped_ms = $1 WHERE dropped_ms <= 0 AND made_ms < $2
AND NOT EXISTS (SELECT 1 FROM room_files WHERE room_files.org = files.org AND room_files.sha256 = files.sha256)
"""
_OLD: Final = """
SELECT org, room, sha256 FROM room_files WHERE made_ms < $1 AND (org, room, sha256) > ($2, $3, $4)
ORDER BY org, room, sha256 LIMIT $5
"""
_TAKE: Final = "DELETE FROM room_files WHERE org = $1 AND room = $2 AND sha256 = $3 AND made_ms < $4"
_FORGET_GIVERS: Final = """
DELETE FROM file_givers WHERE org = $1 AND room = $2 AND sha256 = $3 AND NOT EXISTS (
    SELECT 1 FROM room_files r WHERE r.org = file_givers.org AND r.room = file_givers.room AND r.sha256 = file_givers.sha256
)
"""


class Uses(Protocol):
    """What sweeping asks of rooms."""

    async def used(self, org: str, room: str, sha256s: Sequence[str]) -> frozenset[str]:
        """Which of these files a message of the room names that is neither deleted nor erased."""
        ...


class Swept(msgspec.Struct, frozen=True):
    """How many uploads and files were deleted."""

    n_uploads: int
    n_files: int


class Sweeper:
    """Deletes uploads that nobody went on with for a day, and files that no message has named for a week.

    A file that no room has is marked, and deleted a day after that: a backup may still be reading it.
    """

    def __init__(self, database: Database, blobs: Blobs, clock: Clock, files: Files, uses: Uses) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._files = files
        self._uses = uses
        self._has_tidied = False

    async def sweep(self) -> Swept:
        """Called every hour or so. Raises Refused (busy)."""
        old_ms = self._clock.now_ms() - GRACE_MS
        n_uploads = await self._sweep_uploads(old_ms)
        await self._take_unused(self._clock.now_ms() - UNUSED_MS)
        async with self._files.placing:
            return Swept(n_uploads, await self._sweep_files(old_ms))

    async def purge(self, org: str, room: str, sha256s: Sequence[str]) -> int:
        """After an erase: delete at once what no other message of the room, and no other room, has. How many files.

        Raises Refused (busy); then it is called again.
        """
        used = await self._uses.used(org, room, sha256s)
        async with self._files.placing:
            async with self._database.write() as tx:
                gone = [sha256 for sha256 in sha256s if sha256 not in used and await self._take(tx, org, room, sha256)]
            for sha256 in gone:
                await asyncio.to_thread(self._blobs.drop, self._blobs.name(org, sha256))
        return len(gone)

    async def _take(self, tx: Writing, org: str, room: str, sha256: str) -> bool:
        await tx.run("DELETE FROM room_files WHERE org = $1 AND room = $2 AND sha256 = $3", org, room, sha256)
        await tx.run(_FORGET_GIVERS, org, room, sha256)
        await tx.run("DELETE FROM uploads WHERE org = $1 AND room = $2 AND sha256 = $3 AND is_done", org, room, sha256)
        return await tx.run(_UNUSED, org, sha256) > 0

    async def _sweep_uploads(self, old_ms: int) -> int:
        async with self._database.write() as tx:
            rows = await tx.rows("DELETE FROM uploads WHERE touched_ms < $1 RETURNING id", old_ms)
            known = {row[0] for row in await tx.rows("SELECT id FROM uploads WHERE NOT is_done")}
        for upload in await asyncio.to_thread(lambda: list(self._blobs.uploads())):
            if upload not in known:
                await asyncio.to_thread(self._blobs.drop_upload, upload)
        return len(rows)

    async def _take_unused(self, old_ms: int) -> None:
        """Take files from rooms in which no message names them, some at a time."""
        at = ("", "", "")
        while True:
            async with self._database.read() as view:
                rows = await view.rows(_OLD, old_ms, *at, AT_ONCE)
            for (org, room), group in itertools.groupby(rows, key=lambda row: (row[0], row[1])):
                sha256s = [row[2] for row in group]
                used = await self._uses.used(org, room, sha256s)
                async with self._database.write() as tx:
                    unused = [sha256 for sha256 in sha256s if sha256 not in used]
                    await tx.run_many(_TAKE, [(org, room, sha256, old_ms) for sha256 in unused])
                    await tx.run_many(_FORGET_GIVERS, [(org, room, sha256) for sha256 in unused])
            if len(rows) < AT_ONCE:
                return
            at = rows[-1]

    async def _sweep_files(self, old_ms: int) -> int:
        async with self._database.write() as tx:
            gone = await tx.rows("DELETE FROM files WHERE dropped_ms > 0 AND dropped_ms < $1 RETURNING org, sha256", old_ms)
            await tx.run(_DROP, self._clock.now_ms(), old_ms)
        for org, sha256 in gone:
            await asyncio.to_thread(self._blobs.drop, self._blobs.name(org, sha256))
        if not self._has_tidied:  # only a crash leaves something on the disk that is in no table
            async with self._database.read() as view:
                rows = await view.rows("SELECT org, sha256 FROM files")
            await asyncio.to_thread(lambda: self._blobs.sweep(frozenset(self._blobs.name(*row) for row in rows)))
            self._has_tidied = True
        return len(gone)
