"""The chart widget: what is painted stands where the scales say, and pointer and keys do what traders expect."""

import itertools
import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from backend.charts.chart_state import load_state, save_state
from backend.domain.bars import MINUTE_NS, BarArrays
from backend.market.growing_bars import GrowingBars, snapshot_of
from tests.fakes.bars import DAYS, INSTRUMENT, MINUTES, START_NS, make_bars, make_days, make_line
from trii_desktop.charts.chart_source import FixedSource
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import DARK, LIGHT
from trii_desktop.charts.geometry import body_width
from trii_desktop.charts.gestures import KeyCommand
from trii_desktop.theme import load_fonts

WIDTH, HEIGHT = 1000, 600


class LiveSource:
    """Bars that grow when the test says so."""

    def __init__(self, bars):
        self.bars = GrowingBars(bars)
        self.version = 1
        self.n_looks = 0
        self._wake = None

    def snapshot(self):
        self.n_looks += 1
        return self.bars.snapshot(self.version)

    def watch(self, wake):
        self._wake = wake

    def grow(self, bars):
        self.bars.replace_from(bars)
        self.version += 1
        if self._wake is not None:
            self._wake()


@pytest.fixture
def view(qtbot):
    made = ChartView(DARK)
    qtbot.addWidget(made)
    made.set_font_family(load_fonts())
    made.resize(WIDTH, HEIGHT)
    made.show()
    qtbot.waitExposed(made)
    return made


def show(view, bars, *, spec=MINUTES, instrument=INSTRUMENT):
    source = FixedSource(snapshot_of(bars))
    view.show_series(source, instrument, spec)
    return picture_of(view)


def picture_of(view) -> QImage:
    return view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def at(picture, x, y):
    return picture.pixelColor(int(x), int(y)).name()


def pixels(picture) -> np.ndarray:
    """uint8[height, width, 3], red first."""
    data = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.width(), 4)
    return data[:, :, 2::-1].copy()


def count(picture, color) -> int:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return int(np.all(pixels(picture) == (red, green, blue), axis=2).sum())


def rows_of(picture, x, *colors) -> list[int]:
    """Rows of one column of pixels in any of the colours."""
    return [y for y in range(picture.height()) if at(picture, x, y) in colors]


def scale_of(view):
    return view._picture.price_scale


def plot_of(view):
    return view._picture.plot_size


def test_candles_stand_where_the_scales_say_in_the_colour_of_their_direction(view):
    picture = show(view, make_bars(500))
    scale, time, snapshot = scale_of(view), view.model.time, view.model.snapshot
    for row in (400, 433, 470, 495, 498):
        bar = snapshot.bar(row)
        x = time.x_at(row)
        color = DARK.up if bar.close >= bar.open else DARK.down
        top, bottom = (int(scale.y_of(np.array([price]))[0]) for price in (bar.high, bar.low))
        painted = [y for y in rows_of(picture, x, DARK.up, DARK.down) if top - 1 <= y <= bottom + 1]
        assert painted[0] == top
        assert painted[-1] == bottom
        assert at(picture, x, top) == color
        body_y = int(scale.y_of(np.array([(bar.open + bar.close) / 2]))[0])
        half = body_width(time.spacing_px) // 2
        assert at(picture, x - half, body_y) == color
        assert at(picture, x + half, body_y) == color
        assert at(picture, x - half - 1, body_y) not in (DARK.up, DARK.down)


@pytest.mark.parametrize("n_shown", [20, 150, 900, 5_000])
def test_the_highest_and_the_lowest_price_in_view_are_painted_at_every_zoom(view, n_shown):
    show(view, make_bars(6_000))
    view.model.time = view.model.time.spanning(n_shown).at_newest()
    view._changed()
    picture = picture_of(view)
    bars, scale = view.model.bars(), scale_of(view)
    image = pixels(picture)[: view.model.volume_top_px]
    candle = np.zeros(image.shape[:2], bool)
    for color in (DARK.up, DARK.down):
        candle |= np.all(image == [int(color[i : i + 2], 16) for i in (1, 3, 5)], axis=2)
    candle[:, plot_of(view)[0] :] = False  # the label of the last price
    candle[int(scale.y_at(view.model.snapshot.bar(5_999).close))] = False  # its line
    rows = np.flatnonzero(candle.any(axis=1))
    assert abs(rows[0] - scale.y_at(bars.high.max())) <= 1
    assert abs(rows[-1] - scale.y_at(bars.low.min())) <= 1


