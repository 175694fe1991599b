"""Imports go one way; the contracts stand in pyproject.toml and each is seen to break here."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.source_tree import ROOT, Source, product

# One wrong import for each contract, in no particular order.
PLANTED = {
    "backend/errors.py": "import trii_desktop.theme",
    "backend/clock.py": "import backend.storage.paths",
    "backend/domain/bars.py": "import backend.domain.planted",
    "backend/domain/planted.py": "import backend.domain.bars\nimport qtpy",
    "backend/storage/paths.py": "import sync_server.planted",
    "sync_server/planted.py": "import duckdb",
    "trii_desktop/theme.py": "import trii_desktop.tour",
}
# llvmlite is how numba itself writes code; calling a step by its address needs one type of it (decision 0080).
NUMERIC = {"math", "typing", "collections", "numpy", "numba", "llvmlite", "backend"}


def lint_imports(folder: Path) -> dict[str, bool]:
    """Whether each contract is kept, by its name."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    verdicts = re.findall(r"^(.+?) (KEPT|BROKEN)(?: \(.*\))?$", done.stdout, re.MULTILINE)
    assert verdicts, done.stdout + done.stderr
    return {name: verdict == "KEPT" for name, verdict in verdicts} | (
        {} if done.returncode == 0 else {"": False, "said": done.stdout}
    )


def test_every_import_contract_is_kept():
    broken = {name: kept for name, kept in lint_imports(ROOT).items() if kept is not True}

    assert not broken, f"{broken.get('said')}\nRun .venv/bin/lint-imports --verbose to see the chains."


def test_every_import_contract_breaks_on_a_planted_import(tmp_path):
    for package in ("backend", "trii_desktop", "sync_server"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, line in PLANTED.items():
        path = tmp_path / name
        path.write_text((path.read_text() if path.exists() else '"""Planted."""\n') + f"\n{line}\n")

    verdicts = {name: kept for name, kept in lint_imports(tmp_path).items() if name not in ("", "said")}

    assert len(verdicts) >= 7
    assert not any(verdicts.values()), [name for name, kept in verdicts.items() if kept]


def foreign_imports(source: Source) -> set[str]:
    """Top-level packages that a kernel module should not know."""
    names = {alias.name for node in source.nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in source.nodes if isinstance(node, ast.ImportFrom)}
    return {
        name for name in names if name.partition(".")[0] not in NUMERIC or (name.startswith("backend") and ".kernels" not in name)
    }


def test_kernels_know_numpy_and_numba_only():
    found = {source.path: foreign_imports(source) for source in product() if source.path.startswith("backend/kernels/")}

    assert not {path: names for path, names in found.items() if names}


@pytest.mark.parametrize("line", ["import pandas", "from backend.domain.bars import BarArrays", "import backend.errors"])
def test_a_kernel_that_knows_more_is_found(line):
    assert foreign_imports(Source("backend/kernels/sample.py", f"import numpy as np\n{line}\n"))
