"""Garbage is collected on the UI thread alone while a window lives."""

import gc
import threading
import weakref

from PySide6.QtCore import QObject, QTimer

from backend.telemetry.metrics import Metrics
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.waiting import until
from trii_desktop.collector import Collector


class _Part(QObject):
    """A Qt object in a cycle with its own timer, as a closed dialog may leave behind."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self
        self.timer = QTimer()
        self.timer.timeout.connect(self.tick)
        self.timer.start(1)

    def tick(self) -> None:
        self.n_ticks = getattr(self, "n_ticks", 0) + 1


def _make_garbage(stop: threading.Event) -> None:
    while not stop.is_set():
        cell: list = []
        cell.append(cell)


def test_cycles_with_qt_objects_die_on_the_ui_thread_however_busy_another_thread_is(qapp):
    died_on = []

    async def story():
        stop = threading.Event()
        busy = threading.Thread(target=_make_garbage, args=(stop,))
        with Collector(Metrics()) as collector:
            busy.start()
            try:
                for _ in range(50):
                    weakref.finalize(_Part(), lambda: died_on.append(threading.current_thread()))
                await until(lambda: gc.get_count()[0] > gc.get_threshold()[0])
                collector.settle()
            finally:
                stop.set()
                busy.join()

    run_on_qt(story())

    assert len(died_on) == 50
    assert set(died_on) == {threading.main_thread()}


def test_looking_collects_only_what_is_due_and_measures_it(qapp):
    metrics = Metrics()
    with Collector(metrics) as collector:
        collector.settle()
        collector.look()
        assert metrics.histogram("ui.collect_ms").read().n == 0
        kept = [[] for _ in range(2_000)]
        collector.look()
        assert metrics.histogram("ui.collect_ms").read().n == 1
        assert len(kept) == 2_000


def test_automatic_collection_is_back_afterwards_and_looks_at_everything_again(qapp):
    gc.enable()
    gc.unfreeze()
    with Collector(Metrics()) as collector:
        assert not gc.isenabled()
        collector.settle()
        assert gc.get_freeze_count() > 0

    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    gc.freeze()  # as it was


def test_what_was_left_alone_outside_stays_so(qapp):
    gc.freeze()
    n_before = gc.get_freeze_count()
    with Collector(Metrics(), freezes=False) as collector:
        kept = [[] for _ in range(2_000)]
        collector.settle()
        assert gc.get_freeze_count() <= n_before

    assert n_before / 2 < gc.get_freeze_count() <= n_before
    assert len(kept) == 2_000
