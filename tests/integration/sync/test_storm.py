"""A server that loses everyone at once, a reader that does not read, a disk that is full: the others go on, nothing is lost."""

import asyncio
import hashlib
import random
import time

import httpx
import pytest

from sync_server.protocol.bodies import File, MsgCreate
from sync_server.protocol.codec import Codec, decode_from_server, encode
from sync_server.protocol.events import Kind
from sync_server.protocol.messages import Bye, Hello, Welcome
from tests.benchmarks._fanout_dialects import frame, shake_hands, take_frames
from tests.fakes.small_disk import small_disk, why_no_small_disk
from tests.fakes.waiting import until
from tests.fakes.wire_house import all_devices, wire_house

N_STORM = 100
MIB = 1 << 20


@pytest.mark.posix
@pytest.mark.timeout(180)
async def test_all_devices_are_back_soon_after_the_server_was_killed(tmp_path):
    async with wire_house(tmp_path, 1, n_people=12) as house:
        house.devices = [house.device(house.members[at % 12], house.server.port) for at in range(N_STORM)]
        for device in house.devices:
            device.begin()
        await until(lambda: all(device.state == "live" for device in house.devices), 60)
        house.server.kill()
        await until(lambda: not any(device.state == "live" for device in house.devices), 30)
        await house.server.start()
        begun_s = time.monotonic()
        await until(lambda: all(device.state == "live" for device in house.devices), 60)
        assert all(device.live_at_s >= begun_s - 1 for device in house.devices)


@pytest.mark.posix
@pytest.mark.timeout(120)
async def test_who_does_not_read_is_let_go_and_the_others_hear_everything(tmp_path):
    async with wire_house(tmp_path, 2, n_people=3) as house:
        all_devices(house, house.members[:2])
        await house.make_rooms(1)
        idle = await asyncio.to_thread(greet, house.server.port, house.members[2])
        try:
            text = "x" * 11_000
            for _ in range(1_000):
                house.devices[0].submit(house.rooms[0], MsgCreate(text), Kind.MSG_CREATE)
            await until(lambda: len(house.devices[1].copies.rooms[house.rooms[0]].events) >= 1_001, 90)
            said, is_over = await asyncio.to_thread(read_to_the_end, idle)
            assert is_over
            assert said < 1_000 * len(text), "it was sent everything: nobody held it back"
        finally:
            idle.close()


def greet(port, member):
    """A raw connection with a small buffer, welcomed."""
    sock, said = shake_hands(port, "/v1/sync", Codec.MSGPACK.value, buffer_bytes=32 * 1024)
    sock.sendall(frame(encode(Hello(member.tokens.access, member.device), Codec.MSGPACK), 2))
    while not any(isinstance(decode_from_server(content, Codec.MSGPACK), Welcome) for op, content in take_frames(said) if op == 2):
        said += sock.recv(65_536)
    return sock


def read_to_the_end(sock):
    """How many bytes still came, and whether the server then ended the connection."""
    sock.settimeout(30)
    n_bytes, said = 0, bytearray()
    try:
        while piece := sock.recv(65_536):
            n_bytes += len(piece)
            said += piece
            if any(isinstance(decode_from_server(content, Codec.MSGPACK), Bye) for op, content in take_frames(said) if op == 2):
                return n_bytes, True
    except TimeoutError:
        return n_bytes, False
    except ConnectionResetError:
        pass
    return n_bytes, True


@pytest.fixture
def disk(tmp_path):
    """A disk of 48 MiB."""
    missing = why_no_small_disk()
    if missing:
        pytest.skip(missing)
    with small_disk(tmp_path / "small", 48) as folder:
        yield folder


@pytest.mark.posix
@pytest.mark.timeout(180)
async def test_a_full_disk_makes_devices_wait_and_loses_nothing(tmp_path, disk):
    async with wire_house(tmp_path, 3, n_people=3, data=disk / "data") as house:
        all_devices(house, house.members)
        await house.make_rooms(2)
        await house.talk(100)
        await house.settle()
        filler = disk / "filler"
        fill(filler)
        n_before = len(house.devices[0].copies.rooms[house.rooms[0]].events)
        for device in house.devices:
            for _ in range(1_000):
                house.submit(device, house.rooms[0], Kind.MSG_CREATE)
        await until(lambda: len(house.devices[0].copies.rooms[house.rooms[0]].events) > n_before or filler.exists(), 10)
        n_waiting = sum(device.waiting() for device in house.devices)
        filler.unlink()
        await house.settle()
        assert await house.check() >= 3_100
        assert n_waiting, "the full disk stopped nobody"


@pytest.mark.posix
@pytest.mark.timeout(120)
async def test_a_file_that_meets_a_full_disk_is_told_to_wait_and_arrives_whole(tmp_path, disk):
    async with wire_house(tmp_path, 4, n_people=2, data=disk / "data") as house:
        all_devices(house, house.members)
        await house.make_rooms(1)
        content = random.Random(4).randbytes(1_500_000).hex().encode()
        asked = {"room": house.rooms[0], "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "name": "bars.txt"}
        url, headers = f"http://127.0.0.1:{house.server.port}", house.members[0].headers
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30) as client:

            async def send(offset):
                piece = content[offset : offset + MIB]
                return await client.put(f"/v1/uploads/{upload}", params={"offset": offset}, content=piece)

            upload = (await client.post("/v1/files", json=asked)).json()["id"]
            assert (await send(0)).json()["offset"] == MIB
            filler = disk / "filler"
            fill(filler)
            refused = await send(MIB)
            assert (refused.status_code, refused.json()["code"]) == (503, "busy")
            assert int(refused.headers["Retry-After"]) >= 1
            assert (await client.get(f"/v1/uploads/{upload}")).json()["offset"] == MIB
            filler.unlink()
            for offset in range(MIB, len(content), MIB):
                assert (await send(offset)).is_success
            assert (await client.post(f"/v1/uploads/{upload}/finish")).json()["sha256"] == asked["sha256"]
            client.headers.update(house.members[1].headers)
            denied = await client.get(f"/v1/files/{asked['sha256']}")
            assert denied.status_code == 404, "no message names it yet"
            file = File(asked["sha256"], "bars.txt", "text/plain", len(content))
            house.devices[0].submit(house.rooms[0], MsgCreate("", files=(file,)), Kind.MSG_CREATE)
            await until(lambda: len(house.devices[1].copies.rooms[house.rooms[0]].events) == 2, 30)
            assert (await client.get(f"/v1/files/{asked['sha256']}")).content == content


def fill(path):
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
