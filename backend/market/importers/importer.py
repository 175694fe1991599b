"""Imports: preview what a file holds, then read, check and publish it whole or not at all."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, TypeAlias

from backend.clock import Clock
from backend.errors import InvalidInput, TriiError
from backend.events import Bus, ImportFinished, ImportProgressed
from backend.market.action_log import ActionLog, save_actions
from backend.market.calendars import Calendars
from backend.market.catalog import Catalog
from backend.market.importers.containers import Place, find_places
from backend.market.importers.import_job import ImportJob
from backend.market.importers.import_log import fingerprint, last_import_of, load_records, save_record
from backend.market.importers.off_calendar import open_times
from backend.market.importers.pipeline import Pipeline, Window
from backend.market.importers.plan import SOURCE_SAMPLE, Choices, ImportPlan
from backend.market.importers.preview import make_plan, rules_of
from backend.market.importers.report import ImportRecord, ImportReport, Progress
from backend.market.importers.symbols import find_symbols
from backend.market.importers.tables import TableHead, read_heads
from backend.storage.connection import Connection
from backend.storage.faults import reach
from backend.storage.ledger import Ledger
from backend.storage.market_store import MarketStore, MergeOutcome
from backend.storage.paths import Home

_PROGRESS_EVERY_S: Final = 0.1
_HISTORY: Final = 1_000

Tell: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a path holds: a plan for each table, and the files that hold none, with the reason."""

    plans: tuple[ImportPlan, ...]
    skipped: tuple[tuple[str, TriiError], ...]


