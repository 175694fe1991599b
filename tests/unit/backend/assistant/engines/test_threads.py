"""How many threads a model gets."""

import pytest

from backend.assistant.engines.threads import choose_n_threads, count_cores


@pytest.mark.parametrize(("n_cores", "n_threads"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (6, 4), (8, 6), (16, 14), (64, 62)])
def test_one_core_stays_free_up_to_four_and_two_above(n_cores, n_threads):
    assert choose_n_threads(n_cores) == n_threads


@pytest.mark.parametrize(("n_cores", "n_threads"), [(1, 1), (2, 1), (3, 1), (4, 2), (6, 3), (8, 5)])
def test_work_beside_the_model_takes_one_thread_from_it_and_leaves_it_one(n_cores, n_threads):
    assert choose_n_threads(n_cores, is_shared=True) == n_threads


def test_this_machine_has_a_core():
    assert count_cores() >= 1
