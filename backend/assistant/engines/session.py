"""A loaded model, used by one thread: what the engine of a thread and the engine of a child process both drive."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from backend.assistant.engines.engine import Loaded, Message, Piece, Request


class Session(Protocol):
    """All calls come from the thread that opened it, but for ``abort`` and ``use_threads``."""

    loaded: Loaded

    def generate(self, request: Request) -> Iterator[Piece]:
        """Text pieces, then one Done; after an abort the Done says CANCELLED, and the next request works."""
        ...

    def warm(self, prefix: Sequence[Message], mode: str) -> None:
        """Have the state of a mode's prefix at hand, from disk where it was kept."""
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector a text. Raises InvalidInput for one that is too long, Unavailable where the model cannot."""
        ...

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of these messages in the model's template."""
        ...

    def use_threads(self, n_threads: int) -> None:
        """Compute on so many threads from the next batch on; from any thread. Raises Unavailable where an engine cannot."""
        ...

    def abort(self) -> None:
        """End what runs within milliseconds, prompt reading too; from any thread."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...
