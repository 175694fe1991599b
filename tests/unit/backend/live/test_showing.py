"""Bars wait a few milliseconds for more, and none is left out."""

import asyncio

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.bars import MINUTE_NS, Bar, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.live.showing import Showing
from tests.fakes.waiting import until

BTC = Series(InstrumentId("BTCUSDT", "BINANCE"), BarSpec.parse("1m"))
ETH = Series(InstrumentId("ETHUSDT", "BINANCE"), BarSpec.parse("1m"))


class Shown:
    """Keeps bars as an open series does."""

    def __init__(self):
        self.calls = []
        self.bars = {}

    def apply(self, series, tail):
        self.calls.append((series, len(tail)))
        kept = self.bars.setdefault(series, {})
        for at in [at for at in kept if at >= tail.event_ns[0]]:
            del kept[at]
        for row in range(len(tail)):
            kept[int(tail.event_ns[row])] = float(tail.close[row])


def bars(*pairs):
    return BarArrays.of([Bar(at * MINUTE_NS, close, close, close, close, 1.0) for at, close in pairs])


async def test_the_first_change_is_shown_at_once_and_those_right_behind_it_together():
    shown = Shown()
    showing = Showing(shown)
    for close in (1.0, 2.0, 3.0):
        showing.apply(BTC, bars((0, close)))
    assert shown.calls == [(BTC, 1)]
    await until(lambda: len(shown.calls) == 2)
    assert shown.bars[BTC] == {0: 3.0}


async def test_one_series_does_not_wait_for_another():
    shown = Shown()
    showing = Showing(shown)
    showing.apply(BTC, bars((0, 1.0)))
    showing.apply(ETH, bars((0, 9.0)))
    assert [series for series, _ in shown.calls] == [BTC, ETH]


async def test_what_waits_can_be_had_at_once_and_after_closing_nothing_comes():
    shown = Shown()
    showing = Showing(shown)
    showing.apply(BTC, bars((0, 1.0)))
    showing.apply(BTC, bars((0, 2.0), (1, 3.0)))
    showing.flush()
    assert shown.bars[BTC] == {0: 2.0, MINUTE_NS: 3.0}
    showing.apply(BTC, bars((1, 4.0)))
    showing.close()
    await asyncio.sleep(0)
    assert len(shown.calls) == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4), st.floats(1, 100)), min_size=1, max_size=30))
def test_whatever_waits_the_bars_are_those_of_every_change(changes):
    async def story():
        together, each = Shown(), Shown()
        showing, newest = Showing(together), 0
        for back, n, close in changes:
            first = max(newest - back, 0)
            tail = bars(*((first + k, close + k) for k in range(n)))
            newest = first + n - 1
            showing.apply(BTC, tail)
            each.apply(BTC, tail)
        showing.flush()
        assert together.bars == each.bars
        assert np.all(np.diff(sorted(together.bars[BTC])) > 0)

    asyncio.run(story())
