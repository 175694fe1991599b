"""A model server with a room of two, and the devices of its people."""

import pytest

from tests.fakes.model_sync_server import ModelSyncServer
from tests.fakes.sync_device import SyncDevice
from tests.fakes.sync_exchange import ROOM, exchange


@pytest.fixture
def server():
    made = ModelSyncServer()
    made.make_room(ROOM, "ann", "bob")
    return made


@pytest.fixture
def ann(server):
    """A device that is online and has nothing more to say."""
    device = SyncDevice("ann", "ann-desk", 1)
    device.go_online()
    exchange(server, device)
    device.done.clear()
    return device


@pytest.fixture
def bob(server):
    device = SyncDevice("bob", "bob-desk", 2)
    device.go_online()
    exchange(server, device)
    return device