def test_volume_stands_at_the_foot_below_all_candles(view):
    picture = show(view, make_bars(500))
    _, height = plot_of(view)
    assert count(picture, DARK.volume_up) > 500
    image = np.all(pixels(picture) == [int(DARK.volume_down[i : i + 2], 16) for i in (1, 3, 5)], axis=2)
    rows = np.flatnonzero(image.any(axis=1))
    assert rows[-1] == height - 1
    assert rows[0] >= view.model.volume_top_px


def test_panning_shows_the_same_candles_elsewhere_without_a_changed_pixel(view):
    show(view, make_bars(3_000))
    view.model.stretch_price(1.0)  # prices by hand, so that only time moves
    view.model.pan(2_000)
    view._changed()
    before = pixels(picture_of(view))[60 : view.model.volume_top_px - 1, 100:700]
    line = int(scale_of(view).y_at(view.model.snapshot.bar(2_999).close)) - 60  # its dashes do not move
    for by_px in (1, 37, 7):
        view.model.pan(by_px)
        view._changed()
        after = pixels(picture_of(view))[60 : view.model.volume_top_px - 1, 100 + by_px : 700 + by_px]
        up = [int(DARK.up[i : i + 2], 16) for i in (1, 3, 5)]
        was, now = (np.delete(np.all(image == up, axis=2), line, axis=0) for image in (before, after))
        np.testing.assert_array_equal(was, now)
        assert was.sum() > 500
        view.model.pan(-by_px)


def test_the_last_price_has_a_line_and_a_label_in_its_colour(view):
    picture = show(view, make_bars(500))
    bar = view.model.snapshot.bar(499)
    color = DARK.up if bar.close >= bar.open else DARK.down
    y = int(scale_of(view).y_at(bar.close))
    width, _ = plot_of(view)
    assert at(picture, width + 3, y) == color
    line = [at(picture, x, y) for x in range(width - 40, width)]
    assert line.count(color) >= 15


@pytest.mark.parametrize("colors", [DARK, LIGHT])
def test_a_theme_reaches_every_part(view, colors):
    show(view, make_bars(500))
    view.set_colors(colors)
    picture = picture_of(view)
    for name in ("background", "grid", "border", "up", "down", "volume_up", "volume_down"):
        assert count(picture, getattr(colors, name)) > 50, name
    assert at(picture, 3, 3) == colors.background


def test_the_wheel_zooms_and_what_is_under_the_pointer_stays(view, qtbot):
    show(view, make_bars(3_000))
    view.model.pan(1_000)
    view._changed()
    picture_of(view)
    row = view.model.time.bar_at(400)
    price = scale_of(view).price_at(250)
    view.model.stretch_price(1.0)
    for _ in range(5):
        wheel(view, QPoint(400, 250), 120)
    picture_of(view)
    assert view.model.time.spacing_px > 14
    assert abs(view.model.time.x_at(row) - 400) <= view.model.time.spacing_px
    assert scale_of(view).price_at(250) == pytest.approx(price)
    wheel(view, QPoint(400, 250), -600)
    assert abs(view.model.time.x_at(row) - 400) <= 7


def wheel(view, position, angle, *, pixels_=None, modifiers=Qt.KeyboardModifier.NoModifier, phase=Qt.ScrollPhase.NoScrollPhase):
    canvas = view._canvas.viewport()
    turned = (pixels_ or QPoint(), QPoint(0, angle))
    place = (QPointF(position), QPointF(canvas.mapToGlobal(position)))
    event = QWheelEvent(*place, *turned, Qt.MouseButton.NoButton, modifiers, phase, False)
    QApplication.sendEvent(canvas, event)


def test_the_wheel_with_shift_pans_and_a_touch_pad_scrolls_by_its_pixels(view):
    show(view, make_bars(3_000))
    picture_of(view)
    x = view.model.time.x_at(2_900)
    wheel(view, QPoint(400, 250), 120, modifiers=Qt.KeyboardModifier.ShiftModifier)
    assert view.model.time.x_at(2_900) == x + 60
    wheel(view, QPoint(400, 250), 0, pixels_=QPoint(33, 2), phase=Qt.ScrollPhase.ScrollUpdate)
    assert view.model.time.x_at(2_900) == x + 93
    assert view.model.time.spacing_px == 7.0


def test_spreading_two_fingers_zooms(view):
    show(view, make_bars(3_000))
    picture_of(view)
    canvas = view._canvas.viewport()
    device = QPointingDevice.primaryPointingDevice()
    point = QPointF(400, 250)
    event = QNativeGestureEvent(Qt.NativeGestureType.ZoomNativeGesture, device, 2, point, point, point, 0.5, QPointF())
    QApplication.sendEvent(canvas, event)
    assert view.model.time.spacing_px == pytest.approx(10.5)


