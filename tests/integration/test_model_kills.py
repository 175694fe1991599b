"""Kills while a model comes in: no half card, no half file under a hash, and the next try ends where it should."""

import asyncio
import hashlib
import os
import signal
import sys

import pytest

from backend.errors import Unavailable
from backend.storage.faults import FAULT_VARIABLE
from tests.fakes.model_server import serving
from tests.fakes.modelling import make_model, modelling
from tests.fakes.small_disk import small_disk, why_no_small_disk
from tests.fakes.waiting import until

CONTENT = make_model(3_000_000, name="Tiny")
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.gguf"
    path.write_bytes(CONTENT)
    return path


async def run(home, what, fault=""):
    """Take a model in by a process of its own, to its end or its death."""
    command = [sys.executable, "-m", "tests.fakes.model_process", str(home.root), str(what)]
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, FAULT_VARIABLE: fault}, **pipes)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == (-signal.SIGKILL if fault else 0), err.decode()
    return out.decode().split()


async def check_whole(home, clock):
    """Every card has its whole file, every file under a hash is that content, and begin leaves no file without a card."""
    async with modelling(home, clock) as m:
        for name in m.files():
            assert hashlib.sha256((home.models / name).read_bytes()).hexdigest() == name.removesuffix(".gguf")
        cards = await m.models.cards()
        assert all(card.words == "" for card in cards)
        assert {f"{card.sha256}.gguf" for card in cards} <= set(m.files())
        await m.models.begin()
        await until(lambda: not m.tasks.running)
        assert {f"{card.sha256}.gguf" for card in await m.models.cards()} == set(m.files())


@pytest.mark.posix
@pytest.mark.parametrize("point", ["model.part_synced", "model.whole", "model.kept", "model.carded"])
async def test_a_kill_while_a_file_is_copied_leaves_nothing_half(home, clock, tiny, point):
    assert await run(home, tiny, point) == []
    await check_whole(home, clock)
    assert await run(home, tiny) == [SHA[:16]]
    await check_whole(home, clock)
    async with modelling(home, clock) as m:
        assert [card.sha256 for card in await m.models.cards()] == [SHA]
        assert m.parts() == []


@pytest.mark.posix
@pytest.mark.parametrize("point", ["model.part_written", "model.part_written:2", "model.whole", "model.kept", "model.carded"])
async def test_a_kill_while_a_file_is_downloaded_leaves_nothing_half(home, clock, point):
    async with serving(CONTENT) as server:
        assert await run(home, server.url, point) == []
        await check_whole(home, clock)
        async with modelling(home, clock) as m:
            (waiting,) = await m.models.cut_short()
            assert waiting.url == server.url
        assert await run(home, server.url) == [SHA[:16]]
        await check_whole(home, clock)
        async with modelling(home, clock) as m:
            assert [card.sha256 for card in await m.models.cards()] == [SHA]
            assert (m.parts(), await m.models.cut_short()) == ([], ())


@pytest.fixture
def disk(tmp_path):
    """A file system of 4 MiB in memory."""
    why_not = why_no_small_disk()
    if why_not:
        pytest.skip(why_not)
    with small_disk(tmp_path / "disk", 4) as folder:
        yield folder


async def test_a_disk_that_fills_up_while_a_file_is_copied_is_told_and_left_as_it_was(home, clock, disk, tiny):
    home.models.rmdir()
    home.models.symlink_to(disk)
    async with modelling(home, clock, reserve_bytes=-(10**12)) as m:  # it believes that there is room
        (disk / "other").write_bytes(bytes(2_500_000))
        with pytest.raises(Unavailable) as full:
            await m.models.add_file(tiny)
        assert full.value.code == "disk.full"
        assert (m.parts(), await m.models.cards()) == ([], ())
        (disk / "other").unlink()
        assert (await m.models.add_file(tiny)).sha256 == SHA


async def test_a_disk_that_fills_up_during_a_download_is_told_and_the_download_goes_on_later(home, clock, disk):
    home.models.rmdir()
    home.models.symlink_to(disk)
    async with modelling(home, clock, reserve_bytes=-(10**12)) as m, serving(CONTENT) as server:
        (disk / "other").write_bytes(bytes(2_500_000))
        with pytest.raises(Unavailable) as full:
            await m.models.download(server.url)
        assert full.value.code == "disk.full"
        assert await m.models.cards() == ()
        assert len(await m.models.cut_short()) == 1
        (disk / "other").unlink()
        assert (await m.models.download(server.url)).sha256 == SHA
