"""Reads the head of a GGUF file as bytes, in bounds: what a hostile file claims is checked before it is believed.

Source: the GGUF specification (github.com/ggml-org/ggml, docs/gguf.md), versions 2 and 3, and gguf.cpp of llama.cpp,
whose own limits these are or fall below. Nothing of the file is run or rendered.
"""

import itertools
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from backend.errors import InvalidInput

MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)
HEAD_BYTES_MAX: Final = 128 * 2**20
N_KEYS_MAX: Final = 10_000
N_TENSORS_MAX: Final = 100_000
N_ITEMS_MAX: Final = 4_000_000  # of all arrays of texts together, and of each array of numbers
KEY_BYTES_MAX: Final = 65_535
TEXT_BYTES_MAX: Final = 16 * 2**20
TENSOR_NAME_BYTES_MAX: Final = 63
WORDS_LENGTH_MAX: Final = 200  # of a name, a licence, a kind
N_DIMS_MAX: Final = 4
N_KEPT_MAX: Final = 4096  # numbers of an array that are kept; longer ones are only counted
_PIECE_BYTES: Final = 2**20
_BIG_ENDIAN: Final = {version << 24 for version in VERSIONS}

_TEXT: Final = 8
_ARRAY: Final = 9
_BOOL: Final = 7
_NUMBERS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", _BOOL: "B", 10: "Q", 11: "q", 12: "d"}

# Type of a tensor's values: its name, values in a block, bytes of a block (gguf-py/gguf/constants.py).
TENSOR_TYPES: Final[dict[int, tuple[str, int, int]]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 36),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
    42: ("Q2_0", 64, 18),
}


@dataclass(frozen=True, slots=True)
class Items:
    """An array of the head: how many items, and the numbers themselves where they are few."""

    n: int
    numbers: tuple[float, ...] = ()


