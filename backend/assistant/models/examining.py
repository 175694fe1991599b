"""Trying what a model can do for a mode on this machine: how fast it is, and whether it does as it is told."""

import asyncio
import contextlib
import hashlib
import os
import platform
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from backend.assistant.answers import Mode
from backend.assistant.engines.engine import Done, Engine, Finish, LoadOptions, Message, Priority, Request, Role, Text
from backend.assistant.engines.thinking import sign_before, tell_apart
from backend.assistant.models.model import Examined, ModelCard
from backend.assistant.models.prompts import PROMPTS_OF, Prompt
from backend.assistant.models.work import Doing, Tally
from backend.clock import Clock
from backend.errors import Unavailable

N_CTX: Final = 2_048
PROMPT_S_MAX: Final = 60.0
_N_TOKENS_MAX: Final = 96
_N_SPEED_TOKENS: Final = 64
_SPEED: Final = (
    Message(Role.SYSTEM, "You explain charts to traders, at length."),
    Message(Role.USER, "Explain what moving averages, support and resistance are."),
)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a mode asks of a model before it may phrase there.

    obedience_min : share of the dozen prompts that it must answer as asked
    each_min : share of every kind of prompt, so that no kind fails altogether
    first_token_ms_max : with the mode's instructions read before, the median
    tokens_per_s_min : while it writes
    """

    obedience_min: float
    each_min: float
    first_token_ms_max: float
    tokens_per_s_min: float


DEMANDS: Final = MappingProxyType(
    {
        Mode.FAST: Demand(0.75, 0.5, 1_500, 10),
        Mode.DEEP: Demand(0.75, 0.5, 15_000, 2),
        Mode.ANALYSIS: Demand(0.85, 0.6, 5_000, 10),
        Mode.SEARCH: Demand(0.75, 0.5, 3_000, 8),
    }
)
"""Reasons in docs/decisions/0147-examination-of-models.md; a card that falls short leaves the mode to plain wording."""
_KINDS: Final = MappingProxyType(
    {
        "tags": "keeping to the tags",
        "digits": "leaving numbers out",
        "language": "the language asked for",
        "facts": "staying with the facts",
        "schema": "judging by the facts",
    }
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one prompt."""

    prompt: Prompt
    text: str
    is_passed: bool
    done: Done | None


class Examiner:
    """Examines on an engine of its own, made for the purpose and closed afterwards, so that nobody's answer waits."""

    def __init__(self, make_engine: Callable[[], Engine], clock: Clock) -> None:
        self._make_engine = make_engine
        self._clock = clock

    async def examine(self, card: ModelCard, mode: Mode, tally: Tally) -> Examined:
        """Load the model, ask it the mode's prompts and judge. Raises InvalidInput, Unavailable where the engine breaks off."""
        prompts = PROMPTS_OF[mode]
        tally.turn_to(Doing.EXAMINING, n_total=len(prompts) + 1, words="Loads the model.")
        engine = self._make_engine()
        try:
            await engine.load(Path(card.path), LoadOptions(n_ctx=N_CTX, adapter=card.adapter.path if card.adapter else ""))
            tally.count(0, len(prompts) + 1)
            tokens_per_s = await _speed(engine, mode)
            answered = []
            for number, prompt in enumerate(prompts, 1):
                tally.count(number, len(prompts) + 1)
                answered.append(await ask_prompt(engine, prompt, mode.value, number))
        finally:
            await engine.close()
        return judge(mode, answered, tokens_per_s, self._clock.now_ns())


def judge(mode: Mode, answered: Sequence[Answered], tokens_per_s: float, now_ns: int) -> Examined:
    """What answers and speed come to, against the mode's demand."""
    demand = DEMANDS[mode]
    obedience = sum(one.is_passed for one in answered) / len(answered)
    first_token_ms = statistics.median([one.done.first_token_ms for one in answered if one.done is not None] or [float(2**31)])
    problems = []
    weak = _weak_kinds(answered, demand.each_min)
    if obedience < demand.obedience_min or weak:
        n_passed = sum(one.is_passed for one in answered)
        at = f", weakest at {_listed([_KINDS[kind] for kind in weak])}" if weak else ""
        problems.append(f"it did as told in {n_passed} of {len(answered)} cases{at}")
    if first_token_ms > demand.first_token_ms_max:
        problems.append(f"its first word takes {first_token_ms / 1000:.1f} s")
    if tokens_per_s < demand.tokens_per_s_min:
        problems.append(f"it writes {tokens_per_s:.1f} tokens a second")
    words = f"Not fit: {'; '.join(problems)}." if problems else "Fit."
    return Examined(mode, not problems, words, first_token_ms, tokens_per_s, obedience, now_ns)


def machine_mark() -> str:
    """What tells this machine from another, as far as speed goes, without naming it."""
    said = (platform.node(), platform.system(), platform.machine(), platform.processor(), str(os.cpu_count()))
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]


async def _speed(engine: Engine, mode: Mode) -> float:
    """Tokens a second while it writes at length."""
    request = Request("speed", _SPEED, n_tokens_max=_N_SPEED_TOKENS, priority=Priority.BATCH, mode=f"examine {mode}")
    _, done = await _generate(engine, request)
    return done.tokens_per_s if done is not None else 0.0


async def ask_prompt(engine: Engine, prompt: Prompt, mode: str, number: int) -> Answered:
    """One prompt, its instructions read before as in the mode itself. An answer that takes too long is none."""
    request = Request(
        f"{mode}-{number}",
        prompt.messages,
        n_tokens_max=_N_TOKENS_MAX,
        schema=dict(prompt.schema) if prompt.schema is not None else None,
        priority=Priority.BATCH,
        mode=f"examine {prompt.asks}" if mode in set(Mode) else f"compare {mode} {prompt.asks}",
    )
    await engine.warm(prompt.messages[:1], request.mode)
    text, done = await _generate(engine, request)
    is_whole = done is not None and done.finish is Finish.STOP
    return Answered(prompt, text, is_whole and prompt.passes(text.strip()), done)


async def _generate(engine: Engine, request: Request) -> tuple[str, Done | None]:
    text: list[str] = []
    pieces = tell_apart(engine.generate(request), lambda: sign_before(request, engine.stats().loaded))
    try:
        async with asyncio.timeout(PROMPT_S_MAX), contextlib.aclosing(pieces) as told:
            async for piece in told:
                if isinstance(piece, Done):
                    return "".join(text), piece
                if isinstance(piece, Text):
                    text.append(piece.text)
                elif piece.is_all:
                    text.clear()
    except TimeoutError:
        await engine.cancel(request.id)
        return "".join(text), None
    raise Unavailable("The engine ended without an answer.", hint="Examine the model again.", code="model.examination")


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _weak_kinds(answered: Sequence[Answered], each_min: float) -> tuple[str, ...]:
    asked, passed = Counter(one.prompt.asks for one in answered), Counter(one.prompt.asks for one in answered if one.is_passed)
    return tuple(kind for kind, n in asked.items() if passed[kind] / n < each_min)
