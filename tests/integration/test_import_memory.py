"""Memory of an import is bounded whatever the size of the file."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from tests.benchmarks.bench_import import make_bars

ROOT = Path(__file__).resolve().parents[2]
START_S = 1_577_836_800
GROWTH_MIB_MAX = 600

CHILD = """
import asyncio, sys, threading
from pathlib import Path
import psutil
from backend.clock import SystemClock
from backend.market.importers import Choices
from backend.storage.paths import Home
from tests.fakes.importing import open_workshop

async def main(root, path):
    home = Home(Path(root))
    home.make()
    process = psutil.Process()
    peak, done = 0, threading.Event()

    def watch():
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, process.memory_info().rss)

    async with open_workshop(home, SystemClock()) as shop:
        (plan,) = await shop.importer.preview(Path(path), Choices(instrument="BTCUSDT.BINANCE", timezone="UTC"))
        before = process.memory_info().rss
        watching = threading.Thread(target=watch)
        watching.start()
        report = await shop.importer.run(plan)
        done.set()
        watching.join()
    print(report.n_accepted, report.n_refused, (peak - before) // 2**20)

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


def write_csv(path, n_rows, *, n_copies=1):
    """A file of bars a second; each copy goes on where the one before ended."""
    bars = make_bars(n_rows)
    columns = dict(zip(("open", "high", "low", "close", "volume"), bars.columns(), strict=True))
    with path.open("wb") as sink:
        for copy in range(n_copies):
            times = pa.array(np.arange(n_rows) + START_S + copy * n_rows, pa.timestamp("s"))
            options = pyarrow.csv.WriteOptions(include_header=copy == 0, quoting_style="none")
            pyarrow.csv.write_csv(pa.table({"time": times, **columns}), sink, options)
    return path.stat().st_size


def import_apart(home, path):
    """Import in a process of its own: rows accepted and refused, and by how many MiB its memory grew."""
    command = [sys.executable, "-c", CHILD, str(home.root), str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    print(done.stdout)
    return tuple(int(word) for word in done.stdout.split())


@pytest.mark.timeout(300)
def test_a_file_of_two_hundred_megabytes_is_imported_in_bounded_memory(home, tmp_path):
    size = write_csv(tmp_path / "bars.csv", 1_000_000, n_copies=4)
    assert size > 200 * 10**6
    accepted, refused, grown_mib = import_apart(home, tmp_path / "bars.csv")
    assert (accepted, refused) == (4_000_000, 0)
    assert grown_mib < GROWTH_MIB_MAX


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_file_of_five_gigabytes_needs_no_more_memory_than_a_small_one(home, tmp_path, record_property):
    size = write_csv(tmp_path / "bars.csv", 2_000_000, n_copies=50)
    accepted, refused, grown_mib = import_apart(home, tmp_path / "bars.csv")
    record_property("memory", f"{size / 1e9:.1f} GB, grew by {grown_mib} MiB")
    assert (accepted, refused) == (100_000_000, 0)
    assert grown_mib < GROWTH_MIB_MAX
