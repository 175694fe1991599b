"""Whole pictures of charts against stored ones: bars to the pixel, letters within what fonts may differ by.

After a wanted change of looks, write new ones with ``TRII_WRITE_GOLDEN=1`` and look at them before committing.
"""

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from backend.charts.chart_state import SHAPE, ChartState, ChartType, Comparison, Pane, ScaleKind, Study
from backend.commands.picture import ChartRequest
from backend.domain.bars import BarArrays
from backend.errors import InvalidInput, Unavailable
from backend.indicators import compute
from tests.fakes.bars import DAYS, INSTRUMENT, MINUTES, make_bars, make_days, make_line
from trii_desktop.charts.colors import DARK
from trii_desktop.charts.render import PictureRenderer, draw_chart, render_chart
from trii_desktop.charts.render_process import pack_request, read_request
from trii_desktop.theme import load_fonts

GOLDEN = Path(__file__).parent / "golden"
WIDTH, HEIGHT = 640, 400
AXIS_PX, TIME_PX, LEGEND_PX = 64, 28, 58
ROW_PX = 20

LINE = make_line(50 + np.cumsum(np.random.default_rng(5).normal(0, 1, 90)))
PICTURES = {
    "candles-dark": ChartRequest(INSTRUMENT, DAYS, make_days(60), "dark", WIDTH, HEIGHT),
    "candles-light": ChartRequest(INSTRUMENT, MINUTES, make_bars(120), "light", WIDTH, HEIGHT, adjusted=True),
    "dense-dark": ChartRequest(INSTRUMENT, DAYS, make_days(4_000), "dark", WIDTH, HEIGHT),
    "line-light": ChartRequest(INSTRUMENT, DAYS, LINE, "light", WIDTH, HEIGHT),
}
TYPES = ("candles", "hollow", "bars", "line", "area", "heikin_ashi")
# Each type in every theme; scales, directions and inversion change along, so that each of them is seen in every theme too.
PLAN = {
    "dark": ("own", (("linear", False), ("log", False), ("percent", False), ("log", True), ("percent", True), ("linear", False))),
    "light": ("red_up", (("log", False), ("percent", False), ("linear", True), ("percent", False), ("log", False), ("log", False))),
    "high_contrast": (
        "colour_blind",
        (("percent", False), ("linear", True), ("log", False), ("linear", False), ("linear", False), ("percent", True)),
    ),
}


def studied(kind: str, theme: str, scale: str, directions: str, *, is_inverted: bool) -> ChartRequest:
    """A chart with everything on it that hangs on type, theme and scale."""
    bars = make_days(60, seed=7)
    studies = (Study("bands", "bollinger", (("period", 10),)), Study("force", "macd", pane="below"))
    state = ChartState(
        chart_type=ChartType(kind),
        panes=(Pane(scale=ScaleKind(scale), is_inverted=is_inverted), Pane("below", share=0.35)),
        studies=studies,
        comparisons=(Comparison("other", "MSFT.XNAS"),),
    )
    named = (("bands", "bollinger", {"period": 10}), ("force", "macd", {}), (SHAPE, "heikin_ashi", {}))
    computed = {(key, out): values for key, name, params in named for out, values in compute(name, bars, **params).items()}
    lines = computed | {("other", "close"): make_days(60, seed=8).close * 2}
    return ChartRequest(
        INSTRUMENT, DAYS, bars, theme, WIDTH, HEIGHT, state=state, lines=lines, directions=directions, breaks=np.array([20, 40])
    )


STUDIED = {
    f"{kind}-{scale}{'-inverted' * is_inverted}-{theme}": (kind, theme, scale, directions, is_inverted)
    for theme, (directions, scales) in PLAN.items()
    for kind, (scale, is_inverted) in zip(TYPES, scales, strict=True)
}


