"""The job runner on a real ledger and a clock moved by hand: order, failures, restarts, schedules."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bus import Bus
from backend.errors import Conflict, InvalidInput, NotFound, Unavailable
from backend.events import EVENTS, JobChanged, Notice
from backend.jobs.job import SECOND_NS, JobState, JobStopped, Priority, Retry
from backend.jobs.job_store import JobStore, NewJob
from backend.jobs.runner import LANES, JobRunner
from backend.jobs.schedule import Misfire, Schedule, next_run
from backend.storage import money
from backend.storage.ledger import open_ledger
from backend.tasks import TaskOwner

HOUR = 3_600 * SECOND_NS


@asynccontextmanager
async def _opened(home, clock):
    async with (
        open_ledger(
            home.ledgers / "money.db", bytes(32), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine
        ) as ledger,
        TaskOwner("test") as tasks,
    ):
        bus = Bus(EVENTS)
        yield JobRunner(JobStore(ledger), bus, clock, tasks), bus


async def _settled(runner, job_id):
    """Wait until a job neither waits to begin now nor runs."""
    ended = asyncio.Event()
    runner._bus.subscribe(JobChanged, lambda event: event.state != "running" and ended.set())
    await runner.look()
    await asyncio.wait_for(ended.wait(), 10)
    return next(job for job in await runner.jobs() if job.id == job_id)


async def test_a_job_runs_once_and_says_what_it_came_to(home, clock):
    async with _opened(home, clock) as (runner, bus):
        told = []
        bus.subscribe(JobChanged, lambda event: told.append((event.state, event.progress)))

        async def work(context):
            context.progress(0.5, "half")
            return f"made {context.payload['n']}"

        runner.register("make", "Making", work)
        job = await runner.submit(NewJob("make", b'{"n": 3}'))
        done = await _settled(runner, job.id)
        assert (done.state, done.words, done.progress, done.n_attempts) == (JobState.DONE, "made 3", 1.0, 1)
        assert told == [("waiting", 0.0), ("running", 0.0), ("running", 0.5), ("done", 1.0)]


async def test_what_may_pass_is_tried_again_later_and_given_up_in_the_end(home, clock):
    async with _opened(home, clock) as (runner, bus):
        notices = []
        bus.subscribe(Notice, notices.append)

        async def work(_context):
            raise Unavailable("The disk is full.", hint="Make room.")

        runner.register("save", "Saving", work, retry=Retry(attempts_max=3, first_s=10, factor=3))
        job = await runner.submit(NewJob("save"))
        first = await _settled(runner, job.id)
        assert (first.state, first.due_ns - clock.now_ns()) == (JobState.WAITING, 10 * SECOND_NS)
        await runner.look()
        assert (await runner.jobs())[0].n_attempts == 1  # not before it is due
        clock.advance(10 * SECOND_NS)
        second = await _settled(runner, job.id)
        assert second.due_ns - clock.now_ns() == 30 * SECOND_NS
        clock.advance(30 * SECOND_NS)
        third = await _settled(runner, job.id)
        assert (third.state, third.n_attempts) == (JobState.FAILED, 3)
        assert "disk is full" in notices[0].text
        again = await runner.retry(job.id)
        assert (again.state, again.n_attempts) == (JobState.WAITING, 0)


async def test_a_job_that_is_cancelled_says_what_it_has_done_and_one_that_had_done_all_is_done(home, clock):
    async with _opened(home, clock) as (runner, _):

        async def work(context):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if context.payload["n_left"]:
                    raise JobStopped("two of three") from None
            return "all three"

        runner.register("count", "Counting", work)
        for n_left, ended in ((1, (JobState.CANCELLED, "two of three")), (0, (JobState.DONE, "all three"))):
            job = await runner.submit(NewJob("count", f'{{"n_left": {n_left}}}'.encode()))
            await runner.look()
            stopped = await runner.cancel(job.id)
            assert (stopped.state, stopped.words) == ended
            assert await runner.over(job.id) == stopped


async def test_where_nobody_begins_jobs_one_runs_alone_and_what_was_left_running_waits(home, clock):
    async with _opened(home, clock) as (runner, _):
        runner.register("make", "Making", lambda _context: asyncio.sleep(0, "made"))
        left, wanted = [await runner.submit(NewJob("make")) for _ in range(2)]
        await runner._store.save(replace(left, state=JobState.RUNNING))

        await runner.run_alone(wanted.id)

        assert (await runner.over(wanted.id)).words == "made"
        assert [job.state for job in await runner.jobs()] == [JobState.DONE, JobState.WAITING]


async def test_what_cannot_pass_fails_at_once(home, clock):
    async with _opened(home, clock) as (runner, _):

        async def work(_context):
            raise InvalidInput("It makes no sense.", hint="Ask otherwise.")

        runner.register("think", "Thinking", work)
        job = await runner.submit(NewJob("think"))
        assert (await _settled(runner, job.id)).state is JobState.FAILED


@pytest.mark.logs("failed")
async def test_a_defect_of_a_handler_fails_its_job_alone(home, clock):
    async with _opened(home, clock) as (runner, _):

        async def broken(_context):
            raise ZeroDivisionError("division by zero")

        runner.register("broken", "Breaking", broken)
        job = await runner.submit(NewJob("broken"))
        assert "ZeroDivisionError" in (await _settled(runner, job.id)).error


async def test_urgent_jobs_begin_first_and_always_find_a_lane(home, clock):
    async with _opened(home, clock) as (runner, _):
        order, gate = [], asyncio.Event()

        def handler(name):
            async def work(_context):
                order.append(name)
                await gate.wait()
                return ""

            return work

        for name in ("a", "b", "c", "now"):
            runner.register(name, name, handler(name))
        for name, priority in (("a", Priority.LOW), ("b", Priority.NORMAL), ("c", Priority.NORMAL)):
            await runner.submit(NewJob(name, priority=priority))
        await runner.look()
        await asyncio.sleep(0)
        assert order == ["b", "c"]
        assert len(order) == LANES - 1
        await runner.submit(NewJob("now", priority=Priority.URGENT))
        await runner.look()
        await asyncio.sleep(0)
        assert order == ["b", "c", "now"]
        gate.set()


async def test_one_that_waited_long_overtakes_newer_ones(home, clock):
    async with _opened(home, clock) as (runner, _):
        store = runner._store
        old = await store.add(NewJob("slow", priority=Priority.LOW), clock.now_ns())
        clock.advance(5 * 60 * SECOND_NS)
        await store.add(NewJob("fast", priority=Priority.NORMAL), clock.now_ns())
        assert (await store.due(clock.now_ns(), ("slow", "fast"))).id == old.id


async def test_a_running_job_is_cancelled_and_a_waiting_one_never_begins(home, clock):
    async with _opened(home, clock) as (runner, _):
        begun = asyncio.Event()

        async def work(_context):
            begun.set()
            await asyncio.Event().wait()
            return ""

        runner.register("wait", "Waiting", work)
        running, waiting = await runner.submit(NewJob("wait")), await runner.submit(NewJob("wait"))
        await runner.look()
        await begun.wait()
        assert (await runner.cancel(waiting.id)).state is JobState.CANCELLED
        assert (await runner.cancel(running.id)).state is JobState.CANCELLED
        with pytest.raises(Conflict):
            await runner.cancel(running.id)
        with pytest.raises(NotFound):
            await runner.cancel(999)


async def test_a_job_under_way_when_the_program_ends_goes_on_at_the_next_start(home, clock):
    begun = asyncio.Event()

    async def hang(_context):
        begun.set()
        await asyncio.Event().wait()
        return ""

    async with _opened(home, clock) as (runner, _):
        runner.register("work", "Working", hang)
        job = await runner.submit(NewJob("work"))
        await runner.look()
        await begun.wait()
    async with _opened(home, clock) as (runner, _):
        ended = asyncio.Event()

        async def finish(_context):
            ended.set()
            return "done at last"

        runner.register("work", "Working", finish)
        await runner.begin()
        await asyncio.wait_for(ended.wait(), 10)
        assert [j.id for j in await runner.jobs()] == [job.id]


async def test_one_key_is_never_open_twice(home, clock):
    async with _opened(home, clock) as (runner, _):
        runner.register("work", "Working", lambda _context: asyncio.sleep(0, ""))
        one, same = await runner.submit(NewJob("work", key="k")), await runner.submit(NewJob("work", key="k"))
        assert one.id == same.id
        await _settled(runner, one.id)
        assert (await runner.submit(NewJob("work", key="k"))).id != one.id


@pytest.mark.parametrize(("misfire", "n_runs"), [(Misfire.RUN_ONCE, 1), (Misfire.SKIP, 0)])
async def test_runs_that_were_slept_through_follow_the_policy(home, clock, misfire, n_runs):
    async with _opened(home, clock) as (runner, _):
        runner.register("tick", "Ticking", lambda _context: asyncio.sleep(0, ""))
        runner.plan(Schedule("tick", NewJob("tick", key="t"), lambda: HOUR, misfire, late_ns=60 * SECOND_NS))
        await runner.look()
        assert await runner.jobs() == ()
        clock.advance(50 * HOUR + 10 * 60 * SECOND_NS)
        await runner.look()
        assert len(await runner.jobs()) == n_runs
        planned = await runner._store.next_run_ns("tick")
        assert clock.now_ns() < planned <= clock.now_ns() + HOUR


async def test_a_schedule_that_is_off_makes_nothing(home, clock):
    async with _opened(home, clock) as (runner, _):
        runner.register("tick", "Ticking", lambda _context: asyncio.sleep(0, ""))
        runner.plan(Schedule("tick", NewJob("tick"), lambda: 0))
        clock.advance(100 * HOUR)
        await runner.look()
        assert await runner.jobs() == ()


@given(st.integers(0, 10**15), st.integers(1, 10**12), st.integers(0, 10**15))
def test_the_next_run_is_ahead_by_one_interval_at_most(planned, every, now):
    found = next_run(planned, every, now)
    assert now < found <= now + every
    if planned <= now + every:
        assert (found - planned) % every == 0


async def test_nothing_handles_an_unknown_kind(home, clock):
    async with _opened(home, clock) as (runner, _):
        with pytest.raises(InvalidInput):
            await runner.submit(NewJob("mystery"))


async def test_a_job_that_is_about_to_begin_is_cancelled_or_begins_never_both(home, clock):
    async with _opened(home, clock) as (runner, _):
        ran = []

        async def work(context):
            ran.append(context.job_id)
            return ""

        runner.register("make", "Making", work)
        for _ in range(20):
            job = await runner.submit(NewJob("make"))
            looking = asyncio.ensure_future(runner.look())
            await asyncio.sleep(0)
            try:
                ended = await runner.cancel(job.id)
            except Conflict:
                ended = None
            await looking
            if ended is not None and ended.n_attempts == 0:
                assert job.id not in ran
            kept = next(one for one in await runner.jobs() if one.id == job.id)
            assert ended is None or kept.state is ended.state


async def test_the_last_lane_is_for_what_is_urgent_whoever_waited_longer(home, clock):
    async with _opened(home, clock) as (runner, _):
        may_end = asyncio.Event()
        ran = []

        async def work(context):
            ran.append(context.payload)
            await may_end.wait()
            return ""

        for n in range(LANES + 1):
            runner.register(f"kind{n}", "Work", work)
        for n in range(LANES - 1):
            await runner.submit(NewJob(f"kind{n}", b"0"))
        await runner.look()
        await runner.submit(NewJob(f"kind{LANES - 1}", b"1"))
        clock.advance(600 * SECOND_NS)
        await runner.submit(NewJob(f"kind{LANES}", b"2", priority=Priority.URGENT))
        await runner.look()
        await asyncio.sleep(0)
        assert ran == [*[0] * (LANES - 1), 2]
        assert await runner._wait_s() > 1  # nobody looks again and again while all lanes are taken
        may_end.set()


async def test_two_open_jobs_of_one_key_are_not_made_by_trying_again(home, clock):
    async with _opened(home, clock) as (runner, _):

        async def work(_context):
            return ""

        runner.register("make", "Making", work)
        first = await runner.submit(NewJob("make", key="home"))
        await runner.cancel(first.id)
        second = await runner.submit(NewJob("make", key="home"))
        with pytest.raises(Conflict, match=f"Job {second.id}"):
            await runner.retry(first.id)


async def test_work_that_only_waits_runs_beside_the_lanes_one_job_a_key(home, clock):
    async with _opened(home, clock) as (runner, _):
        may_end, ran = asyncio.Event(), []

        async def work(context):
            ran.append(context.payload)
            await may_end.wait()
            return ""

        runner.register("wait", "Waiting", work, n_beside=LANES + 2)
        runner.register("work", "Work", work)
        for n in range(LANES + 4):
            await runner.submit(NewJob("wait", f"{n}".encode(), key=f"k{n}"))
            await runner.submit(NewJob("wait", b"99", key=f"k{n}"))
        await runner.look()
        await asyncio.sleep(0)
        assert ran == list(range(LANES + 2))  # no more than so many
        await runner.submit(NewJob("work", b'"lane"', priority=Priority.LOW))
        await runner.look()
        await asyncio.sleep(0)
        assert ran[-1] == "lane"  # and they take no lane from others
        assert await runner._wait_s() > 1
        may_end.set()


async def test_work_that_only_waits_begins_while_every_lane_is_taken(home, clock):
    async with _opened(home, clock) as (runner, _):
        may_end, ran = asyncio.Event(), []

        async def work(context):
            ran.append(context.payload)
            await may_end.wait()
            return ""

        for n in range(LANES):
            runner.register(f"kind{n}", "Work", work)
            await runner.submit(NewJob(f"kind{n}", b"0", priority=Priority.URGENT))
        runner.register("wait", "Waiting", work, n_beside=2)
        await runner.submit(NewJob("wait", b"1", key="a", priority=Priority.LOW))
        await runner.look()
        await asyncio.sleep(0)
        assert sorted(ran) == [*[0] * LANES, 1]
        may_end.set()


async def test_a_job_asked_for_again_sooner_is_brought_forward_unless_it_has_failed_before(home, clock):
    async with _opened(home, clock) as (runner, _):

        async def work(_context):
            raise Unavailable("Not now.", hint="Later.")

        runner.register("work", "Working", work, retry=Retry(attempts_max=3, first_s=100))
        later = clock.now_ns() + 60 * SECOND_NS
        job = await runner.submit(NewJob("work", key="k", due_ns=later))
        assert (await runner.submit(NewJob("work", key="k", due_ns=later + 1))).due_ns == later
        sooner = await runner.submit(NewJob("work", key="k"))
        assert (sooner.id, sooner.due_ns) == (job.id, clock.now_ns())
        failed = await _settled(runner, job.id)
        assert failed.due_ns == clock.now_ns() + 100 * SECOND_NS
        assert (await runner.submit(NewJob("work", key="k"))).due_ns == failed.due_ns