class Importer:
    """Brings files into the market store. Lives on the engine thread; files are read on threads of their own."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(  # noqa: PLR0913 - the composition root passes each part by name
        self,
        store: MarketStore,
        catalog: Catalog,
        actions: ActionLog,
        ledger: Ledger,
        bus: Bus,
        clock: Clock,
        *,
        home: Home,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._actions = actions
        self._ledger = ledger
        self._bus = bus
        self._clock = clock
        self._home = home
        self._calendars = Calendars(home.cache, clock)

    # --- looking ------------------------------------------------------------------------------------------------------

    async def preview(self, path: Path, choices: Choices | None = None) -> tuple[ImportPlan, ...]:
        """A plan for every table of a file, archive or folder, from a sample of each; nothing is imported.

        Raises NotFound, Unavailable, InvalidInput where no table is found.
        """
        return (await self.survey(path, choices)).plans

    async def survey(self, path: Path, choices: Choices | None = None) -> Survey:
        """A plan for every table, and what was passed over because it holds none. Raises as `preview`."""
        wanted = choices or Choices()
        places = await asyncio.to_thread(find_places, path)
        plans: list[ImportPlan] = []
        skipped: list[tuple[str, TriiError]] = []
        for place in places:
            try:
                plans.extend(await self._plans_of(place, wanted))
            except InvalidInput as e:
                skipped.append((place.file_name if place.inside else str(place.path), e))
        if not plans and skipped:
            raise skipped[0][1]
        if not plans:
            raise InvalidInput(f"{path} holds no files.", hint="Choose a file or a folder that holds bars.", code="import.empty")
        return Survey(tuple(plans), tuple(skipped))

    async def _plans_of(self, place: Place, choices: Choices) -> list[ImportPlan]:
        heads = await asyncio.to_thread(read_heads, place, choices)
        plans: list[ImportPlan] = []
        for head in heads:
            plans.extend(await self._plans_of_head(head, choices))
        return plans

    async def _plans_of_head(self, head: TableHead, choices: Choices) -> list[ImportPlan]:
        """One plan, or one for each instrument where a column names several."""
        if choices.symbol is not None:
            return [await make_plan(head, choices, self._catalog, self._clock, symbol=choices.symbol)]
        symbols = await asyncio.to_thread(find_symbols, head, choices)
        if len(symbols) < 2:
            return [await make_plan(head, choices, self._catalog, self._clock)]
        if choices.instrument is not None:
            code = choices.instrument.rpartition(".")[0].upper() or choices.instrument.upper()
            fitting = [symbol for symbol in symbols if symbol.upper() in {code, choices.instrument.upper()}]
            if len(fitting) != 1:
                raise InvalidInput(
                    f"{head.place} holds {len(symbols)} instruments, and none of them is {choices.instrument}.",
                    hint=f"Choose one by its symbol: {', '.join(symbols[:10])}{'…' if len(symbols) > 10 else ''}.",
                    code="import.symbol",
                )
            symbols = fitting
        return [await make_plan(head, choices, self._catalog, self._clock, symbol=symbol) for symbol in symbols]

    async def history(self, limit: int = _HISTORY, *, source: str | None = None) -> tuple[ImportRecord, ...]:
        """The newest imports, under one source or all, newest first."""
        return await self._ledger.read(lambda connection: tuple(load_records(connection, limit, source)))

    # --- importing ----------------------------------------------------------------------------------------------------

    async def run(self, plan: ImportPlan, *, progress: Tell | None = None, window: Window | None = None) -> ImportReport:
        """Read, check and publish one table by one commit; when cancelled or failed, nothing has changed.

        progress : called on this thread, at most ten times a second
        window : only these bytes of a plain text file, as a watched folder asks for
        Raises InvalidInput (undecided plan, broken file, hopeless rows), NotFound, Unavailable (disk full).
        """
        if plan.problems:
            raise InvalidInput(
                f"{plan.name} cannot be imported yet. {' '.join(plan.problems)}",
                hint="Decide it in the preview, or with the options of `trii import`.",
                code="import.undecided",
            )
        job = ImportJob.begin(plan, self._clock, self._home.imports)
        try:
            report = await self._run(job, progress, window)
        except BaseException:
            job.notes.drop()
            raise
        self._bus.publish(ImportFinished(job.import_id, plan.name, report.n_accepted, report.n_refused))
        return report

    async def _run(self, job: ImportJob, progress: Tell | None, window: Window | None) -> ImportReport:
        plan = job.plan
        is_sample = plan.source == SOURCE_SAMPLE  # samples are compared with their calendars by the test suite
        is_open = None if is_sample else await open_times(self._calendars, plan.instrument, plan.spec)
        with self._store.stage(plan.series, plan.source) as stage:
            pipeline = Pipeline(plan, rules_of(plan, self._clock.now_ns(), is_open), stage, job.finder, job.notes)
            marking = asyncio.ensure_future(asyncio.to_thread(fingerprint, plan.path))
            try:
                await pipeline.run(self._teller(job, progress), window)
                mark = await marking
            finally:
                marking.cancel()
            job.finder.check_known(await self._actions.list(plan.instrument.id))
            before_ns = await self._ledger.read(lambda connection: last_import_of(connection, mark, str(plan.series)))
            done = job.finish(pipeline, mark, before_ns)
            if plan.is_new_instrument:
                await self._catalog.put(plan.instrument)
            reach("import.staged")

            def record(connection: Connection, outcome: MergeOutcome) -> None:
                save_actions(connection, done.actions)
                save_record(connection, done.record(outcome, self._clock.now_ns()))

            outcome = await self._store.publish(stage, also=record)
        return done.report(outcome, self._clock.monotonic_ns())

    def _teller(self, job: ImportJob, progress: Tell | None) -> Callable[[int, int], None]:
        """Tells progress to the caller and on the bus, but not too often."""
        loop = asyncio.get_running_loop()
        told_s = 0.0

        def tell(done_bytes: int, n_rows: int) -> None:
            nonlocal told_s
            now_s = loop.time()
            if now_s - told_s < _PROGRESS_EVERY_S:
                return
            told_s = now_s
            state = Progress(job.import_id, job.plan.name, done_bytes, job.plan.size_bytes, n_rows)
            self._bus.publish(ImportProgressed(*(getattr(state, name) for name in Progress.__slots__)))
            if progress is not None:
                progress(state)

        return tell