def pixels(image: QImage) -> np.ndarray:
    """int16[height, width, 3]."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.width(), 4)
    return data[:, :, :3].astype(np.int16)


@pytest.fixture
def family(qapp):
    return load_fonts()


@pytest.mark.parametrize("name", PICTURES)
def test_a_chart_looks_as_it_did(family, name):
    check_golden(name, draw_chart(PICTURES[name], family))


@pytest.mark.parametrize("name", STUDIED)
def test_every_type_looks_as_it_did_in_every_theme(family, name):
    kind, theme, scale, directions, is_inverted = STUDIED[name]
    request = studied(kind, theme, scale, directions, is_inverted=is_inverted)
    check_golden(name, draw_chart(request, family))


def stored_or_written(path: Path, image: QImage) -> QImage:
    """The stored picture; ``image`` itself where new ones are asked for."""
    if os.environ.get("TRII_WRITE_GOLDEN"):
        assert image.save(str(path))
    golden = QImage(str(path))
    assert not golden.isNull(), f"{path} is missing or broken."
    return golden


def check_golden(name: str, image: QImage) -> None:
    """Compare with the stored picture, or store it."""
    made, stored = pixels(image), pixels(stored_or_written(GOLDEN / f"{name}.png", image))
    assert made.shape == stored.shape
    off = np.abs(made - stored).max(axis=2)
    plot = off[LEGEND_PX:-TIME_PX, :-AXIS_PX]
    axes = (off[:LEGEND_PX], off[-TIME_PX:], off[:, -AXIS_PX:])
    # Smoothed lines may round differently by a shade; rectangles may not differ at all.
    assert np.mean(plot > 8) < 0.0005, f"{np.sum(plot > 8)} pixels of the plot differ."
    for region in axes:
        assert np.mean(region > 64) < 0.03, f"{np.sum(region > 64)} pixels of an axis or of the legend differ."


def check_widget(name: str, widget: QWidget) -> None:
    """The same of a part of the window, where every row of letters may differ by as much as those of a chart."""
    focused = widget.window().focusWidget()
    if focused is not None:
        focused.clearFocus()  # a cursor that blinks is in every other picture
    image = widget.grab().toImage()
    made, stored = pixels(image), pixels(stored_or_written(GOLDEN / f"{name}.png", image))
    assert made.shape == stored.shape
    off = np.abs(made - stored).max(axis=2) > 64
    for top in range(0, len(off), ROW_PX):
        row = off[top : top + ROW_PX]
        assert np.mean(row) < 0.03, f"{np.sum(row)} pixels differ from {top} on."


def test_every_bar_asked_for_is_in_the_picture(family):
    prices = np.full(5_000, 1_000.0)
    prices[0], prices[-1] = 1_300.0, 700.0  # extremes at the very ends, and labels that grow with them
    bars = BarArrays(make_days(5_000).event_ns, *(prices.copy() for _ in range(4)), np.full(5_000, np.nan))
    image = pixels(draw_chart(ChartRequest(INSTRUMENT, DAYS, bars, "dark", 300, 200), family))
    line = np.all(np.abs(image - [int(DARK.line[i : i + 2], 16) for i in (5, 3, 1)]) < 8, axis=2)[:170]
    columns = np.flatnonzero(line.sum(axis=0) > 5)  # the two jumps stand out
    assert columns[0] <= 3
    assert columns[-1] >= 300 - AXIS_PX - 8 - 30


def test_one_bar_and_the_smallest_picture_are_drawn(family):
    for request in (
        ChartRequest(INSTRUMENT, DAYS, make_days(1), "dark", 64, 64),
        ChartRequest(INSTRUMENT, DAYS, make_days(1), "light", 800, 600),
    ):
        image = draw_chart(request, family)
        assert (image.width(), image.height()) == (request.width_px, request.height_px)
    assert len(np.unique(pixels(image).reshape(-1, 3), axis=0)) > 5


def test_a_picture_is_a_png_file(family):
    data = render_chart(PICTURES["candles-dark"], family)
    assert data.startswith(b"\x89PNG")
    assert QImage.fromData(data).width() == WIDTH


def test_a_request_reaches_the_drawing_process_as_it_was(family):
    sent = studied("heikin_ashi", "high_contrast", "log", "colour_blind", is_inverted=True)
    came = read_request(io.BytesIO(pack_request(sent)))
    assert (came.instrument, came.spec, came.theme, came.directions, came.state) == (
        sent.instrument,
        sent.spec,
        sent.theme,
        sent.directions,
        sent.state,
    )
    assert list(came.lines) == list(sent.lines)
    assert draw_chart(came, family) == draw_chart(sent, family)
    with pytest.raises(Unavailable):
        read_request(io.BytesIO(pack_request(sent)[:-100]))


async def test_the_renderer_draws_where_it_is_told_to(family):
    threads = []

    async def here(draw):
        threads.append(sys._getframe().f_code.co_name)
        return draw()

    data = await PictureRenderer(here, family).render(PICTURES["candles-light"])
    assert threads == ["here"]
    assert data.startswith(b"\x89PNG")


def test_a_picture_of_no_bars_cannot_even_be_asked_for():
    with pytest.raises(InvalidInput):
        ChartRequest(INSTRUMENT, DAYS, make_days(0))


def test_painting_loses_no_reference_to_none(family):
    # Some versions of the Qt binding drop one a call, and abort the interpreter after some thousand calls.
    request = PICTURES["candles-dark"]
    draw_chart(request, family)
    before = sys.getrefcount(None)
    for _ in range(20):
        draw_chart(request, family)
    assert sys.getrefcount(None) > before - 200
