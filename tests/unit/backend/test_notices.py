"""Warnings and errors that are kept: equal ones once, the newest first, not longer than asked for."""

from contextlib import asynccontextmanager

import pytest

from backend.events import Level, Notice
from backend.notices import N_KEPT, NoticeStore
from backend.storage import words
from backend.storage.ledger import open_ledger

DISK = Notice(Level.ERROR, "The disk is full.", "/data has 0 bytes left.", "Free some space.", "disk.full")
FEED = Notice(Level.WARNING, "The feed is late.")


@pytest.fixture
def opened(home):
    """Opens the store of this test's home, as often as asked."""

    @asynccontextmanager
    async def open_store():
        home.make()
        path, key = home.ledgers / "words.db", bytes(32)
        async with open_ledger(path, key, words.MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger:
            yield NoticeStore(ledger)

    return open_store


async def test_what_was_told_is_there_after_a_restart_newest_first(opened):
    async with opened() as store:
        await store.keep(DISK, 100, "help.health")
        await store.keep(FEED, 200)
    async with opened() as store:
        found = await store.since(0)

    assert [(kept.notice, kept.at_ns, kept.is_read, kept.action) for kept in found] == [
        (FEED, 200, False, ""),
        (DISK, 100, False, "help.health"),
    ]


async def test_the_same_words_are_one_notice_told_again_and_unread_again(opened):
    async with opened() as store:
        await store.keep(DISK, 100)
        await store.mark_read()
        assert [kept.is_read for kept in await store.since(0)] == [True]
        await store.keep(DISK, 300)
        (found,) = await store.since(0)

    assert (found.n_times, found.at_ns, found.is_read) == (2, 300, False)


async def test_older_ones_than_asked_for_are_forgotten(opened):
    async with opened() as store:
        await store.keep(DISK, 100)
        await store.keep(FEED, 200)
        assert [kept.notice for kept in await store.since(150)] == [FEED]
        assert [kept.notice for kept in await store.since(0)] == [FEED]


async def test_one_or_all_can_be_forgotten(opened):
    async with opened() as store:
        await store.keep(DISK, 100)
        await store.keep(FEED, 200)
        await store.forget(DISK)
        assert [kept.notice for kept in await store.since(0)] == [FEED]
        await store.clear()
        assert await store.since(0) == ()


async def test_only_the_newest_are_kept(opened):
    async with opened() as store:
        for number in range(N_KEPT + 3):
            await store.keep(Notice(Level.WARNING, f"Number {number}"), number)
        found = await store.since(0)

    assert len(found) == N_KEPT
    assert (found[0].notice.title, found[-1].notice.title) == (f"Number {N_KEPT + 2}", "Number 3")
