"""What models stand on, given by the composition root: ledger, folder, and the parts of engines that they need."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from backend.assistant.engines.engine import Engine, Loaded
from backend.assistant.engines.probe import probe_adapter, probe_projector
from backend.assistant.models.download import DownloadRules
from backend.assistant.models.files import RESERVE_BYTES
from backend.assistant.models.starter import Starter, find_starter
from backend.bus import Bus
from backend.clock import Clock
from backend.storage.ledger import Ledger
from backend.tasks import TaskOwner


class Header(Protocol):
    """What a model's file says of it; empty words and 0 where it does not tell."""

    @property
    def name(self) -> str:
        """As the file calls it."""
        ...

    @property
    def architecture(self) -> str:
        """As "llama"."""
        ...

    @property
    def n_parameters(self) -> int:
        """Of all tensors."""
        ...

    @property
    def quantisation(self) -> str:
        """As "Q4_K_M"."""
        ...

    @property
    def n_ctx_train(self) -> int:
        """Tokens of context that it was trained on."""
        ...

    @property
    def n_layers(self) -> int:
        """Blocks."""
        ...

    @property
    def n_vocab(self) -> int:
        """Tokens that it knows."""
        ...

    @property
    def licence(self) -> str:
        """As "apache-2.0"."""
        ...

    @property
    def template(self) -> str:
        """How it wants a conversation written."""
        ...

    @property
    def is_embedding(self) -> bool:
        """Whether it makes vectors and no text."""
        ...


@dataclass(frozen=True, slots=True)
class ModelParts:
    """What models stand on.

    ledger : words; folder : where files of models are kept
    parse_header : reads what a file says of itself, and refuses what is no model; blocks
    probe : loads a file in a process of its own; InvalidInput where it is no model or ends that process
    probe_adapter, probe_projector : the same of a model with an adapter, and with a projector, which is shown a picture
    make_engine : an engine of its own for an examination, best one in another process; closed afterwards
    reserve_bytes : left free on the disk
    undo_s : how long the file of a removed model stays, so that the removal can be taken back
    """

    ledger: Ledger
    folder: Path
    bus: Bus
    clock: Clock
    tasks: TaskOwner
    parse_header: Callable[[Path], Header]
    probe: Callable[[Path], Awaitable[Loaded]]
    make_engine: Callable[[], Engine]
    probe_adapter: Callable[[Path, Path], Awaitable[Loaded]] = probe_adapter
    probe_projector: Callable[[Path, Path], Awaitable[Loaded]] = probe_projector
    find_starter: Callable[[], Starter | None] = find_starter
    rules: DownloadRules = field(default_factory=DownloadRules)
    reserve_bytes: int = RESERVE_BYTES
    undo_s: float = 600.0
