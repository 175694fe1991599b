"""Set damaged files aside, kept and named, so that the app can open without them."""

import shutil
from datetime import datetime
from pathlib import Path

from backend.clock import utc_now
from backend.storage.durable import explain_os_error, sync_folder, write_durably

REASON_FILE = "why.txt"


def set_aside(paths: list[Path], quarantine: Path, reason: str, *, now: datetime | None = None) -> Path:
    """Move files that belong together into a new folder of the quarantine, with the reason beside them.

    Paths that do not exist are passed over. Returns the place of the first. Raises Unavailable.
    """
    first = paths[0]
    stamp = (now or utc_now()).strftime("%Y%m%dT%H%M%SZ")
    folder = _make_folder(quarantine, f"{stamp}-{first.name}")
    # First, so that on a full disk nothing has moved yet.
    write_durably(folder / REASON_FILE, f"{first}\n{reason}\n".encode())
    try:
        for path in paths:
            if path.exists():
                shutil.move(path, folder / path.name)
                sync_folder(path.parent)
    except OSError as error:
        raise explain_os_error(error, "set a damaged file aside", first) from error
    return folder / first.name


def _make_folder(quarantine: Path, name: str) -> Path:
    for attempt in range(1000):
        folder = quarantine / (name if attempt == 0 else f"{name}-{attempt}")
        try:
            quarantine.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise explain_os_error(error, "make a folder for a damaged file", folder) from error
        return folder
    raise AssertionError(f"a thousand damaged files within a second in {quarantine}")