def test_dragging_the_plot_pans_and_dragging_the_axes_stretches(view):
    show(view, make_bars(3_000))
    picture_of(view)
    canvas = view._canvas.viewport()
    width, height = plot_of(view)
    x = view.model.time.x_at(2_900)
    drag(canvas, QPoint(300, 200), QPoint(400, 220))
    assert view.model.time.x_at(2_900) == x + 100
    assert view.model.price is None
    drag(canvas, QPoint(width + 20, 300), QPoint(width + 20, 200))
    assert view.model.price is not None
    spacing = view.model.time.spacing_px
    drag(canvas, QPoint(300, height + 10), QPoint(200, height + 10))
    assert view.model.time.spacing_px > spacing
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(width + 20, 300))
    assert view.model.price is None
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, height + 10))
    assert view.model.time.spacing_px == 7.0


def drag(canvas, start, end):
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)


@pytest.mark.parametrize(
    ("key", "modifier", "bars"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, -1),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 1),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier, -10),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier, 10),
    ],
)
def test_arrow_keys_pan_by_bars(view, key, modifier, bars):
    show(view, make_bars(3_000))
    right = view.model.time.right
    QTest.keyClick(view, key, modifier)
    assert view.model.time.right == right + bars


def test_keys_zoom_jump_and_reset(view):
    show(view, make_bars(3_000))
    picture_of(view)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.model.time.spacing_px == 8.75
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.model.time.spacing_px == 7.0
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.model.time.visible()[0] == 0
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.model.time.is_at_newest
    QTest.keyClick(view, Qt.Key.Key_Plus)
    view.do(KeyCommand.RESET)
    assert view.model.time.spacing_px == 7.0


def test_focus_by_keyboard_shows_a_ring_and_by_pointer_none(view):
    show(view, make_bars(500))
    view.activateWindow()
    view.clearFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert at(picture_of(view), 1, 300) == DARK.line
    view.clearFocus()
    assert at(picture_of(view), 1, 300) != DARK.line
    view.setFocus(Qt.FocusReason.MouseFocusReason)
    assert at(picture_of(view), 1, 300) != DARK.line


def test_letters_and_digits_are_left_to_the_window(view, qtbot):
    heard = []

    class Window(QWidget):
        def keyPressEvent(self, event):
            heard.append(event.text())

    window = Window()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    chart = ChartView(DARK)
    layout.addWidget(chart)
    for key in (Qt.Key.Key_M, Qt.Key.Key_5, Qt.Key.Key_Comma):
        QTest.keyClick(chart, key)
    assert heard == ["m", "5", ","]


def test_the_crosshair_tells_price_and_time_and_the_legend_follows_it(view):
    plain = show(view, make_bars(500))
    canvas = view._canvas.viewport()
    width, height = plot_of(view)
    newest = view.legend_text
    QTest.mouseMove(canvas, QPoint(301, 250))
    picture = picture_of(view)
    row = view.model.time.bar_at(301)
    x = view.model.time.x_at(row)
    bar = view.model.snapshot.bar(row)
    crosshair = view._picture.crosshair.shown
    assert (crosshair.x, crosshair.y) == (x, 250)
    assert float(crosshair.price) == pytest.approx(scale_of(view).price_at(250), abs=0.05)
    assert crosshair.time == "Mon 8 Jan 2024  " + f"{9 + (30 + row) // 60:02d}:{(30 + row) % 60:02d}"
    assert f"close {bar.close:.2f}" in view.legend_text
    assert view.legend_text != newest
    assert [at(picture, i, 250) for i in range(500, 540)].count(DARK.crosshair) >= 15
    assert [at(picture, x, i) for i in range(100, 140)].count(DARK.crosshair) >= 15
    assert at(picture, width + 2, 250) == DARK.label
    assert at(picture, x, height + 4) == DARK.label
    QTest.mouseMove(canvas, QPoint(width + 30, 250))
    assert count(picture_of(view), DARK.crosshair) < 20
    assert view.legend_text == newest
    assert count(plain, DARK.crosshair) < 20


def test_right_of_the_newest_bar_the_crosshair_has_no_time(view):
    show(view, make_bars(500))
    width, _ = plot_of(view)
    QTest.mouseMove(view._canvas.viewport(), QPoint(width - 3, 250))
    picture_of(view)
    assert view._picture.crosshair.shown.time == ""
    assert "close" in view.legend_text


