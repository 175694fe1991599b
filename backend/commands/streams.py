"""This process's own standard streams: bytes out at once, questions to the person, nothing kept in buffers."""

import os
import shutil
import sys
from collections.abc import Mapping
from typing import BinaryIO, Final, TextIO

from backend.commands.keyboard import Keyboard
from backend.commands.terminal import TerminalFacts
from backend.errors import InvalidInput

INPUT_BYTES_MAX: Final = 1 << 20


class Streams:
    """Standard output, error and input, written without buffering so that nothing is left to flush at exit."""

    def __init__(self, out: TextIO, err: TextIO, source: TextIO | None, environment: Mapping[str, str]) -> None:
        self._out = _binary(out)
        self._err = _binary(err)
        self._source = source
        self._keyboard = Keyboard(source.fileno()) if source is not None and source.isatty() else None
        has_colour = out.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
        width = shutil.get_terminal_size().columns
        self.facts = TerminalFacts(out.isatty(), err.isatty(), has_colour=has_colour, width=width)

    @classmethod
    def of_process(cls) -> "Streams":
        """The streams of this process; where it has none (started by a desktop icon), they lead nowhere."""
        if sys.stdout is None or sys.stderr is None:
            nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - lives as long as the process
            return cls(nowhere, nowhere, sys.stdin, os.environ)
        return cls(sys.stdout, sys.stderr, sys.stdin, os.environ)

    def write(self, data: bytes) -> None:
        """All of ``data`` to standard output. Raises BrokenPipeError once its reader has gone."""
        _write_all(self._out, data)

    def tell(self, data: bytes) -> None:
        """All of ``data`` to standard error. Raises BrokenPipeError once its reader has gone."""
        _write_all(self._err, data)

    def ask(self, prompt: str) -> str | None:
        """One line typed by the person and not shown, on any thread; None where there is no terminal, or when interrupted."""
        if self._keyboard is None or not self.facts.err_is_tty:
            return None
        return self._keyboard.read_unseen(prompt, self.tell)

    def interrupt(self) -> None:
        """Let a question that waits for its answer go without one, and put the terminal back as it was."""
        if self._keyboard is not None:
            self._keyboard.interrupt()

    def read_input(self, n_bytes_max: int = INPUT_BYTES_MAX) -> bytes:
        """All of standard input. Raises InvalidInput when it is longer than ``n_bytes_max``."""
        if self._source is None:
            return b""
        data = self._source.buffer.read(n_bytes_max + 1)
        if len(data) > n_bytes_max:
            raise InvalidInput(
                f"Standard input has more than {n_bytes_max:,} bytes.", hint="Give a shorter text.", code="input.too_long"
            )
        return data


def _binary(stream: TextIO) -> BinaryIO:
    """The unbuffered bytes under a text stream; a Windows console's own raw stream takes UTF-8."""
    stream.flush()
    buffer = stream.buffer
    return getattr(buffer, "raw", buffer)


def _write_all(raw: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        n_written = raw.write(view[: 1 << 16])
        view = view[n_written:]
