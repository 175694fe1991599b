"""The audit log stands in the database, refuses every change there, and shows those made behind its back."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from sync_server.actor import Actor, Role
from sync_server.audit.audit import Audit, AuditEntry
from sync_server.audit.export import verify_export
from sync_server.audit.links import Root
from sync_server.audit.tables import TABLES
from sync_server.clock import ManualClock
from sync_server.errors import Refused
from sync_server.storage.database import Database
from sync_server.storage.failures import Violated
from sync_server.storage.keys import load_keys
from sync_server.storage.opening import open_database, sqlite_path
from tests.fakes.postgres import postgres


def an_actor(role: Role = Role.COMPLIANCE, org: str = "one") -> Actor:
    return Actor("u", org, role, "d", "s")


@asynccontextmanager
async def audited(url: str, folder: Path) -> AsyncIterator[tuple[Audit, Database]]:
    database = await open_database(url, TABLES, ManualClock())
    try:
        yield Audit(database, load_keys(folder), ManualClock(), folder), database
    finally:
        await database.close()


async def note(audit: Audit, n: int, org: str = "one") -> None:
    for number in range(n):
        await audit.note(None, AuditEntry(org, "auth.login", f"user-{number % 3}", "session", "127.0.0.1", {"try": number}))


async def test_entries_are_bound_in_one_chain_and_read_page_by_page(database_url: str, tmp_path: Path) -> None:
    async with audited(database_url, tmp_path) as (audit, _):
        await asyncio.gather(note(audit, 10), note(audit, 5, "two"))
        verdict = await audit.verify()
        assert (verdict.n_entries, verdict.is_whole) == (15, True)
        first = await audit.entries(an_actor(), limit=6)
        second = await audit.entries(an_actor(), before=first.before, limit=6)
        assert (len(first.entries), len(second.entries), second.before) == (6, 4, 0)
        numbers = [noted.n for noted in (*first.entries, *second.entries)]
        assert numbers == sorted(numbers, reverse=True)
        assert {noted.entry.org for noted in first.entries} == {"one"}
        assert len((await audit.entries(an_actor(), who="user-1")).entries) == 3
        assert len((await audit.entries(an_actor(), kind="auth.")).entries) == 10
        assert (await audit.entries(an_actor(), kind="%login")).entries == ()
        assert (await audit.entries(an_actor(org="three"))).entries == ()


async def test_only_those_who_answer_for_it_read_it(database_url: str, tmp_path: Path) -> None:
    async with audited(database_url, tmp_path) as (audit, _):
        await note(audit, 3)
        for role in (Role.TRADER, Role.MODERATOR, Role.MEMBER, Role.GUEST, Role.BOT):
            with pytest.raises(Refused) as refused:
                await audit.entries(an_actor(role))
            assert refused.value.status == 403
        member = msgspec.structs.replace(an_actor(Role.MEMBER), user="user-1")
        assert len((await audit.entries(member, who="user-1")).entries) == 1
        guest = msgspec.structs.replace(member, role=Role.GUEST)
        for actor, who in ((member, "user-2"), (guest, "user-1")):
            with pytest.raises(Refused):
                await audit.entries(actor, who=who)
        key = msgspec.structs.replace(an_actor(Role.BOT), scopes=frozenset({"audit:read"}))
        assert len((await audit.entries(key)).entries) == 3
        with pytest.raises(Refused):
            await audit.entries(msgspec.structs.replace(an_actor(Role.OWNER), scopes=frozenset({"chat:read"})))


async def test_an_entry_stands_or_falls_with_what_it_tells_of(database_url: str, tmp_path: Path) -> None:
    async with audited(database_url, tmp_path) as (audit, database):

        async def fail() -> None:
            async with database.write() as tx:
                await audit.note(tx, AuditEntry("one", "user.disable"))
                raise KeyError

        with pytest.raises(KeyError):
            await fail()
        await note(audit, 1)
        verdict = await audit.verify()
        assert (verdict.n_entries, verdict.is_whole) == (1, True)


async def test_text_from_outside_is_cut_and_holds_no_control_signs(database_url: str, tmp_path: Path) -> None:
    async with audited(database_url, tmp_path) as (audit, _):
        await audit.note(
            None, AuditEntry("one", "auth.refused", about="a\0b\r\n\x1b[31m\u202e" + "x" * 9_000, detail={"why": "\0\n"})
        )
        (noted,) = (await audit.entries(an_actor())).entries
        assert noted.entry.about.startswith("ab[31mxxx")
        assert len(noted.entry.about) < 600
        assert noted.entry.detail == {"why": "\0\n"}
        assert (await audit.verify()).is_whole


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "UPDATE audit_roots SET h = 'x'", "DELETE FROM audit_roots"]
)
async def test_the_database_refuses_every_change(database_url: str, tmp_path: Path, statement: str) -> None:
    async with audited(database_url, tmp_path) as (audit, database):
        await note(audit, 3)
        await audit.sign_day()

        async def change() -> None:
            async with database.write() as tx:
                await tx.run(statement)

        with pytest.raises(Violated, match="never changed"):
            await change()
        assert (await audit.verify()).is_whole


BEHIND_ITS_BACK = {
    "mutate": "UPDATE audit SET body = replace(body, 'user-1', 'user-2') WHERE n = 5",
    "mutate a column": "UPDATE audit SET actor = 'somebody' WHERE n = 5",
    "delete": "DELETE FROM audit WHERE n = 5",
    "truncate": "DELETE FROM audit WHERE n > 5",
    "truncate with its root": "DELETE FROM audit WHERE n > 5; DELETE FROM audit_roots",
    "empty": "DELETE FROM audit; DELETE FROM audit_roots",
    "insert": "UPDATE audit SET n = n + 100 WHERE n > 5; UPDATE audit SET n = n - 99 WHERE n > 100;"
    " INSERT INTO audit (n, ts, org, kind, actor, body, salt, bh, h)"
    " SELECT 6, ts, org, kind, actor, body, salt, bh, h FROM audit WHERE n = 5",
    "reorder": "UPDATE audit SET n = -n WHERE n IN (5, 6); UPDATE audit SET n = 11 + n WHERE n < 0",
}


def change_behind_its_back(url: str, statements: str) -> None:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(sqlite_path(url), isolation_level=None)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.executescript(statements)
        connection.close()
        return
    name = url.partition("@/")[2].partition("?")[0]
    postgres().ask(f"SET search_path = trii; SET session_replication_role = replica; {statements}", name)


@pytest.mark.parametrize("deed", BEHIND_ITS_BACK)
async def test_a_change_behind_the_databases_back_is_found(database_url: str, tmp_path: Path, deed: str) -> None:
    async with audited(database_url, tmp_path) as (audit, _):
        await note(audit, 10)
        assert (await audit.sign_day()) is not None
        assert (await audit.verify()).is_whole
    change_behind_its_back(database_url, BEHIND_ITS_BACK[deed])
    async with audited(database_url, tmp_path) as (audit, _):
        verdict = await audit.verify()
        assert not verdict.is_whole, deed


async def test_a_day_is_signed_once_and_only_when_something_was_added(database_url: str, tmp_path: Path) -> None:
    async with audited(database_url, tmp_path) as (audit, _):
        assert await audit.sign_day() is None
        await note(audit, 2)
        root = await audit.sign_day()
        assert root is not None
        assert root.n == 2
        assert await audit.sign_day() is None
        await note(audit, 1)
        assert await audit.sign_day() is not None
        kept = (tmp_path / "audit-roots.jsonl").read_bytes().splitlines()
        assert msgspec.json.decode(kept[0], type=Root) == root
        assert [msgspec.json.decode(line, type=Root).n for line in kept] == [2, 3]
        assert (await audit.verify()).n_roots == 2


async def test_damaged_roots_are_told_and_not_passed_over(database_url: str, tmp_path: Path) -> None:
    async with audited(database_url, tmp_path) as (audit, _):
        await note(audit, 2)
        await audit.sign_day()
        (tmp_path / "audit-roots.jsonl").write_bytes(b'{"day":"2026-11-2')
        verdict = await audit.verify()
        assert not verdict.is_whole
        assert "a line that is no root" in verdict.problems[0].what


async def test_an_export_verifies_without_the_server_and_tells_nothing_of_others(database_url: str, tmp_path: Path) -> None:
    async with audited(database_url, tmp_path) as (audit, _):
        await note(audit, 4)
        await note(audit, 3, "secretive")
        await audit.sign_day()
        keys = load_keys(tmp_path)
        with pytest.raises(Refused):
            audit.export(an_actor(Role.MEMBER))
        lines = b"".join([some async for some in audit.export(an_actor())]).splitlines(keepends=True)
    assert verify_export(lines, keys.pin).is_whole
    assert verify_export(lines).n_entries == 7
    assert b"secretive" not in b"".join(lines)
    assert not verify_export([*lines[:4], *lines[5:]]).is_whole
    assert not verify_export(lines[:-1]).is_whole
    assert not verify_export([line.replace(b"user-1", b"user-2") for line in lines]).is_whole
    with pytest.raises(ValueError, match="is of the server"):
        verify_export(lines, load_keys(tmp_path / "other").pin)
    for wrong in ([], [b"{}"], [lines[0], b"not JSON"]):
        with pytest.raises(ValueError, match="not an export"):
            verify_export(wrong)
