"""Who is asked for what is outside: each source for itself, all at once, and none is waited for beyond its deadline."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from backend.assistant.facts.outside import (
    NO_FUNDAMENTALS,
    NO_MOOD,
    NO_NEWS,
    NO_SENTIMENT,
    Headline,
    Mood,
    Outside,
    Ratio,
)
from backend.assistant.stages import INPUTS_S, Stages
from backend.domain.instruments import Instrument
from backend.errors import TriiError

T = TypeVar("T")
Ask: TypeAlias = Callable[[Instrument, int], Coroutine[Any, Any, T]]


@dataclass(frozen=True, slots=True)
class Sources:
    """What sources know of an instrument at a moment in UTC nanoseconds; None for those that are not connected."""

    news: Ask[tuple[Headline, ...]] | None = None
    mood: Ask[Mood | None] | None = None
    ratios: Ask[tuple[Ratio, ...]] | None = None

    async def ask(self, instrument: Instrument, as_of_ns: int, stages: Stages) -> Outside:
        """What they give in time; of the others, why there is nothing."""

        async def asked(name: str, ask: Ask[T] | None, unconnected: str) -> tuple[T | None, str]:
            if ask is None:
                return None, unconnected
            late = f"The {name} did not come within {INPUTS_S:g} s."
            try:
                return await stages.within(name, INPUTS_S, ask(instrument, as_of_ns), late=late), ""
            except TriiError as error:
                return None, error.message

        (news, why_no_news), (mood, why_no_mood), (ratios, why_no_ratios) = await asyncio.gather(
            asked("news", self.news, NO_NEWS),
            asked("sentiment", self.mood, NO_SENTIMENT),
            asked("fundamentals", self.ratios, NO_FUNDAMENTALS),
        )
        return Outside(news, mood, ratios, why_no_news, why_no_mood or NO_MOOD, why_no_ratios)
