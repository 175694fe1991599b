"""Crash reports: one file a defect, counted, redacted, kept until dismissed."""

import asyncio
import signal
import subprocess
import sys
import threading

import pytest

from backend.crash import CrashReporter, dismiss_report, pending_reports
from backend.domain.bars import DAY_NS
from backend.errors import NotFound

pytestmark = pytest.mark.usefixtures("caplog")


@pytest.fixture
def reporter(home):
    reporter = CrashReporter(home, lambda: ("the last line", "password=swordfish")).install()
    yield reporter
    reporter.close()


def _fail(text: str) -> None:
    raise ZeroDivisionError(text)


def _caught(text: str = "by zero") -> ZeroDivisionError:
    try:
        _fail(text)
    except ZeroDivisionError as e:
        return e
    raise AssertionError("it did not raise")


def test_a_report_says_what_happened_where_and_in_which_versions(home, reporter):
    reporter.report(_caught(f"in {home.root} with token=abcdef123"), "thread trii-engine")
    [report] = pending_reports(home)
    assert (report.kind, report.where, report.n_times) == ("ZeroDivisionError", "thread trii-engine", 1)
    assert "in _fail" in report.stack
    assert report.text == "in <home> with token=[hidden]"
    assert report.log == ("the last line", "password=[hidden]")
    assert set(report.versions) >= {"trii", "python", "system"}
    assert "swordfish" not in (home.crashes / f"crash-{report.id}.json").read_text()


def test_the_same_defect_is_one_report_with_a_count_whatever_its_values(home, clock):
    reporter = CrashReporter(home, clock=clock)
    for text in ("first", "second", "third"):
        reporter.report(_caught(text), "test")
        clock.advance(DAY_NS)
    [report] = pending_reports(home)
    assert (report.n_times, report.text) == (3, "third")
    assert (report.first[:10], report.last[:10]) == ("2024-01-08", "2024-01-10")


def test_different_defects_are_different_reports_and_the_newest_comes_first(home, clock):
    reporter = CrashReporter(home, clock=clock)
    reporter.report(_caught(), "test")
    clock.advance(DAY_NS)
    reporter.report(KeyError("close"), "test")
    assert [report.kind for report in pending_reports(home)] == ["KeyError", "ZeroDivisionError"]


def test_a_dismissed_report_is_gone(home, reporter):
    report = reporter.report(_caught(), "test")
    dismiss_report(home, report.id)
    dismiss_report(home, report.id)
    assert pending_reports(home) == ()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), asyncio.CancelledError(), NotFound("AAPL is not there.")])
def test_ending_the_program_and_errors_with_words_are_no_defects(home, reporter, error):
    assert reporter.report(error, "test") is None
    assert pending_reports(home) == ()


def test_a_person_may_forbid_reports_but_failures_are_logged_all_the_same(home, reporter, caplog):
    reporter.is_keeping = False
    assert reporter.report(_caught(), "thread x") is None
    assert pending_reports(home) == ()
    assert "Uncaught in thread x" in caplog.text


def test_a_thread_that_dies_is_reported_with_its_name(home, reporter):
    thread = threading.Thread(target=_fail, args=("in a thread",), name="market-writer")
    thread.start()
    thread.join()
    [report] = pending_reports(home)
    assert report.where == "thread market-writer"


def test_what_a_loop_callback_raises_is_reported(home, reporter):
    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(reporter.asyncio_handler)
        asyncio.get_running_loop().call_soon(_fail, "in a callback")
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(run())
    [report] = pending_reports(home)
    assert report.where.startswith("asyncio: Exception in callback _fail")


def test_who_shows_reports_is_told_of_each(home, reporter):
    told = []
    reporter.told = told.append
    written = reporter.report(_caught(), "test")
    assert told == [written]


def test_closing_gives_the_hooks_back(home):
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    reporter = CrashReporter(home).install()
    assert sys.excepthook != before[0]
    reporter.close()
    reporter.close()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before
    assert list(home.crashes.iterdir()) == []


def test_a_report_that_cannot_be_read_hides_no_other(home, reporter, caplog):
    reporter.report(_caught(), "test")
    (home.crashes / "crash-0000000000000000.json").write_text("{")
    assert len(pending_reports(home)) == 1
    assert "cannot be read" in caplog.text


def test_only_the_newest_fifty_defects_are_kept(home):
    reporter = CrashReporter(home)
    for i in range(55):
        reporter.report(type(f"Error{i}", (Exception,), {})("x"), "test")
    kept = {report.kind for report in pending_reports(home)}
    assert len(kept) == 50
    assert "Error54" in kept
    assert "Error0" not in kept


_DYING = """
import os, sys
from pathlib import Path
from backend.crash import CrashReporter
from backend.storage.paths import Home
CrashReporter(Home(Path(sys.argv[1]))).install()
if sys.argv[2] == "signal":
    os.kill(os.getpid(), 11)
raise LookupError("nobody caught this")
"""


def _die(home, how: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", _DYING, str(home.root), how], capture_output=True, text=True, timeout=60, check=False
    )


def test_an_exception_that_ends_the_process_leaves_a_report_and_the_usual_exit_code(home):
    done = _die(home, "raise")
    assert done.returncode == 1
    assert "LookupError: nobody caught this" in done.stderr
    [report] = pending_reports(home)
    assert (report.kind, report.text) == ("LookupError", "nobody caught this")


@pytest.mark.posix
def test_a_native_fault_is_reported_by_the_next_start(home):
    assert _die(home, "signal").returncode == -signal.SIGSEGV
    assert pending_reports(home) == ()
    reporter = CrashReporter(home).install()
    reporter.close()
    [report] = pending_reports(home)
    assert report.kind == "NativeFault"
    assert "Segmentation fault" in report.text
    assert "<module>" in report.stack
