"""A model makes room for the market that is asked about, and for imports."""

from types import SimpleNamespace

import numpy as np

from backend.assistant.surroundings import Surroundings
from backend.bus import Bus
from backend.clock import ManualClock
from backend.domain.bars import HOUR_NS, SECOND_NS
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import NotFound
from backend.events import ImportProgressed

AAPL = InstrumentId("AAPL", "XNAS")


def around(sessions, clock):
    async def sessions_of(_instrument):
        if sessions is None:
            raise NotFound("There is no such instrument.")
        return sessions

    bus = Bus(clock=clock)
    return Surroundings(SimpleNamespace(sessions_of=sessions_of), bus, clock), bus


async def test_the_next_opening_is_that_of_the_market_asked_about_last():
    clock = ManualClock(10 * HOUR_NS)
    opens = np.array([9, 33], np.int64) * HOUR_NS
    sessions = SessionTable("XNYS", opens // (24 * HOUR_NS) * 24 * HOUR_NS, opens, opens + 6 * HOUR_NS)
    surroundings, _ = around(sessions, clock)
    assert surroundings.next_open_ns() is None
    await surroundings.follow(AAPL)
    assert surroundings.next_open_ns() == 33 * HOUR_NS
    surroundings.close()


async def test_an_instrument_without_a_calendar_changes_nothing():
    surroundings, _ = around(None, ManualClock(0))
    await surroundings.follow(AAPL)
    assert surroundings.next_open_ns() is None


def test_an_import_counts_while_it_tells_its_progress_and_a_few_seconds_longer():
    clock = ManualClock(0)
    surroundings, bus = around(None, clock)
    assert not surroundings.is_shared()
    bus.publish(ImportProgressed("i", "file", 1, 2, 3))
    assert surroundings.is_shared()
    clock.advance(6 * SECOND_NS)
    assert not surroundings.is_shared()
    surroundings.close()
    bus.publish(ImportProgressed("i", "file", 2, 2, 3))
    assert not surroundings.is_shared()
