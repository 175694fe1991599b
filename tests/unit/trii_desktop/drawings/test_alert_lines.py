"""Alerts find a drawing's line where the chart paints it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backend.alerts.lines import BarRows
from backend.charts.anchor_map import AnchorMap
from backend.market.growing_bars import snapshot_of
from tests.fakes.bars import DAYS, make_days
from trii_desktop.charts.geometry import visible_bars
from trii_desktop.charts.painters import PaneFrame
from trii_desktop.charts.price_scale import PriceScale
from trii_desktop.charts.time_scale import TimeScale
from trii_desktop.drawings.placement import Placement

BARS = make_days(60)
FIRST, LAST = int(BARS.event_ns[0]), int(BARS.event_ns[-1])
DAY_NS = 86_400_000_000_000


def placement():
    snapshot = snapshot_of(BARS)
    time = TimeScale(600, 8.0, 60.0, 60)
    return Placement(
        PaneFrame(snapshot, visible_bars(snapshot, time), time, PriceScale(80, 120, 0, 500), 600, 500, 400, 1.0), AnchorMap(DAYS)
    )


@given(st.lists(st.integers(FIRST - 90 * DAY_NS, LAST + 90 * DAY_NS), min_size=1, max_size=5), st.booleans())
def test_moments_stand_at_the_same_rows_for_alerts_and_for_charts(moments, is_date):
    event_ns = np.array(moments, np.int64)
    dates = np.full(len(moments), is_date)
    rows = BarRows.of(AnchorMap(DAYS), BARS.event_ns, 4_096)
    np.testing.assert_array_equal(rows.rows_of(event_ns, dates), placement().rows_of(event_ns, dates))
