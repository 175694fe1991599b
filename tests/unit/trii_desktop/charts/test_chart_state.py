"""Saved charts: what is written is read again, and nothing else is."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidInput
from trii_desktop.charts.chart_state import ChartState, ChartType, PriceRange, VisibleBars, load_state, save_state

states = st.builds(
    ChartState,
    instrument=st.sampled_from(["", "AAPL.XNAS"]),
    interval=st.sampled_from(["", "1d", "500t"]),
    chart_type=st.sampled_from(ChartType),
    is_adjusted=st.booleans(),
    visible=st.builds(VisibleBars, st.floats(0, 1e9), st.none() | st.integers(0, 2**62), st.floats(-1e9, 1e9)),
    price=st.none() | st.builds(lambda low, span: PriceRange(low, low + span), st.floats(-1e6, 1e6), st.floats(0.01, 1e6)),
)


@given(states)
def test_reading_what_was_saved_gives_the_same_state(state):
    assert load_state(save_state(state)) == state


def test_two_states_tell_what_differs():
    old = ChartState(interval="1d")
    new = msgspec.structs.replace(old, interval="1h", is_adjusted=True)
    assert old.changes(new) == {"interval": ("1d", "1h"), "is_adjusted": (False, True)}
    assert old.changes(old) == {}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"colour": "red"}',
        b'{"version": 2}',
        b'{"chart_type": "renko"}',
        b'{"visible": {"n_bars": -1}}',
        b'{"visible": {"n_bars": 1e12}}',
        b'{"price": {"low": 2, "high": 1}}',
        b'{"price": {"low": 1, "high": 1}}',
    ],
)
def test_anything_else_is_refused_with_a_way_out(text):
    with pytest.raises(InvalidInput) as caught:
        load_state(text)
    assert caught.value.hint
    assert caught.value.code == "chart.state"


@given(st.sampled_from([math.nan, math.inf, -math.inf]))
def test_numbers_that_are_none_are_refused(value):
    from trii_desktop.charts.chart_state import check_state

    with pytest.raises(InvalidInput):
        check_state(ChartState(visible=VisibleBars(beyond=value)))
