"""Stages against one budget: what is late is cut and never waited for, and what became of each is kept."""

import asyncio

import pytest

from backend.assistant.stages import Stages
from backend.clock import ManualClock
from backend.errors import NotFound, Unavailable
from tests.fakes.scripted_writers import Deadlines
from tests.fakes.waiting import until

MS = 1_000_000


class House:
    """Stages on a clock and deadlines that a test moves."""

    def __init__(self):
        self.clock, self.deadlines, self.ends, self.released = ManualClock(0), Deadlines(), [], asyncio.Event()
        self.stages = Stages(self.clock, self.deadlines.sleep)

    async def work(self, ms, value="done"):
        self.clock.advance(ms * MS)
        return value

    async def for_ever(self):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.ends.append("cancelled")
            raise

    async def stubborn(self):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await self.released.wait()
            self.ends.append("released")

    async def within(self, work, due_s=1.0, **more):
        return await self.stages.within("news", due_s, work, late="The news is late.", **more)


async def test_what_is_there_in_time_is_given_and_its_time_kept():
    house = House()
    assert await house.within(house.work(40), by="Big") == "done"
    (stage,) = house.stages.over
    assert (stage.name, stage.by, stage.took_ms, stage.ended_ms, stage.due_ms) == ("news", "Big", 40, 40, 1_000)
    assert not stage.is_cut
    assert not stage.is_late


async def test_every_deadline_counts_from_the_beginning_of_the_whole():
    house = House()
    with house.stages.timed("bars", 1.0):
        house.clock.advance(700 * MS)
    await house.within(house.work(10), due_s=2.8)
    house.clock.advance(3_000 * MS)
    await house.within(house.work(10), due_s=2.8)
    assert house.deadlines.asked_s == pytest.approx([2.1, 0.0])
    assert [stage.ended_ms for stage in house.stages.over] == [700, 710, 3_720]


async def test_what_is_late_is_cut_and_told():
    house = House()
    house.deadlines.pass_all()
    with pytest.raises(Unavailable, match="The news is late"):
        await house.within(house.for_ever())
    (stage,) = house.stages.over
    assert stage.is_cut
    assert stage.is_late
    await until(lambda: house.ends == ["cancelled"], 30)


async def test_work_that_does_not_let_itself_be_ended_holds_nobody():
    house = House()
    house.deadlines.pass_all()
    with pytest.raises(Unavailable):
        await house.within(house.stubborn())
    assert house.ends == []
    house.released.set()
    await until(lambda: house.ends, 30)


async def test_a_failure_of_what_is_there_is_its_own_and_of_what_is_late_nobodys():
    house = House()

    async def fails():
        raise NotFound("Nothing is there.")

    async def fails_late():
        try:
            await asyncio.Event().wait()
        finally:
            house.ends.append("failed")
            raise NotFound("Nothing was there.")

    with pytest.raises(NotFound):
        await house.within(fails())
    house.deadlines.pass_all()
    with pytest.raises(Unavailable, match="late"):
        await house.within(fails_late())
    assert [stage.is_cut for stage in house.stages.over] == [False, True]
    await until(lambda: house.ends, 30)


async def test_without_a_deadline_work_takes_as_long_as_it_takes():
    house = House()
    house.deadlines.pass_all()
    assert await house.within(house.work(60_000), due_s=None) == "done"
    assert house.deadlines.asked_s == []
    assert (house.stages.over[0].due_ms, house.stages.over[0].is_late) == (0, False)


async def test_whoever_stops_waiting_ends_the_work_first():
    house = House()
    waiting = asyncio.ensure_future(house.within(house.for_ever()))
    await until(lambda: house.deadlines.asked_s, 30)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert house.ends == ["cancelled"]
    assert house.stages.over == ()


async def test_what_nothing_could_be_shown_without_is_waited_for_and_called_late():
    house = House()
    with house.stages.timed("bars", 1.0):
        house.clock.advance(1_001 * MS)
    (stage,) = house.stages.over
    assert stage.is_late
    assert not stage.is_cut
