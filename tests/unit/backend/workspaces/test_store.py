"""Workspaces in a real ledger: names, order, the one in use, and what cannot be read."""

from contextlib import asynccontextmanager

import pytest

from backend.charts.chart_state import ChartState
from backend.errors import Conflict, InvalidInput, NotFound
from backend.storage import money
from backend.storage.ledger import open_ledger
from backend.workspaces.chart_grid import GridShape, GridState, PlacedChart
from backend.workspaces.store import WorkspaceStore
from backend.workspaces.workspace import Workspace

TWO = Workspace(grid=GridState(GridShape.COLUMNS, charts=(PlacedChart(ChartState(instrument="AAPL.XNAS", interval="1d")),) * 2))


@asynccontextmanager
async def _opened(home, events=None):
    publish = (events if events is not None else []).append
    async with open_ledger(
        home.ledgers / "money.db", bytes(32), money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine
    ) as ledger:
        store = WorkspaceStore(ledger, publish)
        store.ledger_of_test = ledger
        yield store


async def test_workspaces_keep_names_order_and_the_one_in_use_over_a_restart(home):
    async with _opened(home) as store:
        assert await store.current() is None
        first, second = await store.create("Day  trading", TWO), await store.create("Macro", Workspace())
        await store.choose(second.id)
    async with _opened(home) as store:
        assert [(known.name, known.is_current) for known in await store.names()] == [("Day trading", False), ("Macro", True)]
        assert (await store.get(first.id)).workspace == TWO
        assert (await store.current()).id == second.id


async def test_what_was_saved_last_is_what_comes_back(home):
    async with _opened(home) as store:
        made = await store.create("Day", Workspace())
        await store.save(made.id, TWO)
        assert (await store.get(made.id)).workspace == TWO
        with pytest.raises(InvalidInput):
            await store.save(made.id, Workspace(grid=GridState(active=3)))
        assert (await store.get(made.id)).workspace == TWO


async def test_names_are_taken_once_and_numbered_when_asked_for_again(home):
    async with _opened(home) as store:
        made, other = await store.create("Day", Workspace()), await store.create("Night", Workspace())
        for name in ("Day", "day", "  DAY "):
            with pytest.raises(Conflict):
                await store.create(name, Workspace())
        with pytest.raises(Conflict):
            await store.rename(other.id, "dAy")
        for name in ("", "   ", "x" * 61, "a\x00b", "a\u202eb"):
            with pytest.raises(InvalidInput):
                await store.rename(made.id, name)
        assert await store.free_name("Day") == "Day 2"
        assert await store.rename(made.id, "Dawn") == "Day"
        assert await store.free_name("Day") == "Day"


async def test_the_workspace_in_use_stays_and_a_deleted_one_comes_back(home):
    events = []
    async with _opened(home, events) as store:
        used, other = await store.create("Day", Workspace()), await store.create("Night", TWO)
        await store.choose(used.id)
        with pytest.raises(Conflict):
            await store.delete(used.id)
        n_events = len(events)
        gone = await store.delete(other.id)
        assert [known.name for known in await store.names()] == ["Day"]
        assert len(events) == n_events + 1
        await store.bring_back(other.id, *gone)
        assert (await store.get(other.id)).workspace == TWO
        with pytest.raises(NotFound):
            await store.get("nobody")


async def test_a_workspace_of_a_newer_program_is_told_kept_and_replaced_by_the_default(home):
    newer = b'{"version": 7, "window": {"holograms": 3}}'
    async with _opened(home) as store:
        made = await store.create("Day", TWO)
        await store.ledger_of_test.write(lambda db: db.execute("UPDATE workspaces SET content = ?", (newer,)) and None)
        current = await store.current()
        assert current.workspace == Workspace()
        assert "version 7" in current.problem
        with pytest.raises(InvalidInput, match="version 7"):
            await store.get(made.id)
        name, content = await store.ledger_of_test.read(lambda db: db.execute("SELECT name, content FROM workspaces").fetchone())
        assert (name, bytes(content)) == ("Day", newer)
