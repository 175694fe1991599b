"""Labels of newest values: their texts, colours and places, and the time left."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.charts.chart_state import ChartState, Comparison, Pane, ScaleKind, Study
from backend.charts.study_snapshot import fixed_snapshot
from tests.fakes.bars import INSTRUMENT, MINUTES, make_bars
from tests.fakes.studied import PEER, studied, studied_state
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.colors import DARK
from trii_desktop.charts.last_values import countdown, line_labels, price_label, value_text
from trii_desktop.charts.painters import Inks

SECOND = 1_000_000_000


@pytest.fixture
def model():
    made = ChartModel()
    made.restore(studied_state(comparisons=(PEER,)))
    made.open(INSTRUMENT, MINUTES, studied(500))
    made.lay_out(1000, 800, 1.0, 50.0)
    return made


@pytest.mark.parametrize(
    ("left_s", "said"),
    [(59, "00:59"), (60, "01:00"), (252, "04:12"), (3_852, "1:04:12"), (100_000, "1d 3h"), (0, ""), (-5, "")],
)
def test_the_time_left_reads_as_a_clock(left_s, said):
    assert countdown(1_000 * SECOND + left_s * SECOND, 1_000 * SECOND) == said


def test_a_started_second_counts_and_an_unknown_end_says_nothing():
    assert countdown(SECOND, SECOND - 1) == "00:01"
    assert countdown(None, 0) == ""


def test_values_are_written_with_the_digits_asked_for_and_large_ones_short():
    assert value_text(25.8123, 2) == "25.81"
    assert value_text(12_345_678.0, 2) == "12.3M"
    assert value_text(0.01234) == "0.01234"


def test_every_shown_output_has_a_label_in_its_colour_at_its_value(model):
    scale = model.price_scale()
    labels = line_labels(model, model.panes.main, scale, 2, Inks(DARK))
    close = make_bars(500).close
    mean = np.convolve(close, np.ones(5) / 5)[499]
    assert [label.ink for label in labels] == ["study_0", "study_3", "study_0", "study_3", "study_2"]
    assert labels[0].text == f"{mean:.2f}"
    assert abs(labels[0].y - scale.y_at(mean)) <= 1
    assert labels[-1].text.endswith("%")


def test_a_comparison_starts_where_the_prices_start_and_tells_its_change_since(model):
    first, stop = model.time.visible()
    compared = model.in_view.compared(("c1", "close"), first)
    assert compared.drawn == pytest.approx(model.snapshot.bar(first).close)
    assert compared.percent == 0.0
    line = model.in_view.line(("c1", "close"))
    assert line.close[0] == pytest.approx(model.snapshot.bar(first).close)
    raw = model.shown.lines["c1", "close"]
    newest = model.in_view.compared(("c1", "close"), stop - 1)
    assert newest.percent == pytest.approx(100 * (raw.value(stop - 1) / raw.value(first) - 1))


def test_the_price_counts_down_to_its_close(model):
    scale = model.price_scale()
    assert price_label(model, scale, 2, None).below == ""
    assert price_label(model, scale, 2, 5).below == ""  # nobody knows when the bar ends


def test_colours_follow_the_sign_of_a_histogram(model):
    labels = line_labels(model, model.panes.pane("p2"), model.price_scale("p2"), 2, Inks(DARK))
    value = model.shown.lines["m1", "histogram"].value(499)
    assert labels[2].ink == ("up" if value >= 0 else "down")


@given(st.integers(0, 60), st.lists(st.floats(0.5, 200.0), min_size=60, max_size=60), st.booleans())
@settings(max_examples=40)
def test_in_percent_every_label_says_what_the_axis_says_at_its_height(n_unknown, others, is_inverted):
    values = np.array(others)
    values[:n_unknown] = np.nan
    made = ChartModel()
    panes = (Pane(scale=ScaleKind.PERCENT, is_inverted=is_inverted),)
    studies = (Study("s", "sma"),)
    made.restore(ChartState(panes=panes, studies=studies, comparisons=(Comparison("c", "MSFT.XNAS"),)))
    bars = make_bars(60)
    made.open(INSTRUMENT, MINUTES, fixed_snapshot(bars, {("c", "close"): values, ("s", "value"): bars.close + 1}))
    made.lay_out(400, 500, 1.0, 40.0)
    scale = made.price_scale()
    assert scale.kind is ScaleKind.PERCENT
    change = made.in_view.compared(("c", "close"), 59)
    if n_unknown < 60:
        assert scale.percent_of(change.drawn) == pytest.approx(change.percent, abs=1e-9)
    labels = [price_label(made, scale, 2, None), *line_labels(made, made.panes.main, scale, 2, Inks(DARK))]
    for label in labels:
        said = float(label.text.replace("\u202f", "").replace("\u2212", "-").replace(",", "").rstrip("%"))
        assert said == pytest.approx(
            scale.percent_of(scale.price_at(label.y + 0.5)), abs=0.02 + abs(100 / scale.reference / scale.px_per_unit)
        )
