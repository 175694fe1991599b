"""Reads the markdown of an answer, whose marked numbers are one opaque letter each while it is read."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from markdown_it import MarkdownIt

from backend.assistant.grounding.span import Mark, Span
from trii_desktop.assistant.markdown.blocks import Block, BlockKind, Run, host_of, runs_of
from trii_desktop.assistant.markdown.walking import Walk

FIRST_LETTER: Final = 0xF0000  # private use, plane 15: nothing that is written
N_LETTERS: Final = 0xFFFD
N_TEXT_MAX: Final = 200_000  # characters; longer text is shown as it is written
_OURS: Final = re.compile("[\U000f0000-\U000ffffd]")
_UNSHOWN: Final = re.compile("[\u0000-\u0008\u000b-\u001f\u007f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_DISARMED: Final = re.compile(r"\\([\\`*_\[\]<>|~#])")
_FENCE: Final = re.compile(r"\s*(```|~~~)")


class MarkdownReader:
    """Reads one answer as it grows: what cannot change any more is read once.

    The marked spans are never parsed: each stands as one letter of its own while the text around it is, in bold, in a
    table, in code or in a link, and comes out as it went in.
    """

    def __init__(self) -> None:
        self._settled_text = ""
        self._settled_marks: tuple[Span, ...] = ()
        self._settled: tuple[Block, ...] = ()

    def read(self, spans: Sequence[Span], *, is_over: bool = True) -> tuple[Block, ...]:
        """The blocks of all spans. ``is_over`` reads everything anew, so that the end never depends on how it came."""
        marks = tuple(span for span in spans if span.mark is not Mark.PLAIN)
        if len(marks) > N_LETTERS or sum(len(span.text) for span in spans) > N_TEXT_MAX:
            return plain_blocks(spans)
        text = _written(spans)
        if is_over:
            return _parsed(text, marks) or plain_blocks(spans)
        n = len(self._settled_marks)
        if not text.startswith(self._settled_text) or marks[:n] != self._settled_marks:
            self._settled_text, self._settled_marks, self._settled = "", (), ()
        self._settle(text, marks)
        tail = text[len(self._settled_text) :]
        blocks = _parsed(tail, marks)
        return (*self._settled, *blocks) if blocks is not None else plain_blocks(spans)

    def _settle(self, text: str, marks: tuple[Span, ...]) -> None:
        start = len(self._settled_text)
        cut = _last_boundary(text[start:])
        if not cut:
            return
        blocks = _parsed(text[start : start + cut], marks)
        if blocks is not None:
            self._settled = (*self._settled, *blocks)
            self._settled_text = text[: start + cut]
            self._settled_marks = marks[: len(_OURS.findall(self._settled_text))]


def read_markdown(spans: Sequence[Span]) -> tuple[Block, ...]:
    """The blocks of a whole answer."""
    return MarkdownReader().read(spans)


def plain_blocks(spans: Sequence[Span]) -> tuple[Block, ...]:
    """The spans as one paragraph, nothing of them being markdown."""
    runs = tuple(Run(said, span.mark, span.fact, span.why) for span in spans if (said := shown_text(span.text)))
    return (Block(BlockKind.PARAGRAPH, runs),) if runs else ()


def shown_text(text: str) -> str:
    """Text without letters that would turn others around, hide them or be taken for ours."""
    return _OURS.sub("\ufffd", _UNSHOWN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


# --- inside -----------------------------------------------------------------------------------------------------------


def _written(spans: Sequence[Span]) -> str:
    parts: list[str] = []
    n_marks = 0
    for span in spans:
        if span.mark is Mark.PLAIN:
            parts.append(shown_text(span.text))
        else:
            parts.append(chr(FIRST_LETTER + n_marks))
            n_marks += 1
    return "".join(parts)


def _parsed(text: str, marks: tuple[Span, ...]) -> tuple[Block, ...] | None:
    """The blocks of ``text``; None where a mark would be lost, as in nesting deeper than is read."""

    def restored(address: str) -> str:
        return _OURS.sub(lambda found: marks[ord(found.group()) - FIRST_LETTER].text, address)

    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 24}).enable(["table", "strikethrough"]).disable("reference")
    plain_link = reader.normalizeLink
    reader.normalizeLink = lambda url: plain_link(restored(url))  # type: ignore[method-assign]  # its own way of changing it
    reader.validateLink = lambda url: bool(host_of(url))  # type: ignore[method-assign]  # the same
    blocks = Walk(lambda piece, look: _runs(piece, look, marks)).walk(reader.parse(text))
    wanted = [_said(marks[ord(letter) - FIRST_LETTER]) for letter in _OURS.findall(text)]
    found = [run.text for run in runs_of(blocks) if run.mark is not Mark.PLAIN]
    return blocks if _is_whole([text for text in wanted if text], found, blocks) else None


def _runs(text: str, look: Run, marks: tuple[Span, ...]) -> list[Run]:
    """Runs of one look: a marked letter is the span it stands for."""
    made: list[Run] = []
    start = 0
    for found in _OURS.finditer(text):
        if found.start() > start:
            made.append(replace(look, text=text[start : found.start()]))
        span = marks[ord(found.group()) - FIRST_LETTER]
        if said := _said(span):
            made.append(replace(look, text=said, mark=span.mark, fact=span.fact, why=span.why))
        start = found.end()
    if start < len(text):
        made.append(replace(look, text=text[start:]))
    return made


def _said(span: Span) -> str:
    """What a mark shows: of what was found the letters themselves, without the signs that disarm markup in them."""
    return shown_text(_DISARMED.sub(r"\1", span.text) if span.mark is Mark.HIT else span.text)


def _is_whole(wanted: list[str], found: list[str], blocks: tuple[Block, ...]) -> bool:
    """Whether every mark is shown; one that stands in the address of a link is no claim, and shown there."""
    left = list(found)
    hidden: list[str] = []
    for text in wanted:
        if left and left[0] == text:
            left.pop(0)
        else:
            hidden.append(text)
    addresses = unquote("".join(run.link for run in runs_of(blocks)))
    return not left and all(text in addresses for text in hidden)


def _last_boundary(text: str) -> int:
    """Where the last block begins that nothing before it belongs to; 0 where there is none."""
    cut = place = 0
    is_fenced = was_blank = False
    for line in text.splitlines(keepends=True):
        if was_blank and not is_fenced and (line[:1].isalpha() or line[:1] == "#"):
            cut = place
        if _FENCE.match(line):
            is_fenced = not is_fenced
        was_blank = not line.strip()
        place += len(line)
    return cut
