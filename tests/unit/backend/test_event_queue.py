"""Waiting events: merging, order, bounds and back-pressure."""

import asyncio

import pytest

from backend.bus import Bus
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.event_queue import Backlog, EventQueue
from backend.events import BarsChanged, BarsSaved, Event, SettingsChanged, WindowRequested

AAPL, MSFT = (Series(InstrumentId(code, "XNAS"), BarSpec.parse("1m")) for code in ("AAPL", "MSFT"))


def _drain(backlog: Backlog) -> list[Event]:
    return list(iter(backlog.take, None))


def test_conflatable_events_of_one_key_wait_as_one_in_the_first_one_s_place():
    backlog = Backlog()
    firsts = [
        backlog.add(e) for e in (BarsChanged(AAPL, 10, 1), WindowRequested("a"), BarsChanged(MSFT, 5, 1), BarsChanged(AAPL, 12, 2))
    ]
    assert firsts == [True, False, False, False]
    assert _drain(backlog) == [BarsChanged(AAPL, 10, 2), WindowRequested("a"), BarsChanged(MSFT, 5, 1)]
    assert backlog.add(WindowRequested())


def test_events_that_must_arrive_all_wait_even_when_equal():
    backlog = Backlog()
    backlog.add(WindowRequested("a"))
    backlog.add(WindowRequested("a"))
    assert _drain(backlog) == [WindowRequested("a")] * 2


async def test_a_full_queue_drops_its_oldest_conflatable_event_and_counts_it():
    bus = Bus()
    with EventQueue(bus, (WindowRequested, SettingsChanged), size=2) as queue:
        for event in (WindowRequested("1"), SettingsChanged("chart"), WindowRequested("2")):
            bus.publish(event)
        assert queue.n_dropped == 1
    assert [event async for event in queue] == [WindowRequested("1"), WindowRequested("2")]


@pytest.mark.logs("over its bound with events that must arrive")
async def test_a_full_queue_keeps_events_that_must_arrive_above_its_bound():
    bus = Bus()
    with EventQueue(bus, (WindowRequested,), size=1) as queue:
        for what in "abc":
            bus.publish(WindowRequested(what))
    assert [event async for event in queue] == [WindowRequested(w) for w in "abc"]


async def test_a_producer_that_waits_for_room_never_overfills_a_queue():
    bus = Bus()
    queue = EventQueue(bus, (WindowRequested,), size=3)
    depths: list[int] = []

    async def produce() -> None:
        for i in range(50):
            await bus.publish_when_room(WindowRequested(str(i)))
            depths.append(len(queue))
        queue.close()

    producer = asyncio.create_task(produce())
    seen = [event.what async for event in queue]
    await producer
    assert seen == [str(i) for i in range(50)]
    assert max(depths) == 3


async def test_a_reader_waits_for_the_next_event_and_ends_when_the_queue_closes():
    bus = Bus()
    queue = EventQueue(bus, (BarsSaved,))
    seen: list[Event] = []

    async def read() -> None:
        seen.extend([event async for event in queue])

    reader = asyncio.create_task(read())
    await asyncio.sleep(0)
    bus.publish(BarsSaved(1, 1))
    await asyncio.sleep(0)
    bus.publish(BarsSaved(2, 2))
    queue.close()
    await reader
    bus.publish(BarsSaved(3, 3))
    assert seen == [BarsSaved(1, 1), BarsSaved(2, 2)]
