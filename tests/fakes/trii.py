"""The program as its user meets it: `trii` in a process of its own, on a home of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.jobs.warm_up import CACHE_VARIABLE
from backend.storage.ownership import read_owner
from backend.storage.paths import Home
from tests.fakes.waiting import wait_until

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
DEADLINE_S = 60.0


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output read as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error that standard error tells in JSON."""
        return json.loads(self.err.splitlines()[-1])["error"]


class Trii:
    """Runs commands on one home, from one folder."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home = home
        self.folder = folder

    def command(self, *words: object) -> list[str]:
        """The command line that starts the program."""
        return [sys.executable, "-P", "-m", "trii_desktop", *map(str, words)]

    def environment(self, **changes: str) -> dict[str, str]:
        """The process's environment; nothing of the machine's own TRII is met, and kernels are compiled once for all homes."""
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # compile once
        return {**inherited, "TRII_HOME": str(self.home.root), "TRII_KEYRING": "off", CACHE_VARIABLE: "", **changes}

    def start(self, *words: object, env: dict[str, str] | None = None, **options: Any) -> subprocess.Popen[bytes]:
        """Start a command and do not wait for it."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(self.command(*words), cwd=self.folder, env=self.environment(**(env or {})), **pipes)

    def __call__(self, *words: object, text: str = "", env: dict[str, str] | None = None) -> Said:
        """Run a command to its end, with ``text`` on standard input."""
        process = self.start(*words, env=env, stdin=subprocess.PIPE)
        return finish(process, text.encode())

    @contextmanager
    def headless(self) -> Iterator[subprocess.Popen[bytes]]:
        """The home owned by `trii --headless`, ready to serve; ended afterwards if it still runs."""
        owner = self.start("--headless", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            wait_until(lambda: self.is_served() or owner.poll() is not None, DEADLINE_S)
            assert owner.poll() is None, owner.stderr.read().decode() if owner.stderr else ""
            yield owner
        finally:
            if owner.poll() is None:
                owner.send_signal(signal.SIGTERM)
            owner.communicate(timeout=DEADLINE_S)

    def is_served(self) -> bool:
        """Whether an owner announces a port."""
        note = read_owner(self.home)
        return note is not None and note.port != 0


def finish(process: subprocess.Popen[bytes], text: bytes | None = None) -> Said:
    """Wait for a process and hear what it said."""
    try:
        out, err = process.communicate(text, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Said(process.returncode, (out or b"").decode(), (err or b"").decode())
