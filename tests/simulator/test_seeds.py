"""Five servers and twenty clients under drop, duplicate, reorder, delay, partition, crash and torn writes: I1 to I20 hold.

Each seed is one whole run. A failure prints its seed, what was broken, and how to see it again:
``python -m tests.simulator.runs SEED``.
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest

from sync_server.protocol.events import Kind
from tests.simulator.copy_checks import kinds_seen
from tests.simulator.runs import judge_long_seed, run_seed

N_SEEDS = 300
N_SEEDS_LONG = 2_000
STEP = 20


@pytest.mark.parametrize("first", range(0, N_SEEDS, STEP))
def test_every_promise_holds_after_any_seed(first):
    for seed in range(first, first + STEP):
        run_seed(seed)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_every_promise_holds_after_two_thousand_seeds(record_property):
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        judged = list(pool.map(judge_long_seed, range(10_000, 10_000 + N_SEEDS_LONG), chunksize=STEP))
    broken = [why for why, _ in judged if why]
    record_property("seeds", N_SEEDS_LONG)
    record_property("broken", len(broken))
    assert not broken, "\n\n".join(broken[:5])
    assert set().union(*(kinds for _, kinds in judged)) == set(Kind)


def test_a_few_seeds_see_every_kind_of_event():
    kinds: set[str] = set()
    for seed in range(12):
        kinds |= kinds_seen(run_seed(seed))
    assert kinds == set(Kind)


def test_the_same_seed_gives_the_same_world():
    one, other = run_seed(7), run_seed(7)
    assert list(one.world.trace) == list(other.world.trace)
    assert one.world.n_steps == other.world.n_steps
    for name, server in one.servers.items():
        assert server.disk.copy() == other.servers[name].disk.copy()
