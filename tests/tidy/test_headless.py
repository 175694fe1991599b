"""The backend runs where no window toolkit is installed."""

import json
import subprocess
import sys

from tests.tidy.source_tree import ROOT, product

QT = ("PySide6", "shiboken6", "pyqtgraph", "qasync", "PyQt5", "PyQt6", "PySide2", "PySide6_QtAds", "qtpy", "trii_desktop")

IMPORT_ALL = """
import importlib, json, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is a window toolkit; the backend must do without")

names, BLOCKED = json.loads(sys.stdin.read())
sys.meta_path.insert(0, Blocker())
for name in names:
    importlib.import_module(name)
print(json.dumps(sorted(set(sys.modules) & set(BLOCKED))))
"""


def import_blocked(names: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", IMPORT_ALL]
    return subprocess.run(
        command, cwd=ROOT, input=json.dumps([names, QT]), capture_output=True, text=True, timeout=100, check=False
    )


def test_every_backend_module_imports_with_every_window_toolkit_blocked():
    names = [source.module for source in product() if not source.path.startswith("trii_desktop/")]

    done = import_blocked(names)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_the_block_stops_a_module_that_needs_a_window():
    assert "must do without" in import_blocked(["trii_desktop.theme"]).stderr


# What a window must not wait for; the first chart reads one stored series through pyarrow alone.
HEAVY = ("numba", "pandas", "duckdb", "exchange_calendars", "lancedb", "polars", "openpyxl", "pyqtgraph", "llama_cpp", "xllamacpp")


def test_importing_the_whole_backend_loads_nothing_heavy():
    names = [source.module for source in product() if source.path.startswith("backend/") and "kernels" not in source.path]
    program = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})))"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]", f"{done.stdout.strip()} must be imported inside the function that needs them."
