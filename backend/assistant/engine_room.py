"""The one front of local models: loads what a mode needs, gives turns, warms what will be needed, and frees what is idle."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import ClassVar, Final

from backend.assistant.answers import Mode
from backend.assistant.engines.engine import Done, Engine, EngineStats, Finish, Message, Piece, Priority, Request
from backend.assistant.engines.turns import N_WAITING_MAX, Turn
from backend.assistant.engines.waiting_room import Seat, WaitingRoom
from backend.assistant.model_loader import ModelLoader, RoomParts
from backend.assistant.models.model import ModelCard
from backend.errors import TriiError, Unavailable

log = logging.getLogger(__name__)

_TEND_S: Final = 2.0
_BEFORE_OPEN_NS: Final = 10 * 60 * 1_000_000_000
_MINUTE_NS: Final = 60 * 1_000_000_000
_STOP_AGAIN_S: Final = 0.05
_N_STOPS: Final = 200


class EngineRoom:
    """One model at a time, in this process or in one of its own; calls from the engine loop, ``stats`` from any thread."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: RoomParts) -> None:
        self._parts = parts
        self._loader = ModelLoader(parts)
        self._waiting = WaitingRoom(self._stop_running, N_WAITING_MAX)
        self._numbers = itertools.count(1)
        self._prefixes: dict[str, tuple[Message, ...]] = {}
        self._warmed: set[tuple[str, int, int]] = set()  # mode, count of loads, count of restarts
        self._used_ns = parts.clock.monotonic_ns()
        self._freed_for_ns = 0
        self._tending: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Look after engines from now on; loads nothing."""
        await self._loader.begin()
        self._tending = self._parts.tasks.start("tend_engines", self._tend_for_ever())

    async def close(self) -> None:
        """Break off what runs and waits, end engines; bounded in time."""
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.gather(self._tending, return_exceptions=True)
        await self._break_off("The program closes.", waiting_too=True)
        await self._loader.close()

    async def ready(self, mode: Mode, card: ModelCard | None = None) -> EngineStats | None:
        """Have ``card`` loaded, or the mode's model; None where there is none. Raises InvalidInput and Unavailable."""
        card = card or await self._parts.card_for(mode)
        if card is None:
            return None
        if not self._loader.holds(card):
            async with self._waiting.turn(self._short("ready", Priority.PERSON)):
                await self._loader.ensure(card)
        self._use()
        return self.stats()

    def holds(self, card: ModelCard) -> bool:
        """Whether this model is loaded, in the place where it should be."""
        return self._loader.holds(card)

    async def generate(self, request: Request, card: ModelCard | None = None) -> AsyncIterator[Piece]:
        """Text of ``card``, or of the mode's model, then one Done, when it is its turn; closing the iterator cancels.

        What nobody waits for (Priority.BATCH) comes whole at its end, because it is begun again when a person asks
        meanwhile. Raises Unavailable where too many wait, no model can be loaded, or the engine ended under it.
        """
        began_s = time.perf_counter()
        seat = self._waiting.ask(Turn(request.id, request.priority, request.mode))
        try:
            one = (seat, request, card)
            pieces = self._whole(*one) if request.priority is Priority.BATCH else self._streamed(*one)
            async with contextlib.aclosing(pieces):
                async for piece in pieces:
                    yield piece
        except _Cancelled:
            yield Done(Finish.CANCELLED, 0, 0, 0, 0.0, (time.perf_counter() - began_s) * 1000, 0.0)
        finally:
            self._waiting.leave(seat)
            self._use()

    async def cancel(self, request_id: str) -> None:
        """End a request, waiting or running; its iterator ends with a Done that says so."""
        self._waiting.cancel(request_id)

    async def warm(self, prefix: Sequence[Message], mode: str) -> None:
        """Keep a mode's unchanging prefix at hand: now, where its model is loaded and nobody is served, else when that is so."""
        if self._prefixes.get(mode) != tuple(prefix):
            self._warmed = {key for key in self._warmed if key[0] != mode}
        self._prefixes[mode] = tuple(prefix)
        await self._warm_what_is_cold()

    async def count(self, messages: Sequence[Message]) -> int:
        """Tokens of these messages in the loaded model's template. Raises Unavailable."""
        async with self._turn("count", Priority.PERSON) as engine:
            return await engine.count(messages)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector a text, by the loaded model. Raises InvalidInput and Unavailable."""
        async with self._turn("embed", Priority.BATCH) as engine:
            return await engine.embed(texts)

    async def unload(self) -> None:
        """Give the memory back now; ends a loading, and an answer that is being written, which says so."""
        await self._break_off("The model was unloaded while it answered.", waiting_too=False)
        await self._loader.unload("Unloaded")

    def stats(self) -> EngineStats:
        """How the engine stands; from any thread."""
        return replace(self._loader.stats(), n_waiting=self._waiting.n_waiting)

    async def tend(self) -> None:
        """Share processors; unload what has been idle too long or is in the way of a market's opening; warm what is cold."""
        await self._loader.share()
        if self._waiting.running is not None or self._loader.card is None:
            return
        if why := self._why_free():
            async with self._waiting.turn(self._short("free", Priority.BATCH)):  # who asks meanwhile waits for it
                await self._loader.unload(why)
        elif not self._loader.is_in_place:
            with contextlib.suppress(TriiError):  # told as an event; the next question says so
                async with self._waiting.turn(self._short("move", Priority.BATCH)):
                    await self._loader.ensure(self._loader.card)
        else:
            await self._warm_what_is_cold()

    # One request.

    async def _streamed(self, seat: Seat, request: Request, card: ModelCard | None) -> AsyncGenerator[Piece, None]:
        engine = await self._engine_for(seat, request, card)
        self._loader.works(True)
        pieces = engine.generate(request)
        try:
            async for piece in pieces:
                if isinstance(piece, Done) and seat.reason is not None:
                    raise seat.reason
                yield piece
        except Unavailable:
            if seat.reason is None:
                raise
            raise seat.reason from None
        finally:
            await _close(pieces)
            self._loader.works(False)

    async def _whole(self, seat: Seat, request: Request, card: ModelCard | None) -> AsyncGenerator[Piece, None]:
        """The pieces of a batch, given once all are there; begun again each time it gave way."""
        while True:
            try:
                async with contextlib.aclosing(self._streamed(seat, request, card)) as stream:
                    pieces = [piece async for piece in stream]
            except _GivesWay:
                pieces = []
            if pieces and (seat.is_cancelled or not _is_broken_off(pieces[-1])):
                break
            self._waiting.put_back(seat)
        for piece in pieces:
            yield piece

    async def _engine_for(self, seat: Seat, request: Request, card: ModelCard | None) -> Engine:
        """The engine with the request's model, once it has the turn. Raises what ends the request."""
        if not await self._waiting.wait(seat):
            raise _Cancelled
        if request.mode in set(Mode):
            card = card or await self._parts.card_for(Mode(request.mode))
            if card is None:
                raise Unavailable("No model is chosen for this.", hint="Choose one in Models, or add one.", code="engine.no_model")
            if not self._loader.holds(card):
                await self._loader.ensure(card)
        if seat.reason is not None:
            raise seat.reason
        if seat.is_cancelled:
            raise _Cancelled
        if seat.gives_way:
            raise _GivesWay
        return self._loader.engine

    @asynccontextmanager
    async def _turn(self, what: str, priority: Priority) -> AsyncIterator[Engine]:
        """Have the turn for something short."""
        async with self._waiting.turn(self._short(what, priority)):
            yield self._loader.engine

    def _short(self, what: str, priority: Priority) -> Turn:
        return Turn(f"{what}-{next(self._numbers)}", priority, what)

    def _stop_running(self, seat: Seat) -> None:
        self._parts.tasks.start("stop_request", self._stop(seat))

    async def _stop(self, seat: Seat) -> None:
        """Tell the engine to end the running request, again while it may not have begun with it."""
        for _ in range(_N_STOPS):
            if self._waiting.running is not seat or not (seat.is_cancelled or seat.gives_way):
                return
            with contextlib.suppress(TriiError):
                await self._loader.engine.cancel(seat.turn.id)
            await asyncio.sleep(_STOP_AGAIN_S)

    async def _break_off(self, why: str, *, waiting_too: bool) -> None:
        self._waiting.break_off(Unavailable(why, hint="Ask again.", code="engine.broken_off"), waiting_too=waiting_too)
        await asyncio.sleep(0)  # the engine hears of it before it is unloaded or closed

    # Looking after engines.

    async def _tend_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_TEND_S)
            await self.tend()

    def _why_free(self) -> str:
        """Why the model should be unloaded now; empty where it should stay."""
        settings, clock = self._parts.settings(), self._parts.clock
        idle_ns = clock.monotonic_ns() - self._used_ns
        if settings.unload_after_min and idle_ns >= settings.unload_after_min * _MINUTE_NS:
            return f"Unloaded after {settings.unload_after_min} minutes without a question"
        opens_ns = self._parts.next_open_ns() if settings.frees_market_hours and self._loader.is_large else None
        if opens_ns is None or opens_ns == self._freed_for_ns:
            return ""
        if 0 <= opens_ns - clock.now_ns() <= _BEFORE_OPEN_NS:
            self._freed_for_ns = opens_ns
            return "Unloaded before the market opens"
        return ""

    async def _warm_what_is_cold(self) -> None:
        """Prefixes of modes whose model is loaded, one after the other, while nobody asks."""
        for mode, prefix in tuple(self._prefixes.items()):
            card = await self._parts.card_for(Mode(mode)) if mode in set(Mode) else self._loader.card
            key = (mode, self._loader.n_loads, self._loader.stats().n_restarts)
            if key in self._warmed or card is None or self._waiting.running is not None or not self._loader.holds(card):
                continue
            self._warmed.add(key)
            try:
                async with self._turn("warm", Priority.BATCH) as engine:
                    await engine.warm(prefix, mode)
            except TriiError as e:  # the first request reads it instead
                log.info("The prefix of %s could not be kept at hand: %s", mode, e.message)

    def _use(self) -> None:
        self._used_ns = self._parts.clock.monotonic_ns()


class _Cancelled(Exception):
    """A request ended before the engine began with it."""


class _GivesWay(Exception):
    """A batch is to come back later, before the engine began with it."""


def _is_broken_off(piece: Piece) -> bool:
    return isinstance(piece, Done) and piece.finish is Finish.CANCELLED


async def _close(pieces: AsyncIterator[Piece]) -> None:
    close: Callable[[], object] | None = getattr(pieces, "aclose", None)
    if close is not None:
        await close()  # type: ignore[misc]  # generators have it, other iterators need none
