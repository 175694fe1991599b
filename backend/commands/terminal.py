"""Where a command's words go: the process's own streams, or those of a forwarded command."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """What the person's terminal can do; travels with a forwarded command.

    width : columns of the terminal; tables are fitted to it only when ``out_is_tty``
    """

    out_is_tty: bool = False
    err_is_tty: bool = False
    has_colour: bool = False
    width: int = 80


class Terminal(Protocol):
    """Output that waits while its reader is slow, and questions to the person.

    Writing raises BrokenPipeError once nobody reads any more; commands let it pass.
    """

    @property
    def facts(self) -> TerminalFacts:
        """What the terminal can do."""
        ...

    async def write(self, data: bytes) -> None:
        """Results, to standard output."""
        ...

    async def tell(self, data: bytes) -> None:
        """Progress, warnings and errors, to standard error."""
        ...

    async def ask(self, prompt: str) -> str | None:
        """The person's one-line answer, not shown while it is typed; None where nobody can be asked."""
        ...

    async def read_input(self) -> bytes:
        """All of standard input."""
        ...
