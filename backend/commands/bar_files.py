"""Bars as files that other programs read, each replaced in one step."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from backend.commands.bar_query import BarQuery
from backend.commands.bar_text import PIECES
from backend.domain.bars import DAY_NS, BarArrays
from backend.errors import InvalidInput
from backend.storage.durable import explain_os_error

PARQUET: Final = ".parquet"
SUFFIXES: Final = (*PIECES, PARQUET)


def check_target(path: Path) -> Path:
    """``path`` if bars can be written there. Raises InvalidInput."""
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidInput(
            f"{path.name!r} does not say in which form to write.", hint=f"End it in {', '.join(SUFFIXES)}.", code="bars.out"
        )
    if not path.parent.is_dir():
        raise InvalidInput(f"There is no folder {path.parent}.", hint="Make it first.", code="bars.out")
    return path


def save_bars(query: BarQuery, bars: BarArrays, path: Path) -> int:
    """Write ``bars`` in the form that the suffix of ``path`` says; bytes written. Blocks. Raises Unavailable."""
    suffix = path.suffix.lower()
    try:
        with replacing(path) as file:
            if suffix == PARQUET:
                _write_parquet(query, bars, file)
            else:
                for piece in PIECES[suffix](query, bars):
                    file.write(piece)
            return file.tell()
    except OSError as e:
        raise explain_os_error(e, "write the bars", path) from e


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of ``path`` once the block is done and it is on disk; else nothing changes."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_parquet(query: BarQuery, bars: BarArrays, file: IO[bytes]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - only this form needs it
    import pyarrow.parquet as pq  # noqa: PLC0415 - same

    if query.spec.is_dated:
        times: Any = pa.array((bars.event_ns // DAY_NS).astype("int32"), pa.int32()).cast(pa.date32())
    else:
        times = pa.array(bars.event_ns, pa.timestamp("ns", "UTC"))
    names = ("open", "high", "low", "close", "volume")
    columns = {"time": times, **{name: pa.array(c, from_pandas=True) for name, c in zip(names, bars.columns(), strict=True)}}
    facts = {
        "trii.instrument": str(query.instrument.id),
        "trii.interval": str(query.spec),
        "trii.timezone": query.instrument.timezone,
    }
    table = pa.table(columns).replace_schema_metadata(facts)
    pq.write_table(table, file, compression="zstd")
