"""One import under way, and what is told of it in the end."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backend.clock import Clock
from backend.domain.actions import CorporateAction
from backend.market.importers.checks import Tally
from backend.market.importers.file_actions import ActionFinder
from backend.market.importers.import_log import plan_as_json
from backend.market.importers.pipeline import Pipeline
from backend.market.importers.plan import ImportPlan, Role
from backend.market.importers.report import ImportRecord, ImportReport
from backend.market.importers.row_notes import NoteWriter
from backend.storage.market_store import MergeOutcome

_OTHERS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ImportJob:
    """What an import works with from its beginning; ``steady_ns`` is the clock's steady time then."""

    import_id: str
    plan: ImportPlan
    started_ns: int
    steady_ns: int
    notes: NoteWriter
    finder: ActionFinder

    @classmethod
    def begin(cls, plan: ImportPlan, clock: Clock, folder: Path, import_id: str) -> "ImportJob":
        """A job; its list of rows will lie in ``folder``."""
        started_ns = clock.now_ns()
        roles: frozenset[Role] = frozenset(column.role for column in plan.columns)
        finder = ActionFinder(plan.instrument.id, plan.spec, roles)
        return cls(import_id, plan, started_ns, clock.monotonic_ns(), NoteWriter(folder / f"{import_id}.jsonl.gz"), finder)

    def finish(self, pipeline: Pipeline, fingerprint: str, before_ns: int | None) -> "Outcome":
        """All that is known once every row is staged; ``before_ns`` tells when the same file was imported before."""
        actions = self.finder.find(self.plan.layout)
        remarks = [*self.finder.remarks]
        if before_ns is not None:
            remarks.append(f"The same file was imported before, on {_day(before_ns)}.")
        others = pipeline.tally.others
        if others:
            names = ", ".join(f"{name or '(empty)'} ({count:,})" for name, count in list(others.items())[:_OTHERS_SHOWN])
            remarks.append(
                f"Rows of {len(others)} other instruments are in the file: {names}{'…' if len(others) > _OTHERS_SHOWN else ''}."
            )
        return Outcome(self, pipeline, fingerprint, actions, tuple(remarks), self.notes.close())


@dataclass(frozen=True, slots=True)
class Outcome:
    """An import whose rows are staged; completed by what publishing them did."""

    job: ImportJob
    pipeline: Pipeline
    fingerprint: str
    actions: tuple[CorporateAction, ...]
    remarks: tuple[str, ...]
    rows_path: Path | None

    @property
    def tally(self) -> Tally:
        """Counts of judged rows."""
        return self.pipeline.tally

    def record(self, merged: MergeOutcome, finished_ns: int) -> ImportRecord:
        """The line for the import log."""
        job, plan, tally = self.job, self.job.plan, self.tally
        return ImportRecord(
            import_id=job.import_id,
            started_ns=job.started_ns,
            finished_ns=finished_ns,
            name=plan.name,
            path=str(plan.path),
            member=plan.member,
            series=str(plan.series),
            source=plan.source,
            n_accepted=merged.n_new + merged.n_replaced,
            n_same=tally.n_same + merged.n_same,
            n_missing=tally.n_missing,
            n_refused=tally.n_refused,
            n_repaired=tally.n_repaired,
            n_replaced=merged.n_replaced,
            n_actions=len(self.actions),
            fingerprint=self.fingerprint,
            revision_id=merged.revision_id,
            rows_path=None if self.rows_path is None else str(self.rows_path),
            plan=plan_as_json(plan),
        )

    def report(self, merged: MergeOutcome, steady_ns: int) -> ImportReport:
        """The report for the person."""
        job, plan, tally = self.job, self.job.plan, self.tally
        return ImportReport(
            import_id=job.import_id,
            name=plan.name,
            path=plan.path,
            series=plan.series,
            source=plan.source,
            n_rows=tally.n_rows,
            n_accepted=merged.n_new + merged.n_replaced,
            n_same=tally.n_same + merged.n_same,
            n_missing=tally.n_missing,
            n_refused=tally.n_refused,
            n_overruled=tally.n_overruled + merged.n_overridden,
            n_repaired=tally.n_repaired,
            n_replaced=merged.n_replaced,
            n_off_calendar=tally.n_off_calendar,
            n_other_symbol=sum(tally.others.values()),
            first_ns=self.pipeline.first_ns,
            last_ns=self.pipeline.last_ns,
            rows=tuple(job.notes.first),
            n_notes=job.notes.n_notes,
            rows_path=self.rows_path,
            actions=self.actions,
            remarks=self.remarks,
            revision_id=merged.revision_id,
            fingerprint=self.fingerprint,
            seconds=(steady_ns - job.steady_ns) / 1e9,
        )


def _day(event_ns: int) -> str:
    return str(np.datetime64(event_ns, "ns").astype("datetime64[D]"))
