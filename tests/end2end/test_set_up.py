"""From a clone to a working environment with nothing but Python, without a network."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TASKS = ("run", "test", "check", "fix", "bench", "package", "lock", "clean")


def wheel(folder: Path, name: str) -> Path:
    """A small real wheel whose module prints its own name."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    contents = {
        f"{name}.py": f"NAME = {name!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [
        f"{inside},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},{len(text)}"
        for inside, text in contents.items()
    ]
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in contents.items():
            archive.writestr(inside, text)
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")
    return path


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project of one dependency, set up by the real dev.py; its only index is a folder."""
    folder = tmp_path / "a clone"
    (folder / "requirements").mkdir(parents=True)
    (folder / "trii_desktop").mkdir()
    shutil.copy(ROOT / "dev.py", folder)
    shutil.copy(ROOT / "requirements" / "setup.lock", folder / "requirements")
    (folder / "trii_desktop" / "__main__.py").write_text("import sys, pinned\nprint('started', sys.argv[1:], pinned.NAME)\n")
    (folder / "wheels").mkdir()
    digest = hashlib.sha256(wheel(folder / "wheels", "pinned").read_bytes()).hexdigest()
    for lock in ("desktop", "test"):
        (folder / "requirements" / f"{lock}.lock").write_text(f"pinned==1.0 \\\n    --hash=sha256:{digest}\n")
    return folder


def dev(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dev.py as a bare Python would: isolated, without site packages, with no index but the folder."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
    env |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": (folder / "wheels").as_uri(), "PIP_CONFIG_FILE": os.devnull}
    env |= {"QT_QPA_PLATFORM": "xcb", "HOME": str(folder), "UV_CACHE_DIR": str(folder / "cache")}
    command = [getattr(sys, "_base_executable", sys.executable), "-I", "-S", str(folder / "dev.py"), *arguments]
    return subprocess.run(command, cwd=folder.parent, env=env, capture_output=True, text=True, timeout=100, check=False)


def test_help_needs_nothing_but_the_standard_library(tmp_path):
    shutil.copy(ROOT / "dev.py", tmp_path)

    done = dev(tmp_path, "--help")

    assert done.returncode == 0, done.stderr
    assert all(f"\n  {task}" in done.stdout for task in TASKS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dev.py"]


def test_run_sets_up_once_and_then_starts_at_once(clone, record_property):
    first = dev(clone, "run", "--home", "x", "bars", "AAPL")
    began = time.perf_counter()
    second = dev(clone, "run", "bars")
    second_s = time.perf_counter() - began

    assert first.returncode == 0, first.stdout + first.stderr
    assert "Setting up .venv" in first.stdout
    assert "started ['--home', 'x', 'bars', 'AAPL'] pinned" in first.stdout
    assert second.stdout.strip() == "started ['bars'] pinned"
    print(f"A second start of dev.py took {second_s:.2f} s, the program included.")
    record_property("second_start_s", round(second_s, 2))


def test_the_launcher_starts_the_project_from_anywhere(clone, tmp_path):
    assert dev(clone, "run").returncode == 0
    launcher = clone / ".venv" / ("Scripts/trii.cmd" if sys.platform == "win32" else "bin/trii")

    done = subprocess.run([launcher, "doctor"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)

    assert done.stdout.strip() == "started ['doctor'] pinned"


def test_a_file_that_is_not_the_pinned_one_is_refused_and_nothing_is_marked_as_set_up(clone):
    with zipfile.ZipFile(clone / "wheels" / "pinned-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("pinned_more.py", "import os\n")

    done = dev(clone, "run")

    assert done.returncode == 1
    assert "could not be installed" in done.stdout
    assert not (clone / ".venv" / "trii-stamp.json").exists()
    assert "started" not in done.stdout


def test_a_changed_lock_makes_a_fresh_environment(clone):
    assert dev(clone, "run").returncode == 0
    stray = next((clone / ".venv").rglob("pinned.py")).with_name("stray.py")
    stray.write_text("")
    lock = clone / "requirements" / "desktop.lock"
    (clone / "requirements" / "test.lock").write_text("# changed\n" + lock.read_text())
    lock.write_text("# changed too\n" + lock.read_text())

    done = dev(clone, "run")

    assert "Setting up .venv" in done.stdout
    assert not stray.exists()


def test_an_unknown_task_or_benchmark_is_refused_with_the_known_ones(clone):
    (clone / "tests" / "benchmarks").mkdir(parents=True)
    (clone / "tests" / "benchmarks" / "paint.py").write_text('"""Frames a second."""\n')

    assert dev(clone, "dance").returncode == 2
    assert "There are: paint." in dev(clone, "bench", "ballet").stdout
    assert "Frames a second." in dev(clone, "bench").stdout


def test_an_older_python_is_told_which_one_is_needed():
    program = f"import sys; sys.version_info = (3, 8); exec(open({str(ROOT / 'dev.py')!r}).read())"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this is 3.8" in done.stderr
