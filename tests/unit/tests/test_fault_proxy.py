"""The fault proxy hurts as it says, the same way for the same seed, and leaves nothing running."""

import asyncio
import contextlib
import time

import pytest

from tests.fakes.fault_proxy import FaultProxy, Faults
from tests.fakes.waiting import until


@contextlib.asynccontextmanager
async def echoing(seed=1, faults=Faults()):  # noqa: B008 - a frozen value
    """A server that sends back what it gets, and the proxy before it."""
    writers = []

    async def echo(reader, writer):
        writers.append(writer)
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    try:
        async with FaultProxy(server.sockets[0].getsockname()[:2], seed, faults) as proxy:
            yield proxy
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()
        await until(lambda: len(asyncio.all_tasks()) == 1)


async def talk(proxy, data, n_bytes):
    """Send, read so many bytes back; what came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(data)
        return await reader.readexactly(n_bytes)
    finally:
        writer.close()


async def test_a_calm_proxy_passes_every_byte_and_the_end():
    data = bytes(range(256)) * 2_000
    async with echoing() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(data)
        writer.write_eof()
        assert await reader.read(-1) == data
        writer.close()


async def test_delay_delays_and_keeps_the_order():
    async with echoing(faults=Faults(delay_ms=(20, 40))) as proxy:
        begun_s = time.monotonic()
        data = b"".join(n.to_bytes(4) for n in range(20_000))
        assert await talk(proxy, data, len(data)) == data
        assert time.monotonic() - begun_s >= 0.04


async def test_a_reset_ends_both_sides_with_an_error():
    async with echoing(faults=Faults(reset=1.0)) as proxy:
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await talk(proxy, b"hello", 5)
        assert proxy.done["reset"] == 1


@pytest.mark.parametrize("faults", [Faults(half_open=1.0), Faults(one_way=1.0)])
async def test_a_half_open_connection_stands_and_says_nothing(faults):
    async with echoing(faults=faults) as proxy:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(talk(proxy, b"hello", 5), 0.1)


async def test_a_block_of_one_direction_is_felt_by_new_bytes_and_lifted_for_new_connections():
    async with echoing() as proxy:
        proxy.block(down=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(talk(proxy, b"hello", 5), 0.1)
        proxy.unblock()
        assert await talk(proxy, b"hello", 5) == b"hello"


async def test_a_narrow_line_takes_its_time():
    async with echoing(faults=Faults(bytes_per_s=400_000)) as proxy:
        begun_s = time.monotonic()
        await talk(proxy, bytes(40_000), 40_000)
        assert time.monotonic() - begun_s >= 0.09


async def test_cutting_all_ends_what_stands():
    async with echoing() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"x")
        await reader.readexactly(1)
        proxy.cut_all()
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read(-1) == b""
        writer.close()


async def test_the_same_seed_strikes_the_same_connections():
    async def fates(seed):
        async with echoing(seed, Faults(reset=0.3)) as proxy:
            outcomes = []
            for _ in range(12):
                try:
                    await talk(proxy, b"hello", 5)
                    outcomes.append(True)
                except (ConnectionResetError, asyncio.IncompleteReadError):
                    outcomes.append(False)
            return outcomes

    first = await fates(7)
    assert first == await fates(7)
    assert True in first
    assert False in first


async def test_a_server_that_is_not_there_refuses_through_the_proxy_too():
    async with echoing() as proxy:
        proxy.target = ("127.0.0.1", 1)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await talk(proxy, b"hello", 5)
        assert proxy.done["refused"] == 1
