"""What writers tell, with what they think aloud apart, and a clear end for one that thinks and never answers."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import cast

from backend.assistant.engines.engine import Done, Finish, Loaded, Request, Text, Thought, WriterPiece
from backend.assistant.engines.thoughts import ThoughtSplitter
from backend.errors import Unavailable


def sign_before(request: Request, loaded: Loaded | None) -> str:
    """The sign of a thought that stands before what a local model writes now.

    What a grammar or a schema binds is its answer from the first letter on, whatever the template began.
    """
    return "" if loaded is None or request.grammar or request.schema is not None else loaded.begins_in


async def tell_apart(
    pieces: AsyncIterator[WriterPiece], begins_in: Callable[[], str] = lambda: ""
) -> AsyncGenerator[WriterPiece, None]:
    """Texts, thoughts, and one Done at the end. Closing it closes ``pieces``.

    ``begins_in`` is asked with the first piece: until then another model may take the turn.
    Raises Unavailable in place of the Done where a model used up its tokens thinking and came to no answer, and all that
    ``pieces`` raise.
    """
    splitter: ThoughtSplitter | None = None
    n_thought, is_answered = 0, False
    async with contextlib.aclosing(cast("AsyncGenerator[WriterPiece, None]", pieces)):
        async for piece in pieces:
            splitter = splitter or ThoughtSplitter(begins_in())
            told: list[Text | Thought] = [piece] if isinstance(piece, Thought) else []
            if isinstance(piece, Text):
                told = splitter.feed(piece.text, piece.n_tokens)
            elif isinstance(piece, Done):
                told = splitter.end()
            for one in told:
                if isinstance(one, Thought):
                    n_thought += one.n_tokens
                    is_answered = is_answered and not one.is_all
                else:
                    is_answered = is_answered or bool(one.text.strip())
                yield one
            if isinstance(piece, Done):
                if n_thought and not is_answered and piece.finish is not Finish.CANCELLED:
                    raise never_answered(piece, n_thought)
                yield piece


def never_answered(done: Done, n_thought: int) -> Unavailable:
    """For a model that thought until its tokens were used up, or stopped behind its thoughts."""
    name = done.model or "The model"
    if done.finish is Finish.LENGTH:
        return Unavailable(
            f"{name} thought for {max(done.n_generated, n_thought):,} tokens, all that this mode gives it, and came to no answer.",
            hint="Ask for less at once, or in Deep Thinking, which gives more; or choose a model that answers without thinking.",
            code="assistant.only_thought",
        )
    return Unavailable(
        f"{name} thought, and stopped without an answer.",
        hint="Ask in other words, or choose another model.",
        code="assistant.only_thought",
    )
