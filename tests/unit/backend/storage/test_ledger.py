"""The ledger keeps what it acknowledged, serves its callers one by one, and opens whatever happens to its file."""

import asyncio
import shutil
import threading
from contextlib import asynccontextmanager

import pytest

from backend.errors import Conflict, CorruptData, InvalidInput, Unavailable
from backend.storage.connection import connect
from backend.storage.ledger import open_ledger
from backend.storage.migrations import Migration
from tests.fakes.waiting import until

KEY = bytes(range(32))
OTHER_KEY = bytes(32)
ROWS = (Migration("0001_rows", "CREATE TABLE rows (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"),)
SET_ASIDE = pytest.mark.logs(r"set damaged ledger aside as .*money\.db")
MORE = (*ROWS, Migration("0002_more", "CREATE TABLE more (n INTEGER);"))


@asynccontextmanager
async def opened(home, key=KEY, migrations=ROWS, **options):
    path = home.ledgers / "money.db"
    async with open_ledger(path, key, migrations, backups=home.backups, quarantine=home.quarantine, **options) as ledger:
        yield ledger


def insert(n, text="x"):
    return lambda connection: connection.execute("INSERT INTO rows VALUES (?, ?)", (n, text)).lastrowid


def numbers(connection):
    return [n for (n,) in connection.execute("SELECT n FROM rows ORDER BY n")]


async def fill(home, n_rows=200):
    async with opened(home) as ledger:
        await ledger.write(
            lambda connection: (
                connection.executemany("INSERT INTO rows VALUES (?, ?)", ((n, f"row {n} " * 50) for n in range(n_rows))).rowcount
            )
        )


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x55
    path.write_bytes(content)


class Gate:
    """Work that holds the writer until it is opened, so that others gather behind it."""

    def __init__(self):
        self.entered = threading.Event()
        self._open = threading.Event()

    def __call__(self, connection):
        insert(1000)(connection)
        self.entered.set()
        assert self._open.wait(10)

    def open(self):
        self._open.set()


async def test_what_was_written_is_there_after_closing_and_opening(home):
    async with opened(home) as ledger:
        assert await ledger.write(insert(7)) == 7
        assert await ledger.read(numbers) == [7]
    async with opened(home) as ledger:
        assert await ledger.read(numbers) == [7]
        assert ledger.notices == []


async def test_nothing_readable_and_nothing_for_other_users_lies_in_the_file(home):
    await fill(home)
    path = home.ledgers / "money.db"
    assert b"row 1" not in path.read_bytes()
    assert not path.read_bytes().startswith(b"SQLite")
    assert path.stat().st_mode & 0o077 == 0


async def test_an_error_raised_while_writing_undoes_it_and_reaches_the_caller(home):
    def half(connection):
        insert(1)(connection)
        raise KeyError("half-way")

    async with opened(home) as ledger:
        with pytest.raises(KeyError, match="half-way"):
            await ledger.write(half)
        assert await ledger.read(numbers) == []


async def test_a_broken_constraint_is_a_conflict(home):
    async with opened(home) as ledger:
        await ledger.write(insert(1))
        with pytest.raises(Conflict, match="UNIQUE constraint failed"):
            await ledger.write(insert(1))


async def test_a_statement_that_does_not_parse_is_said_to_be_ours(home):
    async with opened(home) as ledger:
        with pytest.raises(InvalidInput, match="no such table: nowhere"):
            await ledger.read(lambda connection: connection.execute("SELECT * FROM nowhere").fetchall())


async def test_a_read_cannot_write(home):
    async with opened(home) as ledger:
        with pytest.raises(Unavailable, match="readonly"):
            await ledger.read(insert(1))
        assert await ledger.read(numbers) == []


async def test_many_callers_at_once_all_get_their_own_result(home):
    async with opened(home) as ledger:
        assert await asyncio.gather(*(ledger.write(insert(n)) for n in range(300))) == list(range(300))
        assert await ledger.read(numbers) == list(range(300))


async def test_reads_go_on_while_a_write_takes_long(home):
    gate = Gate()
    async with opened(home) as ledger:
        await ledger.write(insert(1))
        slow = asyncio.create_task(ledger.write(gate))
        await until(gate.entered.is_set)
        assert await ledger.read(numbers) == [1]
        gate.open()
        await slow
        assert await ledger.read(numbers) == [1, 1000]


async def test_a_caller_cancelled_while_waiting_writes_nothing(home):
    gate = Gate()
    async with opened(home) as ledger:
        slow = asyncio.create_task(ledger.write(gate))
        await until(gate.entered.is_set)
        waiting = asyncio.create_task(ledger.write(insert(1)))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.open()
        await slow
        assert await ledger.read(numbers) == [1000]


async def test_a_caller_cancelled_in_its_turn_leaves_a_whole_transaction(home):
    gate = Gate()

    def both(connection):
        gate(connection)
        insert(1001)(connection)

    async with opened(home) as ledger:
        running = asyncio.create_task(ledger.write(both))
        await until(gate.entered.is_set)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        gate.open()
        await ledger.write(insert(1))
        assert await ledger.read(numbers) == [1, 1000, 1001]


