"""What a command works with on a closed home: where its words go, which folder it was called in, and how it speaks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.commands.json_text import dump_json, encode
from backend.commands.tables import TextColumn, format_table, printable
from backend.commands.terminal import Terminal
from backend.storage.paths import Home


@dataclass(frozen=True, slots=True)
class HomeContext:
    """What a command is given.

    cwd : the caller's folder, against which its paths are meant
    as_json : results and errors as JSON
    """

    home: Home
    terminal: Terminal
    cwd: Path
    as_json: bool

    def path(self, path: Path) -> Path:
        """``path`` as the caller means it."""
        return self.cwd / path.expanduser()

    async def say(self, text: str) -> None:
        """Write a line to standard output."""
        await self.terminal.write(encode(printable(text) + "\n"))

    async def tell(self, text: str) -> None:
        """Write a line to standard error."""
        await self.terminal.tell(encode(printable(text) + "\n"))

    async def put_json(self, value: Any) -> None:
        """Write ``value`` to standard output as JSON on one line."""
        await self.terminal.write(dump_json(value) + b"\n")

    async def put_table(self, columns: tuple[TextColumn, ...], rows: list[tuple[str, ...]]) -> None:
        """Write a table to standard output, fitted to the terminal's width where there is one."""
        facts = self.terminal.facts
        await self.terminal.write(encode(format_table(columns, rows, facts.width if facts.out_is_tty else None)))
