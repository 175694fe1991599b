"""Whether every file that a restored server's tables name is on its disk, whole."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final

from sync_server.files.blobs import Blobs
from sync_server.files.files import DAMAGED
from sync_server.storage.restore import Staged
from sync_server.storage.sealed import Damaged

FOLDER: Final = "files"


async def check_files(staged: Staged) -> Sequence[str]:
    """Mark files that are missing or damaged, so that they are asked for again: a picture lost must not hold up a whole server.

    A backup itself cannot lose one unseen; its file was erased meanwhile, or was damaged on the disk before.
    """
    blobs = Blobs(staged.data / FOLDER, staged.keys)
    async with staged.database.read() as view:
        rows = await view.rows("SELECT org, sha256, size FROM files ORDER BY org, sha256")
    lost = [
        (DAMAGED, org, sha256) for org, sha256, size in rows if not await asyncio.to_thread(_is_whole, blobs, org, sha256, size)
    ]
    async with staged.database.write() as tx:
        await tx.run_many("UPDATE files SET dropped_ms = $1 WHERE org = $2 AND sha256 = $3", lost)
        await tx.run("DELETE FROM uploads")  # what was under way is not in backups
    return ()


def _is_whole(blobs: Blobs, org: str, sha256: str, size: int) -> bool:
    try:
        return hashlib.sha256(blobs.read(org, sha256, 0, size)).hexdigest() == sha256
    except (Damaged, FileNotFoundError):
        return False
