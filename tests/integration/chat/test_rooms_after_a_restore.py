"""A server restored from a backup of before gets its rooms back from the desktops: direct ones, groups, and their files."""

import hashlib
import socket
from contextlib import asynccontextmanager

from backend.chat.attachments import NewFile
from backend.storage.paths import Home
from backend.sync.server import Standing
from sync_server.accounts.accounts import Terms
from sync_server.audit.checking import check_audit
from sync_server.clock import SystemClock
from sync_server.config import Config
from sync_server.files.checking import check_files
from sync_server.rooms.checking import check_rooms
from sync_server.server import UNLIMITED, Choices, Server
from sync_server.storage.backup import create_backup
from sync_server.storage.restore import Place, restore_backup
from sync_server.storage.unlocking import RecoveryKey
from sync_server.tables import TABLES
from tests.fakes.chatting import open_desk
from tests.fakes.desks import eventually, join, standing, texts, user_of
from tests.fakes.sync_server import CHEAP, PASSWORD, served
from tests.fakes.waiting import until

KEY = RecoveryKey(bytes(range(32)))
CONTENT = b"close\n181.18\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@asynccontextmanager
async def restored(folder, port):
    """The same server once more, from the backup that was made of it."""
    config = Config(data=folder / "server", port=port, is_plain=True)
    place = Place(config.data, config.database_url)
    checks = (check_audit, check_rooms, check_files)
    await restore_backup(folder / "b.triisync", KEY, place, TABLES, SystemClock(), checks=checks)
    async with Server(config, None, Choices(terms=Terms(cost=CHEAP, n_threads=1), rules=UNLIMITED)) as server:
        yield server


async def back(desk, server_id, name):
    """Somebody signs in again, as everybody has to."""
    await until(lambda: standing(desk) is Standing.SIGNED_OUT, 30, what=f"{name} is signed out")
    await desk.team.sign_in(server_id, f"{name.lower()}@example.com", PASSWORD)
    await until(lambda: standing(desk) is Standing.LIVE, 30, what=f"{name} is live")


async def rooms_on(server):
    async with server.database.read() as view:
        return {row[0] for row in await view.rows("SELECT room FROM rooms")}


async def test_rooms_of_after_the_backup_come_back_in_order_with_their_words_and_files(tmp_path):
    port = free_port()
    async with open_desk(Home(tmp_path / "ann")) as ann, open_desk(Home(tmp_path / "bob")) as bob:
        async with served(tmp_path, port=port) as first:
            a, b = await join(ann, first, "Ann"), await join(bob, first, "Bob")
            server = first.server
            await create_backup(server.database, TABLES, server.config.data, tmp_path / "b.triisync", KEY, server.clock)
            direct = (await ann.chat.direct(a, user_of(bob))).id
            group = (await ann.chat.create_room(a, "Desk")).id
            await ann.chat.set_seat(group, user_of(bob), "member")
            for room in (direct, group):
                await ann.chat.send(room, "from Ann", files=[NewFile("a.csv", "text/csv", CONTENT)])
                await eventually(lambda room=room: texts(bob, room), ["from Ann"])
                await bob.chat.send(room, "from Bob")
                await eventually(lambda room=room: texts(ann, room), ["from Ann", "from Bob"])
            before = [{m.text: m.id for m in (await ann.chat.page(room)).messages} for room in (direct, group)]
        async with restored(tmp_path, port) as server:
            assert await rooms_on(server) == set()
            await back(bob, b, "Bob")
            await eventually(lambda: rooms_on(server), {direct})  # either of two brings their room back, a group its maker

            async def seen_by_bob():
                return {(m.text, m.why != "") for m in (await bob.chat.page(direct)).messages}

            await eventually(seen_by_bob, {("from Ann", True), ("from Bob", False)})
            await back(ann, a, "Ann")
            for room in (direct, group):
                for desk in (ann, bob):
                    await eventually(lambda desk=desk, room=room: confirmed(desk, room), {"from Ann", "from Bob"}, 40)
            after = [{m.text: m.id for m in (await bob.chat.page(room)).messages} for room in (direct, group)]
            assert after == before
            await eventually(lambda: can_fetch(bob), CONTENT)


async def confirmed(desk, room):
    return {m.text for m in (await desk.chat.page(room)).messages if m.seq and not m.why}


async def can_fetch(desk):
    """A file that this desktop never had, once the server has it again."""
    return await desk.chat.content(SHA256)
