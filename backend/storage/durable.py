"""Write small files so that a crash leaves the old or the new one, never a mixture."""

import contextlib
import errno
import os
import secrets
from pathlib import Path

from backend.errors import Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def is_disk_full(error: OSError) -> bool:
    """Whether the system refused a write for want of space, quota or allowed file size."""
    return error.errno in _FULL


def explain_os_error(error: OSError, action: str, path: Path) -> Unavailable:
    """Turn a refused file operation into words; ``action`` reads like "write the backup"."""
    if is_disk_full(error):
        return Unavailable(
            f"Could not {action}: the disk that holds {path} is full.",
            hint="Free some space and do it again; what was saved before is still there.",
            code="disk.full",
        )
    return Unavailable(
        f"Could not {action}: {path}: {error.strerror or error}.",
        hint="Check that the folder exists and that you may read and write it.",
        code="disk.refused",
    )


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; Windows does this with the file itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace a file's content in one step that survives a power cut. Raises Unavailable."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with open(descriptor, "wb") as file:  # noqa: PTH123  # wraps the descriptor that carries the mode
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105  # the system call is the promise here
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise explain_os_error(error, "write a file", path) from error


def remove_durably(path: Path) -> None:
    """Delete a file if it is there, and make its absence durable. Raises Unavailable."""
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise explain_os_error(error, "delete a file", path) from error
