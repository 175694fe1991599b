"""What waits in a feed: every trade in order, the newest quote and book, late before live, and room for so many."""

import asyncio

import numpy as np

from backend.domain.depth import Depth
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Quote
from backend.errors import InvalidInput
from backend.market.feeds.feed import Gap
from backend.market.feeds.trade_sequence import Print
from backend.market.feeds.waiting_ticks import WaitingTicks

BTC, ETH = InstrumentId("BTCUSDT", "BINANCE"), InstrumentId("ETHUSDT", "BINANCE")


def prints(*numbers: int) -> list[Print]:
    return [Print(number, number * 1000, float(number), 2.0, 1) for number in numbers]


def prices(batch, instrument) -> list[float]:
    return batch.trades[instrument].price.tolist()


def test_nothing_waits_at_first_and_nothing_after_all_was_taken():
    waiting = WaitingTicks()
    assert waiting.take() is None
    waiting.add(BTC, prints(1, 2), 50)
    waiting.add_one(BTC, prints(3)[0], 60)

    batch = waiting.take()
    assert prices(batch, BTC) == [1, 2, 3]
    assert batch.received_ns == 50
    assert waiting.n_trades == 0
    assert waiting.take() is None


def test_late_trades_go_out_by_themselves_and_before_the_live_ones_behind_them():
    waiting = WaitingTicks()
    waiting.add(ETH, prints(7), 1)
    waiting.add(BTC, prints(1), 2, is_late=True)
    waiting.add(BTC, prints(2), 3)
    waiting.add_one(BTC, prints(3)[0], 3)
    waiting.add_quote(Quote(BTC, 1, 1, 1.0, 2.0))
    first, second, third = waiting.take(), waiting.take(), waiting.take()

    assert first.is_late
    assert dict(first.quotes) == {}
    assert list(first.trades) == [BTC]
    assert not second.is_late
    assert prices(second, BTC) == [2, 3]
    assert prices(second, ETH) == [7]
    assert list(second.quotes) == [BTC]
    assert third is None


def test_live_trades_before_late_ones_stay_before_them():
    waiting = WaitingTicks()
    waiting.add(BTC, prints(1), 1)
    waiting.add(BTC, prints(2), 1, is_late=True)
    waiting.add_one(BTC, prints(3)[0], 1)
    batches = [waiting.take() for _ in range(3)]

    assert [prices(batch, BTC) for batch in batches] == [[1], [2], [3]]
    assert [batch.is_late for batch in batches] == [False, True, False]


def test_event_times_never_decrease_from_batch_to_batch():
    waiting = WaitingTicks()
    waiting.add(BTC, prints(5, 3), 1)
    first = waiting.take()
    waiting.add_one(BTC, prints(4)[0], 1)
    waiting.add_one(BTC, prints(6)[0], 1)

    assert first.trades[BTC].event_ns.tolist() == [5000, 5000]
    assert waiting.take().trades[BTC].event_ns.tolist() == [5000, 6000]


def test_quotes_and_books_that_wait_are_replaced_and_a_bad_book_is_left_out():
    waiting = WaitingTicks()

    def crossed():
        raise InvalidInput("crossed")

    for n in range(3):
        waiting.add_quote(Quote(BTC, n, n, 1.0 + n, 9.0))
        waiting.add_book(BTC, lambda n=n: Depth(BTC, n, n, *(np.empty(0),) * 4), n)
    waiting.add_book(ETH, crossed, 5)
    batch = waiting.take()

    assert batch.quotes[BTC].bid == 3.0
    assert batch.depths[BTC].event_ns == 2
    assert list(batch.depths) == [BTC]
    assert waiting.n_bad_books == 1


def test_what_is_forgotten_never_comes_out():
    waiting = WaitingTicks()
    waiting.add(BTC, prints(1, 2), 1)
    waiting.add(ETH, prints(1), 1)
    waiting.add_gap(Gap(BTC, 1, 2), 1)
    waiting.add_gap(Gap(ETH, 1, 2), 1)
    waiting.forget(BTC)
    batch = waiting.take()

    assert list(batch.trades) == [ETH]
    assert [gap.instrument for gap in batch.gaps] == [ETH]
    assert waiting.n_trades == 0


async def test_who_fills_waits_for_room_until_enough_was_taken_here_and_elsewhere():
    waiting, held = WaitingTicks(n_max=3), [0]
    waiting.add(BTC, prints(1, 2, 3), 1)
    task = asyncio.create_task(waiting.wait_for_room(lambda: held[0]))
    await asyncio.sleep(0)
    held[0] = 3
    waiting.take()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not task.done()
    held[0] = 2
    waiting.give_room()
    await asyncio.wait_for(task, 1)


async def test_who_waits_is_woken_by_trades_and_by_signs_of_life():
    waiting = WaitingTicks()
    for wake in (lambda: waiting.add(BTC, prints(1), 1), waiting.note_life):
        task = asyncio.create_task(waiting.wait())
        await asyncio.sleep(0)
        assert not task.done()
        wake()
        await asyncio.wait_for(task, 1)
        waiting.take()
