"""A progress bar on a terminal's standard error; nothing where standard error is no terminal."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from backend.commands.home_context import HomeContext
from backend.commands.json_text import encode
from backend.commands.tables import cut, printable

FRAME_S: Final = 0.1
_BAR_WIDTH: Final = 24
_ERASE: Final = "\r\x1b[2K"


class Advance(Protocol):
    """How far something is."""

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where the size is unknown."""
        ...

    @property
    def n_rows(self) -> int:
        """Rows done so far."""
        ...


class ProgressBar:
    """Remembers the newest state from any thread; painted by ``showing``."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._began_s = time.monotonic()
        self._latest: Advance | None = None

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to paint."""
        return self._latest is not None

    def turn_to(self, name: str) -> None:
        """This is what is worked on now."""
        self._name = name

    def begin_anew(self) -> None:
        """The next piece of work begins; nothing is known of how far it is."""
        self._began_s, self._latest = time.monotonic(), None

    def report(self, advance: Advance) -> None:
        """This is how far it is."""
        self._latest = advance

    def line(self, width: int) -> str:
        """The bar in at most ``width`` columns, "" while nothing is known."""
        if self._latest is None:
            return ""
        seconds = max(time.monotonic() - self._began_s, 1e-3)
        words = f"{self._latest.n_rows:,} rows, {self._latest.n_rows / seconds:,.0f}/s"
        return bar_line(self._name, self._latest.share, words, width)


def bar_line(name: str, share: float | None, words: str, width: int) -> str:
    """A name, how full it is where that is known, and words, in fewer than ``width`` columns."""
    if share is not None:
        n_full = round(share * _BAR_WIDTH)
        words = f"[{'=' * n_full}{' ' * (_BAR_WIDTH - n_full)}] {share:4.0%}  {words}"
    room = max(width - len(words) - 3, 8)
    return cut(f"{cut(printable(name, keep=''), room)}  {words}", width - 1)


def format_left(seconds: float) -> str:
    """How long something takes yet."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes >= 2 else f"{60 * minutes + rest} s"


async def hide(context: HomeContext, bar: ProgressBar) -> None:
    """Make room for lines that are to stay; the bar comes again with the next report."""
    is_painted = bar.is_shown and context.terminal.facts.err_is_tty and not context.as_json
    bar.begin_anew()
    if is_painted:
        await context.terminal.tell(encode(_ERASE))


@asynccontextmanager
async def showing(context: HomeContext, bar: ProgressBar) -> AsyncIterator[None]:
    """Paint ``bar`` ten times a second while the block runs, and erase it at the end."""
    if not context.terminal.facts.err_is_tty or context.as_json:
        yield
        return
    painting = asyncio.create_task(_paint(context, bar), name="progress bar")
    try:
        yield
    finally:
        painting.cancel()
        await asyncio.wait((painting,))
        await hide(context, bar)


async def _paint(context: HomeContext, bar: ProgressBar) -> None:
    while True:
        line = bar.line(context.terminal.facts.width)
        if line:
            await context.terminal.tell(encode(f"{_ERASE}{line}"))
        await asyncio.sleep(FRAME_S)
