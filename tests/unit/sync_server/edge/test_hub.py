"""What a hub says by its clock, without sockets."""

from types import SimpleNamespace

from sync_server.actor import Actor, Role
from sync_server.clock import ManualClock
from sync_server.edge.hub import SLACK_MS, Hub
from sync_server.edge.parts import Sides
from sync_server.protocol.messages import RoomHead
from tests.fakes.edge_house import free
from tests.fakes.edge_sides import MemoryAccounts, MemoryRooms


def test_rooms_that_moved_are_told_for_two_heartbeats_whatever_the_wall_clock_does():
    clock = ManualClock()
    hub = Hub(Sides(MemoryRooms(), MemoryAccounts()), clock, free)
    line = SimpleNamespace(session=SimpleNamespace(actor=Actor("ann", "org", Role.MEMBER, "laptop", "s1")))
    head = RoomHead("room", 1, 5, 0, 0)
    hub.know("ann", [head])

    for jump_ms in (3_600_000, -7_200_000):
        clock.jump(clock.now_ms() + jump_ms)
        assert hub.moved(line) == [head]
    clock.advance(2 * hub.figures.hb_ms + SLACK_MS)
    assert hub.moved(line) == [head]
    clock.advance(1)
    assert hub.moved(line) == []
