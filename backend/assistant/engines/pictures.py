"""Pictures that go with a request: PNG bytes, checked whole before any library is given them."""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from backend.errors import InvalidInput

PICTURES_MAX: Final = 4
BYTES_MAX: Final = 8 * 2**20
SIDE_MAX: Final = 4_096
PIXELS_MAX: Final = 8_388_608
_SIGN: Final = b"\x89PNG\r\n\x1a\n"
_SAMPLES: Final = {2: 3, 6: 4}  # of a pixel, by the colour types that are taken: RGB, and RGB with transparency
_FILTERS: Final = 5
_HEAD: Final = struct.Struct(">IIBBBBB")


def check_pictures(pictures: tuple[bytes, ...]) -> None:
    """Raises InvalidInput for too many pictures, and for one that is no whole PNG of 8-bit colours in bounds.

    Format: W3C PNG specification, third edition. Everything is checked, the values of the pixels too: what a library cannot
    read as a picture it would try as a film, in a program of its own.
    """
    if len(pictures) > PICTURES_MAX:
        raise InvalidInput(f"A request has {len(pictures)} pictures; {PICTURES_MAX} are taken.", code="engine.pictures")
    for png in pictures:
        try:
            _check(png)
        except (struct.error, zlib.error) as error:
            raise _refused("it is damaged") from error


def plain_png(width: int, height: int, level: int = 128) -> bytes:
    """A picture of one grey, 0 to 255."""
    rows = (b"\x00" + bytes((level,)) * (3 * width)) * height
    head = _HEAD.pack(width, height, 8, 2, 0, 0, 0)
    return _SIGN + b"".join(_chunk(kind, data) for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")))


def _check(png: bytes) -> None:
    if len(png) > BYTES_MAX:
        raise _refused(f"it has {len(png):,} bytes; {BYTES_MAX:,} are taken")
    if not png.startswith(_SIGN):
        raise _refused("it is no PNG")
    parts = list(_parts(png))
    if not parts or parts[0][0] != b"IHDR" or parts[-1][0] != b"IEND" or [kind for kind, _ in parts].count(b"IHDR") != 1:
        raise _refused("it is not whole")
    width, height, depth, colours, packing, filters, lacing = _HEAD.unpack(parts[0][1])
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX and width * height <= PIXELS_MAX):
        raise _refused(f"it is {width} by {height} pixels large")
    if depth != 8 or colours not in _SAMPLES or packing or filters or lacing:
        raise _refused("its colours are not written plainly with 8 bits each")
    line = 1 + width * _SAMPLES[colours]
    unpacker = zlib.decompressobj()
    rows = unpacker.decompress(b"".join(data for kind, data in parts if kind == b"IDAT"), line * height + 1)
    if len(rows) != line * height or not unpacker.eof:
        raise _refused("its size is not that of its pixels")
    if max(rows[::line]) >= _FILTERS:
        raise _refused("it is damaged")


def _parts(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kinds and contents of its chunks, each whole and with its checksum."""
    at = len(_SIGN)
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        data = png[at + 8 : at + 8 + size]
        if len(data) != size or zlib.crc32(kind + data) != struct.unpack_from(">I", png, at + 8 + size)[0]:
            raise _refused("it is damaged")
        yield kind, data
        at += size + 12


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _refused(why: str) -> InvalidInput:
    return InvalidInput(f"The picture cannot be used: {why}.", hint="Give a PNG of moderate size.", code="engine.picture")
