"""Imports that a person asks for are jobs: one for all tables, cancelled honestly, and gone on with after a kill."""

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backend.app import open_backend
from backend.bus import Bus
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import Conflict, InvalidInput
from backend.events import EVENTS
from backend.jobs.imports import KIND, Imports
from backend.jobs.job import JobState, Priority
from backend.jobs.job_store import JobStore
from backend.jobs.runner import JobRunner
from backend.market.importers import Importer
from backend.storage.faults import FAULT_VARIABLE
from backend.tasks import TaskOwner
from tests.fakes.import_writer import INSTRUMENT
from tests.fakes.importing import open_workshop

ROOT = Path(__file__).resolve().parents[2]
HEAD = "Date,Open,High,Low,Close,Volume\n"
MINUTES = Series(InstrumentId.parse(INSTRUMENT), BarSpec.parse("1m"))


def write_days(path, first=2, last=6):
    path.write_text(HEAD + "".join(f"2020-01-{day:02d},10,20,9,11,{day}\n" for day in range(first, last + 1)))
    return path


def days_of(code):
    return Series(InstrumentId(code, "LOCAL"), BarSpec.parse("1d"))


async def ended(backend, plans):
    """Have the tables imported in a process that begins no jobs of its own; the job and its outcomes."""
    job = await backend.imports.submit(plans)
    outcomes = [outcome async for outcome in backend.imports.follow(job.id)]
    return await backend.jobs.get(job.id), outcomes


async def test_the_tables_of_an_import_are_one_urgent_job_and_each_has_its_report(home, tmp_path):
    for code in ("AAA", "BBB"):
        write_days(tmp_path / f"{code}_1d.csv")
    async with open_backend(home, watch=False) as backend:
        plans = await backend.importer.preview(tmp_path)

        job, outcomes = await ended(backend, plans)

        assert (job.kind, job.state, job.priority, job.progress) == (KIND, JobState.DONE, Priority.URGENT, 1.0)
        assert job.words == "2 tables are stored, 10 rows of them new."
        assert [outcome.report.n_accepted for outcome in outcomes] == [5, 5]
        assert len(await backend.store.load(days_of("BBB"))) == 5


async def test_a_table_that_fails_does_not_stop_the_others_and_the_job_says_why_it_failed(home, tmp_path):
    good, gone = write_days(tmp_path / "GOOD_1d.csv"), write_days(tmp_path / "A_GONE_1d.csv")
    async with open_backend(home, watch=False) as backend:
        plans = [*await backend.importer.preview(gone), *await backend.importer.preview(good)]
        job = await backend.imports.submit(plans)
        gone.unlink()

        outcomes = [outcome async for outcome in backend.imports.follow(job.id)]

        job = await backend.jobs.get(job.id)
        assert job.state is JobState.FAILED
        assert "1 of 2 tables were not imported. A_GONE_1d.csv: " in job.error
        assert "GOOD_1d.csv is stored, 5 rows of it new." in job.error
        assert [outcome.is_stored for outcome in outcomes] == [False, True]

        write_days(gone)
        again = await backend.jobs.retry(job.id)
        outcomes = [outcome async for outcome in backend.imports.follow(again.id)]

        assert [outcome.is_stored for outcome in outcomes] == [True, True]
        assert len(await backend.importer.history()) == 2  # what was stored already was left out


async def test_an_undecided_table_or_none_at_all_makes_no_job(home, tmp_path):
    noise = tmp_path / "noise.csv"
    noise.write_bytes(bytes(range(256)) * 40)
    async with open_backend(home, watch=False) as backend:
        for plans in ((), await backend.importer.preview(noise)):
            with pytest.raises(InvalidInput):
                await backend.imports.submit(plans)
        assert await backend.jobs.jobs() == ()


async def test_a_file_that_became_another_one_since_it_was_looked_at_is_refused_and_one_that_grew_is_taken(home, tmp_path):
    other, grown = write_days(tmp_path / "OTHER_1d.csv"), write_days(tmp_path / "GROWN_1d.csv")
    async with open_backend(home, watch=False) as backend:
        plans = [*await backend.importer.preview(other), *await backend.importer.preview(grown)]
        job = await backend.imports.submit(plans)
        other.write_text("time;close\n1577923200;10\n1577926800;11\n")
        write_days(grown, last=9)

        outcomes = [outcome async for outcome in backend.imports.follow(job.id)]

        assert isinstance(outcomes[0].error, Conflict)
        assert "has changed since it was looked at" in outcomes[0].error.message
        assert outcomes[1].report.n_accepted == 8


