"""Every kind of drawing in every theme against stored pictures, selected and at rest; see ``test_chart_golden``."""

import msgspec
import pytest

from backend.charts.anchor_map import AnchorMap
from backend.charts.chart_state import ChartState, Dash
from backend.charts.drawings import Anchor, Drawing, DrawingKind, DrawingStyle
from backend.commands.picture import ChartRequest
from tests.fakes.bars import DAYS, INSTRUMENT, make_days
from tests.ui.test_chart_golden import check_golden, pixels
from trii_desktop.charts.render import draw_chart
from trii_desktop.drawings.kinds import first_style
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.theme import load_fonts

WIDTH, HEIGHT = 400, 280
BARS = make_days(40, seed=3)
LOW, HIGH = float(BARS.low.min()), float(BARS.high.max())
PLACES = ((8, 0.35), (28, 0.75), (20, 0.15))
STYLES = {
    DrawingKind.TREND_LINE: {"dash": Dash.DASHED, "width": 2},
    DrawingKind.RAY: {"colour": "#d08020", "width": 3},
    DrawingKind.RECTANGLE: {"is_extended": True},
    DrawingKind.TEXT: {"text_px": 18},
}
WORDS = {DrawingKind.TEXT: "Earnings\nbeat", DrawingKind.HORIZONTAL: "Resistance"}
N_PLACES = {DrawingKind.HORIZONTAL: 1, DrawingKind.VERTICAL: 1, DrawingKind.TEXT: 1, DrawingKind.CHANNEL: 3}
POSITION = {DrawingKind.LONG: ((12, 0.5), (30, 0.9), (30, 0.3)), DrawingKind.SHORT: ((12, 0.5), (30, 0.1), (30, 0.7))}


@pytest.fixture
def family(qapp):
    return load_fonts()


def drawn(kind: DrawingKind) -> Drawing:
    """One of ``kind`` over the bars."""
    places = POSITION.get(kind) or PLACES[: N_PLACES.get(kind, 2)]
    anchors = tuple(Anchor(int(BARS.event_ns[row]), LOW + share * (HIGH - LOW), is_date=True) for row, share in places)
    style: DrawingStyle = msgspec.structs.replace(first_style(kind), **STYLES.get(kind, {}))
    return Drawing(kind.value, kind, anchors, style, WORDS.get(kind, ""), risk=1_000.0 if kind in POSITION else 0.0)


def picture(kind: DrawingKind, theme: str, letters: str, *, is_selected: bool):
    layer = DrawingLayer()
    layer.drawings, layer.map, layer.family = (drawn(kind),), AnchorMap(DAYS), letters
    layer.selected = frozenset({kind.value}) if is_selected else frozenset()
    request = ChartRequest(INSTRUMENT, DAYS, BARS, theme, WIDTH, HEIGHT, state=ChartState(is_volume_shown=False))
    return draw_chart(request, letters, (layer,))


@pytest.mark.parametrize("kind", DrawingKind)
@pytest.mark.parametrize("theme", ["dark", "light", "high_contrast"])
def test_every_kind_looks_as_it_did_in_every_theme(family, kind, theme):
    is_selected = theme == "dark"  # with its handles, and labels of its anchors on the axes
    check_golden(f"drawing-{kind.value}-{theme}", picture(kind, theme, family, is_selected=is_selected))


def test_a_kept_picture_shows_no_selection(family):
    layer = DrawingLayer()
    layer.drawings, layer.map, layer.family = (drawn(DrawingKind.RECTANGLE),), AnchorMap(DAYS), family
    layer.selected, layer.is_still = frozenset({DrawingKind.RECTANGLE.value}), True
    request = ChartRequest(INSTRUMENT, DAYS, BARS, "dark", WIDTH, HEIGHT, state=ChartState(is_volume_shown=False))
    kept = pixels(draw_chart(request, family, (layer,)))
    assert (kept == pixels(picture(DrawingKind.RECTANGLE, "dark", family, is_selected=False))).all()
    assert (kept != pixels(picture(DrawingKind.RECTANGLE, "dark", family, is_selected=True))).any()
