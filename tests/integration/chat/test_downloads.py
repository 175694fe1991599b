"""Files come down piece by piece: a break costs nothing that came, half a file is never whole, and memory stays small."""

import asyncio
import hashlib
import tracemalloc
from contextlib import asynccontextmanager

import pytest

from backend.chat.attachments import NewFile
from backend.errors import CorruptData, TriiError, Unavailable
from backend.events import MessagesChanged
from backend.storage.growing import GrowingFile
from backend.storage.paths import Home
from backend.sync.api import Api
from backend.sync.file_calls import fetch
from tests.fakes.chatting import KEY, open_desk
from tests.fakes.desks import eventually, join, texts, user_of
from tests.fakes.fault_proxy import CALM, FaultProxy, Faults
from tests.fakes.sync_server import served

LARGE = b"".join(b"%08d,%08d\n" % (n, n * n % 10**8) for n in range(150_000))  # 2.7 MB
SLOW = Faults(bytes_per_s=2_000_000)
SHA256 = hashlib.sha256(LARGE).hexdigest()


class Cutting:
    """An HTTP server of one file: each answer ends after so many bytes of it; what was asked for is kept."""

    def __init__(self, content, *n_bytes, knows_ranges=True):
        self.content = content
        self.n_bytes = list(n_bytes)
        self.knows_ranges = knows_ranges
        self.asked = []

    @asynccontextmanager
    async def listening(self):
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        api = Api(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        try:
            yield api
        finally:
            await api.close()
            server.close()
            await server.wait_closed()

    async def answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        self.asked.append((lines.get("range", ""), lines.get("if-range", "")))
        start = int(lines["range"][6:-1]) if self.knows_ranges and "range" in lines else 0
        rest = self.content[start:]
        status = f"206 Partial\r\nContent-Range: bytes {start}-{len(self.content) - 1}/{len(self.content)}" if start else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(rest)}\r\nConnection: close\r\n\r\n".encode())
        n_bytes = self.n_bytes.pop(0) if self.n_bytes else len(rest)
        for place in range(0, n_bytes, 65_536):
            writer.write(rest[place : min(place + 65_536, n_bytes)])
            await writer.drain()
        writer.close()


def part_of(tmp_path, name=SHA256):
    part = GrowingFile(tmp_path / "parts" / "a", bytes(32), name)
    part.open()
    return part


def heard(_):
    """Progress that nobody looks at."""


async def test_a_download_that_broke_off_asks_for_the_rest_of_the_same_content(tmp_path):
    cutting = Cutting(LARGE, 1_000_000, 500_000)
    async with cutting.listening() as api:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await fetch(api, "token", part_of(tmp_path), heard)
        part = part_of(tmp_path)
        await fetch(api, "token", part, heard)
    assert (part.sha256, part.n_bytes) == (SHA256, len(LARGE))
    assert cutting.asked == [("", ""), ("bytes=1000000-", f'"{SHA256}"'), ("bytes=1500000-", f'"{SHA256}"')]


async def test_a_server_that_knows_no_ranges_is_read_from_the_beginning(tmp_path):
    cutting = Cutting(LARGE, 1_000_000, knows_ranges=False)
    async with cutting.listening() as api:
        part = part_of(tmp_path)
        with pytest.raises(Unavailable):
            await fetch(api, "token", part, heard)
        await fetch(api, "token", part, heard)
    assert part.sha256 == SHA256


async def test_a_server_that_sends_another_part_than_asked_for_is_not_believed(tmp_path):
    part = part_of(tmp_path)
    part.add(b"x" * 100)

    class Shifted(Cutting):
        async def answer(self, reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-4/105\r\n")
            writer.write(b"Content-Length: 5\r\nConnection: close\r\n\r\nhello")
            await writer.drain()
            writer.close()

    async with Shifted(LARGE).listening() as api:
        with pytest.raises(CorruptData):
            await fetch(api, "token", part, heard)
    assert part.n_bytes == 100


async def test_a_download_through_a_line_that_breaks_is_whole_and_over_a_restart_goes_on_from_where_it_was(tmp_path):
    async with (
        FaultProxy(("127.0.0.1", 9), seed=1) as proxy,
        served(tmp_path, public_url=f"http://127.0.0.1:{proxy.port}") as server,
        open_desk(Home(tmp_path / "ann")) as ann,
    ):
        proxy.target = ("127.0.0.1", server.server.port)
        a = await join(ann, server, "Ann")
        async with open_desk(Home(tmp_path / "bob")) as bob:
            await join(bob, server, "Bob")
            room = (await ann.chat.create_room(a, "Desk", people=[user_of(bob)])).id
            await ann.chat.send(room, "Prices", files=[NewFile("prices.csv", "text/csv", LARGE)])
            await eventually(lambda: texts(bob, room), ["Prices"])

            def cut(_):
                if bob.chat._parts.uploads.progress(SHA256) > 0.3 and proxy.faults is SLOW:
                    proxy.faults = Faults(reset=1.0)

            proxy.faults = SLOW
            bob.bus.subscribe(MessagesChanged, cut)
            with pytest.raises(TriiError):
                await bob.chat.content(SHA256)
            assert not await bob.chat._parts.files.is_here(SHA256)
        (part,) = (tmp_path / "bob" / "cache" / "downloads").iterdir()
        assert LARGE[:17] not in part.read_bytes()
        n_part = part.stat().st_size
        assert n_part > len(LARGE) // 4
        proxy.faults = CALM
        async with open_desk(Home(tmp_path / "bob")) as bob:
            await bob.chat.begin()
            seen = []
            bob.bus.subscribe(MessagesChanged, lambda _: seen.append(bob.chat._parts.uploads.progress(SHA256)))
            assert await bob.chat.content(SHA256) == LARGE
            assert min(progress for progress in seen if progress >= 0) > 0.3  # nothing that had come was fetched again
            assert list(part.parent.iterdir()) == []


async def test_a_file_of_the_largest_size_takes_little_memory_on_its_way(tmp_path):
    content = bytes(range(256)) * (20 * 1024 * 4)
    sha256 = hashlib.sha256(content).hexdigest()
    async with Cutting(content).listening() as api, open_desk(Home(tmp_path / "ann")) as ann:
        files = ann.chat._parts.files
        part = await files.part(sha256)
        tracemalloc.start()
        try:
            await fetch(api, "token", part, heard)
            await files.keep(part)
            await files.copy_to(sha256, tmp_path / "copy")
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert hashlib.sha256((tmp_path / "copy").read_bytes()).hexdigest() == sha256
    assert most < 12 * 2**20, most


async def test_another_content_than_its_hash_says_is_thrown_away_and_never_kept(tmp_path):
    async with Cutting(LARGE).listening() as api, open_desk(Home(tmp_path / "ann")) as ann:
        files = ann.chat._parts.files
        part = await files.part("f" * 64)
        await fetch(api, "token", part, heard)
        with pytest.raises(CorruptData, match="another file"):
            await files.keep(part)
        assert not await files.is_here("f" * 64)
        assert (await files.part("f" * 64)).n_bytes == 0


async def test_parts_of_what_no_message_names_are_swept_away(tmp_path):
    async with open_desk(Home(tmp_path / "ann"), key=KEY) as ann:
        files = ann.chat._parts.files
        part = await files.part("e" * 64)
        part.add(b"half of it")
        await files.sweep(0)
        assert not part.path.exists()
