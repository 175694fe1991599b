"""Trades leave in order once the watermark has passed them; late ones are told apart and counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput
from backend.market.watermark import TradeOrder
from tests.naive.watermark import order


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
