"""How soon answers come, by mode and by model, held against the goal of the mode; which models are too slow for one just now."""

import statistics
from collections import deque
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from backend.assistant.answers import Answer, Mode, Phase
from backend.clock import Clock
from backend.telemetry.metrics import Distribution, Histogram

GOALS_MS: Final = MappingProxyType({Mode.FAST: 500.0, Mode.DEEP: 5_000.0, Mode.ANALYSIS: 3_000.0, Mode.SEARCH: 500.0})
"""Until the first word in Fast, the first word or thought in Deep Thinking, and the whole of what code makes at once."""
N_NEWEST: Final = 5
N_JUDGED_MIN: Final = 3  # one slow answer says nothing
_OVER_MS: Final = 1.0  # what was cut would have taken longer than the goal, nobody knows by how much
REST_NS: Final = 15 * 60 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class ModelPace:
    """How long one model's newest answers in a mode took, in ms, and whether it is left alone for that."""

    model: str
    median_ms: float
    n: int
    rests: bool


@dataclass(frozen=True, slots=True)
class ModePace:
    """How soon answers of a mode came since the program started, in ms; ``goal_ms`` is for 95 of a hundred.

    waits : what the goal is about; wholes : until the end
    """

    mode: Mode
    waits: Distribution
    goal_ms: float
    wholes: Distribution
    models: tuple[ModelPace, ...] = ()

    @property
    def is_met(self) -> bool:
        """Whether the goal is held; so where nothing was asked."""
        return not self.waits.n or self.waits.p95 <= self.goal_ms


@dataclass(slots=True)
class _Newest:
    waits_ms: deque[float] = field(default_factory=lambda: deque(maxlen=N_NEWEST))
    rests_until_ns: int = 0  # 0: it never was too slow, or was quick again


class Pace:
    """How long people waited; answers that were repeated or broke off say nothing and are left out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits = {mode: Histogram() for mode in Mode}
        self._wholes = {mode: Histogram() for mode in Mode}
        self._models: dict[tuple[Mode, str], _Newest] = {}

    def note(self, answer: Answer) -> None:
        """Count an answer that is over."""
        told, mode = answer.provenance, answer.question.mode
        if answer.phase is not Phase.DONE or told is None or told.is_cached:
            return
        wait_ms = told.total_ms
        if told.done is not None and mode is Mode.FAST:
            wait_ms = answer.first_word_ms  # it promises an answer: whoever sees a model think still waits for that
        elif told.done is not None and mode is Mode.DEEP:
            wait_ms = told.first_token_ms
        if not answer.question.is_patient:
            self._waits[mode].record(wait_ms)
        self._wholes[mode].record(told.total_ms)
        if told.done is not None:
            self._judge(mode, told.model, wait_ms)
        elif (cut := told.cut_wording) is not None:
            self._judge(mode, cut.by, GOALS_MS[mode] + _OVER_MS)

    def slow_ms(self, mode: Mode, model: str) -> float:
        """The median of a model's newest answers while it is left alone for being too slow in a mode; 0 for all others."""
        newest = self._models.get((mode, model))
        rests = newest is not None and self._clock.monotonic_ns() < newest.rests_until_ns
        return statistics.median(newest.waits_ms) if newest is not None and rests else 0.0

    def read(self) -> tuple[ModePace, ...]:
        """Each mode, as it stands."""
        return tuple(
            ModePace(mode, waits.read(), GOALS_MS[mode], self._wholes[mode].read(), self._models_in(mode))
            for mode, waits in self._waits.items()
        )

    def _judge(self, mode: Mode, model: str, wait_ms: float) -> None:
        newest = self._models.setdefault((mode, model), _Newest())
        if newest.rests_until_ns and wait_ms <= GOALS_MS[mode]:  # it was tried again, and is quick enough by now
            newest.waits_ms.clear()
            newest.rests_until_ns = 0
        newest.waits_ms.append(wait_ms)
        if len(newest.waits_ms) >= N_JUDGED_MIN and statistics.median(newest.waits_ms) > GOALS_MS[mode]:
            newest.rests_until_ns = self._clock.monotonic_ns() + REST_NS

    def _models_in(self, mode: Mode) -> tuple[ModelPace, ...]:
        return tuple(
            ModelPace(model, statistics.median(newest.waits_ms), len(newest.waits_ms), rests=self.slow_ms(mode, model) > 0)
            for (of, model), newest in self._models.items()
            if of is mode
        )


def pace_words(pace: ModePace) -> str:
    """How soon a mode answers, against its goal, and which models do it."""
    if not pace.waits.n:
        return f"nothing asked yet; the goal is {pace.goal_ms:,.0f} ms"
    half, most = f"{pace.waits.p50:,.0f} ms for half", f"{pace.waits.p95:,.0f} ms for 95 of a hundred"
    held = "held" if pace.is_met else "not held"
    words = f"{half}, {most} of {pace.waits.n:,}; the goal is {pace.goal_ms:,.0f} ms: {held}"
    if pace.mode in (Mode.FAST, Mode.DEEP):
        words += f". To the end {pace.wholes.p50:,.0f} ms for half, {pace.wholes.p95:,.0f} ms for 95 of a hundred"
    models = [f"{one.model} {one.median_ms:,.0f} ms{' (too slow, rests)' if one.rests else ''}" for one in pace.models]
    return f"{words}. By model: {', '.join(models)}" if models else words
