"""Which days lie between the first and the last bar of a period."""

import numpy as np
import pandas as pd
import pytest

from backend.assistant.questions.frames import Frame, spans_a_day
from backend.domain.bars import DAY_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId

HOUR_NS = DAY_NS // 24
AAPL = Instrument(InstrumentId("AAPL", "XNAS"), "Apple", timezone="America/New_York")


def label(day):
    return np.array([pd.Timestamp(day).value], np.int64)


def frame_of(spec, event_ns, known_ns, first=0):
    column = np.ones(len(event_ns))
    bars = BarArrays(event_ns, column, column, column, column, column)
    return Frame(AAPL, Series(AAPL.id, BarSpec.parse(spec)), bars, known_ns, column, first, len(event_ns), is_adjusted=False)


@pytest.mark.parametrize(
    ("day", "is_inside"), [("2024-01-03", False), ("2024-01-04", True), ("2024-01-05", True), ("2024-01-06", False)]
)
def test_a_day_parts_days_that_stand_before_it_from_itself(day, is_inside):
    days = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"]).as_unit("ns").asi8
    frame = frame_of("1d", days, days + 21 * HOUR_NS, first=1)

    assert spans_a_day(frame, label(day)) == is_inside


@pytest.mark.parametrize(("day", "is_inside"), [("2024-01-03", False), ("2024-01-04", True), ("2024-01-05", False)])
def test_hours_belong_to_the_day_where_the_instrument_trades(day, is_inside):
    hours = pd.date_range("2024-01-03 09:30", "2024-01-04 16:30", freq="h", tz="America/New_York").as_unit("ns").asi8
    frame = frame_of("1h", hours, hours + HOUR_NS)

    assert spans_a_day(frame, label(day)) == is_inside


def test_a_period_without_bars_spans_nothing():
    none = np.empty(0, np.int64)

    assert not spans_a_day(frame_of("1d", none, none), label("2024-01-03"))
