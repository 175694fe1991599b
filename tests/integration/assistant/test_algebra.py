"""Equations are worked out in a child that stays warm, is ended where it hangs or idles, and is begun again."""

import asyncio
import contextlib
import os
import signal
from fractions import Fraction

import psutil
import pytest

from backend.assistant.grounding.tags import render_tags
from backend.assistant.maths.algebra import Algebra
from backend.assistant.maths.reading import Task, read_sum
from backend.assistant.maths.solving import solve
from backend.errors import InvalidInput
from tests.fakes.waiting import until

OF_AMOUNT = "A percentage that is added to an amount, or taken from one, is of that amount."
ENDLESS = "expand (x + y + z + a + b + c + d)^60"


@contextlib.asynccontextmanager
async def open_algebra(**how):
    made = Algebra(**how)
    try:
        yield made
    finally:
        await made.close()


async def told(text, algebra):
    solved = await solve(read_sum(text), algebra, 0)
    return solved.asked + "".join(span.text for span in render_tags(solved.tagged, solved.facts))


async def ended(pid):
    await until(lambda: not psutil.pid_exists(pid))


SAID = (
    ("solve x^2 - 5x + 6 = 0", "In factors: (x - 3) * (x - 2) = 0.\n\nx = 2, or x = 3."),
    ("solve x^2 = 2", "x = -sqrt(2), which is about -1.41421356237, or x = sqrt(2), which is about 1.41421356237."),
    ("derivative of x^3 + 2x", "The derivative: 3 * x^2 + 2."),
    ("x^2 + 1 = 0", "No real number solves it."),
    (
        "x + 10% = 110",
        f"In factors: 11 * (x - 100)/10 = 0.\n\nx = 100. {OF_AMOUNT}",
    ),
    ("solve a*b = 3 for b", "b = 3/a."),
    ("solve 3x = 1", "x = 1/3, which is about 0.333333333333."),
    ("integrate x^2 from 0 to 3", "The integral: 9."),
    ("integral of 1/x between 1 and e", "The integral: 1."),
    ("integrate 1/x from 0 to 1", "It has no real value."),
    ("sin(pi)", "The value: 0. Angles are in radians."),
    ("ln(e)", "The value: 1."),
    ("sqrt(2)^2 - 2", "The value: 0."),
    ("sqrt(2) * sqrt(8)", "The value: 4."),
    ("tan(pi/2)", "It has no real value. Angles are in radians."),
    ("1/(sqrt(2) - sqrt(2))", "It has no real value."),
    ("2^100000 - 2^100000", "The value: 0."),
    ("is 17 prime", "Yes: 17 is prime."),
    ("Is 999,999,999,999,999,989 a prime number?", "Yes: 999,999,999,999,999,989 is prime."),
    ("prime factors of 360", "No: 360 is not prime, it is 2^3 * 3^2 * 5."),
    ("is 1 prime", "No: 1 is not prime; the least prime is two."),
)


async def test_equations_are_solved_and_expressions_worked_on_by_one_child():
    async with open_algebra() as algebra:
        pids = set()
        for text, said in SAID:
            assert await told(text, algebra) == said
            pids.add(algebra.pid)
        assert len(pids) == 1


async def test_what_takes_too_long_ends_the_child_and_the_next_is_worked_out():
    async with open_algebra(timeout_s=0.01) as hasty, open_algebra() as algebra:
        with pytest.raises(InvalidInput, match="could not be worked out in the time"):
            await told("solve x^5 + x = 1", hasty)
        assert not hasty.pid
        assert await told("simplify x + x", algebra) == "Simplified: 2 * x."
        pid = algebra.pid
        with pytest.raises(InvalidInput, match="could not be worked out"):
            await told(ENDLESS, algebra)
        await ended(pid)
        assert await told("simplify x + x", algebra) == "Simplified: 2 * x."


async def test_a_child_that_was_killed_is_begun_again():
    async with open_algebra() as algebra:
        await told("simplify x + x", algebra)
        pid = algebra.pid
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not algebra.pid)
        assert await told("derivative of x^2", algebra) == "The derivative: 2 * x."
        assert algebra.pid not in {0, pid}


async def test_whoever_gives_up_leaves_no_answer_to_the_next():
    async with open_algebra() as algebra:
        await told("simplify x + x", algebra)
        pid = algebra.pid
        given_up = asyncio.create_task(told(ENDLESS, algebra))
        for _ in range(5):
            await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert await told("derivative of x^2", algebra) == "The derivative: 2 * x."
        assert algebra.pid != pid


async def test_several_at_once_wait_for_their_turn():
    texts = [f"derivative of {n} * x" for n in range(2, 7)]
    async with open_algebra() as algebra:
        assert await asyncio.gather(*(told(text, algebra) for text in texts)) == [f"The derivative: {n}." for n in range(2, 7)]


async def test_an_idle_child_ends_by_itself_and_closing_ends_it_at_once():
    async with open_algebra(idle_s=0) as algebra:
        await told("simplify x + x", algebra)
        idle = algebra.pid
        await ended(idle)
        assert await told("simplify y + y", algebra) == "Simplified: 2 * y."
        last = algebra.pid
        assert last != idle
    assert (algebra.pid, psutil.pid_exists(last)) == (0, False)


async def test_a_result_too_long_to_be_told_is_refused_and_not_cut():
    async with open_algebra() as algebra:
        with pytest.raises(InvalidInput, match="too long to be told"):
            await told("expand (x + y)^300", algebra)


def test_bounds_are_read_apart_from_what_is_integrated():
    found = read_sum("integrate t^2 with respect to t from 0 to 1/2")
    assert (found.task, found.unknown, found.bounds) == (Task.INTEGRATE, "t", (Fraction(0), ("/", Fraction(1), Fraction(2))))
