"""The server's clock is turned by an hour while devices push: they renew, go on from their cursors, and nobody is locked out."""

import asyncio
import random
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest
import websockets

from sync_server.accounts.values import Tokens
from sync_server.clock import SystemClock
from sync_server.protocol.codec import Codec, decode_from_server, encode
from sync_server.protocol.codes import CloseCode
from sync_server.protocol.messages import Hello, Welcome
from tests.fakes.fault_proxy import FaultProxy
from tests.fakes.net_device import NetDevice
from tests.fakes.sync_server import PASSWORD, served
from tests.fakes.waiting import until
from tests.fakes.wire_house import WireHouse

HOUR_MS = 3_600_000


class TurnedClock(SystemClock):
    """The machine's clock, wrong by as much as is said."""

    def __init__(self):
        super().__init__()
        self.wrong_ms = 0

    def now_ms(self):
        return super().now_ms() + self.wrong_ms


class RenewingDevice(NetDevice):
    """A device that renews its token whenever it needs one, as a desktop does that doubts the one it has."""

    def __init__(self, member, url):
        super().__init__(member.user, member.device, member.tokens.access, int(url.rpartition(":")[2]))
        self.member = member
        self.n_renewed = 0
        self.refused = []
        self._url = url

    def _bring_token(self):
        self._start(self._renew())

    async def _renew(self):
        async with httpx.AsyncClient(base_url=self._url, trust_env=False, timeout=10) as client:
            answer = await client.post("/api/auth/refresh", json={"refresh": self.member.tokens.refresh})
        if answer.is_success:
            self.member.tokens = msgspec.json.decode(answer.content, type=Tokens)
            self.n_renewed += 1
            self._do(self._core.token(self.member.tokens.access, self.now_ms()))
        else:
            self.refused.append(answer.text)
            self._do(self._core.no_token(is_final=False, why=answer.text, now_ms=self.now_ms()))


@asynccontextmanager
async def turning_house(folder):
    """A server with a clock that can be turned, three people on it and their rooms; the house, what serves it, and the clock."""
    clock = TurnedClock()
    async with served(folder, clock=clock) as home:
        members = (home.admin, await home.invite("Ann"), await home.invite("Bob"))
        async with FaultProxy(("127.0.0.1", home.server.port), 1) as proxy:
            house = WireHouse(home.server, proxy, members, random.Random(1))
            house.devices = [RenewingDevice(member, home.url) for member in members]
            for device in house.devices:
                device.begin()
            try:
                await house.make_rooms(2)
                yield house, home, clock
            finally:
                await house.close()


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
async def test_devices_that_push_while_the_clock_leaps_renew_and_go_on_from_their_cursors(tmp_path, jump_ms):
    async with turning_house(tmp_path) as (house, home, clock):

        async def turn(n_ops):
            if n_ops == 100:
                before.update((device, device.n_renewed) for device in house.devices)
                clock.wrong_ms = jump_ms if clock.wrong_ms == 0 else 0

        async def talk_and_renew():
            await house.talk(150, turn)
            await until(lambda: all(device.n_renewed > n for device, n in before.items()), 30, what="all have renewed")

        before = {}
        old = {device.member.user: device.member.tokens.access for device in house.devices}
        n_starts = [copy.n_starts for device in house.devices for copy in device.copies.rooms.values()]
        await talk_and_renew()
        for device in house.devices:
            assert await answer_to(home, old[device.user]) == 401
            assert await answer_to(home, device.member.tokens.access) == 200
        await talk_and_renew()
        await house.settle()

        assert await house.check() >= 300
        assert [copy.n_starts for device in house.devices for copy in device.copies.rooms.values()] == n_starts
        assert not any(device.refused for device in house.devices)


async def answer_to(home, access):
    async with home.client() as client:
        return (await client.get("/v1/heads", headers={"Authorization": f"Bearer {access}"})).status_code


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
async def test_a_connection_that_does_not_renew_is_told_nothing_more_after_the_clock_leapt(tmp_path, jump_ms):
    clock = TurnedClock()
    async with served(tmp_path, clock=clock) as home:
        member = await home.invite("Eve")
        async with websockets.connect(home.socket_url, subprotocols=[str(Codec.JSON)], proxy=None) as socket:
            await socket.send(encode(Hello(member.tokens.access, member.device), Codec.JSON).decode())
            assert isinstance(decode_from_server((await socket.recv()).encode(), Codec.JSON), Welcome)
            clock.wrong_ms = jump_ms
            async with asyncio.timeout(10):
                await socket.wait_closed()
            assert socket.close_code == CloseCode.NOT_SIGNED_IN


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
async def test_a_clock_that_leaps_neither_opens_nor_freezes_a_limit_and_locks_nobody_out(tmp_path, jump_ms):
    clock = TurnedClock()
    async with served(tmp_path, clock=clock) as home, home.client() as client:
        ann, bob = await home.invite("Ann"), await home.invite("Bob")

        async def sign_in(email, password):
            asked = {"email": email, "password": password, "device": {"id": "another-laptop"}}
            return await client.post("/api/auth/login", json=asked)

        answers = [await sign_in(ann.email, "wrong horse battery staple") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        clock.wrong_ms = jump_ms
        held = await sign_in(ann.email, PASSWORD)
        assert held.status_code == 429
        assert 0 < int(held.headers["Retry-After"]) <= 60
        assert (await sign_in(home.admin.email, PASSWORD)).status_code == 200
        clock.wrong_ms = 0
        assert (await sign_in(bob.email, PASSWORD)).status_code == 200