Value: TypeAlias = int | float | bool | str | Items


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor as the head describes it; ``offset`` in bytes from the start of the values."""

    name: str
    dims: tuple[int, ...]
    kind: int
    offset: int

    @property
    def n_values(self) -> int:
        """How many values it holds."""
        n = 1
        for dim in self.dims:
            n *= dim
        return n

    @property
    def n_bytes(self) -> int:
        """How many bytes they take."""
        _, block, size = TENSOR_TYPES[self.kind]
        return self.n_values // block * size


@dataclass(frozen=True, slots=True)
class Head:
    """Everything before the values: keys as they were written, and the tensors."""

    version: int
    keys: dict[str, Value]
    tensors: tuple[Tensor, ...]
    n_bytes: int  # of the file

    def words(self, key: str) -> str:
        """The text of a key, cut to WORDS_LENGTH_MAX and to what can be printed; empty where there is none."""
        found = self.keys.get(key, "")
        if not isinstance(found, str):
            return ""
        return "".join(letter for letter in found[:WORDS_LENGTH_MAX] if letter.isprintable()).strip()

    def name(self, path: Path) -> str:
        """What the file calls what is in it, else how the file is called."""
        return self.words("general.name") or path.stem[:WORDS_LENGTH_MAX]


def load_head(path: Path) -> Head:
    """Read the head of ``path``. Raises InvalidInput where it is missing, unreadable or no sound GGUF file."""
    try:
        with path.open("rb") as source:
            n_bytes = path.stat().st_size
            return _head(_Bytes(source, n_bytes, path.name))
    except OSError as e:
        raise refused(path.name, f"it cannot be read ({e.strerror or type(e).__name__})") from e


def refused(name: str, why: str, code: str = "models.file") -> InvalidInput:
    """The error that says why a file is not taken."""
    return InvalidInput(f"The file {name} is not a model that can be used: {why}.", hint="Choose a GGUF file.", code=code)


class _Bytes:
    """The file from its start, read in pieces as far as it is asked for; asking beyond a bound or the end is refused."""

    def __init__(self, source: BinaryIO, n_bytes: int, name: str) -> None:
        self.n_bytes = n_bytes
        self.place = 0
        self._n_texts = 0
        self._source = source
        self._name = name
        self._held = bytearray()

    def refuse(self, why: str) -> InvalidInput:
        """The error for this file."""
        return refused(self._name, why)

    def skip(self, n: int) -> int:
        """Move on by ``n`` bytes, all of them in the file; where they begin."""
        start, end = self.place, self.place + n
        if end > self.n_bytes:
            raise self.refuse("it ends too early")
        if end > HEAD_BYTES_MAX:
            raise self.refuse(f"its head is larger than {HEAD_BYTES_MAX:,} bytes")
        while len(self._held) < end:
            piece = self._source.read(max(_PIECE_BYTES, end - len(self._held)))
            if not piece:
                raise self.refuse("it ends too early")
            self._held += piece
        self.place = end
        return start

    def numbers(self, shape: str) -> tuple[int | float | bool, ...]:
        """Little-endian numbers of these kinds."""
        return struct.unpack_from("<" + shape, self._held, self.skip(struct.calcsize("<" + shape)))

    def whole(self, shape: str) -> int:
        """One whole number."""
        return int(self.numbers(shape)[0])

    def text_bytes(self, n_max: int, what: str) -> bytes:
        """A text as its bytes: a length, then so many of them."""
        n = self.whole("Q")
        if n > n_max:
            raise self.refuse(f"{what} claims {n:,} bytes")
        start = self.skip(n)
        return bytes(self._held[start : start + n])

    def skip_texts(self, n: int) -> None:
        """Move over ``n`` texts, each within its bound, and all of them together."""
        self._n_texts += n
        if self._n_texts > N_ITEMS_MAX:
            raise self.refuse(f"its arrays claim {self._n_texts:,} texts")
        for _ in range(n):
            length = self.whole("Q")
            if length > TEXT_BYTES_MAX:
                raise self.refuse(f"a text claims {length:,} bytes")
            self.skip(length)


def _head(read: _Bytes) -> Head:
    if read.n_bytes < 24:
        raise read.refuse("it is too small")
    if bytes(int(b) for b in read.numbers("4B")) != MAGIC:
        raise read.refuse("it does not begin as GGUF files do")
    version = read.whole("I")
    if version in _BIG_ENDIAN:
        raise read.refuse("it was written for big-endian computers")
    if version not in VERSIONS:
        raise read.refuse(f"its GGUF version {version} is not known")
    n_tensors, n_keys = read.whole("Q"), read.whole("Q")
    if n_tensors > N_TENSORS_MAX or n_keys > N_KEYS_MAX:
        raise read.refuse(f"it claims {n_tensors:,} tensors and {n_keys:,} keys")
    keys: dict[str, Value] = {}
    for _ in range(n_keys):
        key = _name(read, KEY_BYTES_MAX, "a key")
        if key in keys:
            raise read.refuse(f"it says {key[:80]} twice")
        keys[key] = _value(read, read.whole("I"))
    tensors = tuple(_tensor(read) for _ in range(n_tensors))
    _check_places(read, tensors, keys.get("general.alignment", 32))
    return Head(version, keys, tensors, read.n_bytes)


def _name(read: _Bytes, n_max: int, what: str) -> str:
    found = read.text_bytes(n_max, what)
    try:
        name = found.decode()
    except UnicodeDecodeError as e:
        raise read.refuse(f"{what} is no text") from e
    if not name or not name.isprintable():
        raise read.refuse(f"{what} is no text")
    return name


def _value(read: _Bytes, kind: int) -> Value:
    if kind == _TEXT:
        return read.text_bytes(TEXT_BYTES_MAX, "a text").decode("utf-8", "replace")
    if kind == _ARRAY:
        return _items(read)
    if kind not in _NUMBERS:
        raise read.refuse(f"it holds a value of the unknown kind {kind}")
    found = read.numbers(_NUMBERS[kind])[0]
    return bool(found) if kind == _BOOL else found


def _items(read: _Bytes) -> Items:
    kind, n = read.whole("I"), read.whole("Q")
    if kind == _ARRAY:
        raise read.refuse("it holds an array of arrays")
    if n > N_ITEMS_MAX:
        raise read.refuse(f"an array claims {n:,} items")
    if kind == _TEXT:
        if n * 8 > read.n_bytes - read.place:
            raise read.refuse(f"an array claims {n:,} texts, more than the file has room for")
        read.skip_texts(n)
        return Items(n)
    if kind not in _NUMBERS:
        raise read.refuse(f"it holds an array of the unknown kind {kind}")
    if n <= N_KEPT_MAX:
        return Items(n, read.numbers(f"{n}{_NUMBERS[kind]}"))
    read.skip(n * struct.calcsize("<" + _NUMBERS[kind]))
    return Items(n)


def _tensor(read: _Bytes) -> Tensor:
    name = _name(read, TENSOR_NAME_BYTES_MAX, "a tensor's name")
    n_dims = read.whole("I")
    if not 1 <= n_dims <= N_DIMS_MAX:
        raise read.refuse(f"the tensor {name} has {n_dims} dimensions")
    dims = tuple(int(dim) for dim in read.numbers(f"{n_dims}Q"))
    tensor = Tensor(name, dims, read.whole("I"), read.whole("Q"))
    if tensor.kind not in TENSOR_TYPES:
        raise read.refuse(f"the tensor {name} is of the unknown type {tensor.kind}")
    if not all(dims) or tensor.n_values >= 2**62:
        raise read.refuse(f"the tensor {name} claims the shape {' by '.join(map(str, dims))}")
    if dims[0] % TENSOR_TYPES[tensor.kind][1]:
        raise read.refuse(f"rows of the tensor {name} do not hold whole blocks")
    return tensor


def _check_places(read: _Bytes, tensors: tuple[Tensor, ...], alignment: Value) -> None:
    """Every tensor lies in the file, on its boundary and on no other; no name is there twice."""
    if isinstance(alignment, bool) or not isinstance(alignment, int) or not 0 < alignment <= 2**16 or alignment & (alignment - 1):
        raise read.refuse(f"it aligns tensors to {str(alignment)[:40]} bytes")
    if len({tensor.name for tensor in tensors}) < len(tensors):
        raise read.refuse("two tensors have one name")
    start = -(-read.place // alignment) * alignment
    ordered = sorted(tensors, key=lambda tensor: tensor.offset)
    for tensor in ordered:
        if tensor.offset % alignment:
            raise read.refuse(f"the tensor {tensor.name} does not lie on a boundary")
        if start + tensor.offset + tensor.n_bytes > read.n_bytes:
            raise read.refuse(f"the tensor {tensor.name} lies beyond its end; it may not have been copied whole")
    for one, other in itertools.pairwise(ordered):
        if one.offset + one.n_bytes > other.offset:
            raise read.refuse(f"the tensors {one.name} and {other.name} overlap")
