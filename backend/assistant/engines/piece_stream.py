"""Pieces of an answer on their way from the thread that makes them to the loop that waits, thirty times a second at most."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable

from backend.assistant.engines.engine import Done, Piece, Text

PERIOD_S = 1 / 30


class PieceStream:
    """Made on the loop. ``put`` and ``fail`` come from another thread; the first text and the end come at once.

    n_wakes : how often the loop was woken for it
    """

    def __init__(self, period_s: float = PERIOD_S) -> None:
        self._loop = asyncio.get_running_loop()
        self._period_s = period_s
        self._lock = threading.Lock()
        self._waiting: deque[Piece] = deque()
        self._error: Exception | None = None
        self._is_over = False
        self._is_paced = False  # a look at what waits is already planned
        self._ready = asyncio.Event()
        self.n_wakes = 0

    def put(self, piece: Piece) -> None:
        """Send a piece; a Done is the last."""
        with self._lock:
            if self._is_over:
                return
            self._waiting.append(piece)
            self._is_over = isinstance(piece, Done)
            if self._is_paced and not self._is_over:
                return
            self._is_paced = True
        self._wake(self._show if isinstance(piece, Done) else self._pace)

    def fail(self, error: Exception) -> None:
        """End with an error, after the pieces that came before it."""
        with self._lock:
            if self._is_over:
                return
            self._error, self._is_over = error, True
        self._wake(self._show)

    async def pieces(self) -> AsyncIterator[Piece]:
        """What came, texts put together; ends after a Done or with the error."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            with self._lock:
                came, is_over = list(self._waiting), self._is_over
                self._waiting.clear()
            for piece in _together(came):
                yield piece
            if is_over:
                if self._error is not None:
                    raise self._error
                return

    def _wake(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(callback)

    def _pace(self) -> None:
        """Show what waits, and look again after a while; once nothing came meanwhile, the next piece wakes the loop itself."""
        with self._lock:
            if not self._waiting or self._is_over:
                self._is_paced = False
                return
        self._show()
        self._loop.call_later(self._period_s, self._pace)

    def _show(self) -> None:
        self.n_wakes += 1
        self._ready.set()


def _together(pieces: list[Piece]) -> list[Piece]:
    """Neighbouring texts as one."""
    texts = [piece for piece in pieces if isinstance(piece, Text)]
    together: list[Piece] = []
    if texts:
        together.append(Text("".join(text.text for text in texts), sum(text.n_tokens for text in texts)))
    return together + [piece for piece in pieces if isinstance(piece, Done)]
