"""Whoever can write text: models of this computer and, where they are allowed, endpoints and services, asked in one way."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from backend.assistant.answers import Mode
from backend.assistant.engines.engine import Done, Message, Request, Text, Thought, WriterPiece
from backend.assistant.routing import Candidate


class Writers(Protocol):
    """What modes know of engines: nothing but this."""

    async def candidates(self, mode: Mode) -> tuple[Candidate, ...]:
        """Everybody who could answer in this mode, allowed or not."""
        ...

    async def ready(self, candidate: Candidate, mode: Mode) -> str:
        """Load what has to be loaded; what the answer's cache knows the model by. Raises Unavailable."""
        ...

    async def is_loaded(self, candidate: Candidate, mode: Mode) -> bool:
        """Whether it is a model of this computer that could read now."""
        ...

    async def count(self, candidate: Candidate, messages: Sequence[Message]) -> int:
        """Tokens of these messages, as the model counts them or as a careful guess."""
        ...

    def room_of(self, candidate: Candidate) -> int:
        """How many tokens the model reads at once."""
        ...

    def thinks(self, candidate: Candidate) -> bool:
        """Whether it may think aloud before it answers; known once it is ready."""
        ...

    def generate(self, candidate: Candidate, request: Request) -> AsyncIterator[WriterPiece]:
        """Text, and apart from it what is thought aloud, then one Done. Raises Unavailable for one that only thought."""
        ...

    def cost_usd(self, candidate: Candidate, n_prompt: int, n_generated: int) -> float:
        """What that was worth; 0 for models of this computer."""
        ...


async def write_whole(writers: Writers, candidate: Candidate, request: Request) -> tuple[str, Done | None]:
    """All text of one request without what was thought aloud, and its end where one came. Raises as ``generate`` does."""
    parts: list[str] = []
    done: Done | None = None
    async for piece in writers.generate(candidate, request):
        if isinstance(piece, Text):
            parts.append(piece.text)
        elif isinstance(piece, Thought):
            parts = [] if piece.is_all else parts
        else:
            done = piece
    return "".join(parts), done
