"""Run a seed and say what it broke. ``python -m tests.simulator.runs [--long] SEED [SEED ...]`` replays and tells."""

import sys
import time
from collections.abc import Sequence

from tests.simulator.copy_checks import check_copies, kinds_seen
from tests.simulator.log_checks import check_logs
from tests.simulator.right_checks import check_rights
from tests.simulator.scenario import Scenario, Size

LINES = 60
LONG = Size(n_deeds=320, n_troubles=28)


class BrokenError(AssertionError):
    """A seed broke a promise. The message tells which, and how to see it again."""


def run_seed(seed: int, size: Size | None = None) -> Scenario:
    """One whole run. Raises BrokenError with the seed, what is wrong, and the last of what happened."""
    scenario = Scenario(seed, size)
    try:
        scenario.run()
        wrong = [*check_logs(scenario), *check_rights(scenario), *check_copies(scenario)]
    except Exception as error:
        raise BrokenError(story(scenario, [f"{type(error).__name__}: {error}"])) from error
    if wrong:
        raise BrokenError(story(scenario, wrong))
    return scenario


def judge_long_seed(seed: int) -> tuple[str, frozenset[str]]:
    """What a long run of a seed broke, empty for nothing, and the kinds of events it has entered; for processes of their own."""
    try:
        return "", frozenset(kinds_seen(run_seed(seed, LONG)))
    except BrokenError as error:
        return str(error), frozenset()


def story(scenario: Scenario, wrong: Sequence[str]) -> str:
    """What a reader needs to find the cause."""
    seed = scenario.world.seed
    word = f"--long {seed}" if scenario.size == LONG else f"{seed}"
    head = [f"Seed {seed} broke. See it again with: python -m tests.simulator.runs {word}", *wrong[:8]]
    if len(wrong) > 8:
        head.append(f"... and {len(wrong) - 8} more")
    return "\n".join([*head, "What happened last:", *list(scenario.world.trace)[-LINES:]])


def main() -> int:
    """Replay the seeds named; 1 where one of them breaks."""
    is_broken, size = False, LONG if "--long" in sys.argv else None
    for word in (word for word in sys.argv[1:] if word != "--long"):
        begun_s = time.perf_counter()
        try:
            scenario = run_seed(int(word), size)
        except BrokenError as error:
            is_broken = True
            print(error)
        else:
            steps, kinds = scenario.world.n_steps, ", ".join(sorted(kinds_seen(scenario)))
            print(f"seed {word} holds: {steps} steps in {time.perf_counter() - begun_s:.2f} s; {kinds}")
    return int(is_broken)


if __name__ == "__main__":
    sys.exit(main())
