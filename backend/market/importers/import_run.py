"""One import from its plan to its report."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeAlias

from backend.bus import Bus
from backend.events import ImportFinished, ImportProgressed
from backend.market.action_log import save_actions
from backend.market.importers.import_job import ImportJob
from backend.market.importers.import_log import fingerprint, last_import_of, load_record, save_record
from backend.market.importers.off_calendar import open_times
from backend.market.importers.parts import ImportParts
from backend.market.importers.pipeline import Pipeline
from backend.market.importers.plan import SOURCE_SAMPLE, ImportPlan, Window
from backend.market.importers.preview import rules_of
from backend.market.importers.report import ImportReport, Progress
from backend.storage.connection import Connection
from backend.storage.faults import reach
from backend.storage.market_store import MergeOutcome

_PROGRESS_EVERY_S: Final = 0.1

Tell: TypeAlias = Callable[[Progress], None]


async def run_plan(
    parts: ImportParts, plan: ImportPlan, progress: Tell | None, window: Window | None, import_id: str
) -> ImportReport:
    """Read, check and publish one table by one commit; when cancelled before that commit, or failed, nothing has changed."""
    job = ImportJob.begin(plan, parts.clock, parts.folder, import_id)
    try:
        report = await _run(parts, job, progress, window)
    except BaseException:
        stands = await parts.ledger.read(lambda connection: load_record(connection, job.import_id))
        if stands is None:
            job.notes.drop()
        else:  # the cancel came during the commit, which is too late: the rows are there
            parts.bus.publish(ImportFinished(job.import_id, plan.name, stands.n_accepted, stands.n_refused))
        raise
    parts.bus.publish(ImportFinished(job.import_id, plan.name, report.n_accepted, report.n_refused))
    return report


async def _run(parts: ImportParts, job: ImportJob, progress: Tell | None, window: Window | None) -> ImportReport:
    plan = job.plan
    is_sample = plan.source == SOURCE_SAMPLE  # samples are compared with their calendars by the test suite
    is_open = None if is_sample else await open_times(parts.calendars, plan.instrument, plan.spec)
    with parts.store.stage(plan.series, plan.source) as stage:
        pipeline = Pipeline(plan, rules_of(plan, parts.clock.now_ns(), is_open), stage, job.finder, job.notes)
        marking = asyncio.ensure_future(asyncio.to_thread(fingerprint, plan.path))
        try:
            await pipeline.run(_teller(parts.bus, job, progress), window)
            mark = await marking
        finally:
            marking.cancel()
        job.finder.check_known(await parts.actions.list(plan.instrument.id))
        before_ns = await parts.ledger.read(lambda connection: last_import_of(connection, mark, str(plan.series)))
        done = job.finish(pipeline, mark, before_ns)
        if plan.is_new_instrument:
            await parts.catalog.put(plan.instrument)
        reach("import.staged")

        def record(connection: Connection, outcome: MergeOutcome) -> None:
            save_actions(connection, done.actions)
            save_record(connection, done.record(outcome, parts.clock.now_ns()))

        outcome = await parts.store.publish(stage, also=record)
    return done.report(outcome, parts.clock.monotonic_ns())


def _teller(bus: Bus, job: ImportJob, progress: Tell | None) -> Callable[[int, int], None]:
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
        bus.publish(ImportProgressed(*(getattr(state, name) for name in Progress.__slots__)))
        if progress is not None:
            progress(state)

    return tell
