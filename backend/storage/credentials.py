"""Keys of feeds and channels: in the system's keyring where there is one, else in the encrypted money ledger."""

import asyncio
import re
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from backend.errors import InvalidInput, Unavailable
from backend.storage.keyring_entry import load_entry, remove_entry, store_entry
from backend.storage.ledger import Ledger

VALUE_LETTERS_MAX: Final = 8192
# Windows keeps 2,560 bytes an entry, which are 1,280 letters of UTF-16.
KEYRING_LETTERS_MAX: Final = 1200
_PLACE = re.compile(r"[a-z][a-z0-9-]{0,31}(/\w[\w .-]{0,63}){1,3}")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

Secret = Callable[[str], str | None]


class Credentials:
    """Named secrets of a place, as ``key`` and ``secret`` of ``feed/alpaca``; the ledger lists them, the keyring holds them.

    Values stand in no error and no log: ``hide`` is told each one before it is used.
    A backup takes along what lies in the ledger; what lay in another machine's keyring must be entered anew.
    """

    def __init__(self, ledger: Ledger, *, hide: Callable[[str], None]) -> None:
        self._ledger = ledger
        self._hide = hide
        self._loaded: dict[str, dict[str, str]] = {}
        self._turn = asyncio.Lock()

    async def put(self, place: str, name: str, value: str) -> None:
        """Keep ``value`` from now on, in place of an earlier one. Raises InvalidInput, and Unavailable for a full disk."""
        _check_names(place, name)
        _check_value(place, name, value)
        self._hide(value)
        async with self._turn:
            before = await self._load_row(place, name)
            # A new entry beside the old one: until the ledger names it, what was kept stays kept.
            entry = f"credential-{secrets.token_hex(16)}"
            is_kept = len(value) <= KEYRING_LETTERS_MAX and await asyncio.to_thread(store_entry, entry, value)
            row = (place, name, entry if is_kept else "", None if is_kept else value)
            try:
                await self._ledger.write(lambda db: _put_row(db, row))
            except BaseException:
                if is_kept:
                    await asyncio.to_thread(_forget_entry, entry)
                raise
            if before is not None and before[0]:
                await asyncio.to_thread(_forget_entry, before[0])
            if place in self._loaded:
                self._loaded[place][name] = value

    async def get(self, place: str, name: str) -> str | None:
        """The value; None where there is none, or where the keyring lost it. Raises Unavailable for a locked keyring."""
        row = await self._load_row(place, name)
        if row is None:
            return None
        value = row[1] if not row[0] else await asyncio.to_thread(_read_entry, row[0], place)
        if value is not None:
            self._hide(value)
        return value

    async def names(self, place: str) -> tuple[str, ...]:
        """Which names have a value at ``place``, in order."""
        return await self._ledger.read(
            lambda db: tuple(
                name for (name,) in db.execute("SELECT name FROM credentials WHERE place = ? ORDER BY name", (place,)).fetchall()
            )
        )

    async def remove(self, place: str, name: str | None = None) -> None:
        """Forget one value, or all of ``place``; what is not there is no error.

        An entry that a locked keyring will not give up is of no use to anyone: nothing names it any more.
        """
        async with self._turn:
            for gone in (name,) if name is not None else await self.names(place):
                row = await self._load_row(place, gone)
                if row is not None:
                    await self._ledger.write(partial(_delete_row, place=place, name=gone))
                    if row[0]:
                        await asyncio.to_thread(_forget_entry, row[0])
                self._loaded.get(place, {}).pop(gone, None)

    async def reader(self, place: str) -> Secret:
        """Load all values of ``place`` and return how to read them without waiting; it follows later changes.

        Raises Unavailable for a locked keyring.
        """
        found = {name: await self.get(place, name) for name in await self.names(place)}
        kept = self._loaded.setdefault(place, {})
        kept.clear()
        kept.update((name, value) for name, value in found.items() if value is not None)
        return kept.get

    async def _load_row(self, place: str, name: str) -> tuple[str, str | None] | None:
        """The keyring's entry, empty where the ledger holds the value itself, and that value."""
        query = "SELECT entry, value FROM credentials WHERE place = ? AND name = ?"
        row = await self._ledger.read(lambda db: db.execute(query, (place, name)).fetchone())
        return None if row is None else (row[0], row[1])


def _check_names(place: str, name: str) -> None:
    if not _PLACE.fullmatch(place) or not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{place!r}, {name!r} cannot name a secret.",
            hint="Use a place as in feed/alpaca and a name as in key, in letters, digits and dashes.",
            code="credentials.name",
        )


def _check_value(place: str, name: str, value: str) -> None:
    """Refuse what no key looks like; the words must not repeat it."""
    if not value or len(value) > VALUE_LETTERS_MAX or _CONTROL.search(value) or value != value.strip():
        raise InvalidInput(
            f"The {name} of {place} cannot be kept: it has {len(value)} letters, or blanks at its ends, or control characters.",
            hint=f"Copy it anew, as one line of 1 to {VALUE_LETTERS_MAX} letters.",
            code="credentials.value",
        )


def _put_row(db: Any, row: tuple[str, str, str, str | None]) -> None:
    db.execute("INSERT OR REPLACE INTO credentials (place, name, entry, value) VALUES (?, ?, ?, ?)", row)


def _delete_row(db: Any, place: str, name: str) -> None:
    db.execute("DELETE FROM credentials WHERE place = ? AND name = ?", (place, name))


def _read_entry(entry: str, place: str) -> str | None:
    try:
        return load_entry(entry)
    except Unavailable as error:
        raise Unavailable(
            f"The keys of {place} cannot be read: the system's keyring is locked or out of order.",
            hint="Unlock the keyring, or enter the keys anew.",
            code="credentials.locked",
        ) from error


def _forget_entry(entry: str) -> None:
    """Delete an entry that nothing names any more, if the keyring lets us."""
    try:
        remove_entry(entry)
    except Unavailable:
        return
