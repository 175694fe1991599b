"""Keys of feeds and channels are kept where nobody else reads them, and come back."""

import asyncio
import base64
import logging
from contextlib import asynccontextmanager

import keyring
import pytest

from backend.errors import InvalidInput, Unavailable
from backend.storage import money
from backend.storage.credentials import KEYRING_LETTERS_MAX, Credentials
from backend.storage.ledger import open_ledger
from tests.fakes.memory_keyring import MemoryKeyring

KEY = bytes(range(32))
PLACE = "feed/alpaca"
VALUE = "PK7-marker-Q2w9-zz"


@pytest.fixture
def system_keyring(monkeypatch):
    """A keyring as the system offers one."""
    monkeypatch.delenv("TRII_KEYRING")
    before = keyring.get_keyring()
    MemoryKeyring.lose()
    keyring.set_keyring(MemoryKeyring())
    yield MemoryKeyring
    MemoryKeyring.lose()
    keyring.set_keyring(before)


@asynccontextmanager
async def opened(home, hidden=None):
    path = home.ledgers / "money.db"
    async with open_ledger(path, KEY, money.MIGRATIONS, backups=home.backups, quarantine=home.quarantine) as ledger:
        yield Credentials(ledger, hide=(hidden if hidden is not None else []).append)


def files_with(home, text):
    raw = text.encode()
    forms = (raw, text.encode("utf-16-le"), raw[::-1], raw.hex().encode(), base64.b64encode(raw))
    return [path for path in home.root.rglob("*") if path.is_file() and any(form in path.read_bytes() for form in forms)]


async def test_a_value_is_there_after_a_restart_and_on_no_disk_in_the_clear(home):
    async with opened(home) as credentials:
        await credentials.put(PLACE, "key", VALUE)
        assert files_with(home, VALUE) == []
    async with opened(home) as credentials:
        assert await credentials.get(PLACE, "key") == VALUE
    assert files_with(home, VALUE) == []


async def test_the_keyring_is_preferred_and_the_ledger_then_holds_no_value(home, system_keyring):
    async with opened(home) as credentials:
        await credentials.put(PLACE, "key", VALUE)
        assert list(system_keyring.entries.values()) == [VALUE]
        system_keyring.lose()
        assert await credentials.get(PLACE, "key") is None
        assert await credentials.names(PLACE) == ("key",)


async def test_what_is_too_long_for_windows_goes_to_the_ledger(home, system_keyring):
    long = "k" * (KEYRING_LETTERS_MAX + 1)
    async with opened(home) as credentials:
        await credentials.put(PLACE, "key", long)
        assert system_keyring.entries == {}
        assert await credentials.get(PLACE, "key") == long


async def test_a_keyring_that_forgets_is_not_trusted(home, system_keyring):
    system_keyring.is_forgetful = True
    async with opened(home) as credentials:
        await credentials.put(PLACE, "key", VALUE)
        assert await credentials.get(PLACE, "key") == VALUE


async def test_a_change_leaves_no_old_entry_behind(home, system_keyring):
    async with opened(home) as credentials:
        await credentials.put(PLACE, "key", VALUE)
        await credentials.put(PLACE, "key", "another-value")
        assert list(system_keyring.entries.values()) == ["another-value"]
        await credentials.remove(PLACE)
        assert system_keyring.entries == {}
        assert await credentials.names(PLACE) == ()


async def test_a_locked_keyring_is_said_without_the_value_and_loses_nothing(home, system_keyring):
    async with opened(home) as credentials:
        await credentials.put(PLACE, "key", VALUE)
        system_keyring.is_locked = True
        with pytest.raises(Unavailable, match="keys of feed/alpaca cannot be read") as caught:
            await credentials.reader(PLACE)
        assert VALUE not in str(caught.value)
        await credentials.put(PLACE, "secret", "kept-in-the-ledger")
        assert await credentials.get(PLACE, "secret") == "kept-in-the-ledger"
        system_keyring.is_locked = False
        assert await credentials.get(PLACE, "key") == VALUE


async def test_a_value_the_ledger_could_not_note_leaves_no_entry_in_the_keyring(home, system_keyring):
    async with opened(home) as credentials:
        await credentials._ledger.write(lambda db: db.execute("DROP TABLE credentials").rowcount)
        await credentials._ledger.write(
            lambda db: db.execute("CREATE VIEW credentials AS SELECT '' place, '' name, '' entry, '' value").rowcount
        )
        with pytest.raises(InvalidInput):
            await credentials.put(PLACE, "key", VALUE)
        assert system_keyring.entries == {}


async def test_a_reader_needs_no_waiting_and_follows_changes(home):
    async with opened(home) as credentials:
        await credentials.put(PLACE, "key", VALUE)
        await credentials.put("feed/other", "key", "of-another-place")
        secret = await credentials.reader(PLACE)
        assert (secret("key"), secret("secret")) == (VALUE, None)
        await credentials.put(PLACE, "secret", "second-value")
        assert secret("secret") == "second-value"
        await credentials.remove(PLACE, "key")
        assert secret("key") is None
        assert await credentials.get("feed/other", "key") == "of-another-place"


@pytest.mark.parametrize("value", ["", " blank-before", "blank-after\n", "line\nbreak", "x" * 8193, "lone \ud800 half"])
async def test_what_no_key_looks_like_is_refused_without_repeating_it(home, value):
    async with opened(home) as credentials:
        with pytest.raises(InvalidInput, match="The key of feed/alpaca cannot be kept") as caught:
            await credentials.put(PLACE, "key", value)
        assert len(value) < 5 or value not in str(caught.value)
        assert await credentials.names(PLACE) == ()


@pytest.mark.parametrize(
    ("place", "name"), [("alpaca", "key"), ("feed/../x", "key"), ("feed/", "key"), ("feed/a", "Key"), ("feed/a", "")]
)
async def test_names_that_cannot_be_are_refused(home, place, name):
    async with opened(home) as credentials:
        with pytest.raises(InvalidInput, match="cannot name a secret"):
            await credentials.put(place, name, VALUE)


async def test_every_value_is_hidden_from_logs_before_it_is_used(home, caplog):
    hidden = []
    caplog.set_level(logging.DEBUG)
    async with opened(home, hidden) as credentials:
        await credentials.put(PLACE, "key", VALUE)
        assert hidden == [VALUE]
    hidden.clear()
    async with opened(home, hidden) as credentials:
        await credentials.reader(PLACE)
        assert hidden == [VALUE]
    assert VALUE not in caplog.text


async def test_changes_at_once_leave_one_value_and_one_entry(home, system_keyring):
    async with opened(home) as credentials:
        await asyncio.gather(*(credentials.put(PLACE, "key", f"value-{n}") for n in range(20)))
        assert list(system_keyring.entries.values()) == [await credentials.get(PLACE, "key")]
