"""A row of the watchlist is dropped onto a chart: which chart is marked, what it then shows, what is refused."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication

from backend.domain.instruments import InstrumentId
from backend.workspaces.chart_grid import Links
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown
from trii_desktop.grid.cell import ChartCell
from trii_desktop.market.dragged import MIME, drag_data

AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")
PLAIN, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
BOTH = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
AT = QPoint(80, 80)


def row_data(desktop, instrument):
    model = desktop.panels.watchlist.model
    return model.mimeData([model.index(model.place_of(instrument), 0)])


def enter(chart, data):
    """Drag ``data`` over the place where prices are painted; whether something there would take it."""
    event = QDragEnterEvent(AT, BOTH, data, Qt.MouseButton.LeftButton, PLAIN)
    QApplication.sendEvent(chart.view._canvas.viewport(), event)
    return event.isAccepted()


def hover(chart, data, held=PLAIN):
    cell = chart.parentWidget()
    assert isinstance(cell, ChartCell)
    cell.dragMoveEvent(QDragMoveEvent(AT, BOTH, data, Qt.MouseButton.LeftButton, held))
    return cell.drop_mark


def drop(chart, data, held=PLAIN):
    event = QDropEvent(AT, BOTH, data, Qt.MouseButton.LeftButton, held)
    chart.parentWidget().dropEvent(event)
    return event


def shown_ids(grid):
    return [str(chart.shown.instrument.id) if chart.shown else "" for chart in grid.charts]


async def two(desktop):
    desktop.window.activateWindow()
    grid = desktop.panels.grid
    desktop.workbench.actions.by_id["grid.columns"].trigger()
    await shown(lambda: shown_ids(grid) == [str(AAPL)] * 2)
    return grid


def edge_of(widget) -> str:
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.width(), 4)
    blue, green, red, _ = data[picture.height() // 2, 1].tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def test_a_dropped_row_is_shown_by_the_chart_below_and_those_linked_with_it(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await two(desktop)
            grid.set_links(Links(instrument=True))
            event = drop(grid.charts[1], row_data(desktop, MSFT))
            assert event.isAccepted()
            assert event.dropAction() is Qt.DropAction.CopyAction
            assert desktop.panels.chart is grid.charts[1]
            await shown(lambda: shown_ids(grid) == [str(MSFT)] * 2)
            grid.set_group(grid.charts[0], 0)
            drop(grid.charts[0], row_data(desktop, AAPL))
            await shown(lambda: shown_ids(grid) == [str(AAPL), str(MSFT)])
            assert MSFT in desktop.panels.watchlist.model.order

    run_on_qt(story())


def test_the_chart_that_would_take_the_row_is_marked_while_it_is_dragged(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            grid = await two(desktop)
            data, accent = row_data(desktop, MSFT), desktop.desk.look.palette.accent
            first, second = grid.charts
            assert edge_of(second) != accent
            assert enter(second, data)
            assert edge_of(second) == accent
            assert edge_of(first) != accent
            assert hover(second, data).words == "Show MSFT.XNAS"
            assert hover(second, data, CTRL).words == "Compare with MSFT.XNAS"
            second.parentWidget().dragLeaveEvent(QDragLeaveEvent())
            assert edge_of(second) != accent
            hover(second, data)
            drop(second, data)
            assert edge_of(second) != accent

    run_on_qt(story())


@pytest.mark.parametrize("held", [CTRL, Qt.KeyboardModifier.AltModifier])
def test_with_ctrl_or_alt_held_the_row_is_laid_over_the_chart(qapp, sampled, held):
    async def story():
        async with open_window(sampled) as desktop:
            chart = desktop.panels.chart
            drop(chart, row_data(desktop, MSFT), held)
            assert [comparison.instrument for comparison in chart.state.comparisons] == [str(MSFT)]
            assert chart.shown.instrument.id == AAPL

    run_on_qt(story())


@pytest.mark.parametrize("text", [b"", b".", b"NOSUCH", b"\xff\xfe\x00", b"A B.C D", b"<b>.X" * 400, b"../../etc/passwd"])
def test_words_that_are_no_instrument_are_not_taken(qapp, sampled, text):
    async def story():
        async with open_window(sampled) as desktop:
            data, chart = QMimeData(), desktop.panels.chart
            data.setData(MIME, text)
            assert not enter(chart, data)
            assert not hover(chart, data).isVisible()
            assert not drop(chart, data).isAccepted()
            assert not any("Opening" in entry.notice.title for entry in desktop.desk.notices.entries)
            assert chart.shown.instrument.id == AAPL

    run_on_qt(story())


def test_an_instrument_that_is_not_known_here_leaves_the_chart_as_it_is(qapp, sampled):
    async def story():
        async with open_window(sampled) as desktop:
            chart, stranger = desktop.panels.chart, drag_data(InstrumentId("NOSUCH", "XNAS"))
            drop(chart, stranger)
            said = "Opening NOSUCH.XNAS was not possible."
            await shown(lambda: said in [entry.notice.title for entry in desktop.desk.notices.entries])
            drop(chart, stranger, CTRL)
            assert chart.shown.instrument.id == AAPL

    run_on_qt(story())
