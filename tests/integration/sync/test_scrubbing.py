"""Erased words leave the files of the database by themselves, once for many erasures, and the figures say when."""

import asyncio
import hashlib
import random
from pathlib import Path
from urllib.parse import urlsplit

from sync_server.actor import Actor, Role
from sync_server.edge import scrubbing
from sync_server.edge.scrubbing import Scrubbing
from sync_server.protocol.bodies import Erase, File, MsgCreate, MsgEdit
from sync_server.protocol.messages import Pull
from tests.fakes.postgres import postgres
from tests.fakes.sync_author import Author
from tests.fakes.sync_server import served
from tests.fakes.waiting import until


def word_of(n):
    """A word that stands nowhere else."""
    return hashlib.sha256(str(n).encode()).hexdigest()[:20]


def found_in(folder: Path, words) -> set[str]:
    """Which of these stand in any file, as they are."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {word for word in words if any(word.encode() in content for content in contents)}


def figures(house):
    text = house.server.hub.counts.to_text().decode()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return float(lines["trii_sync_erasures_unscrubbed"]), float(lines["trii_sync_scrubs_total"])


class Desk:
    """Somebody of a server who writes, and an owner who erases."""

    def __init__(self, house):
        self.rooms = house.server.rooms
        self.now_ms = house.server.clock.now_ms()
        self.author = Author()
        org = house.server.org.id
        self.actor = Actor(house.admin.user, org, Role.OWNER, "d-1", "s-1", stepped_ms=self.now_ms)

    async def push(self, *ops):
        for place in range(0, len(ops), 100):
            results = await self.rooms.push(self.actor, ops[place : place + 100])
            assert {result.st for result in results} == {"ok"}, results


async def spoken(house, n):
    """Messages of all lengths, each with a word of its own, some edited, a file with a name; and a snapshot of them all."""
    desk, draw = Desk(house), random.Random(5)
    room, create = desk.author.room()
    said = [desk.author.says(room, f"{word_of(i)} " + "and more " * draw.choice((0, 3, 40, 900))) for i in range(n)]
    edits = [desk.author.op(room, "msg.edit", MsgEdit(op.id, f"{word_of(n + i)} instead")) for i, op in enumerate(said[:60])]
    await desk.push(create, *said, *edits)
    content = b"pages of a book"
    sha256 = hashlib.sha256(content).hexdigest()
    async with house.client(house.admin) as olga:
        asked = {"room": room, "sha256": sha256, "size": len(content), "mime": "text/plain", "name": f"{word_of(-1)}.txt"}
        upload = (await olga.post("/v1/files", json=asked)).json()["id"]
        await olga.put(f"/v1/uploads/{upload}?offset=0", content=content)
        await olga.post(f"/v1/uploads/{upload}/finish")
    file = File(sha256, f"{word_of(-1)}.txt", "text/plain", len(content))
    said.append(desk.author.op(room, "msg.create", MsgCreate("the book", files=(file,))))
    await desk.push(said[-1])
    await desk.rooms.snapshot(desk.actor, room)
    await house.server.search.settled()
    return desk, room, said


async def test_no_file_of_the_data_folder_holds_erased_words_a_moment_later(tmp_path):
    folder = tmp_path / "server"
    async with served(tmp_path) as house:
        desk, room, said = await spoken(house, 400)
        gone = [word_of(i) for i in (*range(0, 400, 3), *(400 + i for i in range(0, 60, 3)), -1)]
        assert len(found_in(folder, gone)) > len(gone) - 5
        await until(lambda: figures(house)[1] == 1, what="the scrub of the start has ended")
        targets = [said[i].id for i in range(0, 400, 3)] + [said[-1].id]
        for place in range(0, len(targets), 70):
            await desk.push(desk.author.op(room, "erase", Erase(tuple(targets[place : place + 70]))))
        assert figures(house)[0] >= 2
        await until(lambda: figures(house)[0] == 0, 60, what="the erasures are scrubbed")
        assert found_in(folder, gone) == set()
        assert found_in(folder, [word_of(1), word_of(401)]) == {word_of(1), word_of(401)}
        ev = await desk.rooms.pull(desk.actor, Pull(1, room, 0, limit=3))
        assert [event.b is None for event in ev.ev] == [False, True, False]
    assert found_in(folder, gone) == set()


async def test_what_a_crash_left_is_scrubbed_at_the_next_start(tmp_path):
    async with served(tmp_path) as house:
        await until(lambda: figures(house) == (0, 1), what="the scrub of the start")


async def test_erasures_let_go_of_rows_in_postgresql_beside_the_running_work(postgres_url, tmp_path):
    async with served(tmp_path, database=postgres_url) as house:
        desk, room, said = await spoken(house, 5)
        await desk.push(desk.author.op(room, "erase", Erase((said[0].id,))))
        await until(lambda: figures(house)[1] >= 1 and figures(house)[0] == 0, 60, what="the erasure is scrubbed")
        await until(lambda: vacuumed(postgres_url) >= 1, what="the table was vacuumed")
        assert (await desk.push(desk.author.says(room, "on we go"))) is None


def vacuumed(url):
    name = urlsplit(url).path.strip("/")
    asked = "SELECT max(vacuum_count) FROM pg_stat_user_tables WHERE relname = 'events' AND schemaname = 'trii'"
    return int(postgres().ask(asked, name))


class Blocked:
    """A database whose log a reader holds, for a while."""

    kind = "sqlite"

    def __init__(self):
        self.n_asked = 0

    async def scrub(self, *, may_block):
        self.n_asked += 1


async def test_many_erasures_of_a_moment_share_one_run(monkeypatch):
    monkeypatch.setattr(scrubbing, "GATHER_S", 0.0)
    database, heard = Blocked(), []

    async def settled():
        """Nothing is behind."""

    one = Scrubbing(database, settled)
    one.tell(lambda n, is_done: heard.append((n, is_done)))
    for _ in range(50):
        one.ask()
    task = asyncio.create_task(one.run())
    await until(lambda: heard[-1] == (0, True))
    task.cancel()
    await asyncio.wait([task])
    assert database.n_asked == 1
