"""Backups that make themselves: whole, opened by the key alone, thinned out, never in the way."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app import open_backend
from backend.errors import Unavailable
from backend.jobs.backups import KIND, thin_out, to_keep
from backend.jobs.job import JobState
from backend.jobs.job_store import NewJob
from backend.storage.backup import last_backup, verify_backup

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


async def test_an_automatic_backup_is_whole_and_remembered(home):
    async with open_backend(home) as backend:
        await backend.watchlists.create("Mine")
        job = await backend.jobs.submit(NewJob(KIND))
        await backend.begin_background()
        jobs = backend.jobs.jobs

        states = {}

        async def look():
            states.update({j.id: j for j in await jobs()})

        while states.get(job.id) is None or states[job.id].state in (JobState.WAITING, JobState.RUNNING):
            await look()
        assert states[job.id].state is JobState.DONE, states[job.id].error
        (path,) = home.backups.glob("auto-*.triibackup")
        assert verify_backup(path, backend.key.key).n_files
        assert (await last_backup(backend.money))[1] == path


async def test_a_folder_that_is_gone_is_told_and_tried_again(home, tmp_path):
    async with open_backend(home) as backend:
        await backend.settings.change("backups", folder=str(tmp_path / "gone"))
        job = await backend.jobs.submit(NewJob(KIND))
        await backend.begin_background()
        found = []

        async def failed():
            found[:] = [j for j in await backend.jobs.jobs() if j.id == job.id and j.error]

        while not found:
            await failed()
        assert "gone" in found[0].error


@given(st.lists(st.integers(0, 400 * 24), unique=True, max_size=60))
def test_a_week_is_kept_whole_then_weeks_then_months_and_the_newest_always(hours_ago):
    made = tuple(NOW - timedelta(hours=hours) for hours in hours_ago)
    kept = to_keep(made, NOW)
    assert kept <= set(made)
    assert all(moment in kept for moment in made if (NOW - moment).days < 7)
    assert not made or max(made) in kept
    assert len([moment for moment in kept if (NOW - moment).days >= 7]) <= 5 + 12
    assert to_keep(tuple(kept), NOW) == kept


def test_only_automatic_backups_are_removed(tmp_path):
    names = [f"auto-0a-trii-2025{month:02d}01T000000Z.triibackup" for month in range(1, 13)]
    others = {"trii-20200101T000000Z.triibackup", "auto-0a-notes.triibackup", "auto-0b-trii-20200101T000000Z.triibackup"}
    names += others
    for n in range(1, 29):
        names.append(f"auto-0a-trii-202502{n:02d}T010000Z.triibackup")
    for name in names:
        (tmp_path / name).touch()
    n_gone = thin_out(tmp_path, "auto-0a-", int(NOW.timestamp()) * 1_000_000_000)
    left = {path.name for path in tmp_path.iterdir()}
    assert n_gone == len(names) - len(left) > 0
    assert others <= left


async def test_a_backup_that_is_cancelled_leaves_no_file_and_no_thread(home, monkeypatch):
    from backend.jobs import backups

    begun, may_end = threading.Event(), threading.Event()

    def create(home, key, target, *, now_ns):
        begun.set()
        may_end.wait(10)
        target.touch()

    monkeypatch.setattr(backups, "create_backup", create)
    async with open_backend(home) as backend:
        job = await backend.jobs.submit(NewJob(KIND))
        await backend.begin_background()
        await asyncio.to_thread(begun.wait, 10)
        cancelling = asyncio.ensure_future(backend.jobs.cancel(job.id))
        await asyncio.sleep(0.05)
        assert not cancelling.done()
        may_end.set()
        assert (await cancelling).state is JobState.CANCELLED
        assert list(home.backups.glob("auto-*")) == []


def test_too_little_room_is_said_before_anything_is_written(home, monkeypatch):
    from backend.jobs import backups

    (home.ledgers / "money.db").write_bytes(bytes(4096))
    monkeypatch.setattr(backups.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100})())
    with pytest.raises(Unavailable, match="needs about"):
        backups._check_room(home, home.backups)
