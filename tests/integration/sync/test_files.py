"""Files go up in pieces, come down to whoever reads the room, lie encrypted on the disk, and leave when nobody needs them."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sync_server.actor import Actor, Role
from sync_server.clock import ManualClock
from sync_server.errors import Refused
from sync_server.files.blobs import Blobs
from sync_server.files.files import FileLimits, Files, NewFile, StoredFile, Upload
from sync_server.files.sweeping import GRACE_MS, UNUSED_MS, Sweeper
from sync_server.files.tables import TABLES
from sync_server.protocol.ids import IdMaker
from sync_server.storage.keys import load_keys
from sync_server.storage.opening import open_database
from tests.fakes import sample_files as sample
from tests.fakes.small_disk import small_disk, why_no_small_disk

ANN = Actor("ann", "one", Role.MEMBER, "d1", "s1")
BOB = Actor("bob", "one", Role.MEMBER, "d2", "s2")
EVE = Actor("ann", "two", Role.OWNER, "d3", "s3")
TEXT = b"account 4711: buy at the open\n" * 9_000


class Rooms:
    """Who may do what, and which files messages name: set by the test."""

    def __init__(self) -> None:
        self.members = {("one", "ann", "desk"), ("one", "bob", "desk"), ("one", "ann", "private")}
        self.named: set[tuple[str, str]] = set()

    async def may_post(self, actor: Actor, room: str) -> bool:
        return (actor.org, actor.user, room) in self.members

    async def may_read(self, actor: Actor, room: str, sha256: str) -> bool:
        return (actor.org, actor.user, room) in self.members

    async def used(self, org: str, room: str, sha256s: Sequence[str]) -> frozenset[str]:
        return frozenset(sha256 for sha256 in sha256s if (room, sha256) in self.named)


class Place:
    """Everything that files stand on."""

    def __init__(self, files: Files, sweeper: Sweeper, rooms: Rooms, clock: ManualClock, folder: Path) -> None:
        self.files = files
        self.sweeper = sweeper
        self.rooms = rooms
        self.clock = clock
        self.folder = folder

    async def send(self, actor: Actor, room: str, content: bytes, mime: str = "", name: str = "a.txt") -> StoredFile:
        upload = await self.files.begin(actor, room, new(content, mime, name))
        if not upload.id:
            return await self.files.look(actor, upload.sha256)
        while upload.offset < upload.size:
            piece = content[upload.offset : upload.offset + 50_000]
            upload = await self.files.append(actor, upload.id, upload.offset, piece)
        return await self.files.finish(actor, upload.id)

    def on_disk(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".json"]


@asynccontextmanager
async def place(url: str, folder: Path, **limits: int) -> AsyncIterator[Place]:
    clock, rooms = ManualClock(), Rooms()
    database = await open_database(url, TABLES, clock)
    blobs = Blobs(folder / "files", load_keys(folder))
    files = Files(database, blobs, clock, IdMaker(os.urandom), rooms, limits=FileLimits(**limits))
    try:
        yield Place(files, Sweeper(database, blobs, clock, files, rooms), rooms, clock, folder / "files")
    finally:
        await database.close()


def new(content: bytes, mime: str = "", name: str = "a.txt") -> NewFile:
    return NewFile(hashlib.sha256(content).hexdigest(), len(content), mime, name)


async def test_a_file_goes_up_in_pieces_and_comes_down_whole_and_in_ranges(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path) as it:
        picture = sample.png(30, 20)
        stored = await it.send(ANN, "desk", picture, "image/png", "../chart\u202e.exe")
        assert stored == StoredFile(new(picture).sha256, len(picture), "image/png", 30, 20, "chart.exe.png")
        stored = await it.send(ANN, "desk", TEXT)
        assert await it.files.read(BOB, stored.sha256, 0, stored.size) == TEXT
        assert await it.files.read(BOB, stored.sha256, 65_530, 65_540) == TEXT[65_530:65_540]
        assert (await it.files.look(BOB, stored.sha256)).name == "a.txt"
        for start, end in ((-1, 5), (5, 4), (0, stored.size + 1)):
            with pytest.raises(Refused) as refused:
                await it.files.read(BOB, stored.sha256, start, end)
            assert refused.value.status == 416


async def test_an_upload_that_broke_off_goes_on_where_the_disk_has_it(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path) as it:
        upload = await it.files.begin(ANN, "desk", new(TEXT))
        await it.files.append(ANN, upload.id, 0, TEXT[:1_000])
        (part,) = it.on_disk()
        part.write_bytes(part.read_bytes() + b"half a piece that a crash left behind")
    async with place(database_url, tmp_path) as it:
        again = await it.files.begin(ANN, "desk", new(TEXT))
        assert again == Upload(upload.id, upload.sha256, len(TEXT), 1_000)
        with pytest.raises(Refused, match="begins at byte 1000, not at 0"):
            await it.files.append(ANN, upload.id, 0, TEXT[:1_000])
        with pytest.raises(Refused, match="from 1000 on are missing"):
            await it.files.finish(ANN, upload.id)
        stored = await it.send(ANN, "desk", TEXT)
        assert await it.files.finish(ANN, upload.id) == stored  # the answer was lost
        assert await it.files.read(BOB, stored.sha256, 0, stored.size) == TEXT


async def test_pieces_that_race_for_one_place_do_not_mix(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path) as it:
        upload = await it.files.begin(ANN, "desk", new(TEXT))
        half = len(TEXT) // 2
        done = await asyncio.gather(
            *(it.files.append(ANN, upload.id, 0, TEXT[: half - n]) for n in range(5)), return_exceptions=True
        )
        assert sum(isinstance(result, Upload) for result in done) == 1
        assert (await it.send(ANN, "desk", TEXT)).size == len(TEXT)


async def test_what_is_not_what_was_announced_is_refused_and_gone(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path) as it:
        upload = await it.files.begin(ANN, "desk", new(TEXT))
        with pytest.raises(Refused, match="more than fits"):
            await it.files.append(ANN, upload.id, 0, TEXT + b"x")
        await it.files.append(ANN, upload.id, 0, TEXT[:-1] + b"x")
        with pytest.raises(Refused, match="SHA-256 differs"):
            await it.files.finish(ANN, upload.id)
        program = b"MZ" + bytes(500)
        with pytest.raises(Refused, match="none of them") as refused:
            await it.send(ANN, "desk", program, "image/png", "nice.png")
        assert refused.value.status == 422
        with pytest.raises(Refused, match="its content is text/plain"):
            await it.send(ANN, "desk", b"<svg/>", "image/svg+xml")
        assert it.on_disk() == []
        for wrong in (NewFile("x", 5), NewFile("A" * 64, 5), NewFile("a" * 64, 0), NewFile("a" * 64, -1)):
            with pytest.raises(Refused, match="announced by its SHA-256"):
                await it.files.begin(ANN, "desk", wrong)


async def test_only_who_reads_the_room_reads_the_file_and_others_learn_nothing(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path) as it:
        secret = await it.send(ANN, "private", TEXT)
        for actor, sha256 in ((BOB, secret.sha256), (EVE, secret.sha256), (ANN, "0" * 64)):
            with pytest.raises(Refused) as refused:
                await it.files.look(actor, sha256)
            assert (refused.value.status, refused.value.why) == (404, "There is no such file, or no right to read it.")
        with pytest.raises(Refused, match="no right to post"):
            await it.files.begin(BOB, "private", new(TEXT))
        with pytest.raises(Refused, match="no right to post"):
            await it.files.begin(EVE, "desk", new(TEXT))
        # Knowing a hash is not having the file: Bob must send it all before it is given to a room of his.
        upload = await it.files.begin(BOB, "desk", new(TEXT))
        assert (upload.offset, upload.is_done) == (0, False)
        for stranger in (ANN, EVE):
            with pytest.raises(Refused, match="no such upload"):
                await it.files.append(stranger, upload.id, 0, TEXT[:9])
        # Ann has read it already: nothing is sent twice.
        assert (await it.files.begin(ANN, "desk", new(TEXT))).is_done
        assert (await it.files.look(BOB, secret.sha256)).size == len(TEXT)
        it.rooms.members.discard(("one", "bob", "desk"))
        with pytest.raises(Refused, match="no such file"):
            await it.files.read(BOB, secret.sha256, 0, 5)


async def test_bounds_of_files_people_and_organisations_hold(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path, file=1_000, person=1_500, org=2_000, uploads=2) as it:
        with pytest.raises(Refused, match=r"may have 1,000 bytes; this one has 1,001"):
            await it.files.begin(ANN, "desk", new(b"a" * 1_001))
        await it.send(ANN, "desk", b"a" * 900)
        with pytest.raises(Refused, match="no room left") as refused:
            await it.files.begin(ANN, "desk", new(b"b" * 700))
        assert refused.value.status == 507
        await it.send(BOB, "desk", b"c" * 900)
        with pytest.raises(Refused, match="no room left"):
            await it.files.begin(BOB, "desk", new(b"d" * 300))
        for content in (b"e", b"f"):
            await it.files.begin(BOB, "desk", new(content))
        with pytest.raises(Refused, match="2 uploads are under way"):
            await it.files.begin(BOB, "desk", new(b"g"))


async def test_nothing_on_the_disk_shows_what_files_hold_or_are_called(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path) as it:
        await it.send(ANN, "desk", TEXT, name="secret plan.txt")
        await it.files.append(ANN, (await it.files.begin(ANN, "desk", new(TEXT[1:]))).id, 0, TEXT[1:9_000])
        assert len(it.on_disk()) == 2
        for path in it.on_disk():
            assert b"4711" not in path.read_bytes()
            assert "secret" not in str(path)
            assert new(TEXT).sha256 not in str(path)
            assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("bit", [0, 70, 50_000, -1])
async def test_a_file_damaged_on_the_disk_is_never_given_out_and_can_be_sent_again(
    database_url: str, tmp_path: Path, bit: int
) -> None:
    async with place(database_url, tmp_path) as it:
        stored = await it.send(ANN, "desk", TEXT)
        (path,) = it.on_disk()
        content = bytearray(path.read_bytes())
        content[bit] ^= 4
        path.write_bytes(bytes(content))
        with pytest.raises(Refused, match="damaged") as refused:
            await it.files.read(BOB, stored.sha256, 0, stored.size)
        assert refused.value.status == 410
        assert await it.send(ANN, "desk", TEXT) == stored
        assert await it.files.read(BOB, stored.sha256, 0, stored.size) == TEXT


async def test_files_that_no_message_names_leave_after_a_week_and_named_ones_stay(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path) as it:
        kept, lost = await it.send(ANN, "desk", TEXT), await it.send(ANN, "desk", TEXT[1:])
        broken = await it.files.begin(ANN, "desk", new(TEXT[2:]))
        await it.files.append(ANN, broken.id, 0, TEXT[2:9])
        it.rooms.named.add(("desk", kept.sha256))
        assert (await it.sweeper.sweep()).n_files == 0
        assert len(it.on_disk()) == 3
        it.clock.advance(GRACE_MS + 1)
        await it.sweeper.sweep()
        with pytest.raises(Refused, match="no such upload"):
            await it.files.progress(ANN, broken.id)
        assert await it.files.read(ANN, lost.sha256, 0, 9) == TEXT[1:10]
        it.clock.advance(UNUSED_MS)
        await it.sweeper.sweep()
        with pytest.raises(Refused, match="no such file"):
            await it.files.look(ANN, lost.sha256)
        assert len(it.on_disk()) == 2  # a backup may still be reading it
        it.clock.advance(GRACE_MS + 1)
        assert (await it.sweeper.sweep()).n_files == 1
        assert len(it.on_disk()) == 1
        assert await it.files.read(BOB, kept.sha256, 0, 9) == TEXT[:9]


async def test_a_dropped_file_that_is_given_again_in_time_stays(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path) as it:
        stored = await it.send(ANN, "desk", TEXT)
        it.clock.advance(UNUSED_MS + 1)
        await it.sweeper.sweep()
        assert await it.send(ANN, "desk", TEXT) == stored
        it.rooms.named.add(("desk", stored.sha256))
        it.clock.advance(2 * UNUSED_MS)
        await it.sweeper.sweep()
        await it.sweeper.sweep()
        assert await it.files.read(BOB, stored.sha256, 0, 9) == TEXT[:9]


async def test_an_erased_message_takes_its_files_along_at_once_but_none_that_others_name(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path) as it:
        alone, shared = await it.send(ANN, "desk", TEXT), await it.send(ANN, "desk", TEXT[1:])
        await it.send(ANN, "private", TEXT[1:])
        twice = await it.send(ANN, "desk", TEXT[2:])
        it.rooms.named.add(("desk", twice.sha256))
        assert await it.sweeper.purge("one", "desk", [alone.sha256, shared.sha256, twice.sha256, "0" * 64]) == 1
        assert len(it.on_disk()) == 2
        with pytest.raises(Refused, match="no such file"):
            await it.files.look(ANN, alone.sha256)
        with pytest.raises(Refused, match="no such file"):
            await it.files.look(BOB, shared.sha256)
        assert (await it.files.look(ANN, shared.sha256)).size == len(TEXT) - 1
        assert (await it.files.begin(ANN, "desk", new(TEXT))).offset == 0  # gone means gone


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    if why := why_no_small_disk():
        pytest.skip(why)
    with small_disk(tmp_path / "disk", 1) as folder:
        yield folder


async def test_an_upload_that_meets_a_full_disk_goes_on_when_there_is_space(tmp_path: Path, disk: Path) -> None:
    content = os.urandom(280_000).hex().encode()
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(700_000))
    async with place(f"sqlite://{tmp_path / 'sync.db'}", disk) as it:
        upload = await it.files.begin(ANN, "desk", new(content))
        upload = await it.files.append(ANN, upload.id, 0, content[:200_000])
        with pytest.raises(Refused) as refused:
            await it.files.append(ANN, upload.id, 200_000, content[200_000:400_000])
        assert (refused.value.code, refused.value.status, refused.value.after_ms > 0) == ("busy", 503, True)
        assert (await it.files.progress(ANN, upload.id)).offset == 200_000
        ballast.unlink()
        await it.files.append(ANN, upload.id, 200_000, content[200_000:])
        with pytest.raises(Refused, match="No space left"):  # the whole file beside what was sent does not fit
            await it.files.finish(ANN, upload.id)
        assert (await it.files.progress(ANN, upload.id)).offset == len(content)
        assert len(it.on_disk()) == 1


async def test_what_a_crash_left_on_the_disk_is_swept(database_url: str, tmp_path: Path) -> None:
    async with place(database_url, tmp_path) as it:
        stored = await it.send(ANN, "desk", TEXT)
        (whole,) = it.on_disk()
        (whole.parent / ".0123").write_bytes(b"half written")
        whole.with_name("0" * 64).write_bytes(b"written, and not in the table")
        (it.folder / "uploads" / f"{IdMaker(os.urandom).make(1)}.part").write_bytes(b"no row")
        assert len(it.on_disk()) == 4
        await it.sweeper.sweep()
        assert it.on_disk() == [whole]
        assert await it.files.read(BOB, stored.sha256, 0, 9) == TEXT[:9]
