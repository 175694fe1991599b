"""A model as a value: its file, what it says of itself, and what it has shown on this machine."""

import enum
from dataclasses import dataclass, replace

from backend.assistant.answers import Mode
from backend.errors import InvalidInput


class Standing(enum.StrEnum):
    """How far a model may be trusted."""

    UNTRIED = "untried"  # never loaded here
    REFUSED = "refused"  # its trial in a process of its own failed; ``words`` says how
    TRIED = "tried"  # loads; not yet examined for any mode
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Examined:
    """What a model showed when it was examined for a mode on this machine."""

    mode: Mode
    is_fit: bool
    words: str
    first_token_ms: float
    tokens_per_s: float
    obedience: float  # share of answers that kept to the tags and the language asked for, 0 to 1
    at_ns: int


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter that goes with a model for one mode; it was tried with it. ``path`` is absolute, in a folder of ours."""

    mode: Mode
    name: str
    path: str
    sha256: str
    n_bytes: int
    rank: int
    added_ns: int = 0


@dataclass(frozen=True, slots=True)
class Projector:
    """The eyes of a model, tried with it. ``path`` is absolute, in a folder of ours; ``style`` as its file calls it."""

    name: str
    path: str
    sha256: str
    n_bytes: int
    style: str
    added_ns: int = 0


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model of this installation. ``path`` is absolute; sizes in bytes; empty words where the file does not tell.

    adapters : one a mode at most; adapter : the one that it is to be loaded with
    projector : with it the model sees pictures; None for one that does not
    """

    id: str  # the first 16 hexadecimal digits of its SHA-256
    name: str
    path: str
    sha256: str
    n_bytes: int
    architecture: str = ""
    n_parameters: int = 0
    quantisation: str = ""
    n_ctx_train: int = 0
    n_layers: int = 0
    n_vocab: int = 0
    has_template: bool = False
    is_embedding: bool = False
    licence: str = ""
    origin: str = ""
    standing: Standing = Standing.UNTRIED
    words: str = ""
    added_ns: int = 0
    examined: tuple[Examined, ...] = ()
    modes: tuple[Mode, ...] = ()  # for which it is chosen
    adapters: tuple[Adapter, ...] = ()
    adapter: Adapter | None = None
    projector: Projector | None = None

    def adapter_for(self, mode: Mode) -> Adapter | None:
        """Its adapter for a mode."""
        return next((one for one in self.adapters if one.mode is mode), None)

    def fitted(self, mode: Mode) -> "ModelCard":
        """The same to be loaded as a mode wants it."""
        return replace(self, adapter=self.adapter_for(mode))

    def examined_for(self, mode: Mode) -> Examined | None:
        """What it showed for a mode; None where it was not examined for it."""
        return next((one for one in self.examined if one.mode is mode), None)

    @property
    def is_usable(self) -> bool:
        """Whether it may be loaded to write: it was not refused, and it is no model of embeddings."""
        return self.standing is not Standing.REFUSED and not self.is_embedding

    def check_usable(self) -> None:
        """Raises InvalidInput where it may not be loaded to write."""
        if self.is_embedding:
            words, hint = f"{self.name} makes vectors and no text.", "Choose a model that writes."
            raise InvalidInput(words, hint=hint, code="model.embedding")
        if not self.is_usable:
            words, hint = f"{self.name} cannot be used: {self.words}", "Examine it again, or remove it."
            raise InvalidInput(words, hint=hint, code="model.refused")
