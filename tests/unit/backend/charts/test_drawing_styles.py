"""Looks of drawings in a real ledger: kept by kind and name, and only those that a chart can show."""

from contextlib import asynccontextmanager

import pytest

from backend.charts.drawing_styles import STYLES_MAX, DrawingStyleStore, KeptStyle
from backend.charts.drawings import DrawingKind, DrawingStyle
from backend.errors import CorruptData, InvalidInput
from backend.storage import money
from backend.storage.ledger import open_ledger

RED, WIDE = DrawingStyle("#d04040"), DrawingStyle(width=4)


@asynccontextmanager
async def _opened(home):
    async with open_ledger(
        home.ledgers / "money.db", bytes(32), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine
    ) as ledger:
        yield DrawingStyleStore(ledger), ledger


async def test_looks_come_back_by_kind_and_name(home):
    async with _opened(home) as (store, _):
        await store.keep(KeptStyle(DrawingKind.RAY, RED))
        await store.keep(KeptStyle(DrawingKind.RAY, WIDE, "Supply"))
        await store.keep(KeptStyle(DrawingKind.TEXT, RED, "Supply"))
    async with _opened(home) as (store, _):
        await store.keep(KeptStyle(DrawingKind.RAY, RED, "SUPPLY"))
        await store.forget(DrawingKind.TEXT, "supply")
        await store.forget(DrawingKind.TEXT, "never kept")
        assert await store.all() == (KeptStyle(DrawingKind.RAY, RED), KeptStyle(DrawingKind.RAY, RED, "SUPPLY"))


async def test_what_no_chart_can_show_and_names_nobody_can_read_are_refused(home):
    async with _opened(home) as (store, _):
        for bad in (
            KeptStyle(DrawingKind.RAY, DrawingStyle("red")),
            KeptStyle(DrawingKind.RAY, RED, "x" * 61),
            KeptStyle(DrawingKind.RAY, RED, "two\nlines"),
            KeptStyle(DrawingKind.RAY, RED, " padded "),
        ):
            with pytest.raises(InvalidInput):
                await store.keep(bad)
        assert await store.all() == ()


async def test_there_are_not_more_looks_of_a_kind_than_a_menu_can_offer(home):
    async with _opened(home) as (store, _):
        for number in range(STYLES_MAX):
            await store.keep(KeptStyle(DrawingKind.RAY, RED, f"Look {number}"))
        with pytest.raises(InvalidInput):
            await store.keep(KeptStyle(DrawingKind.RAY, RED, "One more"))
        await store.keep(KeptStyle(DrawingKind.RAY, WIDE, "look 7"))
        await store.keep(KeptStyle(DrawingKind.TEXT, RED, "One more"))


async def test_a_look_that_cannot_be_read_is_told(home):
    async with _opened(home) as (store, ledger):
        await ledger.write(lambda db: db.execute("INSERT INTO drawing_styles VALUES ('ray', '', '', ?)", (b"{",)))
        with pytest.raises(CorruptData):
            await store.all()
