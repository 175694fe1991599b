"""Arrow columns as NumPy arrays through their buffers, so that pandas, a second's import, stays out of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backend.market.importers.zones import Flags


def raw_values(column: pa.ChunkedArray, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Values of a column of fixed width; rows without one hold anything. One chunk is not copied and is read-only."""
    width = np.dtype(dtype).itemsize
    pieces = [np.frombuffer(chunk.buffers()[1], dtype, len(chunk), width * chunk.offset) for chunk in column.chunks if len(chunk)]
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.empty(0, dtype)


def is_valid(column: pa.ChunkedArray) -> Flags:
    """Which rows have a value."""
    if not column.null_count:
        return np.ones(len(column), np.bool_)
    return _joined([_bits(chunk, 0, default=True) for chunk in column.chunks])


def flags_of(column: pa.ChunkedArray) -> Flags:
    """Values of a column of booleans; rows without one are False."""
    if not column.null_count:
        return _joined([_bits(chunk, 1, default=False) for chunk in column.chunks])
    return _joined([_bits(chunk, 1, default=False) & _bits(chunk, 0, default=True) for chunk in column.chunks])


def _bits(chunk: pa.Array, buffer: int, *, default: bool) -> Flags:
    packed = chunk.buffers()[buffer]
    if packed is None or (buffer == 0 and not chunk.null_count):
        return np.full(len(chunk), default, np.bool_)
    first = chunk.offset // 8
    n_bytes = (chunk.offset + len(chunk) + 7) // 8 - first
    bits = np.unpackbits(np.frombuffer(packed, np.uint8, n_bytes, first), bitorder="little")
    return bits[chunk.offset - 8 * first :][: len(chunk)].astype(np.bool_)


def _joined(pieces: Sequence[Flags]) -> Flags:
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.empty(0, np.bool_)


def texts(values: Sequence[str]) -> pa.Array:
    """A column of texts without nulls."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *(len(value) for value in encoded)]).astype(np.int32)
    return pa.Array.from_buffers(pa.string(), len(values), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])
