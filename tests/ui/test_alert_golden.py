"""Alerts in every theme against stored pictures: each standing, bells on drawings, marks of firings; see ``test_chart_golden``."""

import math

import pytest

from backend.alerts.alert import Alert, DrawingCondition, Operator, PriceCondition
from backend.alerts.firing import AlertRow, Firing, Standing
from backend.charts.anchor_map import AnchorMap
from backend.charts.chart_state import ChartState
from backend.charts.drawings import Anchor, Drawing, DrawingKind
from backend.commands.picture import ChartRequest
from tests.fakes.bars import DAYS, INSTRUMENT, make_days
from tests.ui.test_chart_golden import check_golden, pixels
from trii_desktop.alerts.layer import AlertLayer
from trii_desktop.charts.render import draw_chart
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.palettes import PALETTES, ThemeName
from trii_desktop.theme import load_fonts

WIDTH, HEIGHT = 520, 320
BARS = make_days(40, seed=3)
LOW, HIGH = float(BARS.low.min()), float(BARS.high.max())
SHARES = dict(zip(Standing, (0.95, 0.78, 0.6, 0.42, 0.25, 0.1), strict=True))


@pytest.fixture
def family(qapp):
    return load_fonts()


def price(share):
    return round(LOW + share * (HIGH - LOW), 2)


def row(standing):
    alert = Alert(standing.value, str(INSTRUMENT.id), PriceCondition(Operator.CROSSES_ABOVE, price(SHARES[standing])))
    return AlertRow(alert, standing, f"Price rises above {price(SHARES[standing]):.2f}", level=math.nan, is_price_level=True)


def on_drawing():
    alert = Alert("d", str(INSTRUMENT.id), DrawingCondition("t", Operator.CROSSES))
    return AlertRow(alert, Standing.ARMED, "Price crosses the trend line", is_price_level=True)


def firing(number, bar, *, is_late=False):
    at_ns = int(BARS.event_ns[bar]) + 15 * 3_600_000_000_000
    return Firing(f"f{number}", "a", str(INSTRUMENT.id), at_ns, at_ns, float(BARS.high[bar]), 0.0, 0.0, "It rose.", is_late=is_late)


def picture(theme, letters, *, is_lively):
    anchors = tuple(Anchor(int(BARS.event_ns[n]), price(share), is_date=True) for n, share in ((4, 0.3), (30, 0.7)))
    drawings = DrawingLayer()
    drawings.drawings, drawings.map, drawings.family = (Drawing("t", DrawingKind.TREND_LINE, anchors),), AnchorMap(DAYS), letters
    alerts = AlertLayer(drawings)
    alerts.rows = (*map(row, Standing), on_drawing())
    alerts.firings = (firing(1, 12), firing(2, 22, is_late=True))
    alerts.warning = PALETTES[ThemeName(theme)].warning
    if is_lively:
        alerts.selected, alerts.hovered, alerts.pointed = "armed", "d", "f1"
    alerts.is_still = not is_lively
    request = ChartRequest(INSTRUMENT, DAYS, BARS, theme, WIDTH, HEIGHT, state=ChartState(is_volume_shown=False))
    return draw_chart(request, letters, (drawings, alerts))


@pytest.mark.parametrize("theme", ["dark", "light", "high_contrast"])
def test_alerts_look_as_they_did_in_every_theme(family, theme):
    check_golden(f"alerts-{theme}", picture(theme, family, is_lively=theme == "dark"))


def test_a_kept_picture_shows_neither_selection_nor_pointer(family):
    lively, still = (pixels(picture("dark", family, is_lively=is_lively)) for is_lively in (True, False))
    assert (lively != still).any()
    assert (still == pixels(picture("dark", family, is_lively=False))).all()
