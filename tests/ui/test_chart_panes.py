"""Panes of studies on screen: painted where their scales say, with legends, buttons, edges, layers and tools."""

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from backend.charts.chart_state import MAIN_PANE, Dash, LineStyle, VisibleBars
from backend.domain.bars import MINUTE_NS, BarArrays
from backend.market.growing_bars import snapshot_of
from tests.fakes.bars import INSTRUMENT, MINUTES, START_NS, make_bars
from tests.fakes.studied import PEER, RSI, SMA, studied, studied_state
from trii_desktop.charts.chart_source import FixedSource
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import DARK, LIGHT
from trii_desktop.theme import load_fonts

WIDTH, HEIGHT = 1000, 800
PLAIN = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


def made_view(qtbot, **options):
    view = ChartView(DARK, **options)
    qtbot.addWidget(view)
    view.set_font_family(load_fonts())
    view.resize(WIDTH, HEIGHT)
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def view(qtbot):
    return made_view(qtbot)


def show(view, state=None, snapshot=None):
    state = state if state is not None else studied_state(comparisons=(PEER,))
    view.restore(state)
    view.show_series(FixedSource(snapshot if snapshot is not None else studied()), INSTRUMENT, MINUTES)
    view.restore(state)
    return picture_of(view)


def picture_of(view) -> QImage:
    return view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def mask(picture, color) -> np.ndarray:
    data = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.width(), 4)[:, :, 2::-1]
    return np.all(data == [int(color[i : i + 2], 16) for i in (1, 3, 5)], axis=2)


def near(picture, color) -> np.ndarray:
    """Where smoothed lines of a colour are."""
    data = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.width(), 4)[:, :, 2::-1].astype(int)
    return np.abs(data - [int(color[i : i + 2], 16) for i in (1, 3, 5)]).sum(axis=2) < 150


def part_of(view, pane_id):
    return next(part for part in view._picture.parts if part.pane.id == pane_id)


def press(view, x, y):
    QTest.mouseMove(view._canvas.viewport(), QPoint(int(x), int(y)))
    picture_of(view)
    QTest.mouseClick(view._canvas.viewport(), LEFT, PLAIN, QPoint(int(x), int(y)))


def drag(view, start, end):
    canvas = view._canvas.viewport()
    QTest.mousePress(canvas, LEFT, pos=QPoint(*start))
    QTest.mouseMove(canvas, QPoint(*end))
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(*end))