async def test_closing_serves_what_is_queued_and_then_refuses(home):
    gate = Gate()
    async with opened(home) as ledger:
        tasks = [asyncio.create_task(ledger.write(gate))]
        await until(gate.entered.is_set)
        tasks += [asyncio.create_task(ledger.write(insert(n))) for n in range(10)]
        await asyncio.sleep(0)
        gate.open()
    assert await asyncio.gather(*tasks) == [None, *range(10)]
    with pytest.raises(Unavailable, match="takes no more work"):
        await ledger.write(insert(99))
    async with opened(home) as again:
        assert await again.read(numbers) == [*range(10), 1000]


@pytest.mark.logs(r"closing .*money\.db took more than 0\.2 s; 1 jobs were refused")
async def test_closing_does_not_wait_for_ever(home, monkeypatch):
    monkeypatch.setattr("backend.storage.ledger.CLOSE_DEADLINE_S", 0.2)
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
    started = threading.Event()

    def never_ends(connection):
        insert(1)(connection)
        started.set()
        return connection.execute(endless).fetchone()

    async with opened(home) as ledger:
        stuck = asyncio.create_task(ledger.write(never_ends))
        await until(started.is_set)
        queued = asyncio.create_task(ledger.write(insert(2)))
        await asyncio.sleep(0)
    for task in (stuck, queued):
        with pytest.raises(Unavailable, match="clos"):
            await task
    async with opened(home) as again:
        assert await again.read(numbers) == []


async def test_a_wrong_key_is_refused_and_the_healthy_file_stays(home):
    await fill(home)
    before = (home.ledgers / "money.db").read_bytes()
    with pytest.raises(InvalidInput, match="another key") as caught:
        async with opened(home, key=OTHER_KEY):
            pytest.fail("a wrong key opened the ledger")
    assert "trii recovery restore" in caught.value.hint
    assert (home.ledgers / "money.db").read_bytes() == before
    assert not any(home.quarantine.iterdir())
    async with opened(home) as ledger:
        assert len(await ledger.read(numbers)) == 200


async def test_without_the_check_file_an_unreadable_ledger_is_never_moved(home):
    await fill(home)
    (home.ledgers / "money.check").unlink()
    with pytest.raises(InvalidInput, match="another key"):
        async with opened(home, key=OTHER_KEY):
            pytest.fail("a wrong key opened the ledger")
    async with opened(home):
        assert (home.ledgers / "money.check").exists()  # made again by the key that opens the ledger


@SET_ASIDE
@pytest.mark.parametrize("damage", ["first page", "emptied", "garbage", "cut"])
async def test_a_file_that_the_right_key_cannot_open_is_set_aside_and_a_fresh_one_opens(home, damage):
    await fill(home)
    path = home.ledgers / "money.db"
    content = path.read_bytes()
    path.write_bytes(
        {
            "first page": content[:100] + b"\0" * 100 + content[200:],
            "emptied": bytes(len(content)),
            "garbage": b"not a database",
            "cut": content[:3000],
        }[damage]
    )
    damaged = path.read_bytes()
    async with opened(home) as ledger:
        (notice,) = ledger.notices
        assert await ledger.read(numbers) == []
        assert await ledger.write(insert(1)) == 1
    assert isinstance(notice, CorruptData)
    assert notice.quarantined is not None
    assert notice.quarantined.read_bytes() == damaged
    assert str(notice.quarantined) in notice.message
    assert "trii restore" in notice.hint
    async with opened(home) as ledger:
        assert (await ledger.read(numbers), ledger.notices) == ([1], [])


@SET_ASIDE
async def test_the_write_ahead_log_goes_aside_with_its_ledger(home):
    async with opened(home) as ledger:
        await ledger.write(insert(1))
        for suffix in ("", "-wal"):
            shutil.copy(f"{ledger.path}{suffix}", home.cache / f"money.db{suffix}")
    for copy in home.cache.iterdir():
        shutil.copy(copy, home.ledgers / copy.name)
    flip(home.ledgers / "money.db", 50)
    flip(home.ledgers / "money.db-wal", 50)
    async with opened(home) as ledger:
        (notice,) = ledger.notices
    folder = notice.quarantined.parent
    assert {"money.db", "money.db-wal", "why.txt"} <= {path.name for path in folder.iterdir()}


async def test_a_log_left_without_its_ledger_is_kept_aside(home):
    (home.ledgers / "money.db-wal").write_bytes(b"rows of a ledger that is gone")
    async with opened(home) as ledger:
        assert await ledger.read(numbers) == []
    (kept,) = home.quarantine.rglob("money.db-wal")
    assert kept.read_bytes() == b"rows of a ledger that is gone"


