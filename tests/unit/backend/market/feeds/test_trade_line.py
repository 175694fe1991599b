"""Trades wait their turn, come once, and are put in order; the rest of a feed's queue keeps the newest."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Quote
from backend.market.feeds import tick_queue
from backend.market.feeds.feed import Gap
from backend.market.feeds.tick_queue import Print, TickQueue
from backend.market.feeds.trade_line import TradeLine
from tests.fakes.waiting import until

AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")


def prints(*numbers):
    return [Print(number, number * 10, float(number), 1.0) for number in numbers]


async def taken(queue):
    """Everything that waits, as (prices of AAPL, is_late)."""
    batches = []
    queue.wake(1)
    while queue._is_filled.is_set():
        batch = await queue.take()
        if AAPL in batch.trades:
            batches.append((batch.trades[AAPL].price.tolist(), batch.is_late))
    return batches


async def test_live_trades_wait_until_missed_ones_were_handed_on():
    line = TradeLine(AAPL, queue := TickQueue())
    assert line.hear(prints(1, 2)) == 2
    line.hold()
    assert line.hear(prints(6, 7)) == 0
    assert line.first_held.key == 6
    assert line.heal(prints(1, 2, 3, 4, 5)) == 3
    assert line.release() == 2
    assert line.hear(prints(8)) == 1
    assert await taken(queue) == [([1, 2], False), ([3, 4, 5], True), ([6, 7, 8], False)]


async def test_what_cannot_be_healed_is_a_gap_up_to_the_first_held_trade():
    line = TradeLine(AAPL, queue := TickQueue())
    line.hear(prints(1))
    line.hold()
    line.hear(prints(5))
    line.release(missing_from_ns=11, now_ns=999)
    queue.wake(1)
    assert (await queue.take()).gaps == (Gap(AAPL, 11, 50),)
    line.hold()
    line.release(missing_from_ns=51, now_ns=999)
    queue.wake(1)
    assert (await queue.take()).gaps == (Gap(AAPL, 51, 999),)


async def test_history_that_was_skipped_is_not_handed_on_later():
    line = TradeLine(AAPL, queue := TickQueue())
    line.skip(prints(3, 4))
    line.hold()
    assert line.heal(prints(1, 2, 3, 4, 5)) == 1
    line.release()
    assert await taken(queue) == [([5], True)]


@given(st.lists(st.lists(st.integers(1, 30), max_size=6), max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_however_trades_are_told_each_is_given_once(told, holds):
    async def run():
        line = TradeLine(AAPL, queue := TickQueue())
        for numbers, is_held in zip(told, holds, strict=False):
            if is_held:
                line.hold()
            line.hear(prints(*numbers))
            if line.is_healing and not is_held:
                line.release()
        line.release()
        given_prices = [price for prices, _ in await taken(queue) for price in prices]
        assert sorted(given_prices) == sorted({float(number) for numbers in told for number in numbers})

    asyncio.run(run())


async def test_old_keys_are_forgotten_and_new_ones_kept():
    line = TradeLine(AAPL, TickQueue())
    for start in range(0, 20_000, 100):
        line.hear([Print(n, n * 1_000_000_000, 1.0, 1.0) for n in range(start, start + 100)])
    assert len(line._seen) < 10_000
    assert line.hear([Print(19_999, 19_999 * 1_000_000_000, 1.0, 1.0)]) == 0


async def test_only_the_newest_quote_waits_and_times_within_a_batch_rise():
    queue = TickQueue()
    for bid in (1.0, 2.0, 3.0):
        queue.put_quote(Quote(AAPL, 1, 1, bid, 9.0))
    queue.put_trades(AAPL, [Print(1, 30, 1.0, 1.0), Print(2, 20, 2.0, 1.0), Print(3, 30, 3.0, 1.0)], is_late=False)
    queue.wake(7)
    batch = await queue.take()
    assert batch.quotes[AAPL].bid == 3.0
    assert (batch.trades[AAPL].event_ns.tolist(), batch.trades[AAPL].price.tolist()) == ([20, 30, 30], [2.0, 1.0, 3.0])
    assert batch.received_ns == 7
    queue.wake(8)
    assert not (await queue.take()).quotes


async def test_a_full_queue_asks_for_patience_and_loses_nothing(monkeypatch):
    monkeypatch.setattr(tick_queue, "WAITING_MAX", 10)
    monkeypatch.setattr(tick_queue, "TAKEN_MAX", 4)
    queue = TickQueue()
    for number in range(12):
        queue.put_trades(AAPL, prints(number), is_late=False)
    waiting = asyncio.ensure_future(queue.wait_for_room())
    queue.wake(1)
    first = await queue.take()
    assert len(first.trades[AAPL]) == 4
    await until(waiting.done)
    assert [prices for prices, _ in await taken(queue)] == [[4, 5, 6, 7], [8, 9, 10, 11]]
