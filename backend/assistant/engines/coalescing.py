"""Puts tokens together, so that a fast model sends at most thirty messages a second and a slow one each token at once."""

import threading
import time
from collections.abc import Callable
from typing import Final

PERIOD_S: Final = 1 / 30
LENGTH_MAX: Final = 65_536  # characters that wait; no model writes so fast, but one out of its mind may


class Coalescer:
    """Sends the first text at once, later ones at most every ``period_s``; nothing waits longer than that.

    ``send`` is called with text and its count of tokens, by the thread that adds or by one of its own, one at a time.
    """

    def __init__(self, send: Callable[[str, int], None], period_s: float = PERIOD_S) -> None:
        self._send = send
        self._period_s = period_s
        self._lock = threading.Condition()
        self._texts: list[str] = []
        self._n_tokens = 0
        self._length = 0
        self._sent_s = float("-inf")
        self._is_closed = False
        self._thread = threading.Thread(target=self._send_what_waits, name="coalescer", daemon=True)
        self._thread.start()

    def add(self, text: str, n_tokens: int) -> None:
        """Take more text."""
        with self._lock:
            is_first = not self._texts and not self._n_tokens
            self._texts.append(text)
            self._n_tokens += n_tokens
            self._length += len(text)
            if self._length > LENGTH_MAX or time.perf_counter() - self._sent_s >= self._period_s:
                self._flush()
            elif is_first:
                self._lock.notify()

    def close(self) -> None:
        """Send what waits, and end."""
        with self._lock:
            self._is_closed = True
            self._flush()
            self._lock.notify()
        self._thread.join()

    def _flush(self) -> None:
        if self._texts:
            text, n_tokens = "".join(self._texts), self._n_tokens
            self._texts, self._n_tokens, self._length = [], 0, 0
            self._send(text, n_tokens)
            self._sent_s = time.perf_counter()

    def _send_what_waits(self) -> None:
        with self._lock:
            while not self._is_closed:
                wait_s = self._sent_s + self._period_s - time.perf_counter() if self._texts else None
                if wait_s is None or wait_s > 0:
                    self._lock.wait(wait_s)
                else:
                    self._flush()
