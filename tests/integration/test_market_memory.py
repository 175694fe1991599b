"""Importing takes a bounded amount of memory, however many rows there are and whatever their order."""

import subprocess
import sys

import pytest

from backend.storage.paths import Home
from backend.storage.stage import BUFFER_ROWS


def import_bulk(folder, n_rows, buffer_rows):
    """Peak memory in MiB, seconds, and bars replaced by the second import."""
    home = Home(folder)
    home.make()
    command = [sys.executable, "-m", "tests.fakes.market_bulk", str(folder), str(n_rows), str(buffer_rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak_mib, seconds, n_replaced = done.stdout.split()
    return float(peak_mib), float(seconds), int(n_replaced)


@pytest.mark.posix
def test_four_times_the_rows_take_no_more_memory(tmp_path):
    few_mib, _, n_replaced = import_bulk(tmp_path / "few", 500_000, 50_000)
    many_mib, _, _ = import_bulk(tmp_path / "many", 2_000_000, 50_000)
    assert n_replaced == 500
    # 1,500,000 rows more would be 69 MiB.
    assert many_mib < few_mib + 45


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_ten_gigabytes_of_bars_are_imported_twice_within_a_gibibyte(tmp_path):
    peak_mib, seconds, n_replaced = import_bulk(tmp_path / "all", 210_000_000, BUFFER_ROWS)
    print(f"{seconds:.0f} s, peak {peak_mib:.0f} MiB")
    assert n_replaced == 210_000
    assert peak_mib < 1024
