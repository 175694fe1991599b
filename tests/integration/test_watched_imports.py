"""What appears in a watched folder is imported by a job that can be seen, and that goes on after a restart."""

import pytest

from backend.app import open_backend
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.events import JobChanged
from backend.jobs.job_store import NewJob
from backend.jobs.watched_imports import KIND
from tests.fakes.waiting import until

HEAD = "Date,Open,High,Low,Close,Volume\n"
DAYS = Series(InstrumentId("ACME", "LOCAL"), BarSpec.parse("1d"))


def line(day):
    return f"2020-01-{day:02d},10,20,9,11,{day}\n"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "watched"
    made.mkdir()
    return made


async def test_a_file_in_a_watched_folder_is_imported_by_one_job_and_a_look_without_news_makes_none(home, folder):
    async with open_backend(home) as backend:
        told = []
        backend.bus.subscribe(JobChanged, told.append)
        await backend.settings.change("data", watched_folders=(str(folder),))
        await backend.settings.change("performance", warm_up=False)
        await backend.begin_background()
        (folder / "ACME_1d.csv").write_text(HEAD + line(2) + line(3) + line(6))

        await until(lambda: any(event.kind == "import" and event.state == "done" for event in told), 30)

        (job,) = [job for job in await backend.jobs.jobs() if job.kind == "import"]
        assert (job.state, job.words) == ("done", "1 tables, 3 rows")
        assert len(await backend.store.load(DAYS)) == 3

        (folder / "notes.txt.part").write_text("still being written")
        with (folder / "ACME_1d.csv").open("a") as file:
            file.write(line(7))
        await until(lambda: sum(event.kind == "import" and event.state == "done" for event in told) == 2, 30)
        assert len(await backend.store.load(DAYS)) == 4


async def test_a_job_that_the_end_cut_short_is_done_at_the_next_start(home, folder):
    (folder / "ACME_1d.csv").write_text(HEAD + line(2) + line(3))
    async with open_backend(home, watch=False) as backend:
        await backend.jobs.submit(NewJob(KIND, b'{"folders":["%s"]}' % str(folder).encode(), key="watched folders"))
    async with open_backend(home, watch=False) as backend:
        told = []
        backend.bus.subscribe(JobChanged, told.append)
        await backend.jobs.begin()

        await until(lambda: any(event.state == "done" for event in told), 30)
        assert len(await backend.store.load(DAYS)) == 2
