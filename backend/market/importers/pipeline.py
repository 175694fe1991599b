"""The way of a table's rows into a stage: read on one thread, judged and staged on another, in bounded memory."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import IO, TypeAlias, TypeVar

from backend.errors import Conflict
from backend.market.importers.checks import Judged, RowJudge, Rules, Tally
from backend.market.importers.file_actions import ActionFinder
from backend.market.importers.plan import ImportPlan, Window
from backend.market.importers.row_blocks import Reading, RowReader
from backend.market.importers.row_notes import NoteWriter
from backend.market.importers.tables import open_rows
from backend.market.importers.text_rows import TextReader
from backend.storage.durable import explain_os_error
from backend.storage.stage import Stage

T = TypeVar("T")

Tell: TypeAlias = Callable[[int, int], None]
"""Called with bytes done and rows read so far."""


class Pipeline:
    """Moves every row of one plan into a stage. Used once, from the engine thread."""

    def __init__(self, plan: ImportPlan, rules: Rules, stage: Stage, finder: ActionFinder, notes: NoteWriter) -> None:
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self._plan = plan
        self._judge = RowJudge(rules, notes.add)
        self._stage = stage
        self._finder = finder
        self._stop = threading.Event()

    @property
    def tally(self) -> Tally:
        """Counts of the rows so far."""
        return self._judge.tally

    async def run(self, tell: Tell, window: Window | None = None) -> None:
        """Read, judge and stage everything; when cancelled, both threads have ended before this returns."""
        reading, checking = ThreadPoolExecutor(1, "import-read"), ThreadPoolExecutor(1, "import-check")
        stack = ExitStack()
        try:
            reader = await self._wait(reading.submit(stack.enter_context, self._open(window)))
            blocks = reader.blocks()
            waiting = reading.submit(next, blocks, None)
            while (block := await self._wait(waiting)) is not None:
                waiting = reading.submit(next, blocks, None)
                await self._wait(checking.submit(self._take, partial(self._judge.take, block)))
                tell(block.done_bytes, self.tally.n_rows)
            await self._wait(checking.submit(self._take, self._judge.finish))
        finally:
            self._stop.set()
            closed = reading.submit(stack.close)
            for thread in (reading, checking):
                await _finish(thread)
            closed.result()

    def _open(self, window: Window | None) -> AbstractContextManager[RowReader]:
        return open_rows(self._plan, self._stop.is_set) if window is None else _open_window(self._plan, window, self._stop.is_set)

    async def _wait(self, work: "Future[T]") -> T:
        return await asyncio.wrap_future(work)

    def _take(self, judge: Callable[[], Judged | None]) -> None:
        judged = judge()
        if judged is None:
            return
        self._stage.add(judged.bars)
        self._finder.take(judged)
        first, last = int(judged.bars.event_ns[0]), int(judged.bars.event_ns[-1])
        self.first_ns = first if self.first_ns is None else min(first, self.first_ns)
        self.last_ns = last if self.last_ns is None else max(last, self.last_ns)


async def _finish(thread: ThreadPoolExecutor) -> None:
    """Wait for a thread to end what it has begun, through further cancellation."""
    ending = asyncio.ensure_future(asyncio.to_thread(thread.shutdown, wait=True, cancel_futures=False))
    while not ending.done():
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            continue


class _Windowed:
    """Bytes of a file up to an end, as a source."""

    def __init__(self, file: IO[bytes], window: Window) -> None:
        self._file = file
        self._end = window.end
        self._file.seek(window.start)

    def read(self, n_bytes: int) -> bytes:
        """Up to ``n_bytes``; empty at the window's end."""
        return self._file.read(max(0, min(n_bytes, self._end - self._file.tell())))

    @property
    def done_bytes(self) -> int:
        """How far reading has come in the file."""
        return self._file.tell()


@contextmanager
def _open_window(plan: ImportPlan, window: Window, stop: Callable[[], bool]) -> Iterator[RowReader]:
    try:
        file = plan.path.open("rb")
    except OSError as e:
        raise explain_os_error(e, "read the file", plan.path) from e
    with file:
        if file.seek(0, 2) < window.end:
            raise Conflict(f"{plan.path} has shrunk while it was read.", hint="It is looked at again.", code="import.changed")
        yield TextReader(_Windowed(file, window), Reading.of(plan), stop, first_line=window.first_line)
