"""The painting thread goes first: others ask before each slice of Python whether a frame is being painted.

Painting is hundreds of short calls that let go of the interpreter lock, and each may wait a switch interval to get it
back from a busy thread: one frame of six charts took 12 ms instead of 7 beside an engine that was busy half of the
time. Engine work that comes in slices therefore waits out the frame (decision 0041).
"""

import asyncio
import threading
from typing import Final

STEP_S: Final = 0.001
FRAME_S_MAX: Final = 0.012  # whoever waits goes on after this long, however slow the painting


class RightOfWay:
    """Says whether a frame is being painted: the painting thread takes and releases, any other asks before a slice."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()

    @property
    def is_taken(self) -> bool:
        """Whether a frame is being painted."""
        return not self._free.is_set()

    def take(self) -> None:
        """A frame begins."""
        self._free.clear()

    def release(self) -> None:
        """The frame is painted."""
        self._free.set()

    async def clear(self) -> None:
        """For coroutines: return at once, or when the frame is done, or after 12 ms all the same."""
        waited_s = 0.0
        while self.is_taken and waited_s < FRAME_S_MAX:
            await asyncio.sleep(STEP_S)
            waited_s += STEP_S

    def wait(self) -> None:
        """For worker threads: the same, holding the calling thread."""
        self._free.wait(FRAME_S_MAX)
