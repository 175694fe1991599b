"""What is being done with models just now: told from any thread, and ended when somebody asks."""

import asyncio
import contextlib
import enum
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from backend.assistant.answers import Mode
from backend.errors import NotFound, Unavailable

T = TypeVar("T")
_RATE_S: Final = 8.0
_STEP_S: Final = 0.25


class Doing(enum.StrEnum):
    """What takes time."""

    COPYING = "copying"
    DOWNLOADING = "downloading"
    CHECKING = "checking"  # reading a file to know its hash
    TRYING = "trying"  # loading it in a process of its own
    EXAMINING = "examining"


@dataclass(frozen=True, slots=True)
class Work:
    """One thing under way. Counts are bytes, but for EXAMINING: prompts.

    n_total : 0 where unknown
    per_s : how fast it goes, over the last seconds; 0 where that is not known yet
    words : what it waits for, where it does
    model, mode : of an examination
    """

    id: str
    title: str
    doing: Doing
    n_done: int = 0
    n_total: int = 0
    per_s: float = 0.0
    words: str = ""
    model: str = ""
    mode: Mode | None = None

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where the size is unknown."""
        return min(1.0, self.n_done / self.n_total) if self.n_total else None

    @property
    def left_s(self) -> float | None:
        """Seconds until it is done, if it goes on like this; None where nobody can know."""
        if not self.n_total or self.per_s <= 0:
            return None
        return max(0, self.n_total - self.n_done) / self.per_s


Progress = Callable[[Work], None]
"""Told whenever a work moved on; from worker threads too."""


class Tally:
    """Keeps one work's newest value; ``count`` may be called from one other thread."""

    def __init__(self, work: Work, tell: Progress) -> None:
        self.work = work
        self._tell = tell
        self._seen: deque[tuple[float, int]] = deque()

    def turn_to(self, doing: Doing, *, n_total: int = 0, words: str = "") -> None:
        """Another thing is done now."""
        self._seen.clear()
        self._put(replace(self.work, doing=doing, n_done=0, n_total=n_total, per_s=0.0, words=words))

    def count(self, n_done: int, n_total: int) -> None:
        """So much is done."""
        now_s = time.perf_counter()
        if self._seen and n_done < self._seen[-1][1]:
            self._seen.clear()
        if not self._seen or now_s - self._seen[-1][0] >= _STEP_S:
            self._seen.append((now_s, n_done))
        while now_s - self._seen[0][0] > _RATE_S:
            self._seen.popleft()
        began_s, n_began = self._seen[0] if self._seen else (now_s, n_done)
        per_s = (n_done - n_began) / (now_s - began_s) if now_s - began_s >= _STEP_S else self.work.per_s
        self._put(replace(self.work, n_done=n_done, n_total=n_total, per_s=per_s, words=""))

    def say(self, words: str) -> None:
        """It waits for something."""
        self._seen.clear()
        self._put(replace(self.work, words=words, per_s=0.0))

    def name(self, title: str) -> None:
        """What it is about is known better by now."""
        self._put(replace(self.work, title=title))

    def _put(self, work: Work) -> None:
        self.work = work
        self._tell(work)


class WorkBook:
    """All works under way. ``works`` may be read from any thread; the rest belongs to one loop."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._ids = itertools.count(1)
        self._shown: tuple[Tally, ...] = ()

    def works(self) -> tuple[Work, ...]:
        """What is under way, oldest first."""
        return tuple(tally.work for tally in self._shown)

    @contextlib.contextmanager
    def under(
        self, title: str, doing: Doing, *, model: str = "", mode: Mode | None = None, tell: Progress | None = None
    ) -> Iterator[Tally]:
        """Show a work for the length of the block, and let ``stop`` end it: then Unavailable (``model.stopped``) comes of it."""
        task = asyncio.current_task()
        assert task is not None
        tally = Tally(Work(str(next(self._ids)), title, doing, model=model, mode=mode), tell or _tell_nobody)
        opened = self._open[tally.work.id] = _Open(tally, task, task.cancelling())
        self._show()
        try:
            yield tally
        except asyncio.CancelledError as e:
            if opened.is_stopped and task.uncancel() <= opened.n_cancelling:
                raise Unavailable(f"{tally.work.title} was stopped.", hint=_hint(tally.work.doing), code="model.stopped") from e
            raise
        finally:
            del self._open[tally.work.id]
            self._show()

    def stop(self, work_id: str) -> None:
        """Ask a work to end. Raises NotFound where it is over."""
        opened = self._open.get(work_id)
        if opened is None:
            raise NotFound("That is over already.", code="model.no_work")
        if not opened.is_stopped:
            opened.is_stopped = True
            opened.task.cancel()

    def _show(self) -> None:
        self._shown = tuple(opened.tally for opened in self._open.values())


@dataclass(slots=True)
class _Open:
    tally: Tally
    task: "asyncio.Task[object]"
    n_cancelling: int
    is_stopped: bool = False


async def run_on_thread(work: Callable[[threading.Event], T], undo: Callable[[T], None] | None = None) -> T:
    """Run ``work`` on a worker thread. When cancelled its event is set, and it has ended before this returns.

    undo : given what came of it where that was too late to be wanted
    """
    stop = threading.Event()
    future = asyncio.get_running_loop().run_in_executor(None, work, stop)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        stop.set()
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({future})
        if future.exception() is None and undo is not None:
            undo(future.result())
        raise


def _hint(doing: Doing) -> str:
    return "What came is kept: start it again and it goes on from there." if doing is Doing.DOWNLOADING else ""


def _tell_nobody(_work: Work) -> None:
    """Nobody asked."""
