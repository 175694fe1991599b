"""Reads a line that the person types unseen; interruptible, and the terminal is always put back as it was."""

import os
import select
import sys
import threading
from collections.abc import Callable
from typing import Final

if sys.platform == "win32":
    import getpass
else:
    import termios

POLL_S: Final = 0.1
LINE_BYTES_MAX: Final = 4096


class Keyboard:
    """A terminal's input, by its file descriptor; lines may be read on any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._interrupted = threading.Event()
        self._put_back: Callable[[], None] | None = None

    def interrupt(self) -> None:
        """Let a question that waits for its answer go without one, and put the terminal back before the process ends."""
        self._interrupted.set()
        if self._put_back is not None:
            self._put_back()

    if sys.platform == "win32":

        def read_unseen(self, prompt: str, _show: Callable[[bytes], None]) -> str | None:
            """One line, not shown while it is typed; None at its end or when interrupted."""
            try:
                return getpass.getpass(prompt)
            except (EOFError, KeyboardInterrupt):
                return None

    else:

        def read_unseen(self, prompt: str, show: Callable[[bytes], None]) -> str | None:
            """One line, not shown while it is typed; None at its end or when interrupted. ``show`` writes the prompt."""
            before = termios.tcgetattr(self._descriptor)
            self._put_back = lambda: termios.tcsetattr(self._descriptor, termios.TCSANOW, before)
            # What was typed before the question is forgotten: it was not meant as an answer.
            unseen = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
            termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, unseen)
            try:
                show(prompt.encode())
                typed = self._read_line()
                show(b"\n")
            finally:
                self._put_back()
            return None if typed is None else typed.decode("utf-8", "surrogateescape").rstrip("\r\n")

        def _read_line(self) -> bytes | None:
            typed = b""
            while not typed.endswith(b"\n"):
                if self._interrupted.is_set():
                    return None
                if not select.select([self._descriptor], [], [], POLL_S)[0]:
                    continue
                piece = os.read(self._descriptor, LINE_BYTES_MAX)
                if not piece:
                    return None
                typed += piece
            return typed
