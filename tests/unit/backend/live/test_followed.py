"""What is known of an instrument that is followed: its last price is of its newest trade, whenever the others come."""

import numpy as np

from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.live.followed import Followed


def trades(*pairs):
    times, prices = zip(*pairs, strict=True)
    n = len(pairs)
    return TradeArrays(np.array(times, dtype=np.int64), np.array(prices, dtype=float), np.ones(n), np.zeros(n, dtype=np.int8))


def test_trades_that_were_fetched_late_do_not_become_the_last_price():
    one = Followed(InstrumentId("BTC-USD", "KRAKEN"))
    one.note(trades((100, 10.0), (200, 11.0)), 210, is_late=False)
    one.note(trades((120, 3.0), (180, 4.0)), 220, is_late=True)
    assert (one.last, one.last_ns, one.received_ns, one.n_applied) == (11.0, 200, 220, 4)
    one.note(trades((150, 5.0), (300, 12.0)), 310, is_late=True)
    assert (one.last, one.last_ns) == (12.0, 300)
    one.note(trades((300, 12.5)), 320, is_late=False)  # the later of two at one time
    assert one.last == 12.5
    assert one.tape.rows(10).trades.price.tolist() == [10.0, 11.0, 3.0, 4.0, 5.0, 12.0, 12.5]
