"""Whole pictures of charts against stored ones: bars to the pixel, letters within what fonts may differ by.

After a wanted change of looks, write new ones with ``TRII_WRITE_GOLDEN=1`` and look at them before committing.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from backend.commands.picture import ChartRequest
from backend.domain.bars import BarArrays
from backend.errors import InvalidInput
from tests.fakes.bars import DAYS, INSTRUMENT, MINUTES, make_bars, make_days, make_line
from trii_desktop.charts.colors import DARK
from trii_desktop.charts.render import PictureRenderer, draw_chart, render_chart
from trii_desktop.theme import load_fonts

GOLDEN = Path(__file__).parent / "golden"
WIDTH, HEIGHT = 640, 400
AXIS_PX, TIME_PX, LEGEND_PX = 64, 28, 58

LINE = make_line(50 + np.cumsum(np.random.default_rng(5).normal(0, 1, 90)))
PICTURES = {
    "candles-dark": ChartRequest(INSTRUMENT, DAYS, make_days(60), "dark", WIDTH, HEIGHT),
    "candles-light": ChartRequest(INSTRUMENT, MINUTES, make_bars(120), "light", WIDTH, HEIGHT, adjusted=True),
    "dense-dark": ChartRequest(INSTRUMENT, DAYS, make_days(4_000), "dark", WIDTH, HEIGHT),
    "line-light": ChartRequest(INSTRUMENT, DAYS, LINE, "light", WIDTH, HEIGHT),
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
    image = draw_chart(PICTURES[name], family)
    path = GOLDEN / f"{name}.png"
    if os.environ.get("TRII_WRITE_GOLDEN"):
        assert image.save(str(path))
    golden = QImage(str(path))
    assert not golden.isNull(), f"{path} is missing or broken."
    made, stored = pixels(image), pixels(golden)
    assert made.shape == stored.shape
    off = np.abs(made - stored).max(axis=2)
    plot = off[LEGEND_PX : HEIGHT - TIME_PX, : WIDTH - AXIS_PX]
    axes = (off[:LEGEND_PX], off[HEIGHT - TIME_PX :], off[:, WIDTH - AXIS_PX :])
    # Smoothed lines may round differently by a shade; rectangles may not differ at all.
    assert np.mean(plot > 8) < 0.0005, f"{np.sum(plot > 8)} pixels of the plot differ."
    for region in axes:
        assert np.mean(region > 64) < 0.03, f"{np.sum(region > 64)} pixels of an axis or of the legend differ."


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
