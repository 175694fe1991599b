"""Bars from trades: the kernel against its naive twin, in one batch and in many."""

import itertools
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.bars import BarArrays, BarSpec, BarUnit
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput
from backend.market.aggregate import TradeAggregator
from tests.naive.aggregate import aggregate

SECOND = 10**9
SESSIONS = [(100 * SECOND, 200 * SECOND), (250 * SECOND, 333 * SECOND), (333 * SECOND, 400 * SECOND)]
TABLE = SessionTable("TEST", np.arange(3, dtype=np.int64), np.array([o for o, _ in SESSIONS]), np.array([c for _, c in SESSIONS]))
KINDS = {"time": (BarUnit.SECOND, SECOND), "tick": (BarUnit.TICK, 1), "volume": (BarUnit.VOLUME, 1), "range": (BarUnit.RANGE, 1)}

prints = st.lists(
    st.tuples(
        st.integers(0, 500 * SECOND),
        st.integers(-50, 1000).map(lambda cents: cents / 10),
        st.integers(0, 30).map(float),
    ),
    max_size=200,
).map(sorted)


def columns(trades):
    table = np.array([t[1:] for t in trades], np.float64).reshape(-1, 2)
    ns = np.array([t[0] for t in trades], np.int64)
    return TradeArrays(ns, table[:, 0].copy(), table[:, 1].copy(), np.zeros(len(trades), np.int8))


def rows(bars: BarArrays):
    return [[int(ns), *(float(v) for v in values)] for ns, *values in zip(bars.event_ns, *bars.columns(), strict=True)]


def forming(aggregator):
    bar = aggregator.forming()
    return [] if bar is None else [[bar.event_ns, bar.open, bar.high, bar.low, bar.close, bar.volume]]


@given(prints, st.sampled_from(sorted(KINDS)), st.integers(1, 40), st.lists(st.integers(0, 200), max_size=5))
def test_bars_are_those_of_the_naive_twin_however_the_trades_are_batched(trades, kind, size, cuts):
    unit, scale = KINDS[kind]
    aggregator = TradeAggregator(BarSpec(Decimal(size), unit), TABLE)
    edges = [0, *sorted(min(c, len(trades)) for c in cuts), len(trades)]
    closed = []
    for first, last in itertools.pairwise(edges):
        closed += rows(aggregator.apply(columns(trades[first:last])))
    assert closed + forming(aggregator) == aggregate(kind, size * scale, trades, SESSIONS)


@given(prints, st.sampled_from(sorted(KINDS)), st.integers(1, 40))
def test_bars_have_rising_times_and_every_trade_is_in_exactly_one(trades, kind, size):
    aggregator = TradeAggregator(BarSpec(Decimal(size), KINDS[kind][0]), TABLE)
    bars = rows(aggregator.apply(columns(trades))) + forming(aggregator)
    assert [b[0] for b in bars] == sorted({b[0] for b in bars})
    assert sum(b[5] for b in bars) == sum(t[2] for t in trades)


@given(prints, st.integers(1, 40))
def test_no_bar_of_time_crosses_an_opening_or_a_close(trades, size):
    aggregator = TradeAggregator(BarSpec(Decimal(size), BarUnit.SECOND), TABLE)
    starts = [b[0] for b in rows(aggregator.apply(columns(trades))) + forming(aggregator)]
    edges = sorted({edge for session in SESSIONS for edge in session})
    last_trade = {s: max(t[0] for t in trades if s <= t[0] < s + size * SECOND) for s in starts}
    for start in starts:
        crossed = [e for e in edges if start < e <= last_trade[start]]
        assert not crossed or any(s > start for s in starts if s <= last_trade[start])


def test_a_copy_goes_on_by_itself():
    aggregator = TradeAggregator(BarSpec.parse("2t"), TABLE)
    aggregator.apply(columns([(1, 10.0, 1.0)]))
    twin = aggregator.copy()
    twin.apply(columns([(2, 11.0, 1.0)]))
    assert aggregator.forming().close == 10.0
    assert twin.forming().close == 11.0


@pytest.mark.parametrize(
    "trades", [[(5, 1.0, 1.0), (4, 1.0, 1.0)], [(1, float("nan"), 1.0)], [(1, 1.0, -1.0)], [(1, float("inf"), 1.0)]]
)
def test_impossible_trades_are_refused_and_change_nothing(trades):
    aggregator = TradeAggregator(BarSpec.parse("1m"), TABLE)
    with pytest.raises(InvalidInput):
        aggregator.apply(columns(trades))
    assert aggregator.forming() is None


def test_daily_bars_are_not_cut_from_trades():
    with pytest.raises(InvalidInput, match="not cut from trades"):
        TradeAggregator(BarSpec.parse("1d"), TABLE)