def test_shift_and_arrows_read_bar_by_bar(view):
    show(view, make_bars(500))
    QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    bar = view.model.snapshot.bar(499)
    assert f"close {bar.close:.2f}" in view.accessibleDescription()
    QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    bar = view.model.snapshot.bar(498)
    assert f"open {bar.open:.2f}, high {bar.high:.2f}, low {bar.low:.2f}, close {bar.close:.2f}" in view.accessibleDescription()
    assert view.accessibleName() == "Chart of AAPL.XNAS, 1m"
    picture_of(view)
    assert view._picture.crosshair.shown.x == view.model.time.x_at(498)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    picture_of(view)
    assert view._picture.crosshair.shown is None


def test_reading_on_brings_bars_into_view(view):
    show(view, make_bars(500))
    picture_of(view)
    for _ in range(200):
        view.read_bar(-1)
    x = view.model.time.x_at(500 - 200)
    assert 0 <= x < plot_of(view)[0]


def test_a_live_bar_appears_at_the_next_look_and_the_chart_moves_along(view, qtbot):
    source = LiveSource(make_bars(500))
    view.show_series(source, INSTRUMENT, MINUTES)
    picture_of(view)
    x = view.model.time.x_at(499)
    source.grow(make_bars(2, seed=3, start_ns=START_NS + 500 * MINUTE_NS))
    qtbot.waitUntil(lambda: len(view.model.snapshot) == 502)
    assert view.model.time.x_at(501) == x


def test_news_from_another_thread_wakes_the_chart(view, qtbot):
    source = LiveSource(make_bars(500))
    view.show_series(source, INSTRUMENT, MINUTES)
    thread = threading.Thread(target=lambda: source.grow(make_bars(1, seed=3, start_ns=START_NS + 500 * MINUTE_NS)))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(view.model.snapshot) == 501)


def test_a_hidden_chart_does_nothing_until_it_is_shown(view, qtbot):
    source = LiveSource(make_bars(500))
    view.show_series(source, INSTRUMENT, MINUTES)
    picture_of(view)
    view.hide()
    looks = source.n_looks
    source.grow(make_bars(1, seed=3, start_ns=START_NS + 500 * MINUTE_NS))
    view.refresh()
    assert source.n_looks == looks
    view.show()
    qtbot.waitUntil(lambda: len(view.model.snapshot) == 501)


def test_nothing_is_prepared_twice_for_the_same_view(view):
    show(view, make_bars(500))
    bars = view.model.bars()
    version = view._picture._legend_key
    picture_of(view)
    assert view.model.bars() is bars
    assert view._picture._legend_key is version


def test_without_a_series_the_chart_says_what_to_do(view):
    picture = picture_of(view)
    assert count(picture, DARK.up) == 0
    assert count(picture, DARK.title) > 20
    assert "import" in view.legend_text
    view.show_message("Loading AAPL.XNAS 1d")
    assert "Loading AAPL.XNAS 1d" in view.legend_text
    show(view, make_days(0), spec=DAYS)
    assert "No bars of AAPL.XNAS, 1d" in view.legend_text


def test_bars_that_come_after_nothing_are_shown(view, qtbot):
    source = LiveSource(make_bars(0))
    view.show_series(source, INSTRUMENT, MINUTES)
    picture_of(view)
    source.grow(make_bars(50))
    qtbot.waitUntil(lambda: len(view.model.snapshot) == 50)
    assert count(picture_of(view), DARK.up) > 50


@pytest.mark.parametrize("n_bars", [1, 2])
def test_hardly_any_bars_are_drawn(view, n_bars):
    picture = show(view, make_bars(n_bars))
    assert count(picture, DARK.up) + count(picture, DARK.down) > 50
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Home, Qt.Key.Key_End):
        QTest.keyClick(view, key)
        picture_of(view)


def test_a_series_without_any_range_stands_in_the_middle(view):
    flat = BarArrays(make_bars(50).event_ns, *(np.full(50, 10.0) for _ in range(4)), np.full(50, np.nan))
    show(view, flat)
    y = scale_of(view).y_at(10.0)
    assert plot_of(view)[1] * 0.3 < y < plot_of(view)[1] * 0.7


def test_unknown_volume_draws_no_bars_and_says_so(view):
    bars = make_bars(50)
    volume = bars.volume.copy()
    volume[20:] = np.nan
    picture = show(view, BarArrays(bars.event_ns, *bars.columns()[:4], volume))
    assert count(picture, DARK.volume_up) + count(picture, DARK.volume_down) > 0
    assert "volume \u2013" in view.legend_text
    picture = show(view, BarArrays(bars.event_ns, *bars.columns()[:4], np.full(50, np.nan)))
    assert count(picture, DARK.volume_up) + count(picture, DARK.volume_down) == 0


