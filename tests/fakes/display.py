"""An X server of its own for tests that need real windows, mouse and keyboard."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SCREEN = "1600x1000x24"


@dataclass(frozen=True, slots=True)
class Display:
    """A running X display, named as DISPLAY wants it (":7")."""

    name: str

    def environment(self) -> dict[str, str]:
        """This process's environment, changed so that a Qt child opens real windows on this display."""
        return {**os.environ, "DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"}

    def xdotool(self, *arguments: str) -> str:
        """Press keys or move the mouse as a person would; returns what xdotool printed."""
        done = subprocess.run(
            ["xdotool", *arguments], env=self.environment(), capture_output=True, text=True, timeout=30, check=True
        )
        return done.stdout


def why_no_display() -> str:
    """Why no display can be opened here; empty when it can."""
    missing = [program for program in ("Xvfb", "xdotool") if shutil.which(program) is None]
    return f"needs {' and '.join(missing)}; on Debian: apt-get install xvfb xdotool" if missing else ""


@contextmanager
def open_display() -> Iterator[Display]:
    """Start Xvfb on a display number that it picks itself, and stop it."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        # Xvfb writes the number and a newline once it accepts clients; end of file means that it could not start.
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise RuntimeError(f"Xvfb ended with {server.wait(10)} before it opened a display.")
        yield Display(f":{number}")
    finally:
        server.terminate()
        server.wait(10)
