"""Has the wanted model loaded in the right place: tried first where unknown, planned by what the machine has, told as it comes."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from backend.assistant.answers import Mode
from backend.assistant.engines.engine import Engine, EngineState, EngineStats, Loaded
from backend.assistant.engines.gguf import parse_header
from backend.assistant.engines.hardware import Hardware, LoadPlan, plan_load, read_hardware
from backend.assistant.engines.probe import probe_model
from backend.assistant.engines.process_engine import LOAD_CRASHED, ProcessEngine, Ways
from backend.assistant.engines.records import CrashMark, LoadTimes
from backend.assistant.engines.sessions import open_session
from backend.assistant.engines.thread_engine import ThreadEngine
from backend.assistant.engines.threads import choose_n_threads, count_cores
from backend.assistant.models.model import ModelCard, Standing
from backend.clock import Clock
from backend.errors import InvalidInput, TriiError, Unavailable
from backend.events import EngineChanged, Event, Level, Notice
from backend.settings_assistant import Assistant
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

_TOLD_EVERY_S: Final = 0.1
_TOLD_STEP: Final = 0.02
_CLOSE_S: Final = 10.0
_LARGE_BYTES: Final = 4 * 10**9
_LARGE_SHARE: Final = 0.25


@runtime_checkable
class Threaded(Protocol):
    """An engine whose number of threads can change while a model is loaded."""

    async def use_threads(self, n_threads: int) -> None:
        """Compute on so many from the next batch on. Raises Unavailable where it cannot."""
        ...


def never() -> bool:
    """No such thing here."""
    return False


def no_opening() -> int | None:
    """No market is waited for."""
    return None


@dataclass(frozen=True, slots=True)
class RoomParts:
    """What engines stand on, given by the composition root.

    card_for : the model chosen for a mode; settings : those in force now
    prefixes : folder for the states of prompts' beginnings and what engines remember
    needs_isolation : whether models must be kept out of this process now, as while live orders can be placed
    is_shared : whether something else computes hard now, as an import or a backtest: models then leave it a processor more
    next_open_ns : when the market on the chart opens next, UTC; None where that is not known
    make_thread, make_process : engines in this process and in one of their own; None makes the product's
    """

    card_for: Callable[[Mode], Awaitable[ModelCard | None]]
    settings: Callable[[], Assistant]
    publish: Callable[[Event], None]
    clock: Clock
    tasks: TaskOwner
    prefixes: Path
    make_thread: Callable[[], Engine] | None = None
    make_process: Callable[[Ways], Engine] | None = None
    needs_isolation: Callable[[], bool] = never
    is_shared: Callable[[], bool] = never
    next_open_ns: Callable[[], int | None] = no_opening
    probe: Callable[[Path], Awaitable[Loaded]] = probe_model
    read_hardware: Callable[[], Hardware] = read_hardware


class ModelLoader:
    """One engine with one model at a time; calls from the engine loop only, but for what says otherwise."""

    def __init__(self, parts: RoomParts) -> None:
        self._parts = parts
        self._lock = asyncio.Lock()
        self._times = LoadTimes(parts.prefixes)
        self._mark = CrashMark(parts.prefixes)
        self._must_isolate = False
        self._engine: Engine | None = None
        self._kind = ""
        self._tried: set[str] = set()
        self._trial: asyncio.Future[Loaded] | None = None
        self._ends_loading = False
        self._is_closed = False
        self._is_at_work = False
        self._shared = False  # whether fewer threads were asked for
        self._shared_life = (0, 0)  # and in which load and restart that was
        self._told = EngineChanged(EngineState.EMPTY)  # read from any thread
        self.card: ModelCard | None = None
        self.is_large = False
        self.n_loads = 0

    async def begin(self) -> None:
        """Look whether a model ended the program the last time."""
        self._must_isolate, is_news = await asyncio.to_thread(self._mark.find, self._parts.clock.now_ns())
        if is_news:
            self._parts.publish(
                Notice(
                    Level.WARNING,
                    "Models now run in a process of their own.",
                    "The program ended last time while a model worked in it.",
                    "Nothing is to be done; a model that ends its own process ends one answer only.",
                    "engine.isolated",
                )
            )

    @property
    def engine(self) -> Engine:
        """The engine with the model. Raises Unavailable where none is loaded."""
        if self._engine is None or self.card is None:
            raise Unavailable("No model is loaded.", hint="Choose one in Models.", code="engine.empty")
        return self._engine

    @property
    def is_in_place(self) -> bool:
        """Whether the engine is where settings and circumstances want it."""
        return self._kind == self._wanted()

    def stats(self) -> EngineStats:
        """How the engine stands; from any thread."""
        engine, told = self._engine, self._told
        stats = engine.stats() if engine is not None else EngineStats()
        figures = {**stats.figures, "progress": told.progress}
        return replace(stats, state=EngineState(told.state), words=told.words or stats.words, figures=figures)

    def holds(self, card: ModelCard) -> bool:
        """Whether this model is loaded, in the place where it should be."""
        loaded = self.card
        is_there = loaded is not None and _what_loads(loaded) == _what_loads(card)
        return is_there and self.is_in_place and not self._is_broken

    async def ensure(self, card: ModelCard) -> None:
        """Have this model loaded. Raises InvalidInput and Unavailable; a caller that is cancelled leaves the loading to go on."""
        if self._is_closed:
            raise _closed()
        error = await asyncio.shield(self._parts.tasks.start("load_model", self._ensure(card)))
        if error is not None:
            raise error

    async def unload(self, words: str = "") -> None:
        """End a trial or a loading, then give the memory back."""
        self._ends_loading = True
        if self._trial is not None:
            self._trial.cancel()
        if self._lock.locked() and self._engine is not None:
            await self._engine.unload()  # also where a loading shows no progress that could be answered
        async with self._lock:
            self._ends_loading = False
            self.card = None  # from here on nobody begins with it
            if self._engine is not None:
                await self._engine.unload()
            self._mark.clear()
            self.tell(EngineState.EMPTY, words)

    async def close(self) -> None:
        """End everything, bounded in time."""
        self._is_closed = self._ends_loading = True
        if self._trial is not None:
            self._trial.cancel()
        try:
            async with asyncio.timeout(_CLOSE_S):
                if self._engine is not None:
                    await self._engine.close()
                async with self._lock:
                    self.card = None
                    self._mark.clear()
        except TimeoutError:
            log.warning("The engine did not close within %g s.", _CLOSE_S)

    def tell(self, state: EngineState, words: str = "", progress: float = 0.0) -> None:
        """Publish how the engine stands."""
        told = EngineChanged(state, words, progress)
        if told != self._told:
            self._told = told
            self._parts.publish(told)

    def works(self, is_at_work: bool) -> None:  # noqa: FBT001 - one state or the other
        """Tell, and mark on disk, that the model works in this process or rests."""
        self._is_at_work = is_at_work
        if self._kind == "thread":
            (self._mark.set if is_at_work else self._mark.clear)()
        if self._told.state in (EngineState.READY, EngineState.BUSY):
            rests = EngineState.BROKEN if self._is_broken else EngineState.READY
            self.tell(EngineState.BUSY if is_at_work else rests)

    async def share(self) -> None:
        """Compute on fewer threads while something else needs the processor, and on all again afterwards."""
        is_shared = self._parts.is_shared()
        life = (self.n_loads, self._engine.stats().n_restarts if self._engine is not None else 0)
        was_shared = self._shared and self._shared_life == life
        self._shared, self._shared_life = is_shared, life
        if self.card is None or is_shared == was_shared:
            return
        await _use_threads(self._engine, choose_n_threads(count_cores(), is_shared=is_shared))

    # Loading.

    @property
    def _is_broken(self) -> bool:
        is_broken = self._engine is not None and self._engine.stats().state is EngineState.BROKEN
        return is_broken or self._told.state == EngineState.BROKEN

    def _wanted(self) -> str:
        isolated = self._must_isolate or self._parts.settings().isolation == "process" or self._parts.needs_isolation()
        return "process" if isolated else "thread"

    async def _ensure(self, card: ModelCard) -> TriiError | None:
        async with self._lock:
            if self._is_closed:
                return _closed()
            if self.holds(card):
                return None
            try:
                await self._load(card)
            except TriiError as e:
                self.card = None
                self._mark.clear()
                is_ended = self._ends_loading or e.code == "engine.cancelled"
                self.tell(EngineState.EMPTY if is_ended else EngineState.BROKEN, e.message)
                return e
            return None

    async def _load(self, card: ModelCard) -> None:
        path = Path(card.path)
        if card.standing is Standing.REFUSED:
            raise InvalidInput(card.words or f"{card.name} was refused.", hint="Choose another in Models.", code="models.refused")
        if card.standing is Standing.UNTRIED and card.sha256 not in self._tried:
            self.tell(EngineState.LOADING, f"Trying {card.name} in a process of its own")
            await self._try(path)
            self._tried.add(card.sha256)
        plan = await self._plan(card)
        kind = self._wanted()
        if self._engine is None or self._kind != kind:
            await self._drop_engine()
            self._engine, self._kind = self._make(kind), kind
        self.card = None
        estimate_s = await asyncio.to_thread(self._times.estimate_s, card.sha256, kind, card.n_bytes)
        words = f"Loading {card.name}, about {max(1, round(estimate_s))} s"
        self.tell(EngineState.LOADING, words)
        if kind == "thread":
            self._mark.set()
        began_s = time.perf_counter()
        plan = await self._load_as_planned(card, plan, words)
        self._mark.clear()
        await asyncio.to_thread(self._times.keep, card.sha256, kind, time.perf_counter() - began_s)
        self.card = card
        self.n_loads += 1
        self.tell(EngineState.READY, "", 1.0)
        log.info("%s is loaded. %s", card.name, plan.words)

    async def _try(self, path: Path) -> None:
        """The trial of an unknown model; whoever unloads ends it. Raises InvalidInput and Unavailable."""
        trial = asyncio.ensure_future(self._parts.probe(path))
        self._trial = trial
        try:
            await trial
        except asyncio.CancelledError:
            if not self._ends_loading:
                raise
            raise Unavailable("The loading was ended.", code="engine.cancelled") from None
        finally:
            trial.cancel()
            self._trial = None

    async def _load_as_planned(self, card: ModelCard, plan: LoadPlan, words: str) -> LoadPlan:
        """Load; where layers on a graphics card ended the process, once more without. The plan that held."""
        assert self._engine is not None
        try:
            await self._engine.load(Path(card.path), plan.options, self._progress(words))
        except Unavailable as e:
            if e.code != LOAD_CRASHED or plan.options.n_gpu_layers == 0:
                raise
            log.info("%s It is loaded again without the graphics card.", e.message)
            plan = await self._plan(card, uses_gpu=False)
            await self._engine.load(Path(card.path), plan.options, self._progress(words))
        return plan

    async def _plan(self, card: ModelCard, *, uses_gpu: bool = True) -> LoadPlan:
        header = await asyncio.to_thread(parse_header, Path(card.path))
        n_bytes = header.n_bytes + (card.projector.n_bytes if card.projector else 0)
        hardware = await asyncio.to_thread(self._parts.read_hardware)
        self.is_large = n_bytes >= min(_LARGE_BYTES, hardware.total_bytes * _LARGE_SHARE)
        loaded = self._engine.stats().loaded if self._engine is not None else None
        hardware = hardware if uses_gpu else replace(hardware, gpus=())
        plan = plan_load(header, n_bytes, hardware, self._parts.settings(), loaded.n_bytes if loaded else 0)
        adapter, projector = (one.path if one is not None else "" for one in (card.adapter, card.projector))
        return replace(plan, options=replace(plan.options, adapter=adapter, projector=projector))

    def _progress(self, words: str) -> Callable[[float], bool]:
        """Told by the engine, from whichever thread it loads on; tells the loop now and then."""
        loop = asyncio.get_running_loop()
        told_s, told = float("-inf"), 0.0

        def on_progress(share: float) -> bool:
            nonlocal told_s, told
            now_s = time.perf_counter()
            if share - told >= _TOLD_STEP and now_s - told_s >= _TOLD_EVERY_S:
                told_s, told = now_s, share
                loop.call_soon_threadsafe(self._tell_progress, words, share)
            return not self._ends_loading

        return on_progress

    def _tell_progress(self, words: str, share: float) -> None:
        if self._told.state == EngineState.LOADING and self.card is None:
            self.tell(EngineState.LOADING, words, share)

    # Engines.

    def _make(self, kind: str) -> Engine:
        if kind == "thread":
            make = self._parts.make_thread
            return make() if make is not None else ThreadEngine(open_session, self._parts.prefixes)
        ways = Ways(on_crash=self._on_crash, on_state=self._on_state)
        if self._parts.make_process is not None:
            return self._parts.make_process(ways)
        return ProcessEngine(self._parts.prefixes, self._parts.clock, self._parts.tasks, ways)

    async def _drop_engine(self) -> None:
        engine, self._engine, self.card = self._engine, None, None
        if engine is not None:
            await engine.close()
            self._mark.clear()

    def _on_state(self, state: EngineState, words: str) -> None:
        """It is back after a crash, at work again where somebody waited for it, or given up."""
        self.tell(EngineState.BUSY if state is EngineState.READY and self._is_at_work else state, words)

    def _on_crash(self, why: str) -> None:
        self._must_isolate = True  # also where it ran apart only for now
        self.tell(EngineState.LOADING, "The model's engine ended and is started again")
        self._parts.publish(
            Notice(
                Level.WARNING,
                "The model's engine ended and is started again.",
                f"{why[:1].upper()}{why[1:]}.",
                "An answer that was being written is lost; ask again. If it happens often, choose another model.",
                "engine.restarted",
            )
        )


def _what_loads(card: ModelCard) -> tuple[object, ...]:
    return card.sha256, card.path, card.adapter, card.projector


async def _use_threads(engine: object, n_threads: int) -> None:
    if isinstance(engine, Threaded):
        with contextlib.suppress(TriiError):  # an engine that cannot goes on as it was
            await engine.use_threads(n_threads)


def _closed() -> Unavailable:
    return Unavailable("The engine is closed.", code="engine.closed")
