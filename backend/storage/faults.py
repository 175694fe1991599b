"""Points at which a kill test may end the process; free when no test asks.

A test starts a process with TRII_FAULT set to the name of a point, or to ``name:n`` for its n-th passing. The process is
then killed there the hard way, as by a power cut: no handlers run and no buffers are flushed.
"""

import os
import signal
from typing import Final

FAULT_VARIABLE: Final = "TRII_FAULT"

_wanted, _, _passing = os.environ.get(FAULT_VARIABLE, "").partition(":")
_left = int(_passing) if _passing.isdigit() else 1


def reach(point: str) -> None:
    """Die here when the environment names ``point``; else do nothing."""
    if not _wanted or point != _wanted:
        return
    global _left  # noqa: PLW0603 - counts down once per process, only under test
    _left -= 1
    if _left <= 0:
        _die()


def _die() -> None:
    if os.name == "nt":
        os._exit(137)
    os.kill(os.getpid(), signal.SIGKILL)
