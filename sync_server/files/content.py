"""What a file is, by its bytes and never by its name; refused where it is nothing known or made to do harm when opened. Pure.

However large a file is, it is looked at in parts: its head, its end, and where all of it counts, one part after another.
"""

import codecs
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, cast

import msgspec

MAX_PIXELS: Final = 64_000_000
MAX_UNPACKED: Final = 500 * 1024 * 1024
MAX_RATIO: Final = 200
MAX_ENTRIES: Final = 10_000
PART: Final = 64 * 1024  # bytes that are looked at together
MAX_DIRECTORY: Final = 4 * 1024 * 1024  # of an archive's list of entries, which is read whole
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_TEXTS: Final = frozenset({"text/plain", "text/csv", "text/markdown", "application/json"})
_ANY: Final = frozenset({"", "application/octet-stream"})
_ALIASES: Final = {
    "image/jpg": "image/jpeg",
    "application/x-zip-compressed": "application/zip",
    "application/x-gzip": "application/gzip",
    "application/x-parquet": "application/vnd.apache.parquet",
}
_CONTROLS: Final = frozenset(range(32)) - {9, 10, 12, 13, 27} | {127}


class Content(msgspec.Struct, frozen=True):
    """What was found: a media type, and a picture's size in pixels (else 0)."""

    mime: str
    width: int = 0
    height: int = 0


