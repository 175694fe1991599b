"""Whatever a file holds, an import ends in a report or in a clear error; the process lives, and nothing wrong is taken."""

import contextlib
import random
import subprocess
import sys

import numpy as np
import pytest

from backend.errors import TriiError
from backend.market.importers import sheet_child
from tests.fakes.broken_files import SUFFIXES, broken_file
from tests.fakes.importing import NOW_NS, take_tables

N_FILES = 5000
N_SHEETS = 5_000
DAY_NS = 86_400 * 10**9


def check(taken):
    """Bars in order and possible, and every row counted once."""
    bars, tally = taken.bars, taken.tally
    assert (np.diff(bars.event_ns) > 0).all()
    assert all(np.isfinite(column).all() for column in (bars.open, bars.high, bars.low, bars.close))
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert not (bars.volume < 0).any()
    assert taken.plan.instrument.may_be_negative or not (bars.low <= 0).any()
    assert not len(bars) or (bars.event_ns[-1] <= NOW_NS + 2 * DAY_NS and str(bars.event_ns[0].astype("M8[ns]")) >= "1800")
    counted = tally.n_kept + tally.n_same + tally.n_missing + tally.n_refused + tally.n_overruled + sum(tally.others.values())
    assert counted == tally.n_rows
    assert len(taken.notes) >= tally.n_missing + tally.n_refused + tally.n_overruled


def take(path, content):
    """Read a broken file; whether it gave a table."""
    path.write_bytes(content)
    try:
        tables = take_tables(path)
    except TriiError as e:
        refusal = e
    else:
        refusal = None
    if refusal is not None:
        assert refusal.message
        assert refusal.code
        return False
    for taken in tables:
        check(taken)
    return True


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["text", "json", "parquet", "arrow", "archive"])
def test_no_broken_file_does_harm(kind, tmp_path):
    path = tmp_path / f"AAPL_1d{SUFFIXES[kind]}"
    n_read = 0
    for seed in range(N_FILES):
        with describe(kind, seed):
            n_read += take(path, broken_file(kind, seed))
    assert 0 < n_read < N_FILES


@contextlib.contextmanager
def describe(kind, seed):
    """Name the file that failed, so that it can be made again."""
    try:
        yield
    except (Exception, RuntimeWarning) as e:
        e.add_note(f"broken_file({kind!r}, {seed})")
        raise


BATCH = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("sheet_child", sys.argv[1])
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)
child._limit_memory(3 << 30)
child._send = lambda value: None
folder, start, end = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
for seed in range(start, end):
    (folder / "seed").write_text(str(seed))
    try:
        child._serve({"path": str(folder / f"{seed}.xlsx"), "sheet": None, "rows_max": 100})
    except child.REFUSALS:
        pass
"""


def find_deadly(folder, n_files):
    """Seeds of the workbooks that end the process that parses them."""
    deadly, start = [], 0
    while start < n_files:
        arguments = [sys.executable, "-I", "-c", BATCH, sheet_child.__file__, folder, str(start), str(n_files)]
        if not subprocess.run(arguments, stderr=subprocess.DEVNULL, timeout=250, check=False).returncode:
            break
        start = int((folder / "seed").read_text()) + 1
        deadly.append(start - 1)
    return deadly


@pytest.mark.timeout(300)
def test_workbooks_that_would_kill_the_program_kill_only_the_process_that_reads_them(tmp_path):
    for seed in range(N_SHEETS):
        (tmp_path / f"{seed}.xlsx").write_bytes(broken_file("sheet", seed))
    deadly = find_deadly(tmp_path, N_SHEETS)
    print(f"{len(deadly)} of {N_SHEETS} workbooks ended the process that parsed them")
    for seed in random.Random(1).sample(range(N_SHEETS), 8) + deadly[:6]:
        with describe("sheet", seed):
            was_read = take(tmp_path / "AAPL_1d.xlsx", broken_file("sheet", seed))
            assert not (was_read and seed in deadly)
