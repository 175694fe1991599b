"""A message as blocks of plain text: nothing of it is markup but code in backticks; addresses, instruments and people lead on."""

import re
from collections.abc import Iterable
from typing import Final

from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from trii_desktop.assistant.markdown.blocks import Block, BlockKind, Run, host_of
from trii_desktop.team.letters import shown_text

INSTRUMENT: Final = "instrument:"  # what an address begins with that names an instrument
N_TEXT_MAX: Final = 20_000
_FENCE: Final = re.compile(r"^```[^\n`]*\n(.*?)(?:^```[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_PIECES: Final = re.compile(
    r"(?P<code>`[^`\n]+`)"
    r"|(?P<link>https?://[^\s<>\"]+)"
    r"|(?P<person>(?<![\w@.])@[\w][\w.-]{0,38}[\w]|(?<![\w@.])@\w)"
    r"|(?P<instrument>(?<![\w./@-])[A-Z0-9^][A-Z0-9^=_/-]{0,19}\.(?:[A-Z][A-Z0-9]{3,11}|FX)(?![\w/-]|\.\w))"
)
_TRAILING: Final = ".,;:!?)]}'"


def blocks_of(text: str, handles: Iterable[str] = ()) -> tuple[Block, ...]:
    """The blocks that say ``text``, letter by letter as it was typed.

    handles : of people who can be mentioned here; an @ before any other word is a letter like all others
    """
    said = shown_text(text)
    if len(said) > N_TEXT_MAX:
        said = said[:N_TEXT_MAX] + "\u2026"
    known = frozenset(handle.casefold() for handle in handles)
    made: list[Block] = []
    start = 0
    for found in _FENCE.finditer(said):
        _add_paragraph(made, said[start : found.start()], known)
        code = found.group(1).rstrip("\n")
        if code:
            made.append(Block(BlockKind.CODE, (Run(code),)))
        start = found.end()
    _add_paragraph(made, said[start:], known)
    return tuple(made)


def instrument_of(address: str) -> InstrumentId | None:
    """The instrument that an address of ours names; None for every other address."""
    if not address.startswith(INSTRUMENT):
        return None
    try:
        return InstrumentId.parse(address.removeprefix(INSTRUMENT))
    except InvalidInput:
        return None


def _add_paragraph(made: list[Block], text: str, handles: frozenset[str]) -> None:
    lines = text.strip("\n").rstrip()
    if lines:
        made.append(Block(BlockKind.PARAGRAPH, tuple(_runs(lines, handles))))


def _runs(text: str, handles: frozenset[str]) -> Iterable[Run]:
    start = 0
    for found in _PIECES.finditer(text):
        runs, stop = _piece(found, handles)
        if runs:
            if found.start() > start:
                yield Run(text[start : found.start()])
            yield from runs
            start = stop
    if start < len(text):
        yield Run(text[start:])


def _piece(found: re.Match[str], handles: frozenset[str]) -> tuple[tuple[Run, ...], int]:
    """The runs of what was found and where they end; none where it is text like all other."""
    piece, stop = found.group(), found.end()
    match found.lastgroup:
        case "code":
            return (Run(piece[1:-1], is_code=True),), stop
        case "link":
            piece = _trimmed(piece)
            return _link(piece), found.start() + len(piece)
        case "person":
            return ((Run(piece, is_bold=True),) if piece[1:].casefold() in handles else ()), stop
        case _:
            return ((Run(piece, link=INSTRUMENT + piece),) if instrument_of(INSTRUMENT + piece) else ()), stop


def _link(address: str) -> tuple[Run, ...]:
    host = host_of(address)
    if not host:
        return ()
    try:
        plain = host.encode("idna").decode("ascii")
    except UnicodeError:
        return ()
    made = Run(address, link=address)
    return (made,) if plain == host.lower() else (made, Run(f" ({plain})", is_aside=True))


def _trimmed(address: str) -> str:
    """Without what ends the sentence around it; a bracket that was opened inside stays."""
    while address and address[-1] in _TRAILING:
        if address[-1] == ")" and address.count("(") >= address.count(")"):
            break
        address = address[:-1]
    return address
