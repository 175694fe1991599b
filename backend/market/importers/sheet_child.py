"""Reads one spreadsheet in a process of its own: a few bytes can make the parser ask for more memory than there is.

Run as a script: a JSON request on standard input, then frames on standard output, each a length (4 bytes, little
endian) and a MessagePack value: ``{"sheets": [...]}``, ``{"sheet": i, "first": n, "rows": [[cell, ...], ...]}``,
and at last ``{"end": true}`` or ``{"error": "..."}``. Cells are text, numbers, booleans or nil; dates are ISO text.
Imports nothing of ours, so that it starts at once and can be run with ``python -I``.
"""

import contextlib
import datetime as dt
import struct
import sys
from typing import Any

import msgspec
import python_calamine

ROWS_A_FRAME = 5_000
CELLS_MAX = 100_000_000
COLUMNS_MAX = 256
REFUSALS = (python_calamine.CalamineError, OSError, ValueError, OverflowError, MemoryError)


def main() -> int:
    """Serve one request."""
    request = msgspec.json.decode(sys.stdin.buffer.readline())
    _limit_memory(request["memory_bytes"])
    try:
        _serve(request)
    except python_calamine.PasswordError:
        _send({"error": "it is protected by a password"})
    except REFUSALS as e:
        _send({"error": str(e)[:300] or type(e).__name__})
    return 0


def _limit_memory(n_bytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # the parent watches the size where the system has no limit
        import resource  # noqa: PLC0415 - Windows has no such module

        resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))


def _serve(request: dict[str, Any]) -> None:
    with python_calamine.CalamineWorkbook.from_path(request["path"]) as book:
        names = book.sheet_names
        _send({"sheets": names})
        wanted = range(len(names)) if request["sheet"] is None else [names.index(request["sheet"])]
        for i in wanted:
            _send_rows(i, book.get_sheet_by_index(i), request["rows_max"])
        _send({"end": True})


def _send_rows(i: int, sheet: Any, rows_max: int | None) -> None:
    if sheet.start is None:
        return
    if sheet.total_height * sheet.total_width > CELLS_MAX or sheet.total_width > COLUMNS_MAX:
        raise ValueError(f"the sheet {sheet.name} claims {sheet.total_height:,} rows of {sheet.total_width:,} cells")
    first, rows = 1, []
    for n, row in enumerate(sheet.iter_rows(), start=1):
        rows.append([_cell(value) for value in row])
        if len(rows) == ROWS_A_FRAME or n == rows_max:
            _send({"sheet": i, "first": first, "rows": rows})
            first, rows = n + 1, []
        if n == rows_max:
            break
    if rows:
        _send({"sheet": i, "first": first, "rows": rows})


def _cell(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return value


def _send(value: Any) -> None:
    payload = msgspec.msgpack.encode(value)
    sys.stdout.buffer.write(struct.pack("<I", len(payload)) + payload)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
