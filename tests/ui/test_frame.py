"""The frame clock: one look a frame, none when nothing changed."""

import itertools

import pytest
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from backend.right_of_way import RightOfWay
from backend.telemetry.metrics import Metrics
from trii_desktop.frame import FrameClock
from trii_desktop.look import Look
from trii_desktop.main_window import MainWindow


class _Painted(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.n_paints = 0

    def paintEvent(self, event) -> None:
        self.n_paints += 1
        painter = QPainter(self)
        painter.drawLine(0, 0, self.width(), self.height())
        painter.end()


@pytest.fixture
def frames(qtbot):
    return FrameClock(Metrics())


def test_any_number_of_requests_give_one_look(qtbot, frames):
    looks = []
    frames.listen(lambda: looks.append(frames.n_frames))
    for _ in range(1000):
        frames.request()
    qtbot.waitUntil(lambda: frames.is_idle)
    assert looks == [0]


def test_nothing_is_looked_at_and_no_timer_runs_without_a_request(qtbot, frames):
    looks = []
    frames.listen(lambda: looks.append(1))
    assert frames.is_idle
    frames.request()
    qtbot.waitUntil(lambda: frames.is_idle)
    assert frames.n_frames == 1
    with qtbot.assertNotEmitted(frames._timer.timeout, wait=100):
        assert frames.is_idle
    assert looks == [1]


def test_hidden_listeners_do_not_look(qtbot, frames):
    seen, hidden = [], []
    frames.listen(lambda: seen.append(1))
    frames.listen(lambda: hidden.append(1), is_visible=lambda: False)
    frames.request()
    qtbot.waitUntil(lambda: frames.is_idle)
    assert (seen, hidden) == ([1], [])


def test_a_request_made_while_looking_gives_the_next_frame_not_an_endless_one(qtbot, frames):
    looks = []

    def look() -> None:
        looks.append(1)
        if len(looks) < 3:
            frames.request()

    frames.listen(look)
    frames.request()
    qtbot.waitUntil(lambda: frames.is_idle)
    assert len(looks) == 3
    assert frames.n_frames == 3


def test_the_bridge_goes_before_panels_in_each_frame(qtbot, frames):
    order = []
    frames.listen(lambda: order.append("panel"))
    frames.listen(lambda: order.append("bridge"), before_others=True)
    frames.request()
    qtbot.waitUntil(lambda: frames.is_idle)
    assert order == ["bridge", "panel"]


def test_closed_listeners_look_no_more_even_when_closed_in_the_same_frame(qtbot, frames):
    looks = []
    first = frames.listen(lambda: (looks.append("first"), second.close(), first.close()))
    second = frames.listen(lambda: looks.append("second"))
    frames.request()
    qtbot.waitUntil(lambda: frames.is_idle)
    frames.request()
    qtbot.waitUntil(lambda: frames.is_idle)
    second.close()
    assert looks == ["first"]


def test_a_listener_that_fails_is_reported_closed_and_keeps_nobody_else_from_looking(qtbot, frames):
    looks = []

    def fail() -> None:
        raise ZeroDivisionError("a broken panel")

    broken = frames.listen(fail)
    frames.listen(lambda: looks.append(1))
    with qtbot.captureExceptions() as reported:
        frames.request()
        qtbot.waitUntil(lambda: frames.is_idle and looks == [1])
    assert [kind for kind, _, _ in reported] == [ZeroDivisionError]
    assert not broken.is_open
    assert looks == [1]


def test_a_frame_ends_after_its_paint_and_its_time_is_recorded(qtbot):
    metrics = Metrics()
    frames = FrameClock(metrics)
    pane = _Painted()
    qtbot.addWidget(pane)
    pane.show()
    qtbot.waitUntil(lambda: pane.n_paints > 0)
    before = pane.n_paints
    paints_at_end = []
    frames.listen(pane.update)
    frames._painted.timeout.connect(lambda: paints_at_end.append(pane.n_paints))
    frames.request()
    qtbot.waitUntil(lambda: frames.is_idle and frames.n_frames == 1)
    assert paints_at_end == [before + 1]
    spread = metrics.histogram("ui.frame_ms").read()
    assert spread.n == 1
    assert 0 < spread.max < 1000


def test_a_frame_has_the_right_of_way_from_its_start_to_the_end_of_its_paint(qtbot):
    way = RightOfWay()
    frames = FrameClock(Metrics(), way=way)
    taken = []
    frames.listen(lambda: taken.append(way.is_taken))
    assert not way.is_taken
    frames.request()
    qtbot.waitUntil(lambda: frames.is_idle and frames.n_frames == 1)
    assert taken == [True]
    assert not way.is_taken


def test_those_who_repaint_share_frames_and_those_left_out_come_first_in_the_next(qtbot, frames):
    looks, news = [], dict.fromkeys("abc", True)

    def look(name: str) -> bool:
        looks.append((frames.n_frames, name))
        return news.pop(name, False)

    frames._repaint_ms = 1_000.0  # so slow that no two fit into one frame
    for name in "abc":
        frames.listen(lambda name=name: look(name))
    frames.listen(lambda: looks.append((frames.n_frames, "light")))
    frames.request()
    qtbot.waitUntil(lambda: frames.is_idle)
    assert looks[:3] == [(0, "a"), (1, "b"), (2, "c")]
    assert looks[3:] == [(3, "light"), (3, "a"), (3, "b"), (3, "c")]


def test_those_who_repaint_quickly_all_look_in_one_frame(qtbot, frames):
    looks = []
    for name in "abc":
        frames.listen(lambda name=name: looks.append((frames.n_frames, name)) is None)
    frames.request()
    qtbot.waitUntil(lambda: frames.is_idle)
    assert looks == [(0, "a"), (0, "b"), (0, "c")]


def test_what_the_window_paints_between_frames_has_the_right_of_way(qtbot, qapp):
    window = MainWindow(Look(qapp))
    window.may_close = True
    qtbot.addWidget(window)
    taken = []

    class Pane(QWidget):
        def paintEvent(self, event) -> None:
            taken.append(window.way.is_taken)

    pane = Pane()
    window.show_chart(pane)
    window.show()
    qtbot.waitUntil(lambda: bool(taken))
    taken.clear()
    pane.update()
    qtbot.waitUntil(lambda: bool(taken))
    assert taken == [True]
    assert not window.way.is_taken


def test_frames_keep_their_distance(qtbot):
    frames = FrameClock(Metrics(), frame_ms=40)
    import time

    times = []

    def look() -> None:
        times.append(time.perf_counter())
        if len(times) < 4:
            frames.request()

    frames.listen(look)
    frames.request()
    qtbot.waitUntil(lambda: len(times) == 4)
    assert min(b - a for a, b in itertools.pairwise(times)) >= 0.035
