"""Logs: one JSON object a line, written by a thread of their own, cut by day and size, kept and archived for a year."""

import asyncio
import contextlib
import copy
import datetime as dt
import gzip
import json
import logging
import logging.handlers
import queue
import re
import shutil
import sys
import traceback
from collections import deque
from pathlib import Path
from typing import IO, Any, Final

from backend.storage.paths import Home
from backend.telemetry.redaction import HIDDEN, is_secret_name, redact

FILE_BYTES_MAX: Final = 8 * 2**20
ARCHIVE_DAYS: Final = 365
N_LAST_LINES: Final = 200
_NAME = re.compile(r"trii-(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.jsonl(\.gz)?")
_OWN_FIELDS: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "task"}


class JsonFormatter(logging.Formatter):
    """One record as one line of JSON: time (UTC), level, logger, thread, task, text, extra fields, stack; redacted."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "text": redact(record.getMessage()),
        }
        if task := getattr(record, "task", None):
            line["task"] = task
        line.update((name, _plain(name, value)) for name, value in record.__dict__.items() if name not in _OWN_FIELDS)
        if record.exc_text:
            line["stack"] = redact(record.exc_text)
        return json.dumps(line, ensure_ascii=False, default=str)


class DailyFiles(logging.Handler):
    """Appends lines to ``trii-<day>[.<n>].jsonl``; a full disk costs lines, counted, and never the program."""

    def __init__(self, folder: Path, *, keep_days: int, bytes_max: int = FILE_BYTES_MAX) -> None:
        super().__init__()
        self.n_lost = 0
        self._n_untold = 0
        self.n_archive_failures = 0
        self.keep_days = keep_days
        self._last_lines: deque[str] = deque(maxlen=N_LAST_LINES)
        self._folder = folder
        self._bytes_max = bytes_max
        self._day = ""
        self._number = 0
        self._n_bytes = 0
        self._file: IO[bytes] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        line = self.format(record)
        self._last_lines.append(line)
        encoded = line.encode(errors="backslashreplace") + b"\n"
        day = dt.datetime.fromtimestamp(record.created, dt.UTC).date().isoformat()
        try:
            file = self._file_for(day, len(encoded))
            if self._n_untold:
                encoded = self._tell_lost() + encoded
            file.write(encoded)
            file.flush()
            self._n_bytes += len(encoded)
            self._n_untold = 0
        except OSError:  # a disk that is full or gone: the next line tries again
            self.n_lost += 1
            self._n_untold += 1
            self._drop_file()

    def last_lines(self) -> tuple[str, ...]:
        """The newest lines, oldest first; safe on any thread."""
        self.acquire()
        try:
            return tuple(self._last_lines)
        finally:
            self.release()

    def close(self) -> None:
        """Close the open file."""
        self._drop_file()
        super().close()

    def _file_for(self, day: str, n_bytes: int) -> IO[bytes]:
        is_full = self._n_bytes > 0 and self._n_bytes + n_bytes > self._bytes_max
        if self._file is not None and day == self._day and not is_full:
            return self._file
        self._drop_file()
        if day != self._day:
            self._day, self._number = day, 0
            self._archive(day)
        while True:
            number = f".{self._number}" if self._number else ""
            file = (self._folder / f"trii-{day}{number}.jsonl").open("ab")
            self._file, self._n_bytes = file, file.tell()
            if self._n_bytes == 0 or self._n_bytes + n_bytes <= self._bytes_max:
                return file
            self._drop_file()
            self._number += 1

    def _tell_lost(self) -> bytes:
        words = f"{self._n_untold} lines before this one were lost: the disk refused them."
        return json.dumps({"level": "warning", "logger": __name__, "text": words}).encode() + b"\n"

    def _archive(self, day: str) -> None:
        try:
            archive_logs(self._folder, today=dt.date.fromisoformat(day), keep_days=self.keep_days)
        except OSError:  # old logs stay where they are until the next day; today's lines matter more
            self.n_archive_failures += 1

    def _drop_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # what could not be flushed was counted as lost
                file.close()


def archive_logs(folder: Path, *, today: dt.date, keep_days: int) -> None:
    """Compress logs older than ``keep_days`` into ``archive``, and delete those older than a year."""
    archive = folder / "archive"
    for path in sorted(folder.glob("trii-*.jsonl")):
        day = _day_of(path)
        if day is None or (today - day).days <= keep_days:
            continue
        archive.mkdir(mode=0o700, exist_ok=True)
        packed = archive / f"{path.name}.gz"
        half = packed.with_suffix(".part")
        with path.open("rb") as plain, gzip.open(half, "wb") as out:
            shutil.copyfileobj(plain, out)
        half.replace(packed)
        path.unlink()
    for path in archive.glob("trii-*.jsonl.gz"):
        day = _day_of(path)
        if day is not None and (today - day).days > ARCHIVE_DAYS:
            path.unlink()


def _day_of(path: Path) -> dt.date | None:
    match = _NAME.fullmatch(path.name)
    try:
        return dt.date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


class _Sender(logging.handlers.QueueHandler):
    """Hands records to the log's thread without waiting; adds what only the sending thread knows."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """A copy with its text and stack written out, so that nothing live waits in the queue."""
        sent = copy.copy(record)
        sent.msg, sent.args = record.getMessage(), None
        if record.exc_info:
            sent.exc_text, sent.exc_info = "".join(traceback.format_exception(*record.exc_info)), None
        sent.task = _task_name()
        return sent


def _task_name() -> str | None:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs on this thread
        return None
    return task.get_name() if task is not None else None


def _plain(name: str, value: object) -> object:
    if is_secret_name(name):
        return HIDDEN
    return value if isinstance(value, bool | int | float | None) else redact(str(value))


class Logs:
    """The running logs of this process."""

    def __init__(self, files: DailyFiles, listener: logging.handlers.QueueListener, sender: _Sender, level_before: int) -> None:
        self._files = files
        self._listener = listener
        self._sender = sender
        self._level_before = level_before
        self._is_open = True

    @property
    def n_lost(self) -> int:
        """Lines that the disk refused."""
        return self._files.n_lost

    def last_lines(self) -> tuple[str, ...]:
        """The newest lines, oldest first, already redacted."""
        return self._files.last_lines()

    def keep(self, days: int) -> None:
        """From the next day's first line on, archive logs older than ``days``."""
        self._files.keep_days = days

    def close(self) -> None:
        """Write what waits and stop; later records go where they went before."""
        if not self._is_open:
            return
        self._is_open = False
        root = logging.getLogger()
        root.removeHandler(self._sender)
        root.setLevel(self._level_before)
        self._listener.stop()
        self._sender.close()
        self._files.close()


def setup_logs(home: Home, *, level: int = logging.INFO, keep_days: int = 30, stderr_level: int | None = None) -> Logs:
    """Write records of ``level`` and above to ``home.logs``; those of ``stderr_level`` and above to stderr too."""
    home.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = DailyFiles(home.logs, keep_days=keep_days)
    files.setFormatter(JsonFormatter())
    handlers: list[logging.Handler] = [files]
    if stderr_level is not None:
        console = logging.StreamHandler(sys.stderr)
        console.setLevel(stderr_level)
        console.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        handlers.append(console)
    waiting: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(waiting, *handlers, respect_handler_level=True)
    sender = _Sender(waiting)
    root = logging.getLogger()
    logs = Logs(files, listener, sender, root.level)
    listener.start()
    root.addHandler(sender)
    root.setLevel(level)
    return logs
