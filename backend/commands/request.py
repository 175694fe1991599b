"""A command as it was typed, wherever it is carried out."""

from dataclasses import dataclass

from backend.commands.terminal import TerminalFacts


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Arguments without the program's name, the folder its paths are relative to, and what its terminal can do."""

    argv: tuple[str, ...]
    cwd: str
    terminal: TerminalFacts
