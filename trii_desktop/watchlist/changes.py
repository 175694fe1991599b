"""Changes of a watchlist that can be taken back and done again."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from backend.domain.instruments import InstrumentId
from backend.watchlists.watchlist import Entry, Section, Watchlist
from trii_desktop.desk import Desk


class Load(Protocol):
    """Reads the lists again and shows one of them."""

    async def __call__(self, chosen_id: str = "", select: InstrumentId | None = None) -> None:
        """Show ``chosen_id`` with the cursor on ``select``."""
        ...


class ListChanges:
    """Each method stores a change, shows the result and leaves one step for undo."""

    def __init__(self, desk: Desk, load: Load) -> None:
        self._desk = desk
        self._store = desk.backend.watchlists
        self._load = load

    async def add(self, watchlist: Watchlist, instrument: InstrumentId) -> None:
        """Put ``instrument`` at the end and select it; one that is there already is only selected."""
        title = f"{instrument} was added to {watchlist.name}."
        await self._arranged(watchlist, title, lambda: self._desk.bridge.call(self._store.add(watchlist.id, instrument)))
        await self._load(watchlist.id, instrument)

    async def create_list(self, name: str, entries: tuple[Entry, ...] = ()) -> None:
        """Make a list and show it."""
        call = self._desk.bridge.call
        made = await call(self._store.create(name, entries))
        await self._load(made.id)

        async def take_back() -> None:
            nonlocal made
            made = await call(self._store.delete(made.id))
            await self._load()

        async def repeat() -> None:
            await self._load((await call(self._store.restore(made))).id)

        self._desk.undo.push(f"The list {name} was made.", take_back, repeat)

    async def rename_list(self, watchlist: Watchlist, name: str) -> None:
        """Give a list another name."""
        made = await self._rename(watchlist.id, name)
        title = f"The list {watchlist.name} is called {made.name}."
        self._desk.undo.push(
            title, lambda: self._rename(watchlist.id, watchlist.name), lambda: self._rename(watchlist.id, made.name)
        )

    async def move(self, watchlist: Watchlist, entry: Entry, to: int) -> None:
        """Move a row, or a section with its rows, to place ``to`` of the others."""
        await self._arranged(
            watchlist, "A row was moved.", lambda: self._desk.bridge.call(self._store.move(watchlist.id, entry, to))
        )
        if isinstance(entry, InstrumentId):
            await self._load(watchlist.id, entry)

    async def add_section(self, watchlist: Watchlist, section: Section, position: int | None) -> None:
        """Put a heading at ``position``, the end when None."""
        title = f"The section {section.name} was added."
        change = self._store.add
        await self._arranged(watchlist, title, lambda: self._desk.bridge.call(change(watchlist.id, section, position=position)))

    async def change_section(self, watchlist: Watchlist, old: Section, new: Section) -> None:
        """Rename a heading."""
        title = f"The section {old.name} is called {new.name}."
        await self._arranged(watchlist, title, lambda: self._desk.bridge.call(self._store.change_section(watchlist.id, old, new)))

    async def remove(self, watchlist: Watchlist, entry: Entry) -> None:
        """Take a row off; undo brings it back to its place, whatever else changed meanwhile."""
        call = self._desk.bridge.call
        position = await call(self._store.remove(watchlist.id, entry))
        await self._load()

        async def take_back() -> None:
            await call(self._store.add(watchlist.id, entry, position=position))
            await self._load(watchlist.id, entry if isinstance(entry, InstrumentId) else None)

        async def repeat() -> None:
            await call(self._store.remove(watchlist.id, entry))
            await self._load(watchlist.id)

        words = entry.name if isinstance(entry, Section) else str(entry)
        self._desk.did(f"{words} was removed from {watchlist.name}.", take_back, repeat)

    async def delete_list(self, watchlist: Watchlist) -> None:
        """Delete a whole list."""
        call = self._desk.bridge.call
        gone = await call(self._store.delete(watchlist.id))
        await self._load()

        async def take_back() -> None:
            restored = await call(self._store.restore(gone))
            await self._load(restored.id)

        async def repeat() -> None:
            await call(self._store.delete(watchlist.id))
            await self._load()

        self._desk.did(f"The list {gone.name} was deleted.", take_back, repeat)

    async def _rename(self, list_id: str, name: str) -> Watchlist:
        made = await self._desk.bridge.call(self._store.rename(list_id, name))
        await self._load(list_id)
        return made

    async def _arranged(self, watchlist: Watchlist, title: str, change: Callable[[], Awaitable[Watchlist]]) -> None:
        # Undo and redo give the rows the order they had; moving is too small a thing for a notice.
        made = await change()
        await self._load(watchlist.id)
        if made.entries == watchlist.entries:
            return

        async def arrange(entries: tuple[Entry, ...]) -> None:
            await self._desk.bridge.call(self._store.arrange(watchlist.id, entries))
            await self._load(watchlist.id)

        self._desk.undo.push(title, lambda: arrange(watchlist.entries), lambda: arrange(made.entries))
