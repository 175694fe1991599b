"""Counters, gauges, histograms and the probe of the loop's lag."""

import asyncio
import threading

import pytest

from backend.clock import SystemClock
from backend.telemetry.metrics import Distribution, Metrics, probe_lag
from tests.fakes.waiting import until


def test_counters_lose_nothing_between_threads():
    counter = Metrics().counter("engine.n_events")

    def add() -> None:
        for _ in range(5000):
            counter.add()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 20_000


def test_a_histogram_tells_quantiles_of_the_newest_and_the_largest_of_all():
    histogram = Metrics().histogram("ui.frame_ms")
    histogram.record(999.0)
    for value in range(1, 2049):
        histogram.record(float(value % 100))
    spread = histogram.read()
    assert spread.n == 2049
    assert spread.max == 999.0
    assert spread.p50 == pytest.approx(49, abs=2)
    assert spread.p99 == pytest.approx(98, abs=1)


def test_an_empty_histogram_is_all_zero():
    assert Metrics().histogram("x_ms").read() == Distribution(0, 0.0, 0.0, 0.0, 0.0, 0.0)


def test_metrics_of_one_name_are_one_metric_and_are_read_together():
    metrics = Metrics()
    metrics.counter("b.n_calls").add(2)
    metrics.counter("b.n_calls").add(3)
    metrics.gauge("a.memory_mb").set(120.5)
    metrics.histogram("c.commit_ms").record(4.0)
    assert metrics.read() == {"a.memory_mb": 120.5, "b.n_calls": 5.0, "c.commit_ms": Distribution(1, 4.0, 4.0, 4.0, 4.0, 4.0)}


async def test_the_probe_records_how_long_the_loop_was_held():
    metrics = Metrics()
    probe = asyncio.create_task(probe_lag(metrics, SystemClock(), interval_s=0.002))
    lag = metrics.histogram("engine.lag_ms")
    await until(lambda: lag.read().n > 2)
    held = threading.Event()
    held.wait(0.05)  # holds the loop, as a slow handler would
    await until(lambda: lag.read().max >= 30)
    probe.cancel()
    await asyncio.wait({probe})
    assert lag.read().n >= 3