def button(view, pane_id, glyph):
    """Middle of a pane's button, which shows where the pointer is."""
    part = part_of(view, pane_id)
    QTest.mouseMove(view._canvas.viewport(), QPoint(400, part.plot.y + part.plot.height_px // 2))
    picture_of(view)
    place = part.buttons._place([one.name for one in part.buttons._glyphs].index(glyph)).center()
    return place.x(), part.plot.y + place.y()


# --- what is painted --------------------------------------------------------------------------------------------------


def test_each_study_is_painted_in_its_pane_at_its_values(view):
    picture = show(view)
    for pane, key, color in ((MAIN_PANE, ("a1", "value"), DARK.studies[0]), ("p1", ("r1", "value"), DARK.studies[3])):
        part = part_of(view, pane)
        line = view.model.in_view.line(key)
        xs = line.x[(line.x > 20) & (line.x < part.plot.width_px - 20)][::7]
        painted = near(picture, color)
        hits = 0
        for x in xs.tolist():
            value = line.close[line.x == x][0]
            y = part.plot.y + int(part.scale.y_at(value))
            assert part.plot.y <= y < part.plot.y + part.plot.height_px
            hits += painted[y - 1 : y + 2, x - 1 : x + 2].any()
        assert hits > 0.8 * len(xs)


def test_a_pane_holds_every_value_in_view_and_the_levels(view):
    show(view)
    for pane, keys in (("p1", [("r1", "value")]), ("p2", [("m1", name) for name in ("line", "signal", "histogram")])):
        part = part_of(view, pane)
        for low, high in (view.model.in_view.line(key).extremes for key in keys):
            assert 0 <= part.scale.y_at(high) <= part.scale.y_at(low) < part.plot.height_px
    for level in (30.0, 70.0):
        assert 0 <= part_of(view, "p1").scale.y_at(level) < part_of(view, "p1").plot.height_px


@pytest.mark.parametrize("n_shown", [100, 5_000])
def test_the_extremes_of_a_study_are_painted_at_every_zoom(view, n_shown):
    show(view, studied_state(RSI), studied(6_000))
    view.model.time = view.model.time.spanning(n_shown).at_newest()
    view._changed()
    picture = picture_of(view)
    part = part_of(view, "p1")
    low, high = view.model.in_view.line(("r1", "value")).extremes
    painted = near(picture, DARK.studies[3])[part.plot.y + 30 : part.plot.y + part.plot.height_px, : part.plot.width_px]
    rows = np.flatnonzero(painted.any(axis=1)) + 30
    assert abs(rows[-1] - part.scale.y_at(low)) <= 2
    assert abs(rows[0] - max(part.scale.y_at(high), 30)) <= 2


def test_bands_tint_what_lies_between_them(view):
    picture = show(view)
    tint = view._picture.inks.tint("study_3").name()
    assert mask(picture, tint).sum() > 2_000
    hidden = studied_state()
    hidden = hidden.with_study(msgspec.structs.replace(hidden.study("b1"), is_shown=False))
    assert mask(show(view, hidden), tint).sum() == 0


def test_a_style_chosen_by_hand_wins(view):
    styles = (("value", LineStyle(colour="#ff00ff", width=4, dash=Dash.DASHED)),)
    plain = mask(show(view, studied_state(SMA)), DARK.studies[0]).sum()
    picture = show(view, studied_state(msgspec.structs.replace(SMA, styles=styles)))
    assert plain > 300
    assert mask(picture, DARK.studies[0]).sum() == 0
    assert mask(picture, "#ff00ff").sum() > 500


def test_session_breaks_stand_between_bars_and_can_be_hidden(view):
    snapshot = studied(500, breaks=np.array([0, 400, 470]))
    picture = show(view, studied_state(SMA), snapshot)
    color = view._picture.inks.tint("crosshair", 0.5).name()
    columns = np.flatnonzero(mask(picture, color)[100:].sum(axis=0) > 50)
    expected = [(view.model.time.x_at(row - 1) + view.model.time.x_at(row)) // 2 for row in (400, 470)]
    assert [x for x in columns.tolist() if x < part_of(view, MAIN_PANE).plot.width_px] == expected
    picture = show(view, msgspec.structs.replace(studied_state(SMA), are_breaks_shown=False), snapshot)
    assert not (mask(picture, color)[100:].sum(axis=0) > 50).any()


def test_labels_of_newest_values_cover_each_other_nowhere(view):
    show(view)
    labels = part_of(view, MAIN_PANE).axis._labels
    assert len(labels) == 6
    rows = sorted((one.top, one.top + one.height) for one in labels)
    assert all(rows[n][1] <= rows[n + 1][0] for n in range(len(rows) - 1))
    assert all(view._picture._letters.axis_bold.width(one.label.text) < part_of(view, MAIN_PANE).axis.width_px for one in labels)


@pytest.mark.parametrize("colors", [DARK, LIGHT])
def test_a_theme_reaches_studies(view, colors):
    show(view)
    view.set_colors(colors)
    picture = picture_of(view)
    for place in (0, 3):
        assert mask(picture, colors.studies[place]).sum() > 100


def test_a_study_that_cannot_be_computed_says_so_and_the_others_stay(view):
    snapshot = studied()
    lines = {key: line for key, line in snapshot.lines.items() if key[0] != "r1"}
    broken = type(snapshot)(2, snapshot.bars, lines, snapshot.breaks, None, {"r1": "RSI cannot read 'volume'."})
    picture = show(view, snapshot=broken)
    assert "RSI cannot read 'volume'." in view.legend_text
    assert mask(picture, DARK.studies[0]).sum() > 300


# --- legends and buttons ----------------------------------------------------------------------------------------------


def test_the_legend_tells_each_study_at_the_bar_under_the_crosshair(view):
    show(view)
    x = view.model.time.x_at(450)
    QTest.mouseMove(view._canvas.viewport(), QPoint(x, 300))
    picture_of(view)
    row = part_of(view, "p1").legend.rows[0]
    value = view.model.shown.lines["r1", "value"].value(450)
    assert row.spoken == f"RSI 14 {value:.2f}"
    assert f"RSI 14 {value:.2f}" in view.legend_text
    assert [row.title for row in part_of(view, MAIN_PANE).legend.rows] == ["MSFT.XNAS", "SMA 5", "BB 20 2"]


def test_buttons_of_a_row_ask_for_what_they_say(view, qtbot):
    show(view)
    part = part_of(view, MAIN_PANE)
    laid = next(laid for laid in part.legend._laid if laid.row.id == "a1")
    QTest.mouseMove(view._canvas.viewport(), laid.place.center())
    picture_of(view)
    laid = next(laid for laid in part.legend._laid if laid.row.id == "a1")
    signals = (view.study_hide_asked, view.study_settings_asked, view.study_remove_asked)
    assert len(laid.buttons) == len(signals)
    for one, signal in zip(laid.buttons, signals, strict=True):
        with qtbot.waitSignal(signal) as heard:
            press(view, one.place.center().x(), one.place.center().y())
        assert heard.args == ["a1"]


def test_a_click_on_a_row_or_a_line_selects_and_beside_all_deselects(view, qtbot):
    show(view)
    place = part_of(view, "p1").legend._laid[0].place.center()
    heard = []
    view.study_selected.connect(heard.append)
    press(view, place.x(), place.y() + part_of(view, "p1").plot.y)
    part = part_of(view, MAIN_PANE)
    line = view.model.in_view.line(("b1", "upper"))
    at = len(line.x) // 2
    press(view, line.x[at], part.plot.y + part.scale.y_at(line.close[at]))
    press(view, 500, part.plot.height_px - 40)
    assert heard == ["r1", "b1", ""]
    assert view.selected_study == ""


def test_a_selected_study_is_marked_along_its_line(view):
    before = mask(show(view), DARK.title).sum()
    view.select_study("r1")
    after = mask(picture_of(view), DARK.title).sum()
    assert after > before + 5 * 20


def test_a_double_click_on_a_line_asks_for_its_settings(view, qtbot):
    show(view)
    part = part_of(view, "p1")
    line = view.model.in_view.line(("r1", "value"))
    at = len(line.x) // 2
    place = QPoint(int(line.x[at]), part.plot.y + int(part.scale.y_at(line.close[at])))
    with qtbot.waitSignal(view.study_settings_asked) as heard:
        QTest.mouseDClick(view._canvas.viewport(), LEFT, PLAIN, place)
    assert heard.args == ["r1"]


# --- panes ------------------------------------------------------------------------------------------------------------


def test_an_edge_is_dragged_and_what_is_saved_draws_the_same_panes(view, qtbot):
    show(view)
    edge = part_of(view, "p1").plot.y
    with qtbot.waitSignal(view.panes.rearranged) as heard:
        drag(view, (400, edge), (400, edge - 90))
    view._canvas.pointer_left.emit()
    picture = picture_of(view)
    assert part_of(view, "p1").plot.y == edge - 90
    assert heard.args[1] == "Panes were resized"
    again = made_view(qtbot)
    assert show(again, view.state) == picture


def test_the_buttons_of_a_pane_fold_move_and_maximise_it(view, qtbot):
    show(view)
    press(view, *button(view, "p2", "FOLD"))
    picture_of(view)
    assert part_of(view, "p2").plot.height_px == 28
    press(view, *button(view, "p2", "OPEN"))
    press(view, *button(view, "p2", "UP"))
    picture_of(view)
    assert [pane.id for pane in view.state.panes] == [MAIN_PANE, "p2", "p1"]
    press(view, *button(view, "p1", "MAXIMISE"))
    picture_of(view)
    assert [part.pane.id for part in view._picture.seen_parts] == ["p1"]
    assert view.state.maximised == "p1"
    press(view, *button(view, "p1", "RESTORE"))
    picture_of(view)
    assert len(view._picture.seen_parts) == 3


def test_a_double_click_in_a_pane_maximises_it_and_shows_all_again(view):
    show(view)
    part = part_of(view, "p2")
    for n_seen in (1, 3):
        y = part.plot.y + part.plot.height_px - 5
        QTest.mouseDClick(view._canvas.viewport(), LEFT, PLAIN, QPoint(300, y))
        picture_of(view)
        assert len(view._picture.seen_parts) == n_seen


def test_each_pane_is_scaled_by_its_own_axis(view):
    show(view)
    part = part_of(view, "p1")
    x, y = part.plot.width_px + 20, part.plot.y + 60
    drag(view, (x, y), (x, y - 40))
    assert view.model.panes.pane("p1").range is not None
    assert view.model.panes.main.range is None
    QTest.mouseDClick(view._canvas.viewport(), LEFT, PLAIN, QPoint(x, y))
    assert view.model.panes.pane("p1").range is None


# --- layers and tools -------------------------------------------------------------------------------------------------


class Layer:
    is_still = False

    def __init__(self):
        self.frames = {}

    def prepare(self, frame, pane_id):
        self.frames[pane_id] = frame

    def paint(self, painter, inks, pane_id):
        painter.fillRect(10, 120 if pane_id == MAIN_PANE else 40, 30, 6, inks["#ff00ff"])

    def price_labels(self, pane_id, scale, decimals, inks):
        return []

    def time_marks(self):
        return []


class Tool:
    cursor = None

    def __init__(self, *, takes):
        self.takes = takes
        self.heard = []

    def press(self, event):
        self.heard.append(("press", event.pane_id, event.x, event.y))
        return self.takes

    def move(self, event):
        self.heard.append(("move", event.pane_id, event.x, event.y))
        return False

    def release(self, event):
        self.heard.append(("release", event.pane_id, event.x, event.y))
        return True

    def double_click(self, event):
        return self.takes

    def key(self, key, modifiers):
        self.heard.append(("key", key))
        return self.takes

    def leave(self):
        self.heard.append(("leave",))


def test_a_layer_paints_over_every_pane_with_its_scales(view):
    layer = Layer()
    view.add_layer(layer)
    picture = show(view)
    assert set(layer.frames) == {MAIN_PANE, "p1", "p2"}
    assert layer.frames["p1"].prices == part_of(view, "p1").scale
    assert mask(picture, "#ff00ff").sum() == 3 * 30 * 6


def test_a_tool_that_takes_a_press_has_the_whole_drag_and_the_chart_stays(view):
    show(view)
    tool = Tool(takes=True)
    view.tools.append(tool)
    right, top = view.model.time.right, part_of(view, "p1").plot.y
    drag(view, (300, top + 70), (350, 100))
    assert view.model.time.right == right
    assert [step for step in tool.heard if step[0] != "leave"] == [
        ("press", "p1", 300, 70),
        ("move", "p1", 350, 100 - top),
        ("release", "p1", 350, 100 - top),
    ]
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.model.time.right == right


def test_what_a_tool_leaves_alone_is_the_charts(view):
    show(view)
    view.tools.append(Tool(takes=False))
    right = view.model.time.right
    drag(view, (300, 200), (370, 200))
    assert view.model.time.right == right - 10
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.model.time.right == right - 11


def test_the_first_tool_that_takes_a_press_keeps_it_and_the_next_one_hears_nothing(view):
    show(view)
    second, first = Tool(takes=True), Tool(takes=False)
    view.tools.append(second)
    view.tools.insert(0, first)
    drag(view, (300, 200), (370, 200))
    assert [step[0] for step in first.heard] == ["press"]
    assert [step[0] for step in second.heard] == ["press", "move", "release"]
    view.tools.remove(second)
    right = view.model.time.right
    drag(view, (300, 200), (370, 200))
    assert view.model.time.right == right - 10
    assert [step[0] for step in second.heard] == ["press", "move", "release"]


# --- linked charts and time -------------------------------------------------------------------------------------------


def test_a_crosshair_is_told_and_shown_on_another_chart(view, qtbot):
    show(view)
    heard = []
    view.crosshair_moved.connect(lambda event_ns, price: heard.append((event_ns, price)))
    x = view.model.time.x_at(470)
    QTest.mouseMove(view._canvas.viewport(), QPoint(x, 200))
    event_ns, price = heard[-1]
    assert event_ns == view.model.snapshot.event_ns_at(470)
    assert price == pytest.approx(part_of(view, MAIN_PANE).scale.price_at(200.5))
    picture_of(view)
    other = made_view(qtbot)
    show(other)
    other.show_linked_crosshair(event_ns)
    picture_of(other)
    shown = other._picture.crosshair.shown
    assert (shown.x, shown.y, shown.price) == (other.model.time.x_at(470), None, "")
    assert shown.time == view._picture.crosshair.shown.time
    other.show_linked_crosshair(None)
    picture_of(other)
    assert other._picture.crosshair.shown is None
    QTest.mouseMove(view._canvas.viewport(), QPoint(x, HEIGHT - 5))
    assert heard[-1] == (None, None)


def test_what_is_in_view_is_told_once_and_shown_without_an_echo(view, qtbot):
    show(view)
    heard = []
    view.visible_changed.connect(heard.append)
    drag(view, (300, 200), (650, 200))
    assert heard
    other = made_view(qtbot)
    show(other)
    echoes = []
    other.visible_changed.connect(echoes.append)
    other.show_visible(heard[-1])
    assert other.model.visible() == heard[-1]
    assert echoes == []
    assert isinstance(heard[-1], VisibleBars)


def test_the_price_label_counts_down_to_the_bars_close(qtbot):
    now = START_NS + 100 * MINUTE_NS
    view = made_view(qtbot, now_ns=lambda: now)
    snapshot = studied(100)
    closes = type(snapshot)(1, snapshot.bars, snapshot.lines, snapshot.breaks, now + 59_000_000_000)
    show(view, snapshot=closes)
    price = next(one.label for one in part_of(view, MAIN_PANE).axis._labels if one.label.is_first)
    assert price.below == "00:59"
    assert view._countdown.is_running
    view.hide()
    assert not view._countdown.is_running
    view.show()
    show(view)
    assert not view._countdown.is_running


# --- hostile data -----------------------------------------------------------------------------------------------------


def hostile():
    bars = make_bars(300)
    flat = BarArrays(bars.event_ns, *(np.full(300, 10.0) for _ in range(4)), np.full(300, np.nan))
    huge = BarArrays(bars.event_ns, *(column * 1e250 for column in bars.columns()[:4]), bars.volume)
    return {"empty": make_bars(0), "one": make_bars(1), "two": make_bars(2), "flat": flat, "huge": huge}


@pytest.mark.parametrize("name", list(hostile()))
def test_no_data_stops_a_chart_with_studies(view, name):
    show(view, snapshot=studied(hostile()[name]))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Home, Qt.Key.Key_End):
        QTest.keyClick(view, key)
        picture_of(view)
    for pane in (MAIN_PANE, "p1", "p2"):
        view.panes.fold(pane)
        view.panes.maximise(pane)
        picture_of(view)
    QTest.mouseMove(view._canvas.viewport(), QPoint(200, 200))
    view.resize(160, 120)
    assert picture_of(view).width() == 160


def test_studies_without_any_value_leave_their_panes_empty(view):
    snapshot = studied()
    nothing = {key: type(line)(np.full(len(line), np.nan), np.empty(0)) for key, line in snapshot.lines.items()}
    show(view, snapshot=type(snapshot)(2, snapshot.bars, nothing))
    assert part_of(view, "p2").axis._labels == []
    show(view, snapshot=snapshot_of(make_bars(50)))
    assert part_of(view, "p1").legend.rows[0].values == ()


def test_a_frame_of_a_million_bars_draws_no_more_than_the_screen_has_columns(view):
    show(view, snapshot=studied(1_000_000))
    view.show_all()
    picture = picture_of(view)
    lines = [view.model.in_view.line(key) for key in view.model.shown.lines]
    assert all(line.is_dense and 0 < len(line.x) <= WIDTH for line in lines)
    low, high = view.model.in_view.line(("r1", "value")).extremes
    assert (low, high) == (pytest.approx(10), pytest.approx(90))
    assert near(picture, DARK.studies[3]).sum() > 5_000
