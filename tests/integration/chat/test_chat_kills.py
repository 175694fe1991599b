"""A desktop that is killed loses no message that it had promised, and says none twice."""

import asyncio
import random
import sys
from collections import Counter

import pytest

from backend.storage.paths import Home
from tests.fakes.chatting import open_desk
from tests.fakes.desks import eventually, join
from tests.fakes.sync_server import served

N_APART = 100_000  # numbers between one life and the next


async def talk_until_killed(home, room, first, n_promised, *, is_online):
    """Start a desktop, kill it after some promises, and return the numbers and ids of all it printed whole."""
    words = "on" if is_online else "off"
    command = ("-m", "tests.fakes.chat_writer", str(home.root), room, str(first), words)
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    lines = [await process.stdout.readline() for _ in range(n_promised)]
    process.kill()
    lines += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    return dict(line.decode().split() for line in lines if line.endswith(b"\n"))


async def everything(desk, room):
    """Every message of a room, however many pages."""
    page = await desk.chat.page(room, n=500)
    found = list(page.messages)
    while page.has_before and page.messages:
        page = await desk.chat.page(room, before=page.messages[0].seq, n=500)
        found = [*page.messages, *found]
    return found


async def lives_and_deaths(tmp_path, n_kills, seed):
    draw = random.Random(seed)
    home = Home(tmp_path / "ann")
    async with served(tmp_path) as server:
        async with open_desk(home) as desk:
            room = (await desk.chat.create_room(await join(desk, server, "Ann"), "Desk")).id
        promised = {}
        for life in range(n_kills):
            n_promised = draw.randrange(1, 120)
            is_online = life % 3 != 2  # each third life is lived without a connection
            promised |= await talk_until_killed(home, room, life * N_APART, n_promised, is_online=is_online)
        async with open_desk(home) as desk:
            shown = {message.id for message in await everything(desk, room)}
            assert set(promised.values()) <= shown, "a promised message is not there after the kill"
            await desk.team.begin()

            async def n_waiting():
                return (await desk.chat.room(room)).n_waiting

            await eventually(n_waiting, 0, 60)
            mine = await everything(desk, room)
        async with open_desk(Home(tmp_path / "again")) as other:
            signed = await other.team.sign_in(server.url, "ann@example.com", "correct horse battery staple 7")
            assert not signed.needs_code

            async def count():
                return len(await everything(other, room))

            await eventually(count, len(mine), 30)
            held = await everything(other, room)
    assert [m.id for m in held] == [m.id for m in mine]
    assert all(m.seq for m in held)
    said = Counter(m.text for m in held)
    assert not [text for text, n in said.items() if n > 1], "a message was said twice"
    assert {f"n{n}" for n in promised} <= set(said), "a promised message was lost"
    lives = [int(m.text[1:]) // N_APART for m in held]
    assert lives == sorted(lives), "what one life said came after what the next one said"
    return len(promised)


async def test_three_kills_lose_and_double_no_promised_message(tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    assert await lives_and_deaths(tmp_path, 3, seed) > 0


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_two_hundred_kills_lose_and_double_no_promised_message(tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    assert await lives_and_deaths(tmp_path, 200, seed) > 1000
