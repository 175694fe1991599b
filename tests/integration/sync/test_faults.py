"""Thousands of operations through a network that hurts, with killed servers and devices: 0 lost, 0 doubled, 0 out of order."""

import asyncio
import random

import pytest

from sync_server.protocol.events import Kind
from tests.fakes.fault_proxy import CALM, Faults
from tests.fakes.postgres import postgres
from tests.fakes.wire_house import all_devices, wire_house

HURTFUL = Faults(delay_ms=(0, 8), reset=0.0015, half_open=0.0002, one_way=0.0002)
N_OPS = 5_000
N_OPS_LONG = 100_000
N_OPS_POSTGRES = 600
N_OPS_POSTGRES_LONG = 20_000


class Misfortune:
    """What goes wrong besides the network: every so many operations a device dies with its clock turned, or the server does.

    ``database_each``: the database dies under the server while operations are under way; 0 for never.
    """

    def __init__(self, house, device_each, server_each, database_each=0):
        self.house = house
        self.device_each = device_each
        self.server_each = server_each
        self.database_each = database_each
        self.n_killed = {"devices": 0, "servers": 0, "databases": 0}

    async def __call__(self, n_ops):
        draw, house = self.house.draw, self.house
        if n_ops % self.device_each == 0:
            await self.kill_device(draw.randrange(len(house.devices)))
            draw.choice(house.devices).clock_shift_ms = draw.choice((-3_600_000, 0, 3_600_000))
        if n_ops % self.server_each == 0:
            house.server.kill()
            self.n_killed["servers"] += 1
            await house.server.start()
            for device in house.devices:
                device.begin()
        if self.database_each and n_ops % self.database_each == 0:
            await self.kill_database()

    async def kill_database(self):
        """It dies with a commit under way, and comes back when all have said something that could not be stored."""
        self.n_killed["databases"] += 1
        for device in self.house.devices:
            self.house.submit(device, self.house.draw.choice(self.house.rooms), Kind.MSG_CREATE)
        await asyncio.to_thread(postgres().kill)
        for device in self.house.devices:
            self.house.submit(device, self.house.draw.choice(self.house.rooms), Kind.MSG_CREATE)
        await asyncio.to_thread(postgres().start)

    async def kill_device(self, place):
        self.n_killed["devices"] += 1
        dead = self.house.devices[place]
        self.house.devices[place] = dead.reborn()
        await dead.close()
        self.house.devices[place].begin()


async def survive(folder, n_ops, device_each, server_each, database="", database_each=0):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    async with wire_house(folder, seed, database=database) as house:
        all_devices(house, house.members)
        await house.make_rooms(5)
        house.proxy.faults = HURTFUL
        misfortune = Misfortune(house, device_each, server_each, database_each)
        await house.talk(n_ops, misfortune)
        house.proxy.faults = CALM
        house.proxy.cut_all()
        await house.settle()
        n_entered = await house.check()
        assert n_entered >= n_ops * 0.95
        return n_entered, {**house.proxy.done, **misfortune.n_killed}


@pytest.mark.posix
@pytest.mark.timeout(300)
async def test_five_thousand_operations_survive_kills_resets_and_silence(tmp_path):
    n_entered, done = await survive(tmp_path, N_OPS, 500, 2_000)
    assert n_entered >= N_OPS
    assert done["servers"] == 2
    assert done["devices"] == 10
    assert done["reset"]


@pytest.mark.posix
@pytest.mark.long
@pytest.mark.timeout(7_200)
async def test_a_hundred_thousand_operations_survive_kills_resets_and_silence(tmp_path, record_property):
    n_entered, done = await survive(tmp_path, N_OPS_LONG, 1_000, 5_000)
    record_property("operations", n_entered)
    record_property("faults", done)
    assert n_entered >= N_OPS_LONG


@pytest.mark.posix
@pytest.mark.timeout(300)
async def test_operations_on_postgresql_survive_a_database_that_is_killed_under_them_too(tmp_path, postgres_url):
    n_entered, done = await survive(tmp_path, N_OPS_POSTGRES, 200, 1_000, postgres_url, 150)
    assert n_entered >= N_OPS_POSTGRES
    assert (done["devices"], done["databases"]) == (3, 4)


@pytest.mark.posix
@pytest.mark.long
@pytest.mark.timeout(7_200)
async def test_twenty_thousand_operations_on_postgresql_survive_kills_of_the_database_too(tmp_path, postgres_url, record_property):
    n_entered, done = await survive(tmp_path, N_OPS_POSTGRES_LONG, 1_000, 5_000, postgres_url, 500)
    record_property("operations", n_entered)
    record_property("faults", done)
    assert n_entered >= N_OPS_POSTGRES_LONG
