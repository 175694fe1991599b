"""Where anchors stand on charts of other intervals and of adjusted prices, against plain scans of sessions and actions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.charts.anchor_map import AHEAD_MAX, AnchorMap
from backend.domain.bars import DAY_NS, HOUR_NS, BarSpec
from backend.domain.sessions import SessionTable
from backend.market.history import PriceFactors
from backend.market.resample import resample
from tests.fakes.bars import make_bars

DAY0 = 19_000 * DAY_NS
N_DAYS = 120
_LABELS = DAY0 + DAY_NS * np.array([day for day in range(N_DAYS) if (day + 4) % 7 < 5], np.int64)
SHARES = SessionTable("SHARES", _LABELS, _LABELS + 14 * HOUR_NS, _LABELS + 21 * HOUR_NS)
NIGHTS = SessionTable("NIGHTS", _LABELS, _LABELS - 2 * HOUR_NS, _LABELS + 21 * HOUR_NS)  # begins the evening before
TABLES = pytest.mark.parametrize("table", [SHARES, NIGHTS], ids=lambda table: table.calendar)
DATED, MINUTES = BarSpec.parse("1d"), BarSpec.parse("15m")
IS_INSTANT, IS_DATE = np.array([False]), np.array([True])


def one(value):
    return np.array([value], np.int64)


@TABLES
@given(row=st.integers(0, len(_LABELS) - 1), share=st.floats(0, 0.999))
def test_an_instant_inside_a_session_stands_on_its_date_and_a_date_on_its_first_instant(table, row, share):
    inside = int(table.open_ns[row] + share * (table.close_ns[row] - table.open_ns[row]))
    assert AnchorMap(DATED, table).times_on(one(inside), IS_INSTANT)[0] == table.label_ns[row]
    assert AnchorMap(MINUTES, table).times_on(one(inside), IS_INSTANT)[0] == inside
    label = int(table.label_ns[row])
    assert AnchorMap(DATED, table).times_on(one(label), IS_DATE)[0] == label
    assert AnchorMap(MINUTES, table).times_on(one(label), IS_DATE)[0] == table.open_ns[row]


@TABLES
@given(away=st.integers(0, (N_DAYS - 10) * DAY_NS))
def test_an_instant_between_sessions_stands_on_the_nearer_one(table, away):
    instant = DAY0 + 2 * DAY_NS + away
    beside = [
        (0 if table.open_ns[row] <= instant < table.close_ns[row] else min(abs(int(edge) - instant) for edge in edges), -row)
        for row, edges in enumerate(zip(table.open_ns, table.close_ns, strict=True))
    ]
    nearest = -min(beside)[1]
    found = AnchorMap(DATED, table).times_on(one(instant), IS_INSTANT)[0]
    if table.label_ns[0] <= instant // DAY_NS * DAY_NS <= table.label_ns[-1]:
        assert found == table.label_ns[nearest]


def test_without_sessions_days_are_those_of_the_clock():
    instant = DAY0 + 5 * HOUR_NS
    assert AnchorMap(DATED).times_on(one(instant), IS_INSTANT)[0] == DAY0
    assert AnchorMap(MINUTES).times_on(one(instant), IS_INSTANT)[0] == instant


@given(
    factors=st.lists(st.tuples(st.integers(1, N_DAYS - 1), st.floats(0.05, 20)), max_size=6, unique_by=lambda one: one[0]),
    day=st.integers(0, N_DAYS),
    hour=st.integers(0, 23),
    seen_day=st.integers(0, N_DAYS),
)
def test_a_price_is_multiplied_with_every_action_that_came_after_it(factors, day, hour, seen_day):
    factors = sorted(factors)
    days = np.array([day for day, _ in factors], np.int64)
    label_ns = DAY0 + days * DAY_NS
    table = PriceFactors(label_ns, label_ns + 14 * HOUR_NS, np.array([factor for _, factor in factors], np.float64))
    seen_ns = DAY0 + seen_day * DAY_NS
    whole = AnchorMap(DATED, SHARES, table)
    for chart, limit in ((whole, None), (whole.as_of(seen_ns), seen_ns)):
        came = [(at, factor) for at, factor in factors if limit is None or DAY0 + at * DAY_NS + 14 * HOUR_NS <= limit]
        by_date = np.prod([factor for at, factor in came if at > day])
        assert chart.factor_at(one(DAY0 + day * DAY_NS), IS_DATE)[0] == pytest.approx(by_date)
        instant = DAY0 + day * DAY_NS + hour * HOUR_NS
        by_clock = np.prod([factor for at, factor in came if DAY0 + at * DAY_NS + 14 * HOUR_NS > instant])
        assert chart.factor_at(one(instant), IS_INSTANT)[0] == pytest.approx(by_clock)


@TABLES
@pytest.mark.parametrize("spec", ["15m", "1h", "4h", "1d", "2d", "1w", "1mo"])
def test_the_bars_to_come_begin_where_resampled_ones_do(table, spec):
    spec = BarSpec.parse(spec)
    minutes = np.concatenate([np.arange(a, b, 5 * 60 * 10**9) for a, b in zip(table.open_ns, table.close_ns, strict=True)])
    full = make_bars(len(minutes))
    made = resample(type(full)(minutes, *full.columns()), BarSpec.parse("5m"), spec, table).event_ns
    for newest in (0, 1, len(made) // 2):
        ahead = AnchorMap(spec, table).times_ahead(int(made[newest]), AHEAD_MAX)
        n_told = min(len(ahead), len(made) - newest - 1)
        assert n_told > 0
        np.testing.assert_array_equal(ahead[:n_told], made[newest + 1 :][:n_told])


def test_bars_cut_by_trades_have_no_times_to_come():
    assert len(AnchorMap(BarSpec.parse("100t"), SHARES).times_ahead(DAY0, 10)) == 0
    assert len(AnchorMap(DATED).times_ahead(DAY0, 10)) == 0
