"""The one protocol behind which models run, and its values."""

import enum
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias


class Role(enum.StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Role
    text: str


class Priority(enum.IntEnum):
    """Whose turn it is first: a person who waits, then alerts, then what nobody waits for."""

    PERSON = 0
    ALERT = 1
    BATCH = 2


class Finish(enum.StrEnum):
    """Why a generation ended."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"
    REPEATED = "repeated"  # it went round in circles and was stopped


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a model is loaded; 0 and None mean: choose by what this machine has.

    n_gpu_layers : None chooses by measured free memory; 0 keeps to the processor; -1 all
    n_threads : 0 chooses (settled: one less than the physical cores up to four, two less above)
    adapter : path of a LoRA adapter that goes with the model; empty for none
    projector : path of the projector with which it sees pictures; empty for none
    """

    n_ctx: int = 0
    n_gpu_layers: int | None = None
    n_threads: int = 0
    n_batch: int = 128
    is_embedding: bool = False
    adapter: str = ""
    projector: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded, as the engine tells it. ``name`` and ``sha256`` go into every answer's record.

    sha256 : of the model's file; with an adapter or a projector, of all hashes, so that nothing kept of one is taken for another's
    thinks : its template is one of those that think aloud before they answer
    begins_in : the sign of a thought with which its template ends every prompt; empty where the model begins thoughts itself
    sees : whether it takes pictures
    """

    name: str
    path: str
    sha256: str
    n_ctx: int
    n_vocab: int
    n_gpu_layers: int
    n_threads: int
    n_bytes: int
    has_template: bool
    place: str  # "this process", "own process", or an endpoint's host
    load_s: float
    thinks: bool = False
    begins_in: str = ""
    sees: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be generated.

    n_prefix : how many leading messages are a mode's unchanging prefix, kept warm between requests
    grammar : GBNF that the text must follow; schema : a JSON schema instead (never both)
    n_thought_max : how many of ``n_tokens_max`` may be thought aloud before the answer; a service that has to be asked to
        think is asked to where this is not 0
    pictures : PNG files that stand before the text of the last message, a user's; for a model that sees
    """

    id: str
    messages: tuple[Message, ...]
    n_prefix: int = 1
    n_tokens_max: int = 512
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    grammar: str = ""
    schema: dict[str, Any] | None = None
    priority: Priority = Priority.PERSON
    mode: str = ""
    n_thought_max: int = 0
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """More text, as whole characters."""

    text: str
    n_tokens: int = 1


@dataclass(frozen=True, slots=True)
class Thought:
    """More of what a model thinks aloud, which is no answer. ``is_all``: all text before was thought too, and is told again."""

    text: str
    n_tokens: int = 1
    is_all: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """The end, always the last piece: counts, and times in ms from the request's acceptance by the engine."""

    finish: Finish
    n_prompt: int
    n_cached: int
    n_generated: int
    first_token_ms: float
    total_ms: float
    tokens_per_s: float
    model: str = ""
    place: str = ""


Piece: TypeAlias = Text | Done
WriterPiece: TypeAlias = Text | Thought | Done
"""What writers tell, thoughts apart; an engine tells text as it comes."""


class EngineState(enum.StrEnum):
    """What an engine does now."""

    EMPTY = "empty"
    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class EngineStats:
    """How an engine stands; times in ms, memory in bytes."""

    state: EngineState = EngineState.EMPTY
    loaded: Loaded | None = None
    n_requests: int = 0
    n_waiting: int = 0
    n_restarts: int = 0
    last: Done | None = None
    words: str = ""
    figures: dict[str, float] = field(default_factory=dict)


Progress: TypeAlias = Callable[[float], bool | None]
"""Told 0 to 1; returning False ends the loading."""


class Engine(Protocol):
    """One model at a time; calls from the engine loop only. Errors are TriiError: Unavailable where it may work later."""

    async def load(self, path: Path, options: LoadOptions, on_progress: Progress | None = None) -> Loaded:
        """Load a model in place of the one loaded. Raises InvalidInput for a file that is no model, Unavailable without memory."""
        ...

    async def unload(self) -> None:
        """Give the memory back; does nothing without a model."""
        ...

    async def warm(self, prefix: Sequence[Message], mode: str) -> None:
        """Process a mode's unchanging prefix now and keep its state, so that a request's first token comes soon."""
        ...

    def generate(self, request: Request) -> AsyncIterator[Piece]:
        """Text pieces, then one Done. Closing the iterator cancels. Raises Unavailable where nothing is loaded or it broke off."""
        ...

    async def cancel(self, request_id: str) -> None:
        """End a generation, also while it reads its prompt; does nothing where it is over."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector a text. Raises InvalidInput for a text longer than the context, Unavailable where the model cannot."""
        ...

    async def count(self, messages: Sequence[Message]) -> int:
        """How many tokens these messages are in the model's own template."""
        ...

    def stats(self) -> EngineStats:
        """How it stands; from any thread."""
        ...

    async def close(self) -> None:
        """Stop what runs, unload, end threads and children."""
        ...
