"""Work that waits for the first chart."""

import asyncio

import pytest

from backend.errors import Unavailable
from backend.events import Notice
from backend.jobs.background import Background, Phase
from backend.tasks import TaskOwner


def _phase(name: str, said: list[str], error: Exception | None = None) -> Phase:
    async def work() -> None:
        said.append(name)
        if error is not None:
            raise error

    return Phase(name, work)


async def test_nothing_begins_before_it_is_told_and_then_all_in_order():
    said: list[str] = []
    background = Background((_phase("a", said), _phase("b", said)), patience_s=60)
    async with TaskOwner("test") as tasks:
        background.start(tasks)
        await asyncio.sleep(0)
        assert said == []
        background.begin()
        background.begin()
        await asyncio.wait_for(background.done(), 5)
    assert said == ["a", "b"]


async def test_nobody_saying_begin_only_delays_it():
    said: list[str] = []
    background = Background((_phase("a", said),), patience_s=0.01)
    async with TaskOwner("test") as tasks:
        background.start(tasks)
        await asyncio.wait_for(background.done(), 5)
    assert said == ["a"]


@pytest.mark.logs("watch folders failed")
async def test_a_phase_that_fails_is_told_and_the_next_one_runs():
    said: list[str] = []
    notices: list[Notice] = []
    background = Background((_phase("watch folders", said, Unavailable("It is not there.")), _phase("b", said)), patience_s=0)
    async with TaskOwner("test", notices.append) as tasks:
        background.start(tasks)
        await asyncio.wait_for(background.done(), 5)
    assert said == ["watch folders", "b"]
    assert [(n.title, n.text) for n in notices] == [("Watch folders failed.", "It is not there.")]


async def test_closing_ends_the_phase_that_runs():
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with TaskOwner("test") as tasks:
        Background((Phase("endless", endless),), patience_s=0).start(tasks)
        await begun.wait()
    assert ended.is_set()
