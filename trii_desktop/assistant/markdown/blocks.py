"""What an answer's markdown says, as plain values: blocks of runs of text, each with its look and what its numbers stand on."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from backend.assistant.grounding.span import Mark

PAIRS: Final = "pairs"


class BlockKind(enum.StrEnum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    CODE = "code"
    TABLE = "table"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one look.

    fact : id of the fact that a number shows; why : how it was found
    link : an http or https address, else empty
    is_aside : words of ours, as the host of a link, which stand in nobody's text
    """

    text: str
    mark: Mark = Mark.PLAIN
    fact: str = ""
    why: str = ""
    link: str = ""
    is_bold: bool = False
    is_italic: bool = False
    is_struck: bool = False
    is_code: bool = False
    is_aside: bool = False


Cell = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    level : of a heading, 1 to 6
    depth : of the lists it stands in; marker : "•" or "3." before the first block of an item; quote : depth of quotations
    rows : of a table, the first one its head, but in a table of pairs; aligned : "left", "center" or "right" a column
    language : of code, or PAIRS of a table whose first column names what the second one says
    """

    kind: BlockKind
    runs: tuple[Run, ...] = ()
    level: int = 0
    depth: int = 0
    marker: str = ""
    quote: int = 0
    language: str = ""
    rows: tuple[tuple[Cell, ...], ...] = ()
    aligned: tuple[str, ...] = ()


def runs_of(blocks: Iterable[Block]) -> Iterable[Run]:
    """Every run in reading order, those in tables too."""
    for block in blocks:
        yield from block.runs
        for row in block.rows:
            for cell in row:
                yield from cell


def host_of(address: str) -> str:
    """The host of an address that may be opened, http and https alone; empty for every other."""
    if any(letter.isspace() or not letter.isprintable() for letter in address):
        return ""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
