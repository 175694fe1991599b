"""The chart as a table: the bars in view to the bit, with what is drawn over them, read back by the importer."""

import csv
import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.charts.chart_state import (
    SHAPE,
    ChartState,
    ChartType,
    Comparison,
    LineStyle,
    Pane,
    Study,
    VisibleBars,
)
from backend.charts.study_snapshot import fixed_snapshot
from backend.domain.bars import BarArrays
from tests.fakes.bars import DAYS, INSTRUMENT, MINUTES, make_bars, make_days, make_line
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.chart_table import ROWS_PER_PIECE, table_of


def shown(bars, state=None, lines=None, *, spec=DAYS, width=700):
    model = ChartModel()
    model.restore(state or ChartState())
    model.open(INSTRUMENT, spec, fixed_snapshot(bars, lines or {}))
    model.lay_out(width, 400, 1.0, 40.0)
    return model


def read(table, mark=","):
    return list(csv.reader(io.StringIO("".join(table.pieces(mark))), delimiter=mark))


def test_only_the_bars_in_view_are_in_the_table():
    model = shown(make_days(500), ChartState(visible=VisibleBars(40.0)))
    model.pan(3_000)
    table = table_of(model)
    xs = [model.time.x_at(row) for row in range(500)]
    assert [row for row in range(500) if 0 <= xs[row] < 700] == list(range(table.first, table.stop))
    rows = read(table)
    assert rows[0] == ["time", "open", "high", "low", "close", "volume"]
    assert len(rows) - 1 == table.n_bars > 30


@given(st.lists(st.floats(1e-9, 1e12), min_size=1, max_size=40))
@settings(max_examples=60)
def test_every_number_reads_back_as_the_bits_it_was(values):
    model = shown(
        make_line(values), ChartState(visible=VisibleBars(float(len(values) + 5))), {("a", "value"): np.array(values) / 3}
    )
    model.studies = (Study("a", "sma"),)
    rows = read(table_of(model))
    assert rows[0][-1] == "SMA 20"
    assert [float(row[4]) for row in rows[1:]] == values
    assert [float(row[6]) for row in rows[1:]] == [value / 3 for value in values]
    assert {row[5] for row in rows[1:]} == {""}


def test_lines_stand_in_the_order_of_the_chart_and_hidden_ones_are_left_out():
    state = ChartState(
        chart_type=ChartType.HEIKIN_ASHI,
        panes=(Pane(), Pane("p")),
        studies=(
            Study("a", "ema"),
            Study("b", "ema"),
            Study("c", "macd", pane="p", styles=(("signal", LineStyle(is_shown=False)),)),
            Study("d", "rsi", is_shown=False, pane="p"),
        ),
        comparisons=(Comparison("x", "MSFT.XNAS"), Comparison("y", "SPX.INDEX", is_shown=False)),
    )
    bars = make_days(30)
    lines = {(SHAPE, part): np.arange(30.0) for part in ("open", "high", "low", "close")}
    headings = table_of(shown(bars, state, lines)).headings[6:]
    assert headings[:4] == tuple(f"Heikin-Ashi {part}" for part in ("open", "high", "low", "close"))
    assert headings[4:6] == ("EMA 20", "EMA 20 (2)")
    assert headings[-1] == "MSFT.XNAS"
    assert not any("Signal" in heading or "RSI" in heading or "SPX" in heading for heading in headings)


def test_values_that_are_not_known_are_empty_cells():
    values = np.arange(10.0)
    values[:4] = np.nan
    model = shown(make_days(10), ChartState(studies=(Study("a", "sma"),)), {("a", "value"): values})
    assert [row[6] for row in read(table_of(model), "\t")[1:]] == ["", "", "", "", "4", "5", "6", "7", "8", "9"]


def test_times_are_told_in_the_zone_of_the_chart():
    model = shown(make_bars(3), ChartState(zone="Europe/Berlin"), spec=MINUTES)
    assert read(table_of(model))[1][0] == "2024-01-08T15:30:00+01:00"
    assert read(table_of(shown(make_days(3))))[1][0] == "2024-01-08"


def test_long_tables_come_in_pieces_and_lose_nothing():
    n_bars = 2 * ROWS_PER_PIECE + 7
    model = shown(make_bars(n_bars), spec=MINUTES)
    model.show_all()
    table = table_of(model)
    rows = read(table)[1:]
    assert len(rows) == table.n_bars == n_bars
    made = np.array([[float(cell) for cell in row[1:6]] for row in rows])
    np.testing.assert_array_equal(made, np.stack(model.snapshot.bars.columns(), axis=1))


def test_a_chart_without_bars_gives_headings_alone():
    assert read(table_of(shown(BarArrays.empty()))) == [["time", "open", "high", "low", "close", "volume"]]
