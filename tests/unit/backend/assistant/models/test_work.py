"""What is under way is told with its speed, and ends when somebody asks, and only then as stopped."""

import asyncio
import threading

import pytest

from backend.assistant.models.work import Doing, Tally, Work, WorkBook, run_on_thread
from backend.errors import NotFound, Unavailable


def test_a_work_tells_its_share_and_what_is_left():
    assert Work("1", "x", Doing.COPYING).share is None
    half = Work("1", "x", Doing.COPYING, n_done=50, n_total=100, per_s=10.0)
    assert (half.share, half.left_s) == (0.5, 5.0)
    assert Work("1", "x", Doing.COPYING, n_done=50, n_total=100).left_s is None
    assert Work("1", "x", Doing.COPYING, n_done=120, n_total=100, per_s=1.0).left_s == 0


def test_counts_go_on_and_another_doing_begins_at_nothing():
    seen = []
    tally = Tally(Work("1", "x", Doing.DOWNLOADING), seen.append)
    tally.count(10, 100)
    tally.count(30, 100)
    tally.count(5, 100)
    tally.turn_to(Doing.TRYING)
    assert [work.n_done for work in seen] == [10, 30, 5, 0]
    assert seen[-1].doing is Doing.TRYING


async def test_a_work_is_shown_while_it_lasts():
    book = WorkBook()
    with book.under("x", Doing.COPYING) as tally:
        tally.name("y")
        assert [work.title for work in book.works()] == ["y"]
    assert book.works() == ()


async def test_a_stopped_work_says_so_and_its_task_goes_on():
    book = WorkBook()

    async def work():
        with book.under("x", Doing.COPYING):
            book.stop(book.works()[0].id)
            book.stop(book.works()[0].id)
            await asyncio.sleep(60)

    async def go():
        with pytest.raises(Unavailable) as stopped:
            await work()
        await asyncio.sleep(0)
        return stopped.value.code

    assert await asyncio.ensure_future(go()) == "model.stopped"
    with pytest.raises(NotFound):
        book.stop("1")


async def test_a_cancelled_task_stays_cancelled():
    book, begun = WorkBook(), asyncio.Event()

    async def work():
        with book.under("x", Doing.COPYING):
            begun.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert book.works() == ()


async def test_work_on_a_thread_has_ended_before_its_cancellation_is_told():
    begun, ended, undone = threading.Event(), [], []

    def work(stop):
        begun.set()
        stop.wait(10)
        ended.append(stop.is_set())
        return "too late"

    task = asyncio.ensure_future(run_on_thread(work, undone.append))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (ended, undone) == ([True], ["too late"])
