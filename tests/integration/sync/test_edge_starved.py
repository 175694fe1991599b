"""A server that is starved does not blame its devices: what they have to do by a time counts from when it could have seen it."""

import asyncio
import base64
import os

import pytest

from sync_server.clock import ManualClock
from sync_server.edge.wire import PlainWire, Wire
from tests.fakes.edge_house import edge_house
from tests.fakes.waiting import until


@pytest.fixture
def looks(monkeypatch):
    """How often deadlines were looked at."""
    counted = []

    def count(kind, name):
        before = getattr(kind, name)

        def look(self):
            counted.append(name)
            before(self)

        monkeypatch.setattr(kind, name, look)

    count(PlainWire, "_look")
    count(Wire, "keepalive_timeout")
    return counted


async def is_over(reader):
    """Whether the server let go of the connection; waits until it does."""
    try:
        async with asyncio.timeout(5):
            while await reader.read(1_000):
                pass
    except ConnectionError:
        pass
    return True


async def test_a_first_request_is_waited_for_as_long_as_the_server_was_starved(monkeypatch, looks):
    monkeypatch.setattr("sync_server.edge.wire.FIRST_REQUEST_S", 0.01)
    clock = ManualClock()
    async with edge_house(clock=clock) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.listener.port)
        clock.starve(60_000)
        await until(lambda: len(looks) >= 3)
        assert not reader.at_eof()

        clock.advance(10)
        assert await is_over(reader)
        writer.close()


async def test_a_pong_is_waited_for_as_long_as_the_server_was_starved(monkeypatch, looks):
    monkeypatch.setattr("sync_server.edge.listening.PING_S", 0.02)
    clock = ManualClock()
    async with edge_house(clock=clock) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.listener.port)
        key = base64.b64encode(os.urandom(16)).decode()
        head = f"GET /v1/sync HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        writer.write(f"{head}Sec-WebSocket-Version: 13\r\n\r\n".encode())
        assert b" 101 " in await reader.readline()
        clock.starve(60_000)
        await until(lambda: looks.count("keepalive_timeout") >= 3)
        assert len(house.hub) == 1

        clock.advance(20)
        await until(lambda: len(house.hub) == 0)
        assert await is_over(reader)
        writer.close()
