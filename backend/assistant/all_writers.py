"""Everybody who can write text, local models and remote ones, behind the one protocol that modes know."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

from backend.assistant.answers import Mode
from backend.assistant.engine_room import EngineRoom
from backend.assistant.engines.engine import Message, Request, WriterPiece
from backend.assistant.engines.repeating import stop_repeating
from backend.assistant.engines.thinking import sign_before, tell_apart
from backend.assistant.models.model import ModelCard
from backend.assistant.routing import Candidate
from backend.assistant.stand_ins import StandIns, is_fit
from backend.errors import NotFound, Unavailable

LOCAL: Final = "local"
LETTERS_A_TOKEN: Final = 3  # a careful guess where a service counts by itself


class Remote(Protocol):
    """An endpoint or a service that a person has set up."""

    def candidate(self) -> Candidate | None:
        """How it stands; None while it is not set up."""
        ...

    def generate(self, request: Request) -> AsyncIterator[WriterPiece]:
        """Text and thoughts, then one Done. Raises Unavailable."""
        ...

    def cost_usd(self, n_prompt: int, n_generated: int) -> float:
        """What a call costs by the list of prices."""
        ...

    @property
    def n_ctx(self) -> int:
        """Tokens that it reads at once."""
        ...


CardFor = Callable[[Mode], Awaitable[ModelCard | None]]


class AllWriters:
    """The room's model for the mode, a smaller one where that is too slow, then the remotes by name.

    chosen_for : the model of a mode at once, so that nobody waits for the trial of one that a question does not need
    """

    def __init__(self, room: EngineRoom, chosen_for: CardFor, remotes: Mapping[str, Remote], stand_ins: StandIns) -> None:
        self._room = room
        self._chosen_for = chosen_for
        self._remotes = remotes
        self._stand_ins = stand_ins

    async def candidates(self, mode: Mode) -> tuple[Candidate, ...]:
        """The local model of the mode, if any, who stands in for it, then remotes that are set up."""
        found = [remote.candidate() for remote in self._remotes.values()]
        remotes = tuple(one for one in found if one is not None)
        card = await self._chosen_for(mode)
        if card is None:
            return remotes
        sees = card.projector is not None
        found_smaller = await self._stand_ins.find(mode, card)
        stand_in, slow_ms = found_smaller or (None, 0.0)
        own = Candidate(
            LOCAL,
            card.name,
            is_fit=is_fit(card, mode),
            is_loadable=card.has_template,
            n_ctx=card.n_ctx_train,
            slow_ms=slow_ms,
            sees=sees,
        )
        if stand_in is None:
            return (own, *remotes)
        return (
            own,
            Candidate(LOCAL, stand_in.name, is_fit=is_fit(stand_in, mode), card=stand_in, sees=stand_in.projector is not None),
            *remotes,
        )

    async def ready(self, candidate: Candidate, mode: Mode) -> str:
        """Load the local model where it is not; what the answer's cache knows the writer by."""
        if candidate.name != LOCAL:
            return f"{candidate.name}/{candidate.model}"
        stats = await self._room.ready(mode, candidate.card)
        if stats is None or stats.loaded is None:
            raise Unavailable(
                f"{candidate.model} could not be loaded.",
                hint="Open Models to see why, or choose another.",
                code="assistant.not_loaded",
            )
        return stats.loaded.sha256

    async def is_loaded(self, candidate: Candidate, mode: Mode) -> bool:
        """Whether it is the local model, and in memory."""
        card = candidate.card or (await self._chosen_for(mode) if candidate.name == LOCAL else None)
        return card is not None and self._room.holds(card)

    async def count(self, candidate: Candidate, messages: Sequence[Message]) -> int:
        """As the local model counts; for remotes a careful guess."""
        if candidate.name == LOCAL:
            return await self._room.count(messages)
        return sum(len(message.text) // LETTERS_A_TOKEN + 8 for message in messages)

    def room_of(self, candidate: Candidate) -> int:
        """Tokens that the writer reads at once."""
        if candidate.name != LOCAL:
            return self._remote(candidate).n_ctx
        loaded = self._room.stats().loaded
        return loaded.n_ctx if loaded else 0

    def thinks(self, candidate: Candidate) -> bool:
        """As its template tells of the local model; of a remote one nobody knows, so it may."""
        loaded = self._room.stats().loaded
        return candidate.name != LOCAL or (loaded is not None and loaded.thinks)

    async def generate(self, candidate: Candidate, request: Request) -> AsyncIterator[WriterPiece]:
        """Text, and apart from it what is thought aloud, then one Done; a service counts it towards the budget.

        Raises Unavailable for a writer that only thought, and as writers do.
        """
        is_local = candidate.name == LOCAL
        pieces = self._of_room(request, candidate) if is_local else self._remote(candidate).generate(request)

        def begins_in() -> str:
            return sign_before(request, self._room.stats().loaded) if is_local else ""

        async with contextlib.aclosing(tell_apart(pieces, begins_in)) as told:
            async for piece in told:
                yield piece

    def _of_room(self, request: Request, candidate: Candidate) -> AsyncIterator[WriterPiece]:
        loaded = self._room.stats().loaded
        return stop_repeating(self._room.generate(request, candidate.card), request, loaded.place if loaded else "this process")

    def cost_usd(self, candidate: Candidate, n_prompt: int, n_generated: int) -> float:
        """0 for models of this computer."""
        return 0.0 if candidate.name == LOCAL else self._remote(candidate).cost_usd(n_prompt, n_generated)

    def _remote(self, candidate: Candidate) -> Remote:
        remote = self._remotes.get(candidate.name)
        if remote is None:
            raise NotFound(f"There is no service {candidate.name!r} any more.", hint="Ask again.", code="assistant.no_service")
        return remote
