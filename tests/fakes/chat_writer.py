"""A desktop that says things until it is killed, and prints each once it was promised.

Run as ``python -m tests.fakes.chat_writer HOME ROOM FIRST IS_ONLINE``.
"""

import asyncio
import itertools
import sys
from pathlib import Path

from backend.storage.paths import Home
from tests.fakes.chatting import open_desk

N_TALKERS = 4


async def talk_for_ever(home: Home, room: str, first: int, *, is_online: bool) -> None:
    """Send from several tasks; every message is a number of its own."""
    numbers = itertools.count(first)
    async with open_desk(home) as desk:
        await desk.team.open()
        if is_online:
            await desk.team.begin()

        async def talk() -> None:
            while True:
                n = next(numbers)
                sent = await desk.chat.send(room, f"n{n}")
                print(f"{n} {sent.id}", flush=True)

        await asyncio.gather(*(talk() for _ in range(N_TALKERS)))


if __name__ == "__main__":
    asyncio.run(talk_for_ever(Home(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3]), is_online=sys.argv[4] == "on"))