@pytest.mark.parametrize("n_shown", [100, 5_000])
def test_single_values_are_a_line(view, n_shown):
    values = 50 + np.cumsum(np.random.default_rng(1).normal(0, 1, 5_000))
    show(view, make_line(values), spec=DAYS)
    view.model.time = view.model.time.spanning(n_shown).at_newest()
    view._changed()
    picture = picture_of(view)
    assert count(picture, DARK.line) > 300
    assert count(picture, DARK.up) + count(picture, DARK.down) == 0


def test_a_restored_chart_shows_the_same_bars(view, qtbot):
    bars = make_bars(3_000)
    show(view, bars)
    view.model.pan(1_500)
    view.model.zoom(0.7, 300)
    view._changed()
    picture_of(view)
    again = ChartView(DARK)
    qtbot.addWidget(again)
    again.resize(700, 400)
    again.restore(load_state(save_state(view.state)))
    show(again, bars)
    assert again.state.visible == view.state.visible
    rows = [(shown.first_row, shown.stop_row) for shown in (view.model.bars(), again.model.bars())]
    np.testing.assert_allclose(rows[0], rows[1], atol=1)


@pytest.mark.parametrize("ratio", [1.25, 1.5, 2.0])
def test_more_pixels_show_the_same_bars_as_sharply(view, ratio):
    show(view, make_bars(500))
    rows = (view.model.bars().first_row, view.model.bars().stop_row)
    view._picture.prepare(round(WIDTH * ratio), round(HEIGHT * ratio), ratio)
    assert abs(view.model.bars().first_row - rows[0]) <= 2
    assert view.model.bars().stop_row == rows[1]
    image = QImage(round(WIDTH * ratio), round(HEIGHT * ratio), QImage.Format.Format_RGB32)
    from PySide6.QtGui import QPainter

    painter = QPainter(image)
    view._picture.paint(painter)
    painter.end()
    bar = view.model.snapshot.bar(470)
    x = view.model.time.x_at(470)
    color = DARK.up if bar.close >= bar.open else DARK.down
    body_y = int(scale_of(view).y_of(np.array([(bar.open + bar.close) / 2]))[0])
    half = body_width(view.model.time.spacing_px, ratio) // 2
    assert [at(image, x + dx, body_y) == color for dx in (-half - 1, -half, half, half + 1)] == [False, True, True, False]


def test_ten_million_bars_take_no_more_pieces_than_the_screen_has_columns(view):
    n_bars = 10_000_000
    close = 100 + np.cumsum(np.random.default_rng(0).normal(0, 0.01, n_bars))
    bars = BarArrays(START_NS + np.arange(n_bars) * MINUTE_NS, close, close + 0.01, close - 0.01, close, np.ones(n_bars))
    picture = show(view, bars)
    assert count(picture, DARK.up) > 100
    view.show_all()
    picture = picture_of(view)
    shown = view.model.bars()
    assert len(shown.x) <= WIDTH
    assert (shown.first_row, shown.stop_row) == (0, n_bars)
    assert shown.high.max() == bars.high.max()
    assert shown.low.min() == bars.low.min()
    assert count(picture, DARK.up) + count(picture, DARK.down) > 5_000


def test_the_legend_wraps_and_shortens_in_a_narrow_chart(view):
    show(view, make_bars(500))
    view.resize(260, 300)
    picture_of(view)
    runs = view._picture.legend._runs
    assert max(run.line for run in runs) >= 2
    width = plot_of(view)[0]
    assert all(run.x + run.letters.width(run.text) <= width for run in runs)


def test_a_small_chart_keeps_close_and_change_in_its_legend_and_lets_the_others_go(view):
    show(view, make_bars(500))
    view.resize(260, 180)
    picture_of(view)
    legend = view._picture.legend
    names = {run.text for run in legend._runs}
    assert max(run.line for run in legend._runs) == 1
    assert "C" in names
    assert not names & {"Vol", "O"}
    assert {value.name for value in legend.words.values} >= {"O", "H", "L", "C", "Vol"}  # still spoken


def test_labels_of_the_price_axis_fit_beside_each_other_and_into_the_axis(view):
    bars = make_bars(500)
    large = BarArrays(bars.event_ns, *(column * 123_456 for column in bars.columns()[:4]), bars.volume)
    show(view, large)
    axis = view._picture.price_axis
    assert all(view._picture._letters.axis.width(text) <= axis.width_px for text in axis._texts)
    ys = sorted(axis.ys)
    assert all(b - a >= 40 for a, b in itertools.pairwise(ys))
