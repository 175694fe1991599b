"""The table of long runs."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

SAMPLE = """
import pytest

@pytest.mark.long
def test_figures(record_property):
    record_property("kills", 200)
    assert KILLED == 200

def test_short():
    assert True
"""


def run(folder: Path, killed: int) -> str:
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "test_sample.py").write_text(f"KILLED = {killed}\n{SAMPLE}")
    (folder / "plugin.py").write_text(
        "import pathlib, tests.long_runs\n"
        "def pytest_configure(config):\n"
        "    table = pathlib.Path(__file__).parent / 'docs' / 'long-runs.md'\n"
        "    config.pluginmanager.register(tests.long_runs.LongRuns('7', table))\n"
    )
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  long: x\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "plugin", "-p", "no:cacheprovider", "tests"]
    env = {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PATH": ""}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert "2 passed" in done.stdout or "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    return (folder / "docs" / "long-runs.md").read_text()


def test_the_table_keeps_the_last_result_of_each_long_test_with_date_and_seed(tmp_path):
    passed = run(tmp_path, 200)
    failed = run(tmp_path, 199)

    assert "| `tests/test_sample.py::test_figures` | passed |" in passed
    assert "| 7 |" in passed
    assert "kills 200 |" in passed
    assert "test_short" not in passed
    assert failed.count("test_figures") == 1
    assert "| failed |" in failed


def test_rows_of_tests_that_are_gone_are_dropped(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "long-runs.md").write_text("| `tests/test_gone.py::test_old` | passed | 1 |\n")

    assert "test_gone" not in run(tmp_path, 200)
