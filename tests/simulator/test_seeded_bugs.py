"""The checks see mistakes: each of thirty is put into the real cores, and a seed must break. By name; a handful in the suite."""

import pytest

from tests.simulator.runs import LONG, BrokenError, run_seed
from tests.simulator.seeded_bugs import BUGS, Bug

N_SEEDS = 40
FEWEST_CAUGHT = 28
IN_THE_SUITE = (
    "the server forgets what it decided",
    "an edit wins over a deletion",
    "a removed member is still told",
    "a copy jumps over gaps",
    "a device sends before it has saved",
    "the cursor is saved before its events",
)


def seed_that_sees(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str] | None:
    """The first seed that breaks with the bug in, and what it says; None where none does."""
    with monkeypatch.context() as patch:
        bug.put(patch)
        for seed in range(N_SEEDS):
            try:
                run_seed(seed, LONG)
            except BrokenError as broken:
                said = str(broken).splitlines()[1]
                assert not said.startswith(("TypeError", "AttributeError")), f"{bug.name} does not fit the code any more: {said}"
                return seed, said
    return None


@pytest.mark.parametrize("name", IN_THE_SUITE)
def test_a_mistake_in_a_core_breaks_a_seed(name, monkeypatch):
    bug = next(bug for bug in BUGS if bug.name == name)
    assert seed_that_sees(bug, monkeypatch) is not None


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_at_least_twenty_eight_of_thirty_mistakes_break_a_seed(monkeypatch, record_property):
    assert len(BUGS) == 30
    caught = []
    for bug in BUGS:
        seen = seed_that_sees(bug, monkeypatch)
        print(f"{'caught' if seen else 'MISSED'}: {bug.name}" + (f" (seed {seen[0]}: {seen[1][:160]})" if seen else ""))
        if seen:
            caught.append(bug.name)
    missed = [bug.name for bug in BUGS if bug.name not in caught]
    record_property("caught", f"{len(caught)} of {len(BUGS)}")
    record_property("missed", ", ".join(missed) or "none")
    assert len(caught) >= FEWEST_CAUGHT, missed
