"""Names stand off the candles and the legend, near what they name, on none of each other, and never outside the chart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF

from backend.market.growing_bars import snapshot_of
from tests.fakes.bars import make_days, make_line
from trii_desktop.assistant.label_places import LabelRoom
from trii_desktop.charts.geometry import candles, visible_bars
from trii_desktop.charts.painters import PaneFrame
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.time_scale import TimeScale

WIDE, TALL = 800, 600
LEGEND = QRect(0, 0, 300, 50)
NAME = QSizeF(90, 16)


def frame_of(bars, *, spacing=8.0, margin=0.3):
    """The newest bars at the right of a pane, between two bands without bars that are shares of its height."""
    snapshot = snapshot_of(bars)
    time = TimeScale(WIDE, spacing, len(bars) + 20 / spacing, len(bars))
    seen = visible_bars(snapshot, time)
    prices = PriceScale.with_margins(float(seen.low.min()), float(seen.high.max()), TALL, top=margin, bottom=margin)
    return PaneFrame(snapshot, seen, time, prices, WIDE, TALL, TALL, 1.0, legends=(LEGEND,))


def mark(frame, n, part):
    """Where a mark stands at the high, the low or the close of a bar, from the left of those in view."""
    n %= len(frame.bars.x)
    return QPointF(float(frame.bars.x[n]) + 0.5, frame.prices.y_at(float(getattr(frame.bars, part)[n])))


def solid(frame):
    """What names may not cover: candles and the legend."""
    shapes = np.concatenate(candles(frame.bars, frame.prices, frame.time.spacing_px)).tolist()
    return [QRectF(LEGEND), *(QRectF(left, top, right + 1 - left, end + 1 - top) for left, top, right, end in shapes)]


def named(room, at, *sizes):
    return room.near_mark(at, sizes or (NAME,), is_above=room.is_high(at))


marks = st.tuples(st.integers(0, 5_000), st.sampled_from(["high", "low", "close"]), st.floats(20, 200), st.integers(1, 4))
frames = st.builds(
    lambda n_bars, seed, spacing, margin: frame_of(make_days(n_bars, seed=seed), spacing=spacing, margin=margin),
    st.integers(2, 1_500), st.integers(0, 99), st.sampled_from([0.4, 1.0, 3.0, 8.0, 21.0]), st.sampled_from([0.0, 0.05, 0.3]),
)  # fmt: skip


@given(frames, st.lists(marks, max_size=10), st.lists(st.floats(-50, TALL + 50), max_size=6))
def test_no_name_covers_a_candle_the_legend_or_another_name_nor_leaves_the_chart(frame, wanted, levels):
    room, kept = LabelRoom(frame), solid(frame)
    made = [box for n, part, wide, n_names in wanted for box in named(room, mark(frame, n, part), *[QSizeF(wide, 16)] * n_names)]
    made += filter(None, (room.on_line(y, NAME) for y in levels))
    for n, box in enumerate(made):
        assert QRectF(0, 0, WIDE, TALL).contains(box)
        assert not any(box.intersects(one) for one in (*kept, *made[:n]))


@given(frames.filter(lambda frame: frame.prices.y_at(float(frame.bars.high.max())) > 100), st.lists(marks, max_size=6))
def test_every_mark_is_named_where_bands_above_and_below_the_bars_are_free(frame, wanted):
    room = LabelRoom(frame)
    ats = [mark(frame, n, part) for n, part, _, _ in wanted]
    assert all(named(room, at) for at in ats if room.contains(at))


@given(st.integers(0, 500))
def test_the_highest_high_is_named_above_it_and_the_lowest_low_below(seed):
    frame = frame_of(make_days(90, seed=seed))
    room = LabelRoom(frame)
    high, low = mark(frame, int(frame.bars.high.argmax()), "high"), mark(frame, int(frame.bars.low.argmin()), "low")
    (above,), (below,) = named(room, high), named(room, low)
    assert 0 <= high.y() - above.bottom() < 4
    assert 0 <= below.top() - low.y() < 6  # below the last row of pixels of the wick
    assert above.left() <= high.x() <= above.right()
    assert below.left() <= low.x() <= below.right()


def test_names_of_one_bar_stand_in_one_column_and_those_of_the_next_bar_beyond_it():
    frame = frame_of(make_line([100.0 + abs(n - 40) for n in range(80)]))  # a valley
    room = LabelRoom(frame)
    bottom = mark(frame, 40, "low")
    first = named(room, bottom, QSizeF(60, 16), QSizeF(100, 16), QSizeF(80, 16))
    assert len({box.center().x() for box in first}) == 1
    assert [box.top() - first[0].top() for box in first] == [0, 16, 32]
    assert first[0].top() > bottom.y()
    assert room.leader(bottom, first) is None
    (second,) = named(room, mark(frame, 41, "low"))
    assert second.top() >= first[-1].bottom() or second.left() >= first[1].right()


def test_names_at_the_right_edge_are_flush_with_it():
    room = LabelRoom(frame_of(make_line([100.0 + n for n in range(80)])))
    boxes = named(room, mark(frame_of(make_line([100.0 + n for n in range(80)])), -1, "high"), NAME, QSizeF(60, 16))
    assert [box.right() for box in boxes] == [WIDE, WIDE]


def test_a_far_name_is_led_to_from_the_end_of_its_bar_and_no_candle_is_painted_over():
    frame = frame_of(make_days(90, seed=4))
    room = LabelRoom(frame, taken=[QRectF(0, 100, WIDE, 400)])
    at = mark(frame, 50, "close")
    boxes = named(room, at)
    start, end = room.leader(at, boxes)
    bar = sorted((mark(frame, 50, "high").y(), mark(frame, 50, "low").y()))
    assert start.x() == end.x() == at.x()
    assert not bar[0] + 1 < start.y() < bar[1]
    assert end.y() in (boxes[0].top(), boxes[0].bottom())


def test_a_drawn_line_is_kept_clear_too():
    frame = frame_of(make_line([100.0] * 79 + [101.0]))
    at = mark(frame, 40, "high")
    line = (QPointF(at.x() - 200, at.y() - 20), QPointF(at.x() + 200, at.y() - 20))
    (plain,), (clear,) = named(LabelRoom(frame), at), named(LabelRoom(frame, lines=[line]), at)
    assert plain.top() < at.y() - 20 < plain.bottom() or plain.top() > at.y() - 20
    assert not clear.top() < at.y() - 20 < clear.bottom()


def test_the_name_of_a_level_stays_on_its_line_at_the_right_edge_or_left_of_the_candles_there():
    frame = frame_of(make_line([100.0 + n for n in range(80)]))
    room = LabelRoom(frame)
    free, full = frame.prices.y_at(90.0), frame.prices.y_at(176.0)
    first, second, across = room.on_line(free, NAME), room.on_line(free, NAME), room.on_line(full, NAME)
    assert WIDE - 5 <= first.right() <= WIDE
    assert {first.top(), second.top()} == {free - 18, free + 2}
    assert across.top() in (full - 18, full + 2)
    assert room.on_line(5 - TALL, NAME) is None
