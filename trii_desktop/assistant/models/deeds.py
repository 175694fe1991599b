"""What the dialog of models shows and can have done."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from backend.assistant.answers import Mode
from backend.assistant.models.model import ModelCard
from backend.assistant.models.models import CutShort
from backend.assistant.models.work import Work


class ModelDeeds(Protocol):
    """Answers at once with what is known, and starts what takes time; ``refresh`` of the dialog is called when it is other."""

    def cards(self) -> tuple[ModelCard, ...]:
        """Every model."""
        ...

    def works(self) -> tuple[Work, ...]:
        """What is under way."""
        ...

    def cut_short(self) -> tuple[CutShort, ...]:
        """Downloads that can go on."""
        ...

    @property
    def has_starter(self) -> bool:
        """Whether the starter model is installed."""
        ...

    def add(self, path: Path) -> None:
        """Take a file in."""
        ...

    def add_starter(self) -> None:
        """Bring the starter model in."""
        ...

    def download(self, url: str, sha256: str, refuse: Callable[[str], None]) -> None:
        """Fetch a model; ``refuse`` is told why where that ends in an error of what was typed."""
        ...

    def discard(self, found: CutShort) -> None:
        """Delete what came of a download."""
        ...

    def stop(self, work: Work) -> None:
        """End what is under way."""
        ...

    def examine(self, card: ModelCard, modes: tuple[Mode, ...]) -> None:
        """Try what a model can do for these modes, one after the other."""
        ...

    def choose(self, mode: Mode, card: ModelCard | None) -> None:
        """Use a model for a mode, or none; that can be taken back."""
        ...

    def add_adapter(self, card: ModelCard, mode: Mode, path: Path) -> None:
        """Let an adapter go with a model for a mode."""
        ...

    def remove_adapter(self, card: ModelCard, mode: Mode) -> None:
        """Let a model go without its adapter for a mode; that can be taken back."""
        ...

    def add_projector(self, card: ModelCard, path: Path) -> None:
        """Let a model see pictures by a projector."""
        ...

    def remove_projector(self, card: ModelCard) -> None:
        """Let a model see no more; that can be taken back."""
        ...

    def remove(self, card: ModelCard) -> None:
        """Forget a model; that can be taken back."""
        ...
