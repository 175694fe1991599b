"""Pictures are taken whole and in bounds, before any library sees them."""

import struct
import zlib

import pytest

from backend.assistant.engines.pictures import BYTES_MAX, PICTURES_MAX, check_pictures, plain_png
from backend.errors import InvalidInput

WHOLE = plain_png(20, 10)


def rebuilt(head=None, rows=None):
    """The picture with another head or other pixels, checksums right."""
    at, parts = 8, []
    while at < len(WHOLE):
        size, kind = struct.unpack_from(">I4s", WHOLE, at)
        data = WHOLE[at + 8 : at + 8 + size]
        data = head if kind == b"IHDR" and head else zlib.compress(rows) if kind == b"IDAT" and rows is not None else data
        parts.append(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
        at += size + 12
    return WHOLE[:8] + b"".join(parts)


def head(width=20, height=10, depth=8, colours=2, lacing=0):
    return struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, lacing)


def test_whole_pictures_are_taken_with_and_without_transparency():
    check_pictures((WHOLE, rebuilt(), rebuilt(head(colours=6), (b"\x00" + b"\x01\x02\x03\xff" * 20) * 10)))


@pytest.mark.parametrize(
    ("png", "why"),
    [
        (b"", "no PNG"),
        (b"GIF89a" + WHOLE, "no PNG"),
        (b"\x89PNG\r\n\x1a\n", "not whole"),
        (WHOLE[:-12], "not whole"),
        (WHOLE[:-6], "damaged"),
        (WHOLE[:40] + b"\xff" + WHOLE[41:], "damaged"),
        (WHOLE + b"more", "damaged"),
        (rebuilt(head(width=2**31)), "pixels large"),
        (rebuilt(head(width=0)), "pixels large"),
        (rebuilt(head(width=4_000, height=4_000)), "pixels large"),
        (rebuilt(head(depth=16)), "not written plainly"),
        (rebuilt(head(colours=3)), "not written plainly"),
        (rebuilt(head(lacing=1)), "not written plainly"),
        (rebuilt(head(height=11)), "not that of its pixels"),
        (rebuilt(rows=bytes(61 * 10 + 1)), "not that of its pixels"),
        (rebuilt(rows=bytes(50_000_000)), "not that of its pixels"),
        (rebuilt(rows=(b"\x09" + bytes(60)) * 10), "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(BYTES_MAX), "are taken"),
    ],
)
def test_what_is_no_whole_picture_in_bounds_is_refused_with_the_reason(png, why):
    with pytest.raises(InvalidInput, match=why):
        check_pictures((png,))


def test_there_may_be_only_so_many_pictures():
    with pytest.raises(InvalidInput, match="has 5 pictures"):
        check_pictures((WHOLE,) * (PICTURES_MAX + 1))
