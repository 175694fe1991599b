"""Arrays to Arrow columns and back through their buffers.

pyarrow's own conversions (`pa.array`, `to_numpy`) import pandas when it is installed, which takes longer than
reading a series; the first chart must not wait for it.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

TYPES: Final = {
    np.dtype(np.int8): pa.int8(),
    np.dtype(np.int32): pa.int32(),
    np.dtype(np.int64): pa.int64(),
    np.dtype(np.float64): pa.float64(),
}


def column(values: npt.NDArray[Any]) -> pa.Array:
    """An Arrow array over the memory of ``values``, whose dtype is one of TYPES."""
    contiguous = np.ascontiguousarray(values)
    return pa.Array.from_buffers(TYPES[contiguous.dtype], len(contiguous), [None, pa.py_buffer(contiguous)])


def text_column(values: Sequence[str], counts: Sequence[int]) -> pa.DictionaryArray:
    """Each of ``values`` as many times as ``counts`` says, in order, as a dictionary column."""
    distinct = sorted(set(values))
    place = {text: code for code, text in enumerate(distinct)}
    codes = np.repeat(np.array([place[text] for text in values], np.int32), counts)
    encoded = [text.encode() for text in distinct]
    ends = np.cumsum([0, *(len(text) for text in encoded)]).astype(np.int32)
    texts = pa.Array.from_buffers(pa.string(), len(distinct), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])
    kind = pa.dictionary(pa.int32(), pa.string())
    return pa.DictionaryArray.from_buffers(kind, len(codes), [None, pa.py_buffer(codes)], texts)


def values_of(table: pa.Table, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A column of numbers without nulls as one array. Raises KeyError for an unknown name, ValueError for nulls."""
    chunks = table.column(name).chunks
    if any(chunk.null_count for chunk in chunks):
        raise ValueError(f"column {name} has nulls")
    width = np.dtype(dtype).itemsize
    pieces = [
        np.frombuffer(chunk.buffers()[1], dtype, len(chunk), width * chunk.offset) if len(chunk) else np.empty(0, dtype)
        for chunk in chunks
    ]
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else np.empty(0, dtype)
