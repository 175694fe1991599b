"""Ways to a server: the best first, the next where something stands between, the best again after a while."""

from contextlib import asynccontextmanager

import pytest

from backend.clock import ManualClock
from backend.errors import InvalidInput, Unavailable
from backend.sync.carrier import Blocked
from backend.sync.dialling import AGAIN_NS, Dialling


class Way:
    def __init__(self, name, error=None):
        self.name = name
        self.error = error
        self.n_tried = 0
        self.closed = (0, "")

    @asynccontextmanager
    async def open(self):
        self.n_tried += 1
        if self.error is not None:
            raise self.error
        yield self


async def name_of(dialling):
    async with dialling.open() as carrier:
        return carrier.name


async def test_the_way_that_came_through_is_tried_first_until_a_while_has_passed():
    clock, best, next_best = ManualClock(), Way("websocket", Blocked("403")), Way("events")
    dialling = Dialling("https://desk", (best, next_best), clock)
    assert [await name_of(dialling), await name_of(dialling)] == ["events", "events"]
    assert best.n_tried == 1
    clock.advance(AGAIN_NS + 1)
    best.error = None
    assert await name_of(dialling) == "websocket"


async def test_a_way_that_opens_and_brings_nothing_is_left_for_the_next():
    ways = Way("websocket"), Way("events"), Way("poll")
    dialling = Dialling("https://desk", ways, ManualClock())
    dialling.failed_early(ways[0])
    assert await name_of(dialling) == "events"
    dialling.failed_early(ways[1])
    assert await name_of(dialling) == "poll"
    dialling.failed_early(ways[2])
    assert await name_of(dialling) == "websocket"


async def test_another_server_or_no_network_is_no_reason_to_try_other_ways():
    for error in (InvalidInput("Another server."), Unavailable("No network.")):
        ways = Way("websocket", error), Way("events")
        with pytest.raises(type(error)):
            await name_of(Dialling("https://desk", ways, ManualClock()))
        assert ways[1].n_tried == 0


async def test_where_nothing_comes_through_that_is_said():
    ways = Way("websocket", Blocked("403")), Way("poll", Blocked("a page of a hotel"))
    with pytest.raises(Unavailable, match="a page of a hotel"):
        await name_of(Dialling("https://desk", ways, ManualClock()))
