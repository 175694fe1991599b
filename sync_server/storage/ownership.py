"""One process at a time has a server's folder: the server itself, or a restore."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from sync_server.storage.failures import cannot_open

NAME: Final = ".owner"


@contextmanager
def owned(data: Path) -> Iterator[None]:
    """Have the folder for the length of the block; the system gives it free when the process ends, however it ends.

    Raises Refused where another process has it.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (data / NAME).open("a+b")
    except OSError as error:
        raise cannot_open(f"{data} cannot be used: {error.strerror}.") from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            raise cannot_open(f"A sync server already runs on {data}.", "Stop it first, or name another folder.") from error
        yield


if sys.platform != "win32":
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
else:
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
