"""What sessions of any library check of what they are asked, and the words in which they refuse."""

from backend.assistant.engines.engine import Request, Role
from backend.assistant.engines.pictures import check_pictures
from backend.errors import InvalidInput, Unavailable

TEMPERATURE_MAX = 5.0


def check_request(request: Request, name: str, *, sees: bool) -> None:
    """Raises InvalidInput for counts and temperatures that are none, and for pictures that model ``name`` cannot see."""
    if request.n_tokens_max < 1:
        raise InvalidInput(f"A request for {request.n_tokens_max} tokens asks for nothing.", code="engine.n_tokens_max")
    if not 0 <= request.temperature <= TEMPERATURE_MAX:  # also refuses NaN
        raise InvalidInput(
            f"A temperature of {request.temperature} is not within 0 and {TEMPERATURE_MAX}.", code="engine.temperature"
        )
    if not request.pictures:
        return
    if not sees:
        raise cannot_see(name)
    if not request.messages or request.messages[-1].role is not Role.USER:
        raise InvalidInput("Pictures go with a user's message, and the last one is none.", code="engine.pictures")
    check_pictures(request.pictures)


def check_embeddable(text: str, n_tokens: int, n_tokens_max: int) -> None:
    """Raises InvalidInput for a text without words or with more tokens than the model reads at once."""
    if not text.strip():
        raise InvalidInput("A text without words has no vector.", code="engine.no_words")
    if n_tokens > n_tokens_max:
        raise too_long(n_tokens, n_tokens_max)


def too_long(n_tokens: int, n_tokens_max: int) -> InvalidInput:
    """For a prompt or text that does not fit; nothing of it was computed."""
    return InvalidInput(
        f"The text has {n_tokens:,} tokens; this model reads {n_tokens_max:,} at most.",
        hint="Shorten it, or load the model with a longer context.",
        code="engine.too_long",
    )


def cannot_see(name: str) -> InvalidInput:
    """For a picture to a model without a projector."""
    return InvalidInput(
        f"{name} sees no pictures.",
        hint="Add the projector that was published with it (Models), or choose another model.",
        code="engine.blind",
    )


def cancelled(what: str) -> Unavailable:
    """For what was stopped before it gave anything."""
    return Unavailable(f"{what} was stopped.", code="engine.cancelled")


def load_cancelled(name: str) -> Unavailable:
    """For a loading that was stopped."""
    return Unavailable(f"The loading of {name} was stopped.", code="engine.cancelled")


def unloaded() -> Unavailable:
    """For a call to a model that is not there any more."""
    return Unavailable("No model is loaded.", hint="Load one first.", code="engine.empty")


def only_embeddings(name: str) -> Unavailable:
    """For a question to a model that was loaded for vectors."""
    return Unavailable(f"{name} was loaded to compare texts, not to write.", hint="Load it to chat.", code="engine.embedding_only")


def no_embeddings(name: str) -> Unavailable:
    """For a comparison by a model that was loaded to chat."""
    return Unavailable(f"{name} was loaded to chat, not to compare texts.", hint="Load it for vectors.", code="engine.chat_only")
