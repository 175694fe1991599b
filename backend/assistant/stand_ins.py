"""A smaller model answers where the chosen one was too slow for a mode; the answer says so, and the bigger one is tried again."""

from collections.abc import Awaitable, Callable, Iterable

from backend.assistant.answers import Mode
from backend.assistant.models.model import ModelCard, Standing
from backend.assistant.pace import Pace


class StandIns:
    """``is_wanted`` : whether the person lets smaller models take the place of the chosen one."""

    def __init__(self, cards: Callable[[], Awaitable[tuple[ModelCard, ...]]], pace: Pace, is_wanted: Callable[[], bool]) -> None:
        self._cards = cards
        self._pace = pace
        self._is_wanted = is_wanted

    async def find(self, mode: Mode, chosen: ModelCard) -> tuple[ModelCard, float] | None:
        """The model to take in the place of ``chosen``, and how long that took, in ms; None where it is to answer itself."""
        slow_ms = self._pace.slow_ms(mode, chosen.name)
        if not slow_ms or not self._is_wanted():
            return None
        able = [card for card in await self._cards() if not self._pace.slow_ms(mode, card.name)]
        found = smaller(able, chosen, mode)
        return None if found is None else (found.fitted(mode), slow_ms)


def smaller(cards: Iterable[ModelCard], chosen: ModelCard, mode: Mode) -> ModelCard | None:
    """The biggest of those that are smaller, fit ones first; never one that is not fit for the mode where ``chosen`` is."""
    able = [
        card
        for card in cards
        if card.n_bytes < chosen.n_bytes
        and card.is_usable
        and card.has_template
        and card.standing is not Standing.UNTRIED
        and (is_fit(card, mode) or not is_fit(chosen, mode))
    ]
    return max(able, key=lambda card: (is_fit(card, mode), card.n_bytes, card.id), default=None)


def is_fit(card: ModelCard, mode: Mode) -> bool:
    """Whether a model passed its examination for a mode on this machine."""
    examined = card.examined_for(mode)
    return examined is not None and examined.is_fit