class Source:
    """A file that is looked at in parts. Raises ValueError where somebody asks for more of it at once than a list of entries."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)

    def at(self, place: int, n: int) -> bytes:
        """``n`` bytes from ``place`` on, fewer at the end; a place below 0 counts from the end."""
        self._file.seek(place if place >= 0 else max(0, self.size + place))
        return self.read(n)

    def parts(self) -> Iterator[bytes]:
        """All of it in order."""
        self._file.seek(0)
        while part := self._file.read(PART):
            yield part

    # What an archive is read by.

    def read(self, n: int = -1) -> bytes:
        """The next ``n`` bytes, below 0 all that follow."""
        n = self.size - self._file.tell() if n < 0 else n
        if n > MAX_DIRECTORY:
            raise ValueError(f"{n:,} bytes are not read at once.")
        return self._file.read(n)

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(place, whence)

    def tell(self) -> int:
        """Where it is read next."""
        return self._file.tell()


def check_content(file: BinaryIO, claimed: str) -> Content:
    """What a file that can be sought in is, which must agree with the ``claimed`` media type.

    Raises ValueError in words for the sender.
    """
    found = _look(Source(file))
    claimed = claimed.partition(";")[0].strip().lower()
    claimed = _ALIASES.get(claimed, claimed)
    if claimed in _ANY or claimed == found.mime:
        return found
    if found.mime == "text/plain" and claimed in _TEXTS:
        return Content(claimed)
    if found.mime == "text/plain" and claimed.startswith("text/"):
        return found  # shown as it is written, never as what it would do
    if found.mime.startswith(_OFFICE) and claimed == "application/zip":
        return found
    raise ValueError(f"The file says it is {claimed}, but its content is {found.mime}.")


def _look(source: Source) -> Content:
    head = source.at(0, 16)
    for magic, look in _KINDS:
        if head.startswith(magic):
            found = look(source)
            if found.width * found.height > MAX_PIXELS:
                raise ValueError(f"The picture has {found.width} by {found.height} pixels; at most {MAX_PIXELS:,} are taken.")
            return found
    if _is_text(source):
        return Content("text/plain")
    raise ValueError("Only pictures, PDF, text, tables, office documents and archives are taken; this file is none of them.")


def _is_text(source: Source) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for part in source.parts():
            decoder.decode(part)
            if not _CONTROLS.isdisjoint(part):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _png(source: Source) -> Content:
    head = source.at(0, 24)
    if source.size < 45 or head[12:16] != b"IHDR" or source.at(-8, 4) != b"IEND":
        raise ValueError("The PNG picture is not whole.")
    return _sized("image/png", *struct.unpack(">II", head[16:]))


def _gif(source: Source) -> Content:
    head = source.at(0, 10)
    if source.size < 14 or head[3:6] not in (b"87a", b"89a"):
        raise ValueError("The GIF picture is not whole.")
    return _sized("image/gif", *struct.unpack("<HH", head[6:]))


def _jpeg(source: Source) -> Content:
    """The size stands in the first frame header (markers C0 to CF but for C4, C8, CC)."""
    start, seen = 0, source.at(0, PART)
    place = 2
    while place + 9 < source.size:
        if place + 9 > start + len(seen):
            start, seen = place, source.at(place, PART)
        at = place - start
        if seen[at] != 0xFF:
            break
        marker = seen[at + 1]
        if marker in {0xFF, 0x01} or 0xD0 <= marker <= 0xD8:
            place += 1 if marker == 0xFF else 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", seen[at + 5 : at + 9])
            return _sized("image/jpeg", width, height)
        place += 2 + int.from_bytes(seen[at + 2 : at + 4])
    raise ValueError("The JPEG picture is not whole.")


def _riff(source: Source) -> Content:
    head = source.at(0, 30)
    kind, body = head[12:16], head[20:]
    if head[8:12] == b"WEBP" and len(body) >= 10:
        if kind == b"VP8X":
            return _sized("image/webp", int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1)
        if kind == b"VP8L" and body[0] == 0x2F:
            bits = int.from_bytes(body[1:5], "little")
            return _sized("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
            width, height = struct.unpack("<HH", body[6:10])
            return _sized("image/webp", width & 0x3FFF, height & 0x3FFF)
    raise ValueError("The WebP picture is not whole.")


def _sized(mime: str, width: int, height: int) -> Content:
    if width == 0 or height == 0:
        raise ValueError("The picture has no size.")
    return Content(mime, width, height)


def _pdf(source: Source) -> Content:
    if b"%%EOF" not in source.at(-2048, 2048):
        raise ValueError("The PDF document is not whole.")
    return Content("application/pdf")


def _parquet(source: Source) -> Content:
    if source.size < 12 or source.at(-4, 4) != b"PAR1":
        raise ValueError("The Parquet table is not whole.")
    return Content("application/vnd.apache.parquet")


def _gzip(source: Source) -> Content:
    """Unpacked in small steps and thrown away: a bomb is found before it takes memory."""
    unpacker = zlib.decompressobj(wbits=31)
    n_unpacked, is_more = 0, False
    most = min(MAX_UNPACKED, max(MAX_RATIO * source.size, 1_000_000))
    try:
        for part in source.parts():
            is_more = unpacker.eof
            rest = part
            while not unpacker.eof and rest:
                n_unpacked += len(unpacker.decompress(rest, 1 << 20))
                rest = unpacker.unconsumed_tail
                if n_unpacked > most:
                    raise ValueError("The archive unpacks to far more than it should.")
            if is_more or unpacker.unused_data:
                break
    except zlib.error as error:
        raise ValueError("The gzip archive is not whole.") from error
    if not unpacker.eof or unpacker.unused_data or is_more:
        raise ValueError("The gzip archive is not whole, or something was put behind it.")
    return Content("application/gzip")


def _zip(source: Source) -> Content:
    try:
        with zipfile.ZipFile(cast("BinaryIO", source)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error) as error:
        raise ValueError("The zip archive is not whole.") from error
    if len(entries) > MAX_ENTRIES:
        raise ValueError(f"The archive has {len(entries):,} entries; at most {MAX_ENTRIES:,} are taken.")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > min(MAX_UNPACKED, max(MAX_RATIO * source.size, 1_000_000)):
        raise ValueError("The archive unpacks to far more than it should.")
    _check_entries(entries, source.size)
    names = {entry.filename for entry in entries}
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise ValueError("Documents with macros are not taken.")
    if "[Content_Types].xml" in names:
        for folder, kind in (
            ("word/", "wordprocessingml.document"),
            ("xl/", "spreadsheetml.sheet"),
            ("ppt/", "presentationml.presentation"),
        ):
            if any(name.startswith(folder) for name in names):
                return Content(_OFFICE + kind)
    return Content("application/zip")


def _check_entries(entries: list[zipfile.ZipInfo], length: int) -> None:
    """Entries lie one behind the other, each once, below the folder they are unpacked in."""
    seen: set[str] = set()
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        # As long as the local head and the name are at least: entries that share bytes are a bomb.
        if entry.header_offset < end:
            raise ValueError("Entries of the archive overlap.")
        end = entry.header_offset + 30 + len(entry.orig_filename) + entry.compress_size
        name = entry.orig_filename.replace("\\", "/")
        if name.startswith("/") or ":" in name or "\0" in name or ".." in name.split("/"):
            raise ValueError(f"The archive holds {name[:80]!r}, which would be unpacked outside its folder.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ValueError("Archives with links are not taken.")
        if name.casefold() in seen:
            raise ValueError("The archive holds one name twice.")
        seen.add(name.casefold())
    if end > length:
        raise ValueError("The zip archive is not whole.")


_KINDS: Final[tuple[tuple[bytes, Callable[[Source], Content]], ...]] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF8", _gif),
    (b"RIFF", _riff),
    (b"%PDF-", _pdf),
    (b"PAR1", _parquet),
    (b"\x1f\x8b\x08", _gzip),
    (b"PK\x03\x04", _zip),
    (b"PK\x05\x06", _zip),
)
