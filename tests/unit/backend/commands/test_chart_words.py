"""Charts described on the command line: indicators with their values, over a saved chart or from nothing."""

import argparse

import pytest

from backend.charts.chart_state import (
    ChartState,
    ChartType,
    Pane,
    ScaleKind,
    Study,
    StudySource,
    VisibleBars,
    save_state,
)
from backend.commands.chart_words import read_indicator, state_of, with_comparison
from backend.commands.looks import CHART_TYPES, SCALES
from backend.errors import InvalidInput, NotFound


def asked(**changes) -> argparse.Namespace:
    plain = {"scale": None, "inverted": False, "type": None, "zone": None, "no_volume": False, "adjusted": False, "indicator": []}
    return argparse.Namespace(**{**plain, **changes})


def test_an_indicator_is_read_with_values_by_place_and_by_name():
    assert dict(read_indicator("ema").params) == {"period": 20}
    assert dict(read_indicator("EMA:50").params) == {"period": 50}
    assert dict(read_indicator("macd:8,slow=21").params) == {"fast": 8, "slow": 21, "signal": 9}
    assert read_indicator("rsi:14,source=hl2").source == StudySource("hl2")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("nothing", NotFound),
        ("ema:0", InvalidInput),
        ("ema:two", InvalidInput),
        ("ema:1,2", InvalidInput),
        ("ema:length_of=3", InvalidInput),
        ("rsi:source=tomorrow", InvalidInput),
    ],
)
def test_what_cannot_be_computed_is_refused_with_what_to_write(text, error):
    with pytest.raises(error) as caught:
        read_indicator(text)
    assert caught.value.hint


def test_overlays_join_the_prices_and_others_get_a_pane_each():
    state = state_of(asked(indicator=["ema:20", "ema:50", "rsi", "rsi:7"]), None)
    assert [study.id for study in state.studies] == ["ema", "ema-2", "rsi", "rsi-2"]
    assert [study.pane for study in state.studies] == ["main", "main", "rsi", "rsi-2"]
    assert [pane.id for pane in state.panes] == ["main", "rsi", "rsi-2"]


def test_options_come_on_top_of_a_saved_chart_and_leave_the_rest():
    saved = ChartState(
        instrument="AAPL.XNAS",
        interval="1d",
        chart_type=ChartType.BARS,
        visible=VisibleBars(50),
        panes=(Pane(scale=ScaleKind.LOG), Pane("low")),
        studies=(Study("ema", "rsi", pane="low"),),
    )
    state = state_of(asked(type="area", indicator=["ema"], inverted=True, no_volume=True), save_state(saved))
    assert (state.instrument, state.visible, state.chart_type) == ("AAPL.XNAS", VisibleBars(50), ChartType.AREA)
    assert (state.main.scale, state.main.is_inverted, state.is_volume_shown) == (ScaleKind.LOG, True, False)
    assert [study.id for study in state.studies] == ["ema", "ema-2"]


def test_the_same_instrument_can_be_compared_twice():
    state = with_comparison(with_comparison(ChartState(), "MSFT.XNAS"), "MSFT.XNAS")
    assert len({comparison.id for comparison in state.comparisons}) == 2


def test_a_file_that_is_no_chart_is_refused():
    with pytest.raises(InvalidInput):
        state_of(asked(), b"{}[]")


def test_the_words_of_the_command_line_are_those_of_a_charts_state():
    assert tuple(kind.value for kind in ChartType) == CHART_TYPES
    assert tuple(kind.value for kind in ScaleKind) == SCALES
