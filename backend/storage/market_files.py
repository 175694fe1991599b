"""Name the files of the market store that belong to one moment of its manifest, for a backup."""

from collections.abc import Iterable
from pathlib import Path

from backend.storage.connection import Connection
from backend.storage.log import list_logs
from backend.storage.manifest import LOG_CUT
from backend.storage.market_opening import Folders
from backend.storage.paths import Home


def list_market_logs(home: Home) -> list[tuple[int, Path]]:
    """Generations of the append log with their files, as they lie there now."""
    return list_logs(Folders.of(home).log)


def list_market_files(home: Home, copy: Connection, logs_before: Iterable[tuple[int, Path]]) -> list[Path]:
    """Files needed beside ``copy``, a copy of the money ledger, to have the market data of its moment.

    ``logs_before`` are the logs that lay there before the copy was made: one of them may have been cut into a segment
    since, which the copy does not list, and is then missing here on purpose, so that the backup starts over.
    """
    folders = Folders.of(home)
    cut = copy.execute("SELECT value FROM market_state WHERE name = ?", (LOG_CUT,)).fetchone()
    segments = [folders.segments / name for (name,) in copy.execute("SELECT name FROM segments ORDER BY id")]
    logs = {path for generation, path in (*logs_before, *list_market_logs(home)) if generation > int(cut[0] if cut else 0)}
    stamp = [folders.id_file] if folders.id_file.exists() else []
    return [*stamp, *segments, *sorted(logs)]
