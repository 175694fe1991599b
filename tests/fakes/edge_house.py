"""A listening WebSocket edge over rooms and accounts in memory, and devices that talk to it with the websockets client."""

from contextlib import asynccontextmanager
from dataclasses import dataclass

import websockets

from sync_server.clock import SystemClock
from sync_server.edge.hub import Hub
from sync_server.edge.listening import Listener
from sync_server.edge.parts import Sides
from sync_server.edge.session import Figures
from sync_server.edge.socket import SyncSocket
from sync_server.protocol.codec import Codec, decode_from_server, encode
from sync_server.protocol.messages import Hello
from tests.fakes.edge_sides import MemoryAccounts, MemoryRooms


def free(_pace, _key):
    return 0


class Device:
    """One connection that has said hello and was welcomed."""

    def __init__(self, socket, codec):
        self.socket = socket
        self.codec = codec

    async def say(self, message):
        data = encode(message, self.codec)
        await self.socket.send(data.decode() if self.codec is Codec.JSON else data)

    async def hear(self, kind=None):
        """The next message, or the next of this type."""
        while True:
            data = await self.socket.recv()
            message = decode_from_server(data.encode() if isinstance(data, str) else data, self.codec)
            if kind is None or isinstance(message, kind):
                return message


@dataclass
class EdgeHouse:
    """The parts, for tests that look inside."""

    hub: Hub
    rooms: MemoryRooms
    accounts: MemoryAccounts
    listener: Listener

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.listener.port}/v1/sync"

    def connect(self, codec=Codec.JSON, **options):
        options = {"subprotocols": [str(codec)], "compression": None, "proxy": None} | options
        return websockets.connect(options.pop("url", self.url), **options)

    @asynccontextmanager
    async def device(self, name, codec=Codec.JSON, rooms=(), **options):
        """A device of this person, after its hello and before its welcome is read."""
        async with self.connect(codec, **options) as socket:
            device = Device(socket, codec)
            await device.say(Hello(name, f"{name}-device", rooms))
            yield device


@asynccontextmanager
async def edge_house(take=free, *, origins=(), figures=None, strangers_at=1_000, clock=None):
    """The edge, listening on a loopback port."""
    rooms, accounts, clock = MemoryRooms(), MemoryAccounts(), clock or SystemClock()
    hub = Hub(Sides(rooms, accounts), clock, take, figures or Figures())
    rooms.listeners.append(hub.entered)
    listener = Listener(SyncSocket(hub, frozenset(origins), strangers_at), clock)
    hub.begin()
    await listener.begin("127.0.0.1", 0)
    try:
        yield EdgeHouse(hub, rooms, accounts, listener)
    finally:
        listener.stop_accepting()
        await hub.close()
        await listener.close()
