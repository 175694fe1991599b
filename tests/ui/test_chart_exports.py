"""The chart taken elsewhere: pictures and numbers, in files and on the clipboard."""

import xml.etree.ElementTree as ET

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from backend.charts.chart_state import ChartState, Pane, PriceRange, Study, VisibleBars
from backend.charts.study_snapshot import fixed_snapshot
from backend.indicators import compute
from tests.fakes.bars import DAYS, INSTRUMENT, make_days
from tests.fakes.importing import open_workshop
from tests.fakes.market import same
from tests.fakes.window import open_window, shown
from trii_desktop.charts.chart_source import FixedSource
from trii_desktop.charts.chart_table import table_of
from trii_desktop.charts.chart_view import ChartView
from trii_desktop.charts.colors import colors_of
from trii_desktop.charts.still_picture import image_of, svg_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def view(qtbot):
    made = ChartView(colors_of("dark"))
    qtbot.addWidget(made)
    made.resize(640, 400)
    bars = make_days(200)
    panes = (Pane(range=PriceRange(95.0, 96.0)), Pane("p", share=0.4))
    made.restore(ChartState(panes=panes, studies=(Study("a", "rsi", pane="p"),), visible=VisibleBars(60.0)))
    made.show_series(FixedSource(fixed_snapshot(bars, {("a", "value"): compute("rsi", bars)["value"]})), INSTRUMENT, DAYS)
    made.show()
    return made


def test_a_picture_has_the_chart_without_the_crosshair_which_stays_on_the_screen(view):
    before = image_of(view)
    view._picture.point_at(200.0, 150.0)
    view.repaint_layers()
    view.grab()
    assert view._picture.crosshair.shown is not None
    after = image_of(view)
    assert after == before
    view.grab()
    assert view._picture.crosshair.shown is not None


def test_shapes_are_cut_at_the_edges_of_their_pane(view):
    root = ET.fromstring(svg_of(view, "AAPL <daily> & more"))
    assert root.find(f"{SVG}title").text == "AAPL <daily> & more"
    cuts = {cut.get("id"): cut.find(f"{SVG}rect") for cut in root.iter(f"{SVG}clipPath")}
    groups = [group for group in root.iter(f"{SVG}g") if group.get("clip-path")]
    assert len(groups) == len(cuts) > 4
    main = view._picture.main.plot
    sizes = [(int(cut.get("width")), int(cut.get("height"))) for cut in cuts.values()]
    assert (main.width_px, main.height_px) in sizes
    words = "".join(root.itertext())
    assert "AAPL.XNAS" in words
    assert "RSI 14" in words


def test_shapes_show_what_the_picture_shows(view, qapp):
    view.restore(ChartState(visible=VisibleBars(60.0)))
    made = QImage(*view.size_px, QImage.Format.Format_RGB32)
    painter = QPainter(made)
    QSvgRenderer(QByteArray(svg_of(view, "x").encode())).render(painter)
    painter.end()
    one, other = pixels(made), pixels(image_of(view))
    width, height = view._picture.plot_size
    differ = np.abs(one - other).max(axis=2)[60:height, :width] > 32
    assert differ.mean() < 0.01


def pixels(image):
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.width(), 4)
    return data[:, :, :3].astype(np.int16)


async def test_numbers_come_back_by_an_import_and_pictures_are_what_their_ending_says(sampled, home, tmp_path, monkeypatch):
    target = tmp_path / "AAPL.XNAS 1d.csv"  # as the dialog offers
    async with open_window(sampled, docks=False) as desktop:
        chart, export, notices = desktop.panels.chart, desktop.workbench.export, desktop.desk.notices
        studies = (Study("a", "sma", (("period", 5),)), Study("b", "bollinger"))
        await chart.change(msgspec.structs.replace(chart.state, studies=studies), "studies were added")
        export.save_table_to(str(target))
        await shown(target.exists)
        text = target.read_text(encoding="utf-8")
        assert text.splitlines()[0] == "time,open,high,low,close,volume,SMA 5,BB 20 2 Upper,BB 20 2 Middle,BB 20 2 Lower"
        table = table_of(chart.view.model)
        bars = table.shown.bars.rows(table.first, table.stop)
        assert len(bars) > 50

        export.copy_table()
        await shown(lambda: QGuiApplication.clipboard().text().startswith("time\topen"))
        assert len(QGuiApplication.clipboard().text().splitlines()) == len(bars) + 1
        export.copy_picture()
        assert not QGuiApplication.clipboard().image().isNull()
        monkeypatch.setattr("trii_desktop.market.chart_exports.COPIED_MAX", 10)
        export.copy_table()
        await shown(lambda: any("too many" in entry.notice.text for entry in notices.entries))
        assert not QGuiApplication.clipboard().image().isNull()

        export.save_picture_to(str(tmp_path / "a.png"))
        export.save_picture_to(str(tmp_path / "a.svg"))
        await shown(lambda: (tmp_path / "a.png").exists() and (tmp_path / "a.svg").exists())
        assert not QImage(str(tmp_path / "a.png")).isNull()
        assert ET.parse(tmp_path / "a.svg").getroot().tag == f"{SVG}svg"
        export.save_picture_to(str(tmp_path / "no folder" / "a.png"))
        await shown(lambda: any("save the chart" in entry.notice.text for entry in notices.entries))
    async with open_workshop(home) as shop:
        report = await shop.take(target)
        assert (report.n_accepted, report.n_refused) == (len(bars), 0)
        assert same(await shop.store.load(report.series), bars)
