"""A process that enters operations until it kills itself at a chosen point of a commit; what was acknowledged is on its output.

Arguments: address of the database, room, how many statements of writing transactions to carry out before the end, a seed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sync_server.storage.database import Database, Row, Writing
from tests.fakes.room_ops import Writer
from tests.fakes.rooms_house import House, open_house

PER_PUSH = 7


class _Mortal:
    """A transaction that counts its statements; the process dies where they are used up."""

    def __init__(self, tx: Writing, life: "MortalDatabase") -> None:
        self._tx = tx
        self._life = life

    async def rows(self, sql: str, *args: object) -> Sequence[Row]:
        return await self._tx.rows(sql, *args)

    async def row(self, sql: str, *args: object) -> Row | None:
        return await self._tx.row(sql, *args)

    async def run(self, sql: str, *args: object) -> int:
        self._life.spend()
        return await self._tx.run(sql, *args)

    async def run_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        self._life.spend()
        await self._tx.run_many(sql, rows)


class MortalDatabase:
    """A database under a process that ends before its n-th statement, commit or end of commit from now."""

    def __init__(self, database: Database, n_left: int) -> None:
        self._database = database
        self._n_left = n_left
        self.kind = database.kind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def spend(self) -> None:
        self._n_left -= 1
        if self._n_left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[_Mortal]:
        async with self._database.write() as tx:
            yield _Mortal(tx, self)
            self.spend()  # before the commit
        self.spend()  # after it, before anybody hears of it


async def main(url: str, room: str, n_left: int, seed: int) -> None:
    async with open_house(url) as house:
        await house.rooms.close()
        dying = House(MortalDatabase(house.database, n_left), house.clock)
        writer = Writer(seed=seed)
        dying.people.add((writer.org, writer.user))
        dying.rooms = dying.new_rooms()
        await dying.rooms.begin()
        create = writer.create(room=room)
        ops = [create]
        while True:
            for result in await dying.push(writer, *ops):
                assert result.st == "ok", result
                sys.stdout.write(f"{result.id} {result.s}\n")
            sys.stdout.flush()
            ops = [writer.say(room) for _ in range(PER_PUSH)]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
