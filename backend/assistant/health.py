"""How the assistant stands: its engine, how soon each mode answers against its goal, services and what they cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backend.assistant.answers import Answer, Mode, Phase
from backend.assistant.engines.engine import EngineStats
from backend.assistant.remotes import ServiceState
from backend.telemetry.metrics import Distribution, Histogram

GOALS_MS: Final = MappingProxyType({Mode.FAST: 500.0, Mode.DEEP: 5_000.0, Mode.ANALYSIS: 3_000.0, Mode.SEARCH: 500.0})
"""Until the first word of conversations, and until the whole of what code makes at once."""


@dataclass(frozen=True, slots=True)
class ModePace:
    """How soon answers of a mode came since the program started, in ms; ``goal_ms`` is for 95 of a hundred."""

    mode: Mode
    waits: Distribution
    goal_ms: float

    @property
    def is_met(self) -> bool:
        """Whether the goal is held; so where nothing was asked."""
        return not self.waits.n or self.waits.p95 <= self.goal_ms


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


class Pace:
    """How long people waited, by mode; answers that were repeated or broke off say nothing and are left out."""

    def __init__(self) -> None:
        self._waits = {mode: Histogram() for mode in Mode}

    def note(self, answer: Answer) -> None:
        """Count an answer that is over."""
        told = answer.provenance
        if answer.phase is not Phase.DONE or told is None or told.is_cached:
            return
        is_talk = answer.question.mode in (Mode.FAST, Mode.DEEP)
        self._waits[answer.question.mode].record(told.first_token_ms if is_talk and told.done is not None else told.total_ms)

    def read(self) -> tuple[ModePace, ...]:
        """Each mode, as it stands."""
        return tuple(ModePace(mode, waits.read(), GOALS_MS[mode]) for mode, waits in self._waits.items())


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


def pace_words(pace: ModePace) -> str:
    """How soon a mode answers, against its goal."""
    if not pace.waits.n:
        return f"nothing asked yet; the goal is {pace.goal_ms:,.0f} ms"
    half, most = f"{pace.waits.p50:,.0f} ms for half", f"{pace.waits.p95:,.0f} ms for 95 of a hundred"
    return f"{half}, {most} of {pace.waits.n:,}; the goal is {pace.goal_ms:,.0f} ms"


def service_words(services: Iterable[ServiceHealth]) -> str:
    """Which services could be asked."""
    able = [f"{one.state.title} ({'down' if one.is_down else one.state.model})" for one in services if one.is_set_up]
    return ", ".join(able) or "none is set up"
