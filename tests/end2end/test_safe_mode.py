"""Safe mode in the real program: after two starts that were killed, and when it is asked for."""

import json
import signal
from contextlib import contextmanager

import pytest

from tests.fakes.trii import DEADLINE_S, Trii
from tests.fakes.waiting import wait_until

pytestmark = pytest.mark.posix


@pytest.fixture
def trii(home, tmp_path) -> Trii:
    return Trii(home, tmp_path)


@contextmanager
def _window(trii: Trii, *words: str):
    process = trii.start("open", *words, env={"QT_QPA_PLATFORM": "offscreen"})
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=DEADLINE_S)


def _n_noted(trii: Trii) -> int:
    path = trii.home.run / "starts.json"
    return json.loads(path.read_text())["n_open"] if path.exists() else 0


def _log_says(trii: Trii, words: str) -> bool:
    return any(words in path.read_text(encoding="utf-8", errors="replace") for path in trii.home.logs.glob("*.jsonl*"))


def test_two_starts_that_crash_are_followed_by_one_in_safe_mode_and_then_by_a_normal_one(trii):
    for n_crashed in range(2):
        with _window(trii) as process:
            wait_until(lambda n=n_crashed + 1: _n_noted(trii) == n or process.poll() is not None, DEADLINE_S)
            process.send_signal(signal.SIGKILL)
    assert not _log_says(trii, "safe mode")
    with _window(trii) as process:
        wait_until(lambda: _log_says(trii, "safe mode") or process.poll() is not None, DEADLINE_S)
        wait_until(lambda: trii.is_served() or process.poll() is not None, DEADLINE_S)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert _n_noted(trii) == 0, "A start that ended in order came through."


def test_safe_mode_can_be_asked_for_and_not_of_a_window_that_is_open(trii):
    with _window(trii, "--safe") as process:
        wait_until(lambda: _log_says(trii, "safe mode") or process.poll() is not None, DEADLINE_S)
        wait_until(lambda: trii.is_served() or process.poll() is not None, DEADLINE_S)
        said = trii("open", "--safe")
        assert said.code != 0
        assert "Close the window first" in said.err
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
