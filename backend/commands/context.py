"""What a command works with when stores are open: the backend, a renderer where there is one, and how it speaks."""

from dataclasses import dataclass

from backend.app import Backend
from backend.commands.home_context import HomeContext
from backend.commands.picture import ChartRenderer, ChartRequest

__all__ = ["ChartRenderer", "ChartRequest", "CommandContext"]


@dataclass(frozen=True, slots=True)
class CommandContext(HomeContext):
    """What a command is given; ``renderer`` is None where this process cannot draw."""

    backend: Backend
    renderer: ChartRenderer | None = None
