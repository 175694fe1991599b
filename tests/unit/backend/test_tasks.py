"""The owner of tasks: strong references, reported failures, a deadline at the end."""

import asyncio
import gc
import logging

import pytest

from backend.errors import Unavailable
from backend.events import Level, Notice
from backend.tasks import TaskOwner
from tests.fakes.waiting import until


async def test_a_task_nobody_keeps_runs_to_its_end():
    done = asyncio.Event()

    async def work() -> None:
        gate = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(gate.set_result, None)
        await gate
        done.set()

    async with TaskOwner("test") as tasks:
        tasks.start("work", work())
        gc.collect()
        await asyncio.wait_for(done.wait(), 5)


@pytest.mark.logs("Task engine/open-ledger failed")
async def test_a_failure_becomes_a_notice_with_the_errors_own_words():
    notices: list[Notice] = []

    async def fail() -> None:
        raise Unavailable("The disk is full.", hint="Free some space.", code="disk.full")

    async with TaskOwner("engine", notices.append) as tasks:
        tasks.start("open-ledger", fail())
        await until(lambda: notices)
    assert notices == [Notice(Level.ERROR, "Open ledger failed.", "The disk is full.", "Free some space.", "disk.full")]


async def test_leaving_cancels_tasks_and_waits_for_their_clean_up():
    events: list[str] = []
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            events.append("cleaned")

    async with TaskOwner("engine") as tasks:
        tasks.start("work", work())
        await begun.wait()
        assert tasks.running == ("engine/work",)
    assert events == ["cleaned"]
    assert tasks.running == ()


async def test_closing_names_the_tasks_that_do_not_end_within_the_deadline(caplog):
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    tasks = TaskOwner("engine", deadline_s=0.02)
    task = tasks.start("stubborn", stubborn())
    await asyncio.sleep(0)
    with caplog.at_level(logging.ERROR):
        assert await tasks.close() == ("engine/stubborn",)
    assert "engine/stubborn" in caplog.text
    release.set()
    await task


async def test_a_closed_owner_starts_nothing():
    tasks = TaskOwner("engine")
    await tasks.close()

    async def work() -> None:
        raise AssertionError("never run")

    with pytest.raises(AssertionError, match="engine is closed and cannot start work"):
        tasks.start("work", work())


async def test_a_task_can_close_its_own_owner_without_waiting_for_itself():
    tasks = TaskOwner("engine")
    closed: list[tuple[str, ...]] = []

    async def work() -> None:
        closed.append(await tasks.close())

    await tasks.start("work", work())
    assert closed == [()]
