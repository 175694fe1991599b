"""Watchlists in a real ledger: order, names, undo, and what the events say."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from backend.domain.instruments import InstrumentId
from backend.errors import Conflict, InvalidInput, NotFound
from backend.storage import money
from backend.storage.ledger import open_ledger
from backend.watchlists.store import WatchlistStore
from backend.watchlists.watchlist import ENTRIES_MAX, Section, Watchlist

AAPL, MSFT, IBM = (InstrumentId.parse(text) for text in ("AAPL.XNAS", "MSFT.XNAS", "IBM.XNYS"))


@asynccontextmanager
async def _opened(home, events=None):
    publish = (events if events is not None else []).append
    async with open_ledger(
        home.ledgers / "money.db", bytes(32), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine
    ) as ledger:
        yield WatchlistStore(ledger, publish)


async def test_lists_keep_their_order_and_outlive_a_restart(home):
    async with _opened(home) as store:
        first, second = await store.create("Tech"), await store.create("  Old   iron ")
        for instrument in (AAPL, MSFT, IBM):
            await store.add(first.id, instrument)
        await store.move(first.id, IBM, 0)
    async with _opened(home) as store:
        assert await store.all() == (Watchlist(first.id, "Tech", (IBM, AAPL, MSFT)), Watchlist(second.id, "Old iron"))


async def test_an_instrument_stands_once_and_comes_back_to_its_place(home):
    async with _opened(home) as store:
        made = await store.create("Tech")
        for instrument in (AAPL, MSFT, IBM, MSFT):
            await store.add(made.id, instrument)
        place = await store.remove(made.id, MSFT)
        assert place == 1
        again = await store.add(made.id, MSFT, position=place)
        assert again.instruments == (AAPL, MSFT, IBM)
        with pytest.raises(NotFound):
            await store.remove(made.id, InstrumentId("NONE", "XNAS"))
        with pytest.raises(NotFound):
            await store.move(made.id, InstrumentId("NONE", "XNAS"), 0)


async def test_places_beyond_the_ends_mean_the_ends(home):
    async with _opened(home) as store:
        made = await store.create("Tech")
        for instrument in (AAPL, MSFT, IBM):
            await store.add(made.id, instrument)
        assert (await store.move(made.id, AAPL, 99)).instruments == (MSFT, IBM, AAPL)
        assert (await store.move(made.id, AAPL, -5)).instruments == (AAPL, MSFT, IBM)


async def test_a_deleted_list_is_restored_with_its_instruments(home):
    async with _opened(home) as store:
        made = await store.create("Tech")
        await store.add(made.id, AAPL)
        gone = await store.delete(made.id)
        assert await store.all() == ()
        with pytest.raises(NotFound):
            await store.get(made.id)
        assert await store.restore(gone) == Watchlist(made.id, "Tech", (AAPL,))
        assert await store.all() == (gone,)


async def test_names_are_unique_without_regard_to_case(home):
    async with _opened(home) as store:
        made = await store.create("Straße")
        with pytest.raises(Conflict):
            await store.create("STRASSE")
        assert (await store.rename(made.id, "STRASSE")).name == "STRASSE"
        gone = await store.delete(made.id)
        await store.create("strasse")
        with pytest.raises(Conflict):
            await store.restore(gone)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "bell\a", "\u202eevil"])
async def test_names_that_cannot_be_shown_are_refused(home, name):
    async with _opened(home) as store:
        with pytest.raises(InvalidInput):
            await store.create(name)
        assert await store.all() == ()


async def test_every_change_is_told_after_it_is_stored(home):
    events = []
    async with _opened(home, events) as store:
        made = await store.create("Tech")
        await store.add(made.id, AAPL)
        await store.rename(made.id, "T")
        with pytest.raises(InvalidInput):
            await store.rename(made.id, "")
        assert [event.ids for event in events] == [(made.id,)] * 3


async def test_concurrent_changes_are_all_kept(home):
    async with _opened(home) as store:
        made = await store.create("Many")
        instruments = [InstrumentId(f"A{n}", "XNAS") for n in range(40)]
        await asyncio.gather(*(store.add(made.id, instrument) for instrument in instruments))
        assert set((await store.get(made.id)).instruments) == set(instruments)


async def test_a_full_list_says_so(home, monkeypatch):
    monkeypatch.setattr("backend.watchlists.store.ENTRIES_MAX", 2)
    assert ENTRIES_MAX == 5_000
    async with _opened(home) as store:
        made = await store.create("Small")
        await store.add(made.id, AAPL)
        await store.add(made.id, MSFT)
        with pytest.raises(InvalidInput, match="already holds 2"):
            await store.add(made.id, IBM)


TECH, IRON = Section("Tech"), Section("Iron")


async def test_sections_stand_between_instruments_and_outlive_a_restart(home):
    async with _opened(home) as store:
        made = await store.create("Mixed", (TECH, AAPL, MSFT))
        await store.add(made.id, IRON)
        await store.add(made.id, IBM)
        await store.change_section(made.id, TECH, Section("Technology", is_collapsed=True))
    async with _opened(home) as store:
        assert (await store.get(made.id)).entries == (Section("Technology", is_collapsed=True), AAPL, MSFT, IRON, IBM)


async def test_a_section_moves_with_its_rows_and_leaves_them_when_removed(home):
    async with _opened(home) as store:
        made = await store.create("Mixed", (TECH, AAPL, MSFT, IRON, IBM))
        assert (await store.move(made.id, IRON, 0)).entries == (IRON, IBM, TECH, AAPL, MSFT)
        assert await store.remove(made.id, TECH) == 2
        assert (await store.get(made.id)).entries == (IRON, IBM, AAPL, MSFT)
        assert (await store.add(made.id, TECH, position=2)).entries == (IRON, IBM, TECH, AAPL, MSFT)


async def test_a_second_section_of_one_name_is_refused_and_nothing_changes(home):
    async with _opened(home) as store:
        made = await store.create("Mixed", (TECH, AAPL, IRON))
        with pytest.raises(Conflict):
            await store.add(made.id, Section("TECH"))
        with pytest.raises(Conflict):
            await store.change_section(made.id, IRON, Section("tech"))
        with pytest.raises(InvalidInput):
            await store.add(made.id, Section(" "))
        assert await store.get(made.id) == made


async def test_a_deleted_list_comes_back_with_its_sections(home):
    async with _opened(home) as store:
        made = await store.create("Mixed", (TECH, AAPL))
        assert await store.restore(await store.delete(made.id)) == made
        assert await store.all() == (made,)
