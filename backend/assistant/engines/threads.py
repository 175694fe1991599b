"""How many threads a model may compute on, so that windows and orders always find a processor free."""

import os

import psutil

FEW_CORES = 4


def count_cores() -> int:
    """Physical cores that this process may use, at least 1."""
    physical = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return max(1, min(physical, usable))


def choose_n_threads(n_cores: int, *, is_shared: bool = False) -> int:
    """Threads on a machine of ``n_cores`` physical cores: one less up to four, two less above, and at least one.

    Threads that wait for each other spin, so more of them than free cores are slower than fewer.
    is_shared : one fewer, while a backtest or an import computes beside the model
    """
    left_free = (1 if n_cores <= FEW_CORES else 2) + is_shared
    return max(1, n_cores - left_free)
