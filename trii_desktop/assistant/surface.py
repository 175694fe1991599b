"""What the dock asks of the assistant, and nothing more: the one place where both meet."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from backend.assistant.answers import Answer, Choice, Mode, Question
from backend.assistant.conversations.conversation import ConversationRow, Found, Turn
from backend.assistant.engines.engine import EngineStats
from backend.assistant.models.model import ModelCard


class Conversations(Protocol):
    """Kept conversations; its coroutines run on the engine."""

    async def rows(self, n_max: int, query: str = "") -> tuple[ConversationRow, ...]:
        """Pinned ones first, then the newest."""
        ...

    async def row(self, conversation: str) -> ConversationRow:
        """The conversation of this id. Raises NotFound."""
        ...

    async def branch(self, conversation: str, leaf: str = "") -> tuple[Turn, ...]:
        """The turns of the branch that is shown, oldest first."""
        ...

    async def rename(self, conversation: str, title: str) -> Any:
        """Give it another title."""
        ...

    async def pin(self, conversation: str, is_pinned: bool) -> Any:  # noqa: FBT001 - the store's own signature
        """Keep it at the head of the list, or no longer."""
        ...

    async def remove(self, conversation: str) -> Any:
        """Remove it; what ``restore`` takes to bring it back."""
        ...

    async def restore(self, removed: Any) -> Any:
        """Bring back what was removed."""
        ...

    async def remove_turn(self, turn: str) -> Any:
        """Take a turn out with what goes with it; what ``restore_turns`` takes to bring it back."""
        ...

    async def restore_turns(self, removed: Any) -> Any:
        """Bring back what was taken out."""
        ...

    async def choose_branch(self, turn: str) -> Any:
        """Show the branch that goes through a turn."""
        ...

    async def siblings(self, turn: str) -> tuple[Turn, ...]:
        """A turn and its alternatives, oldest first."""
        ...

    async def search(self, text: str, n_max: int) -> tuple[Found, ...]:
        """Turns that say these words."""
        ...

    async def export(self, conversation: str, form: Any) -> str:
        """The conversation as "markdown" or "json"."""
        ...


class Models(Protocol):
    """Which models there are."""

    async def card_for(self, mode: Mode) -> ModelCard | None:
        """The model chosen for a mode."""
        ...


class Engines(Protocol):
    """Where models run."""

    def stats(self) -> EngineStats:
        """How it stands; from any thread."""
        ...

    async def unload(self) -> None:
        """Give the memory back; ends a loading."""
        ...


class AssistantSurface(Protocol):
    """The assistant, as the dock knows it."""

    @property
    def conversations(self) -> Conversations:
        """Kept conversations."""
        ...

    @property
    def models(self) -> Models:
        """Which models there are."""
        ...

    @property
    def engines(self) -> Engines:
        """Where models run."""
        ...

    async def ask(self, question: Question) -> Answer:
        """Begin an answer; it grows by AnswerChanged events."""
        ...

    async def anticipate(self, question: Question) -> None:
        """A question is being typed: what a model will need for it may be read. Raises nothing."""
        ...

    def answer(self, answer_id: str) -> Answer | None:
        """Its newest value; from any thread."""
        ...

    async def stop(self, answer_id: str) -> None:
        """End an answer where it is."""
        ...

    async def again(self, turn_id: str, choice: Choice | None = None) -> Answer:
        """Answer the same question once more, as another branch."""
        ...


Decode: TypeAlias = Callable[[bytes], Answer]
"""Reads the answer that a stored turn holds. Raises TriiError where it cannot be read."""
