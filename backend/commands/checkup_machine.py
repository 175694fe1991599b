"""The doctor's look at program, machine and home, without opening anything."""

import ctypes
import importlib.metadata
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from backend import __version__
from backend.commands.findings import Finding, ok, problem, warning
from backend.commands.numbers import format_count, format_size
from backend.commands.times import find_zone
from backend.errors import InvalidInput
from backend.storage.ownership import is_owned, read_owner
from backend.storage.paths import Home

PACKAGES: Final = ("numpy", "pyarrow", "duckdb", "sqlcipher3", "cryptography", "exchange-calendars", "numba", "pyside6-essentials")
FREE_BYTES_LOW: Final = 2 << 30
FREE_BYTES_NONE: Final = 100 << 20
# What Qt loads when the first window opens, and the Debian package of each.
QT_LIBRARIES: Final = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
}
WINDOW_LIBRARIES: Final = {
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


def look_at_machine(home: Home) -> Iterator[Finding]:
    """Program, system libraries, time zones, home, its owner, crash reports and quarantine."""
    yield _program()
    yield ok("drawing", "Charts are painted in software; no graphics card is needed.")
    if sys.platform.startswith("linux"):
        yield _libraries("libraries", QT_LIBRARIES, "Windows and pictures need them.", is_needed=True)
        yield _libraries("window", WINDOW_LIBRARIES, "Windows on X11 need them; pictures and commands do not.", is_needed=False)
    yield _time_zones()
    yield _home(home)
    yield _disk(home)
    yield _owner(home)
    yield _left_files("crashes", home.crashes, "crash report", "Please send the newest with a report of what you did.")
    yield _left_files("quarantine", home.quarantine, "set of damaged or replaced files", "Delete what you do not need any more.")


def _program() -> Finding:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = ""
    missing = [name for name, version in versions.items() if not version]
    facts = {"version": __version__, "python": platform.python_version(), "system": platform.platform(), "packages": versions}
    if missing:
        return problem("program", f"Packages are missing: {', '.join(missing)}.", "Set TRII up again.", **facts)
    return ok("program", f"TRII {__version__}, Python {platform.python_version()}, {platform.platform(terse=True)}", **facts)


def _libraries(subject: str, wanted: dict[str, str], why: str, *, is_needed: bool) -> Finding:
    missing = {library: package for library, package in wanted.items() if not _loads(library)}
    if not missing:
        return ok(subject, f"All {len(wanted)} system libraries are there.")
    tell = problem if is_needed else warning
    hint = f"On Debian and Ubuntu: apt-get install {' '.join(missing.values())}"
    return tell(subject, f"{', '.join(missing)} cannot be loaded. {why}", hint, missing=list(missing))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _time_zones() -> Finding:
    try:
        find_zone("America/New_York")
    except InvalidInput:
        return problem("time zones", "The time zone database is missing.", "Install the package tzdata.")
    return ok("time zones", "The time zone database is there.")


def _home(home: Home) -> Finding:
    facts = {"path": home.root}
    if not os.access(home.root, os.W_OK | os.X_OK):
        return problem("home", f"{home.root} cannot be written.", "Change its permissions, or choose another with --home.", **facts)
    if os.name == "posix" and stat.S_IMODE(home.root.stat().st_mode) & 0o077:
        return warning("home", f"{home.root} can be read by other users.", f"Run: chmod 700 '{home.root}'", **facts)
    return ok("home", str(home.root), **facts)


def _disk(home: Home) -> Finding:
    free = shutil.disk_usage(home.root).free
    used = sum(path.stat().st_size for path in _files(home.root))
    text = f"{format_size(free)} free, the home takes {format_size(used)}"
    facts = {"free_bytes": free, "home_bytes": used}
    if free < FREE_BYTES_NONE:
        return problem("disk", f"{text}.", "Free some space: nothing can be saved soon.", **facts)
    if free < FREE_BYTES_LOW:
        return warning("disk", f"{text}.", "Free some space.", **facts)
    return ok("disk", text, **facts)


def _files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _owner(home: Home) -> Finding:
    note = read_owner(home)
    if not is_owned(home):
        return ok("owner", "No process has the home open.")
    if note is None:
        return warning("owner", "A process has the home open and does not say who it is.", "Wait, or end it.")
    facts = {"pid": note.pid, "role": note.role, "port": note.port, "owner_version": note.version}
    who = "This process" if note.pid == os.getpid() else f"Process {note.pid}"
    return ok("owner", f"{who} has the home open as '{note.role}', version {note.version}.", **facts)


def _left_files(subject: str, folder: Path, noun: str, hint: str) -> Finding:
    try:
        found = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    except FileNotFoundError:
        found = []
    if not found:
        return ok(subject, f"There is no {noun}.")
    plural = noun.replace("set of", "sets of") if noun.startswith("set of") else f"{noun}s"
    return warning(subject, f"{format_count(len(found), noun, plural)}, the newest {found[-1]}.", hint, newest=found[-1])
