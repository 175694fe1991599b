"""Going to a date: which bar is meant, said while one types, brought into view by Enter."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from backend.charts.chart_state import ChartState
from backend.domain.bars import DAY_NS, BarArrays, BarSpec
from backend.market.growing_bars import snapshot_of
from tests.fakes.bars import DAYS, INSTRUMENT, MINUTES, make_bars, make_days
from tests.fakes.window import open_window
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.market.go_to_date import bar_at_date


def model_of(bars, spec=DAYS, zone="exchange"):
    model = ChartModel()
    model.restore(ChartState(zone=zone))
    model.open(INSTRUMENT, spec, snapshot_of(bars))
    model.lay_out(700, 400, 1.0, 40.0)
    return model


def day(event_ns):
    return str(np.datetime64(event_ns, "ns").astype("datetime64[D]"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2024", "2024-01-08"),
        ("2024-02", "2024-02-01"),
        ("2024-03-05", "2024-03-05"),
        ("1999", "2024-01-08"),
        ("2030-01-01", "2024-04-16"),
    ],
)
def test_a_date_means_its_first_bar(text, found):
    assert day(bar_at_date(model_of(make_days(100)), text)) == found


def test_a_date_inside_a_longer_bar_means_that_bar():
    weekly = make_days(100)[::7]
    assert day(bar_at_date(model_of(weekly, BarSpec.parse("1w")), "2024-01-18")) == "2024-01-15"


def test_times_are_read_in_the_zone_of_the_labels():
    bars = make_bars(500)
    for zone, text in (("exchange", "2024-01-08 10:00"), ("Europe/Berlin", "2024-01-08T16:00"), ("UTC", "2024-01-08 15:00")):
        assert bar_at_date(model_of(bars, MINUTES, zone), text) == int(bars.event_ns[30])


@pytest.mark.parametrize("text", ["", "soon", "2024-13", "2024-02-30", "20240101", "9999999"])
def test_what_is_no_date_means_no_bar(text):
    assert bar_at_date(model_of(make_days(10)), text) is None
    assert bar_at_date(model_of(BarArrays.empty()), "2024") is None


def test_the_bar_stands_in_the_middle_as_wide_as_before():
    model = model_of(make_days(2_000))
    spacing = model.time.spacing_px
    row = model.go_to(model.snapshot.event_ns_at(1_000) + DAY_NS // 2)
    assert row == 1_000
    assert abs(model.time.x_at(row) - 350) <= spacing
    assert model.time.spacing_px == spacing
    assert model_of(BarArrays.empty()).go_to(0) == -1


async def test_a_date_typed_after_alt_g_is_shown_and_spoken(sampled):
    async with open_window(sampled, docks=False) as desktop:
        view, entry = desktop.panels.chart.view, desktop.workbench.chart.date
        desktop.workbench.actions.by_id["chart.date"].trigger()
        assert entry.isVisible()
        assert entry.field.hasSelectedText()
        QTest.keyClicks(entry.field, "2010-07")
        assert "Thu 1 Jul 2010" in entry.meaning.text()
        QTest.keyClick(entry.field, Qt.Key.Key_Return)
        assert not entry.isVisible()
        assert "Thu 1 Jul 2010" in view.legend_text
        first, stop = view.model.time.visible()
        assert first < view.model.snapshot.row_at(view._picture.pointed.event_ns) < stop
        desktop.workbench.actions.by_id["chart.date"].trigger()
        entry.field.setText("never")
        QTest.keyClick(entry.field, Qt.Key.Key_Return)
        assert entry.isVisible()
        assert entry.meaning.text().startswith("As 2013")
        QTest.keyClick(entry.field, Qt.Key.Key_Escape)
        assert not entry.isVisible()