async def test_what_became_of_an_import_is_known_after_a_restart(home, tmp_path):
    path = write_days(tmp_path / "ACME_1d.csv")
    async with open_backend(home, watch=False) as backend:
        job, _ = await ended(backend, await backend.importer.preview(path))
    async with open_backend(home, watch=False) as backend:
        batch = await backend.imports.batch(job.id)

        assert batch.job.state is JobState.DONE
        assert [outcome.record.n_accepted for outcome in batch.outcomes] == [5]
        assert await backend.imports.open_batch() is None


# --- cancelled --------------------------------------------------------------------------------------------------------


class HaltingImporter(Importer):
    """Stands still at one table: before it begins, or behind its commit."""

    def __init__(self, parts, at, *, is_behind):
        super().__init__(parts)
        self.is_there = asyncio.Event()
        self._at, self._is_behind = at, is_behind

    async def run(self, plan, **options):
        if plan.name != self._at:
            return await super().run(plan, **options)
        if self._is_behind:
            await super().run(plan, **options)
        self.is_there.set()
        return await asyncio.Event().wait()


@asynccontextmanager
async def halted(home, tmp_path, at, *, is_behind):
    """An import of three tables that stands still at one of them."""
    for code in ("AAA", "BBB", "CCC"):
        write_days(tmp_path / f"{code}_1d.csv")
    async with open_workshop(home) as shop, TaskOwner("test") as tasks:
        bus = Bus(EVENTS)
        importer = HaltingImporter(shop.importer._parts, f"{at}_1d.csv", is_behind=is_behind)
        clock = shop.importer._parts.clock
        jobs = JobRunner(JobStore(shop.ledger), bus, clock, tasks)
        imports = Imports(importer, jobs, bus)
        await jobs.begin()
        job = await imports.submit(await importer.preview(tmp_path))
        await asyncio.wait_for(importer.is_there.wait(), 20)
        yield shop, imports, job


async def test_a_cancel_in_time_leaves_nothing_of_the_table_under_way_and_says_what_stays(home, tmp_path):
    async with halted(home, tmp_path, "BBB", is_behind=False) as (shop, imports, job):
        stopped = await imports.stop(job.id)

        assert stopped.state is JobState.CANCELLED
        assert stopped.words == "Nothing of BBB_1d.csv was imported. AAA_1d.csv is stored, 5 rows of it new."
        assert len(await shop.store.load(days_of("BBB"))) == 0


async def test_a_cancel_behind_a_commit_counts_that_table_as_stored(home, tmp_path):
    async with halted(home, tmp_path, "BBB", is_behind=True) as (shop, imports, job):
        stopped = await imports.stop(job.id)

        assert stopped.state is JobState.CANCELLED
        assert stopped.words == "2 tables are stored, 10 rows of them new."
        assert len(await shop.store.load(days_of("BBB"))) == 5


async def test_a_cancel_behind_the_last_commit_came_too_late_and_the_job_is_done(home, tmp_path):
    async with halted(home, tmp_path, "CCC", is_behind=True) as (_, imports, job):
        stopped = await imports.stop(job.id)

        assert (stopped.state, stopped.words) == (JobState.DONE, "3 tables are stored, 15 rows of them new.")
        assert (await imports.stop(job.id)).state is JobState.DONE  # again: it says how it ended


# --- killed -----------------------------------------------------------------------------------------------------------


def start(home, *paths, fault=""):
    command = [sys.executable, "-m", "tests.fakes.import_job_process", str(home.root), *map(str, paths)]
    environment = {**os.environ, FAULT_VARIABLE: fault}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False)
    return done.returncode, done.stdout.split()


async def look(home):
    """The job, how many bars there are, and how many imports the log knows."""
    async with open_backend(home, watch=False) as backend:
        (job,) = await backend.jobs.jobs()
        assert not [path for path in (home.market / "stages").rglob("*") if path.is_file()]
        return job.state, len(await backend.store.load(MINUTES)), len(await backend.importer.history())


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("point", "n_stored"), [("import.staged", 0), ("manifest.committed", 1), ("import.staged:2", 1), ("manifest.committed:2", 2)]
)
def test_a_kill_during_an_import_is_gone_on_with_at_the_next_start_and_nothing_is_stored_twice(home, tmp_path, point, n_stored):
    paths = []
    for number in range(2):
        rows = (f"2020-01-0{number + 1}T{n // 60:02d}:{n % 60:02d},1,2,0.5,1.5,{n}\n" for n in range(600))
        paths.append(tmp_path / f"{number}.csv")
        paths[-1].write_text("time,open,high,low,close,volume\n" + "".join(rows))

    code, said = start(home, *paths, fault=point)

    assert (code != 0, said) == (True, ["ready"])
    assert asyncio.run(look(home)) == (JobState.WAITING, 600 * n_stored, n_stored)
    assert start(home) == (0, ["ready", "over"])
    assert asyncio.run(look(home)) == (JobState.DONE, 1200, 2)
