"""Trades leave in order once the watermark has passed them; late ones are told apart and counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.bars import DAY_NS, SECOND_NS, BarSpec
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput
from backend.market.aggregate import TradeAggregator
from backend.market.watermark import TradeOrder
from tests.naive.watermark import order

MINUTE = BarSpec.parse("1m")
ALWAYS_OPEN = SessionTable("24/7", *(np.array([day], np.int64) for day in (0, 0, DAY_NS)))


def trades(times, first_row=0):
    """Trades whose price is their place of arrival."""
    rows = np.arange(first_row, first_row + len(times), dtype=np.float64)
    return TradeArrays(np.array(times, np.int64), rows, np.ones(len(times)), np.zeros(len(times), np.int8))


@given(
    batches=st.lists(st.lists(st.integers(0, 50), max_size=8), max_size=8),
    lateness=st.sampled_from([0, 1, 5, 100]),
)
def test_any_batching_sets_free_what_trade_by_trade_would(batches, lateness):
    ordered, ready, late, row = TradeOrder(lateness), [], [], 0
    for batch in batches:
        found = ordered.apply(trades(batch, row))
        row += len(batch)
        ready += found.ready.price.astype(int).tolist()
        late += found.late.price.astype(int).tolist()
    times = [time for batch in batches for time in batch]
    expected_ready, expected_late, held = order(times, lateness)
    assert (sorted(ready), late) == (sorted(expected_ready), expected_late)
    assert [times[r] for r in ready] == sorted(times[r] for r in ready)
    assert (len(ordered), ordered.n_late) == (len(held), len(expected_late))


def test_without_lateness_trades_pass_straight_through():
    ordered = TradeOrder(0)
    assert ordered.apply(trades([1, 2, 2, 5])).ready.event_ns.tolist() == [1, 2, 2, 5]
    found = ordered.apply(trades([4, 5, 6], 4))
    assert (found.ready.event_ns.tolist(), found.late.event_ns.tolist()) == ([5, 6], [4])
    assert (ordered.watermark_ns, ordered.n_late) == (6, 1)


def test_a_quiet_market_is_moved_on_by_the_clock():
    ordered = TradeOrder(10)
    assert len(ordered.apply(trades([100, 95])).ready) == 0
    assert ordered.advance(97).event_ns.tolist() == [95]
    assert ordered.advance(50).event_ns.tolist() == []
    assert ordered.watermark_ns == 97
    assert ordered.apply(trades([96])).late.event_ns.tolist() == [96]
    assert ordered.advance(200).event_ns.tolist() == [100]


def test_a_negative_lateness_is_refused():
    with pytest.raises(InvalidInput, match="-1 ns"):
        TradeOrder(-1)


def test_bars_of_trades_out_of_order_equal_bars_of_the_same_trades_in_order():
    rng = np.random.default_rng(3)
    in_order = trades(sorted(rng.integers(0, 600 * SECOND_NS, 2000).tolist()))
    # Each trade comes up to ten seconds late.
    arrival = np.argsort(in_order.event_ns + rng.integers(0, 10 * SECOND_NS, 2000), kind="stable")
    mixed = TradeArrays(*(getattr(in_order, name)[arrival] for name in ("event_ns", "price", "quantity", "aggressor")))
    straight, ordered = TradeAggregator(MINUTE, ALWAYS_OPEN), TradeAggregator(MINUTE, ALWAYS_OPEN, lateness_ns=10 * SECOND_NS)
    closed = [ordered.apply(mixed[start : start + 97]) for start in range(0, 2000, 97)]
    twin = ordered.copy()
    closed.append(ordered.advance(600 * SECOND_NS))
    expected = straight.apply(in_order)
    assert np.concatenate([bars.close for bars in closed]).tolist() == expected.close.tolist()
    assert np.concatenate([bars.volume for bars in closed]).tolist() == expected.volume.tolist()
    assert (ordered.forming(), ordered.n_late) == (straight.forming(), 0)
    twin.apply(trades([0]))
    assert (twin.n_late, ordered.n_late) == (1, 0)
    assert len(straight.advance(10**18)) == 0
