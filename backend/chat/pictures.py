"""What a picture says of itself in its first bytes: its kind and its size; nothing is decoded."""

import struct
from typing import Final

_HEADS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_SIDE_MAX: Final = 100_000
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of a JPEG that carry its size


def sniff_mime(content: bytes) -> str:
    """The kind of a content by its first bytes; empty where they say nothing."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for head, mime in _HEADS if content.startswith(head)), "")


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels; 0 and 0 for what is no picture, or a damaged one."""
    try:
        match sniff_mime(content):
            case "image/png":
                width, height = struct.unpack(">II", content[16:24])
            case "image/gif":
                width, height = struct.unpack("<HH", content[6:10])
            case "image/jpeg":
                width, height = _jpeg_size(content)
            case _:
                return (0, 0)
    except (struct.error, IndexError):
        return (0, 0)
    return (width, height) if 0 < width <= _SIDE_MAX and 0 < height <= _SIDE_MAX else (0, 0)


def _jpeg_size(content: bytes) -> tuple[int, int]:
    place = 2
    while place + 9 < len(content) and content[place] == 0xFF:
        marker, length = content[place + 1], struct.unpack(">H", content[place + 2 : place + 4])[0]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + max(length, 2)
    return (0, 0)
