"""Whether markets are open by their calendars."""

import asyncio

import numpy as np

from backend.domain.bars import SECOND_NS
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from trii_desktop.sight.hours import ALWAYS_OPEN, OpenHours

AAPL, BTC, NONE = InstrumentId("AAPL", "XNAS"), InstrumentId("BTCUSDT", "BINANCE"), InstrumentId("X", "ELSEWHERE")
HOUR_NS = 3_600 * SECOND_NS
DAY = SessionTable("XNYS", *(np.array([ns], np.int64) for ns in (0, 14 * HOUR_NS, 21 * HOUR_NS)))
EMPTY = SessionTable(ALWAYS_OPEN, *(np.empty(0, np.int64) for _ in range(3)))


class Hours:
    """Loads what a test says, and counts."""

    def __init__(self):
        self.now_ns = 15 * HOUR_NS
        self.asked = []
        self.tasks = []
        self.hours = OpenHours(self.load, self.start, lambda: self.now_ns)

    async def load(self, instruments):
        self.asked.append(instruments)
        known = {AAPL: ("XNYS", DAY), BTC: (ALWAYS_OPEN, EMPTY)}
        return {i: known[i] for i in instruments if i in known}

    def start(self, _name, coro):
        self.tasks.append(asyncio.ensure_future(coro))


async def test_hours_are_asked_for_once_and_answered_from_then_on():
    made = Hours()
    assert made.hours.is_open(AAPL) is None
    assert made.hours.is_open(BTC) is None
    assert made.hours.is_open(AAPL) is None
    await asyncio.gather(*made.tasks)
    assert made.hours.is_open(AAPL) is True
    assert made.hours.is_open(BTC) is True
    assert made.asked == [(AAPL, BTC)]


async def test_a_market_closes_and_opens_with_its_sessions():
    made = Hours()
    made.hours.is_open(AAPL)
    await asyncio.gather(*made.tasks)
    made.now_ns = 21 * HOUR_NS
    assert made.hours.is_open(AAPL) is False
    made.now_ns -= SECOND_NS
    assert made.hours.is_open(AAPL) is True


async def test_an_instrument_without_hours_is_neither_open_nor_closed():
    made = Hours()
    assert made.hours.is_open(NONE) is None
    await asyncio.gather(*made.tasks)
    assert made.hours.is_open(NONE) is None
    assert len(made.asked) == 1
