"""What goes with a message that is being written: files, pasted pictures, and what a chart shows."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtGui import QImage

from backend.chat.message import LinkRow
from backend.domain.bars import BarSpec
from backend.errors import InvalidInput
from trii_desktop.charts.render import png_of
from trii_desktop.team.letters import shown_line
from trii_desktop.widgets.numbers import DASH, format_bytes, format_time

N_BYTES_MAX: Final = 20 * 1024 * 1024
N_UPLOADS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Upload:
    """Content that is in no file yet, as a pasted picture."""

    name: str
    mime: str
    content: bytes


Attached = Path | Upload | LinkRow


def pasted_picture(image: QImage, name: str = "picture.png") -> Upload:
    """A picture as PNG."""
    return Upload(name, "image/png", png_of(image))


def words_of(attached: Attached) -> str:
    """What it is, in a few words."""
    if isinstance(attached, LinkRow):
        return link_words(attached)
    if isinstance(attached, Upload):
        return f"{attached.name} · {format_bytes(len(attached.content))}"
    try:
        return f"{shown_line(attached.name)} · {format_bytes(attached.stat().st_size)}"
    except OSError:
        return shown_line(attached.name)


def refusal_of(attached: Attached) -> str:
    """Why it cannot go with a message; empty where it can."""
    if isinstance(attached, LinkRow):
        return ""
    if isinstance(attached, Path) and not attached.is_file():
        return f"{shown_line(attached.name)} is not a file."
    n_bytes = len(attached.content) if isinstance(attached, Upload) else attached.stat().st_size
    if n_bytes > N_BYTES_MAX:
        return f"{words_of(attached)} is too large. A file may have {format_bytes(N_BYTES_MAX)}."
    return "" if n_bytes else f"{words_of(attached)} is empty."


def is_picture(mime: str) -> bool:
    """Whether it can be shown as a picture; vector graphics, which may load others, cannot."""
    return mime in ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")


def mime_of(attached: Path | Upload) -> str:
    """What kind of content it is, by its name."""
    if isinstance(attached, Upload):
        return attached.mime
    return mimetypes.guess_type(attached.name)[0] or "application/octet-stream"


def link_words(link: LinkRow) -> str:
    """What a link points at."""
    parts = [shown_line(" ".join(part for part in (link.instrument, link.spec) if part))]
    if link.from_ns or link.to_ns:
        is_dated = _is_dated(link.spec)
        ends = [format_time(ns, is_dated=is_dated) if ns else "" for ns in (link.from_ns, link.to_ns)]
        parts.append(ends[0] if ends[0] == ends[1] else f" {DASH} ".join(end or "\u2026" for end in ends))
    return " · ".join(part for part in parts if part)


def _is_dated(spec: str) -> bool:
    try:
        return BarSpec.parse(spec).is_dated
    except InvalidInput:
        return False
