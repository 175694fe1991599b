"""Text files as UTF-8 blocks that end at the end of a line, whatever their encoding, within bounded memory."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backend.errors import InvalidInput
from backend.market.importers.columns import known_name
from backend.market.importers.containers import ByteSource
from backend.market.importers.limits import BLOCK_BYTES, LINE_BYTES_MAX

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY_SHARE: Final = 0.05
_NARROW: Final = ("cp1252", "cp1250", "cp1251", "cp1254", "gb18030", "cp932", "big5", "euc_kr")
_NAME_LINES: Final = 10
_CELLS: Final = re.compile(r"[,;|\t]")


@dataclass(frozen=True, slots=True)
class EncodingGuess:
    """An encoding by Python's name, and how it was found."""

    name: str
    reason: str
    is_sure: bool = True


def guess_encoding(head: bytes) -> EncodingGuess:
    """Find how the text that begins with ``head`` is encoded. Raises InvalidInput for what is no text."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return EncodingGuess(name, "the file begins with a byte order mark")
    if b"\0" in head:
        return _guess_wide(head)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=False)
    except UnicodeDecodeError:
        return _guess_narrow(head)
    if head.isascii():
        return EncodingGuess("utf-8", "plain ASCII, which reads the same in all common encodings")
    return EncodingGuess("utf-8", "every character is valid UTF-8")


def _guess_wide(head: bytes) -> EncodingGuess:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > 0.4 * half and even < 0.05 * half:
        return EncodingGuess("utf-16-le", "every second byte is zero")
    if even > 0.4 * half and odd < 0.05 * half:
        return EncodingGuess("utf-16-be", "every first byte of two is zero")
    if head.count(0) > _BINARY_SHARE * len(head):
        raise InvalidInput(
            "This is not a text file: it contains zero bytes.",
            hint="Import CSV, TSV, TXT, Parquet, Arrow, JSON, XLSX, or a zip or gz of them.",
            code="import.not_text",
        )
    return EncodingGuess("utf-8", "mostly UTF-8, with stray zero bytes", is_sure=False)


def _guess_narrow(head: bytes) -> EncodingGuess:
    """An encoding of one byte or of a few a character: the one that makes most column names known, else most plausible."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only files that are not UTF-8 need it

    best = from_bytes(head[: 32 * 1024], cp_exclusion=["utf_7"]).best()
    plausible = "cp1252" if best is None else best.encoding
    named = {name: _n_known_names(head, name) for name in dict.fromkeys((plausible, *_NARROW))}
    chosen = max(named, key=lambda name: named[name])
    if named[chosen] > named[plausible]:
        return EncodingGuess(chosen, "so read, the column names are known words", is_sure=False)
    if best is None:
        return EncodingGuess("cp1252", "no encoding fits; Western European is assumed", is_sure=False)
    return EncodingGuess(plausible, "its characters are most plausible so", is_sure=False)


def _n_known_names(head: bytes, encoding: str) -> int:
    lines = decode_head(head[: 4 * 1024], encoding).splitlines()[:_NAME_LINES]
    return max((sum(known_name(cell.strip('" ')) for cell in _CELLS.split(line)) for line in lines), default=0)


def check_encoding(name: str) -> str:
    """Python's name of an encoding. Raises InvalidInput."""
    try:
        codec = codecs.lookup(name.strip())
    except (LookupError, ValueError) as e:
        raise InvalidInput(f"{name!r} is not an encoding.", hint="Try utf-8, utf-16 or cp1252.", code="import.encoding") from e
    if not codec._is_text_encoding:  # noqa: SLF001 - hex, zip and the like are not for text
        raise InvalidInput(f"{name!r} is no encoding of text.", hint="Try utf-8, utf-16 or cp1252.", code="import.encoding")
    return codec.name


def decode_head(head: bytes, encoding: str) -> str:
    """Text of a sample; a character cut off at its end is left out, broken ones are replaced."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(head, final=False)


def find_newline(text: str) -> str:
    """Tell what ends lines: a lone carriage return in files of old, else a line feed."""
    return "\r" if "\r" in text and "\n" not in text else "\n"


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Whole lines as UTF-8, the first being line ``first_line`` of the file, counted from 1; no byte order mark.

    n_lines : lines in the block; the last one may lack its newline
    """

    content: bytes
    first_line: int
    n_lines: int

    @classmethod
    def of(cls, content: bytes, first_line: int) -> "LineBlock":
        """A block with its lines counted."""
        return cls(content, first_line, content.count(b"\n") + (not content.endswith(b"\n")))


def read_blocks(source: ByteSource, encoding: str, newline: str, *, block_bytes: int = BLOCK_BYTES) -> Iterator[LineBlock]:
    """Cut ``source`` into blocks of about ``block_bytes``; of a longer line only the beginning is kept."""
    rest = b""
    line = 1
    is_skipping = False
    for piece in utf8_pieces(source, encoding, newline, block_bytes):
        if is_skipping:
            end = piece.find(b"\n")
            if end < 0:
                continue
            rest, is_skipping = rest + piece[end:], False
        else:
            rest = rest + piece if rest else piece
        cut = rest.rfind(b"\n") + 1
        if cut:
            block = LineBlock.of(rest[:cut] if cut < len(rest) else rest, line)
            rest = rest[cut:]
            line += block.n_lines
            yield block
        elif len(rest) > max(block_bytes, LINE_BYTES_MAX):
            rest, is_skipping = rest[: LINE_BYTES_MAX + 1], True
    if rest:
        yield LineBlock.of(rest, line)


def utf8_pieces(source: ByteSource, encoding: str, newline: str, block_bytes: int) -> Iterator[bytes]:
    """The bytes of ``source`` as UTF-8 without a byte order mark, in pieces that may end anywhere."""
    is_utf8 = codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"}
    decoder = None if is_utf8 else codecs.getincrementaldecoder(encoding)("replace")
    is_first = True
    while raw := source.read(block_bytes):
        piece = raw if decoder is None else decoder.decode(raw).encode("utf-8", "replace")
        if is_first and piece.startswith(codecs.BOM_UTF8):
            piece = piece[len(codecs.BOM_UTF8) :]
        is_first = False
        yield piece.replace(b"\r", b"\n") if newline == "\r" else piece
    if decoder is not None and (last := decoder.decode(b"", final=True)):
        yield last.encode("utf-8", "replace")
