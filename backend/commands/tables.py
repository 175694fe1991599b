"""Tables as text: aligned columns, fitted to a terminal, safe to show whatever a file put into them."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

GAP: Final = "  "
CUT: Final = "…"
_NARROWEST: Final = 8
_BIDI: Final = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One column: its heading, whether it holds numbers (right-aligned), and whether it may be cut to fit."""

    heading: str
    is_number: bool = False
    may_be_cut: bool = False


def format_table(columns: Sequence[TextColumn], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Heading and rows as lines; columns that may be cut give way so that lines fit ``width``, None for no limit."""
    cells = [[printable(cell, keep="") for cell in row] for row in rows]
    widths = [max([text_width(c.heading), *(text_width(row[i]) for row in cells)]) for i, c in enumerate(columns)]
    if width is not None:
        _narrow(widths, columns, width)
    lines = [_line([c.heading for c in columns], columns, widths), *(_line(row, columns, widths) for row in cells)]
    return "\n".join(lines) + "\n"


def _narrow(widths: list[int], columns: Sequence[TextColumn], width: int) -> None:
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - width
    while excess > 0:
        cuttable = [i for i, c in enumerate(columns) if c.may_be_cut and widths[i] > _NARROWEST]
        if not cuttable:
            return
        widest = max(cuttable, key=widths.__getitem__)
        widths[widest] -= 1
        excess -= 1


def _line(cells: Sequence[str], columns: Sequence[TextColumn], widths: Sequence[int]) -> str:
    padded = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        text = cut(cell, width)
        blank = " " * (width - text_width(text))
        padded.append(blank + text if column.is_number else text + blank)
    return GAP.join(padded).rstrip()


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns; what is cut off is marked."""
    if text_width(text) <= width:
        return text
    while text and text_width(text) > width - 1:
        text = text[:-1]
    return text + CUT


def text_width(text: str) -> int:
    """Columns that ``text`` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def printable(text: str, *, keep: str = "\n\t") -> str:
    """``text`` with control characters other than ``keep`` shown as escapes, so that no file can steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c in keep or not _is_control(c) else f"\\x{ord(c):02x}" for c in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" or ord(character) in _BIDI
