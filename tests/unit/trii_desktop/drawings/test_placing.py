"""Which drawings are in view, and what a fresh one is like, at the edges of scales."""

import pytest

from backend.charts.anchor_map import AnchorMap
from backend.charts.drawings import Anchor, Drawing, DrawingKind, DrawingStyle
from backend.market.growing_bars import snapshot_of
from tests.fakes.bars import DAYS, make_days
from trii_desktop.charts.geometry import visible_bars
from trii_desktop.charts.painters import PaneFrame
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.time_scale import TimeScale
from trii_desktop.drawings.index import DrawingIndex
from trii_desktop.drawings.kinds import fresh, shape_of
from trii_desktop.drawings.placement import Placement
from trii_desktop.drawings.shapes import Sheet

BARS = make_days(60)


def place(low, high):
    """A pane of 500 pixels height from ``low`` to ``high``."""
    snapshot = snapshot_of(BARS)
    time = TimeScale(600, 8.0, 60.0, 60)
    frame = PaneFrame(snapshot, visible_bars(snapshot, time), time, PriceScale(low, high, 0, 500), 600, 500, 400, 1.0)
    return Placement(frame, AnchorMap(DAYS))


def anchors(*prices, rows=(10, 30, 20)):
    return tuple(Anchor(int(BARS.event_ns[row]), price, is_date=True) for row, price in zip(rows, prices, strict=False))


@pytest.mark.parametrize(
    ("drawing", "low", "high"),
    [
        (Drawing("a", DrawingKind.FIBONACCI, anchors(100, 110), DrawingStyle(levels=(0, 1, 2.618))), 82, 86),
        (Drawing("a", DrawingKind.FIBONACCI, anchors(100, 110), DrawingStyle(levels=(-1, 0, 1))), 119, 121),
        (Drawing("a", DrawingKind.CHANNEL, anchors(0, 1_000, 800)), 1_150, 1_300),
    ],
)
def test_what_reaches_beyond_its_anchors_is_seen_where_only_that_is_in_view(drawing, low, high):
    here = place(low, high)
    ((seen, points),) = DrawingIndex((drawing,)).seen(here).drawings
    sheet = Sheet(here, 2, lambda text, px: (0.6 * px * len(text), float(px)))
    strokes = shape_of(seen, sheet, points).strokes
    assert any(min(stroke.y1, stroke.y2) <= 500 and max(stroke.y1, stroke.y2) >= 0 for stroke in strokes)


def test_what_is_elsewhere_is_not_seen():
    drawing = Drawing("a", DrawingKind.FIBONACCI, anchors(100, 110), DrawingStyle(levels=(0, 0.5, 1)))
    assert DrawingIndex((drawing,)).seen(place(300, 320)).drawings == []


@pytest.mark.parametrize("kind", [DrawingKind.LONG, DrawingKind.SHORT])
@pytest.mark.parametrize("price", [0.5, 5, 50])
def test_a_fresh_position_never_aims_at_a_price_that_cannot_be(kind, price):
    (entry,) = anchors(price)
    made = fresh(kind, (entry,), place(0, 100))
    assert all(anchor.price > 0 for anchor in made.anchors)
    _, target, stop = (anchor.price for anchor in made.anchors)
    assert (target > price > stop) == (kind is DrawingKind.LONG)
