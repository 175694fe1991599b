"""Who waits for a frame, and for how long."""

import asyncio
import threading
import time

from backend.right_of_way import FRAME_S_MAX, RightOfWay


async def test_nobody_waits_while_nothing_is_painted():
    way = RightOfWay()
    before = asyncio.get_running_loop().time()
    for _ in range(1000):
        await way.clear()
        way.wait()
    assert asyncio.get_running_loop().time() - before < 1


async def test_a_slice_waits_until_the_frame_is_done():
    way = RightOfWay()
    way.take()
    done = []

    async def work() -> None:
        await way.clear()
        done.append(way.is_taken)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    assert done == []
    way.release()
    await task
    assert done == [False]


async def test_all_who_wait_go_on_after_a_frame_that_another_thread_painted():
    way = RightOfWay()
    way.take()
    waiting = [asyncio.create_task(way.clear()) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.to_thread(way.release)
    await asyncio.gather(*waiting)
    assert not way.is_taken


async def test_who_is_cancelled_or_waits_too_long_leaves_nothing_behind():
    way = RightOfWay()
    way.take()
    task = asyncio.create_task(way.clear())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await way.clear()
    assert way._waiting == []


def test_a_paint_between_frames_takes_it_and_one_inside_a_frame_leaves_it_with_the_frame():
    way = RightOfWay()
    with way.taken():
        assert way.is_taken
    assert not way.is_taken
    way.take()
    with way.taken():
        assert way.is_taken
    assert way.is_taken


async def test_a_frame_that_never_ends_holds_nobody_for_ever():
    way = RightOfWay()
    way.take()
    await asyncio.wait_for(way.clear(), 5)
    assert way.is_taken


def test_a_worker_thread_waits_as_a_coroutine_does():
    way = RightOfWay()
    way.take()
    began = time.monotonic()
    thread = threading.Thread(target=way.wait)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - began >= FRAME_S_MAX * 0.9
