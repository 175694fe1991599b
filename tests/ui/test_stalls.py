"""The watchdog of the UI thread."""

import time

import pytest

from backend.telemetry.metrics import Metrics
from trii_desktop.stalls import StallWatchdog


def _hold_the_thread(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(100))


def test_a_stall_is_told_once_with_the_stack_that_stalls(qtbot, caplog):
    metrics = Metrics()
    with StallWatchdog(metrics, stall_s=0.05):
        _hold_the_thread(0.4)
        qtbot.waitUntil(lambda: metrics.counter("ui.n_stalls").value == 1)
    assert "_hold_the_thread" in caplog.text
    assert caplog.text.count("has not answered") == 1


@pytest.mark.usefixtures("qtbot")
def test_a_thread_that_answers_is_left_alone(qtbot):
    metrics = Metrics()
    beats = []
    with StallWatchdog(metrics, stall_s=5.0) as watchdog:
        watchdog._timer.timeout.connect(lambda: beats.append(1))
        qtbot.waitUntil(lambda: len(beats) > 5)
    assert metrics.counter("ui.n_stalls").value == 0