@SET_ASIDE
async def test_damage_met_while_running_is_told_and_the_next_start_sets_the_file_aside(home):
    await fill(home)
    flip(home.ledgers / "money.db", 4096 * 8 + 100)
    told = []
    async with opened(home) as ledger:
        ledger.watchers.append(told.append)
        with pytest.raises(CorruptData, match="damaged"):
            await ledger.read(lambda connection: connection.execute("SELECT sum(length(text)) FROM rows").fetchone())
        assert await ledger.read(lambda connection: connection.execute("SELECT n FROM rows LIMIT 1").fetchone()) == (0,)
        await until(lambda: told, what="a notice of the damage")
        assert told == ledger.notices
    async with opened(home) as ledger:
        (notice,) = ledger.notices
        assert notice.code == "ledger.set_aside"
        assert await ledger.read(numbers) == []


async def test_the_check_after_start_finds_damage_that_nobody_has_met(home):
    await fill(home)
    flip(home.ledgers / "money.db", 4096 * 8 + 100)
    async with opened(home, check_after_s=0) as ledger:
        await until(lambda: ledger.notices, what="a notice of the damage")
        assert ledger.notices[0].code == "ledger.damaged"


async def test_a_check_on_request_finds_damage_and_the_ledger_goes_on(home):
    await fill(home)
    async with opened(home, check_after_s=3600) as ledger:
        assert await ledger.check() == ()
        flip(home.ledgers / "money.db", 4096 * 8 + 100)
        assert await ledger.check() != ()
        assert [notice.code for notice in ledger.notices] == ["ledger.damaged"]
        assert await ledger.write(insert(10_000)) == 10_000


async def test_a_suspicion_that_proves_unfounded_costs_nothing(home):
    await fill(home)
    suspect = home.ledgers / "money.suspect"
    suspect.write_text("a cosmic ray")
    async with opened(home, check_after_s=0) as ledger:
        assert len(await ledger.read(numbers)) == 200
        assert ledger.notices == []
    assert not suspect.exists()


async def test_a_copy_is_made_before_tables_change_and_only_the_last_five_stay(home):
    await fill(home)
    for n in range(7):
        (home.backups / f"money-2020010{n + 1}T000000000000Z-before-0001_rows.db").write_bytes(b"")
    async with opened(home, migrations=MORE) as ledger:
        assert len(await ledger.read(numbers)) == 200
    copies = sorted(home.backups.glob("money-*.db"))
    assert len(copies) == 5
    assert copies[-1].name.endswith("-before-0002_more.db")
    connection = connect(copies[-1], KEY, read_only=True)
    assert connection.execute("SELECT count(*) FROM rows").fetchone() == (200,)
    assert connection.execute("SELECT name FROM migrations").fetchall() == [("0001_rows",)]
    connection.close()
    assert b"row 1" not in copies[-1].read_bytes()


async def test_a_failing_migration_leaves_the_ledger_as_it_was(home):
    await fill(home)
    before = (home.ledgers / "money.db").read_bytes()
    broken = (*ROWS, Migration("0002_broken", "CREATE TABLE more (a); INSERT INTO nowhere VALUES (1);"))
    with pytest.raises(CorruptData, match="step 0002_broken failed"):
        async with opened(home, migrations=broken):
            pytest.fail("a broken migration opened the ledger")
    assert (home.ledgers / "money.db").read_bytes() == before
    assert not any(home.quarantine.iterdir())
    async with opened(home) as ledger:
        assert len(await ledger.read(numbers)) == 200


async def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(home):
    async with opened(home, migrations=MORE):
        pass
    before = (home.ledgers / "money.db").read_bytes()
    with pytest.raises(InvalidInput, match="0002_more") as caught:
        async with opened(home):
            pytest.fail("an older version opened a newer ledger")
    assert caught.value.code == "ledger.downgrade"
    assert (home.ledgers / "money.db").read_bytes() == before


async def test_a_folder_that_cannot_be_written_is_said(home):
    (home.root / "file").write_text("")
    with pytest.raises(Unavailable):
        async with open_ledger(home.root / "file" / "money.db", KEY, ROWS, backups=home.backups, quarantine=home.quarantine):
            pytest.fail("a ledger opened below a file")


async def test_a_home_whose_name_has_signs_of_a_web_address_opens(tmp_path):
    folder = tmp_path / "a?mode=memory#b %41"
    async with open_ledger(folder / "money.db", KEY, ROWS, backups=folder, quarantine=folder) as ledger:
        await ledger.write(insert(1))
    assert (folder / "money.db").stat().st_size > 0


async def test_opening_that_is_cancelled_while_tables_are_made_ends_at_once_and_leaves_no_thread(home):
    slow = Migration(
        "0001_slow",
        "CREATE TABLE rows (n); INSERT INTO rows WITH RECURSIVE c(n) AS "
        "(SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000) SELECT n FROM c;",
    )

    async def use():
        async with opened(home, migrations=(slow,)):
            raise AssertionError("it was cancelled before it was open")

    opening = asyncio.create_task(use())
    await until((home.ledgers / "money.db-wal").exists)
    opening.cancel()
    _, late = await asyncio.wait({opening}, timeout=8)
    assert not late
    assert opening.cancelled()
