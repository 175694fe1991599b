"""How the assistant stands: its engine, how soon each mode answers against its goal, services and what they cost."""

from collections.abc import Iterable
from dataclasses import dataclass

from backend.assistant.engines.engine import EngineStats
from backend.assistant.pace import ModePace
from backend.assistant.remotes import ServiceState


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """A service that can be asked: ``is_down`` while its last calls failed and it is left alone."""

    state: ServiceState
    is_set_up: bool
    is_down: bool


@dataclass(frozen=True, slots=True)
class AssistantHealth:
    """Everything of one moment; money in US$ of the calendar month."""

    engine: EngineStats
    paces: tuple[ModePace, ...]
    services: tuple[ServiceHealth, ...]
    reach: str
    month: str
    spent_usd: float
    budget_usd: float


def engine_words(stats: EngineStats) -> str:
    """The engine in one sentence: where, with how many layers on a card, how fast it was last, who waits."""
    loaded = stats.loaded
    if loaded is None:
        words = "No model is loaded; the first question loads it"
    else:
        layers = "all layers" if loaded.n_gpu_layers < 0 else f"{loaded.n_gpu_layers} layers"
        where = f"{layers} on the graphics card" if loaded.n_gpu_layers else f"on the processor with {loaded.n_threads} threads"
        words = f"{loaded.name} in {loaded.place}, {where}, a context of {loaded.n_ctx:,} tokens"
    if stats.last is not None and stats.last.n_generated:
        words += f"; last {stats.last.tokens_per_s:,.0f} tokens a second"
    restarts = f", {stats.n_restarts} restarts" if stats.n_restarts else ""
    return f"{words}; {stats.n_waiting} waiting, {stats.n_requests:,} answered{restarts}."


def service_words(services: Iterable[ServiceHealth]) -> str:
    """Which services could be asked."""
    able = [f"{one.state.title} ({'down' if one.is_down else one.state.model})" for one in services if one.is_set_up]
    return ", ".join(able) or "none is set up"
