"""Crash reports: what nobody caught becomes one file in the home's ``crashes`` folder, redacted and counted by its stack."""

import asyncio
import datetime as dt
import faulthandler
import hashlib
import json
import logging
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import backend
from backend.clock import Clock, SystemClock
from backend.errors import TriiError
from backend.storage.durable import write_durably
from backend.storage.paths import Home
from backend.telemetry.redaction import redact, redact_paths

log = logging.getLogger(__name__)

N_REPORTS_MAX: Final = 50
_NATIVE: Final = "native-fault.txt"


@dataclass(frozen=True, slots=True)
class CrashReport:
    """One defect, however often it struck: times are UTC, ``stack`` and ``log`` hold no secrets."""

    id: str
    kind: str
    text: str
    where: str
    stack: str
    n_times: int
    first: str
    last: str
    versions: dict[str, str] = field(default_factory=dict)
    log: tuple[str, ...] = ()


def pending_reports(home: Home) -> tuple[CrashReport, ...]:
    """The reports that were not dismissed, newest first; files that cannot be read are passed over with a warning."""
    reports = []
    for path in home.crashes.glob("crash-*.json"):
        report = _load(path)
        if report is not None:
            reports.append(report)
    return tuple(sorted(reports, key=lambda report: report.last, reverse=True))


def dismiss_report(home: Home, report_id: str) -> None:
    """Delete one report; deleting it twice does nothing."""
    assert report_id.isalnum(), f"{report_id!r} is not the id of a report."
    (home.crashes / f"crash-{report_id}.json").unlink(missing_ok=True)


class CrashReporter:
    """Between ``install`` and ``close``, every uncaught exception of this process is logged and written down.

    last_lines : gives the newest log lines; they are part of the report
    told : called after a report was written, on the thread that failed; the desktop shows it
    """

    def __init__(self, home: Home, last_lines: Callable[[], tuple[str, ...]] = tuple, *, clock: Clock | None = None) -> None:
        self.told: Callable[[CrashReport], None] | None = None
        self.is_keeping = True  # the person may forbid reports; failures are logged all the same
        self._home = home
        self._last_lines = last_lines
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._before: tuple[Any, Any, Any] | None = None
        self._native: IO[bytes] | None = None

    def install(self) -> Self:
        """Take over the hooks of the interpreter and of its threads, and write native faults to a file."""
        for folder in (self._home.crashes, self._home.run):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._collect_native_fault()
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable
        self._native = (self._home.run / _NATIVE).open("wb")
        faulthandler.enable(self._native, all_threads=True)
        return self

    def close(self) -> None:
        """Give the hooks back; an empty file for native faults is removed."""
        if self._before is None:
            return
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        self._before = None
        if self._native is not None:
            faulthandler.disable()
            self._native.close()
            (self._home.run / _NATIVE).unlink(missing_ok=True)

    def asyncio_handler(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """For ``loop.set_exception_handler``: what a callback raised, or a task whose failure nobody read."""
        error = context.get("exception")
        source = context.get("task") or context.get("future") or context.get("handle")
        where = f"asyncio: {context.get('message', '')} {source or ''}".strip()
        if isinstance(error, BaseException):
            self.report(error, where)
        else:
            log.error("%s", where)

    def report(self, error: BaseException, where: str) -> CrashReport | None:
        """Log ``error`` and write its report; None for what is no defect (ending the program, errors with words)."""
        if isinstance(error, KeyboardInterrupt | SystemExit | asyncio.CancelledError | GeneratorExit):
            return None
        log.error("Uncaught in %s.", where, exc_info=error)
        if isinstance(error, TriiError) or not self.is_keeping:
            return None
        stack = "".join(traceback.format_exception(error))
        return self._write(type(error).__name__, str(error), where, stack, _fingerprint(error))

    def _write(self, kind: str, text: str, where: str, stack: str, fingerprint: str) -> CrashReport | None:
        with self._lock:
            path = self._home.crashes / f"crash-{fingerprint}.json"
            now = dt.datetime.fromtimestamp(self._clock.now_ns() / 1e9, dt.UTC).isoformat(timespec="seconds")
            earlier = _load(path) if path.exists() else None
            report = CrashReport(
                fingerprint,
                kind,
                self._clean(text),
                self._clean(where),
                self._clean(stack),
                1,
                now,
                now,
                _versions(),
                self._lines(),
            )
            if earlier is not None:
                report = replace(report, n_times=earlier.n_times + 1, first=earlier.first)
            try:
                write_durably(path, json.dumps(asdict(report), indent=1).encode())
            except TriiError as e:  # a full disk must not turn one failure into two
                log.error("The crash report could not be written: %s", e)  # noqa: TRY400 - the crash itself is logged with its stack
                return None
            self._forget_oldest()
        log.error("A crash report was written to %s (seen %d times).", path, report.n_times)
        if self.told is not None:
            self.told(report)
        return report

    def _lines(self) -> tuple[str, ...]:
        return tuple(self._clean(line) for line in self._last_lines())

    def _clean(self, text: str) -> str:
        return redact_paths(redact(text), self._home.root)

    def _forget_oldest(self) -> None:
        paths = sorted(self._home.crashes.glob("crash-*.json"), key=lambda p: p.stat().st_mtime_ns)
        for path in paths[:-N_REPORTS_MAX]:
            path.unlink(missing_ok=True)

    def _collect_native_fault(self) -> None:
        """Turn what faulthandler left behind when the last run died into a report of this one."""
        path = self._home.run / _NATIVE
        stack = path.read_text(errors="replace") if path.exists() else ""
        if stack.strip():
            first = stack.strip().splitlines()[0]
            functions = "".join(line.rpartition(" in ")[2] for line in stack.splitlines() if line.startswith("  File"))
            self._write("NativeFault", first, "the last run of the program", stack, _digest(first + functions))

    # --- hooks ---

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.report(error.with_traceback(trace), f"thread {threading.current_thread().name}")
        sys.__excepthook__(kind, error, trace)  # who started the program from a terminal sees it there too

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self.report(args.exc_value, f"thread {args.thread.name if args.thread else '?'}")

    def _on_unraisable(self, args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value is not None:
            self.report(args.exc_value, f"{args.err_msg or 'Exception ignored in'} {args.object!r}")


def _fingerprint(error: BaseException) -> str:
    """The same for the same defect: the error's class and the functions it passed through, without lines or values."""
    frames = traceback.extract_tb(error.__traceback__)
    return _digest("".join([type(error).__qualname__, *(f"{Path(f.filename).name}:{f.name}" for f in frames)]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def _versions() -> dict[str, str]:
    versions = {"trii": backend.__version__, "python": platform.python_version(), "system": platform.platform()}
    for name in ("PySide6", "numpy", "pyarrow", "duckdb", "numba"):
        module = sys.modules.get(name)  # only what is loaded: importing while failing would fail again
        if module is not None:
            versions[name] = str(getattr(module, "__version__", "?"))
    return versions


def _load(path: Path) -> CrashReport | None:
    try:
        raw = json.loads(path.read_bytes())
        return CrashReport(**{**raw, "log": tuple(raw["log"])})
    except (OSError, ValueError, TypeError, KeyError) as e:
        log.warning("The crash report %s cannot be read: %s", path, e)
        return None
