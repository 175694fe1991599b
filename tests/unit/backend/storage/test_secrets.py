"""Who keeps a home's key, and the way back when that keeper loses it."""

import base64
import json

import keyring
import pytest

from backend.errors import CorruptData, InvalidInput, Unavailable
from backend.storage import vault
from backend.storage.connection import connect
from backend.storage.key_record import load_record
from backend.storage.pending_restore import begin_swap
from backend.storage.secrets import Custody, MasterKey, move_key, open_key, restore_key, set_passphrase
from tests.fakes.memory_keyring import MemoryKeyring

PASSPHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_vaults(monkeypatch):
    """The true cost of a guess is asserted in test_vault."""
    monkeypatch.setattr(vault, "STANDARD", vault.Stretching(memory_kib=64, passes=1, lanes=1))


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


def answers(*given):
    left = list(given)
    return lambda question: left.pop(0)


def make_ledger(home, key):
    connection = connect(home.ledgers / "money.db", key.derive("money"))
    connection.execute("CREATE TABLE t (a)")
    connection.close()


def test_the_first_start_makes_a_key_and_the_next_finds_it(home):
    first, second = open_key(home), open_key(home)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.key == second.key


def test_the_phrase_spells_the_key(home):
    opened = open_key(home)
    assert len(opened.key.phrase.split()) == 24
    assert MasterKey.from_phrase(opened.key.phrase) == opened.key


def test_a_key_never_shows_itself_in_logs(home):
    key = open_key(home).key
    assert key.secret.hex() not in repr(key)
    assert str(key.secret) not in repr(open_key(home))


def test_each_use_has_a_key_of_its_own(home):
    key = open_key(home).key
    assert len({key.secret, *(key.derive(use) for use in ("money", "words", "blobs", "backup"))}) == 5


def test_with_neither_keyring_nor_passphrase_the_user_is_told_that_nothing_protects_the_ledgers(home):
    opened = open_key(home, ask=answers(None))
    assert opened.custody is Custody.DEVICE_FILE
    assert home.device_key.stat().st_mode & 0o077 == 0
    (notice,) = opened.notices
    assert str(home.device_key) in notice.message
    assert notice.code == "key.unprotected"


def test_a_passphrase_from_the_environment_makes_a_vault(home, monkeypatch):
    monkeypatch.setenv("TRII_PASSPHRASE", PASSPHRASE)
    opened = open_key(home)
    assert (opened.custody, opened.notices) == (Custody.PASSPHRASE, ())
    assert not home.device_key.exists()
    assert open_key(home).key == opened.key


def test_a_passphrase_given_when_asked_makes_a_vault(home):
    opened = open_key(home, ask=answers(PASSPHRASE))
    assert opened.custody is Custody.PASSPHRASE
    assert open_key(home, ask=answers(PASSPHRASE)).key == opened.key


def test_a_person_may_mistype_the_passphrase_twice(home):
    key = open_key(home, ask=answers(PASSPHRASE)).key
    assert open_key(home, ask=answers("no", "still no", PASSPHRASE)).key == key
    with pytest.raises(InvalidInput, match="does not open the vault"):
        open_key(home, ask=answers("no", "no", "no"))


def test_a_locked_vault_without_a_passphrase_says_how_to_give_one(home):
    open_key(home, ask=answers(PASSPHRASE))
    with pytest.raises(Unavailable, match="no passphrase was given") as caught:
        open_key(home)
    assert "TRII_PASSPHRASE" in caught.value.hint


def test_a_wrong_passphrase_in_the_environment_is_refused_at_once(home, monkeypatch):
    open_key(home, ask=answers(PASSPHRASE))
    monkeypatch.setenv("TRII_PASSPHRASE", "something else")
    with pytest.raises(InvalidInput, match="does not open the vault"):
        open_key(home)


def test_the_keyring_comes_first_and_leaves_no_key_on_the_disk(home, system_keyring):
    opened = open_key(home, ask=answers())
    assert opened.custody is Custody.KEYRING
    assert not home.device_key.exists()
    assert not home.vault.exists()
    assert open_key(home).key == opened.key
    (entry,) = system_keyring.entries.values()
    assert len(entry) < 64  # Windows keeps about 1,280 characters an entry


def test_each_home_has_an_entry_of_its_own(home, tmp_path, system_keyring):
    other = type(home)(tmp_path / "other")
    assert open_key(home).key != open_key(other).key
    assert len(system_keyring.entries) == 2


def test_a_keyring_that_forgets_is_not_trusted(home, system_keyring):
    system_keyring.is_forgetful = True
    assert open_key(home).custody is Custody.DEVICE_FILE


def test_a_locked_keyring_makes_no_second_key(home, system_keyring):
    key = open_key(home).key
    system_keyring.is_locked = True
    with pytest.raises(Unavailable, match="KeyringLocked") as caught:
        open_key(home)
    assert "Unlock it" in caught.value.hint
    system_keyring.is_locked = False
    assert open_key(home).key == key


def test_a_lost_keyring_is_said_and_the_phrase_brings_the_key_back(home, system_keyring):
    opened = open_key(home)
    make_ledger(home, opened.key)
    system_keyring.lose()
    with pytest.raises(Unavailable, match="is not in the system's keyring") as caught:
        open_key(home)
    assert "trii recovery restore" in caught.value.hint
    restored = restore_key(home, opened.key.phrase)
    assert (restored.key, restored.custody) == (opened.key, Custody.KEYRING)
    assert open_key(home).key == opened.key


def test_a_keyring_turned_off_later_needs_the_phrase(home, system_keyring, monkeypatch):
    opened = open_key(home)
    monkeypatch.setenv("TRII_KEYRING", "off")
    with pytest.raises(Unavailable, match="is not in the system's keyring"):
        open_key(home)
    assert restore_key(home, opened.key.phrase, passphrase=PASSPHRASE).custody is Custody.PASSPHRASE
    assert open_key(home, ask=answers(PASSPHRASE)).key == opened.key


def test_the_phrase_of_another_home_is_refused_where_ledgers_lie(home, tmp_path):
    make_ledger(home, open_key(home).key)
    other = open_key(type(home)(tmp_path / "other")).key
    with pytest.raises(InvalidInput, match="belongs to another home"):
        restore_key(home, other.phrase)


def test_a_home_without_ledgers_takes_any_phrase(home, tmp_path):
    open_key(home)
    other = open_key(type(home)(tmp_path / "other")).key
    assert restore_key(home, other.phrase).key == other
    assert open_key(home).key == other


def test_a_mistyped_phrase_changes_nothing(home):
    opened = open_key(home)
    with pytest.raises(InvalidInput, match="24 words"):
        restore_key(home, "abandon abandon")
    assert open_key(home).key == opened.key


def test_setting_a_passphrase_removes_the_open_key_file(home):
    opened = open_key(home)
    moved = set_passphrase(home, opened.key, PASSPHRASE)
    assert (moved.custody, moved.notices) == (Custody.PASSPHRASE, ())
    assert not home.device_key.exists()
    assert open_key(home, ask=answers(PASSPHRASE)).key == opened.key


def test_changing_the_passphrase_retires_the_old_one(home):
    key = open_key(home, ask=answers(PASSPHRASE)).key
    set_passphrase(home, key, "another passphrase")
    assert open_key(home, ask=answers("another passphrase")).key == key
    with pytest.raises(InvalidInput, match="does not open"):
        open_key(home, ask=answers(PASSPHRASE, PASSPHRASE, PASSPHRASE))


def test_the_key_moves_from_vault_to_keyring_and_back(home, system_keyring):
    key = open_key(home).key
    set_passphrase(home, key, PASSPHRASE)
    assert open_key(home, ask=answers(PASSPHRASE)).custody is Custody.PASSPHRASE
    move_key(home, key, Custody.KEYRING)
    assert not home.vault.exists()
    assert open_key(home).custody is Custody.KEYRING


def test_without_a_keyring_the_key_cannot_move_there_and_stays(home):
    key = open_key(home).key
    with pytest.raises(Unavailable, match="no keyring"):
        move_key(home, key, Custody.KEYRING)
    assert open_key(home).key == key


def test_a_key_of_another_home_cannot_be_moved_in(home):
    open_key(home)
    with pytest.raises(InvalidInput, match="not the key of"):
        set_passphrase(home, MasterKey.new(), PASSPHRASE)


@pytest.mark.parametrize("leftover", ["vault", "device_key"])
def test_a_move_killed_before_the_record_changed_leaves_the_old_keeper_in_charge(home, leftover):
    # The new keeper has the key already, the record still names the old one.
    opened = open_key(home, ask=answers(PASSPHRASE if leftover == "device_key" else None))
    twin = type(home)(home.root.with_name("twin"))
    restore_key(twin, opened.key.phrase, passphrase=PASSPHRASE if leftover == "vault" else None)
    getattr(home, leftover).write_bytes(getattr(twin, leftover).read_bytes())
    again = open_key(home, ask=answers(PASSPHRASE))
    assert (again.key, again.custody) == (opened.key, opened.custody)
    assert not getattr(home, leftover).exists()


def test_a_move_killed_before_the_old_keeper_forgot_is_finished_at_the_next_start(home):
    opened = open_key(home)
    in_the_open = home.device_key.read_bytes()
    set_passphrase(home, opened.key, PASSPHRASE)
    home.device_key.write_bytes(in_the_open)
    assert open_key(home, ask=answers(PASSPHRASE)).custody is Custody.PASSPHRASE
    assert not home.device_key.exists()


def test_a_lost_record_is_written_again_from_the_key_that_is_there(home):
    opened = open_key(home)
    home.key_record.write_bytes(b"{broken")
    assert open_key(home).key == opened.key
    record = load_record(home)
    assert record is not None
    assert record.knows(opened.key.fingerprint)


def test_ledgers_without_any_key_never_get_a_new_one(home):
    make_ledger(home, open_key(home).key)
    home.device_key.unlink()
    home.key_record.unlink()
    with pytest.raises(Unavailable, match="recovery phrase"):
        open_key(home)


@pytest.mark.parametrize("content", [b"", b"not base64 !!", base64.b64encode(b"short")])
def test_a_damaged_device_key_is_said(home, content):
    open_key(home)
    home.device_key.write_bytes(content)
    with pytest.raises(CorruptData, match="does not hold a key") as caught:
        open_key(home)
    assert "trii recovery restore" in caught.value.hint


def test_a_key_that_is_not_the_homes_is_not_used(home):
    open_key(home)
    home.device_key.write_bytes(base64.b64encode(bytes(32)))
    with pytest.raises(Unavailable, match="key of the ledgers"):
        open_key(home)


def test_a_record_of_a_newer_version_is_left_alone(home):
    open_key(home)
    document = json.loads(home.key_record.read_bytes()) | {"version": 2, "custody": "cloud"}
    home.key_record.write_text(json.dumps(document))
    with pytest.raises(InvalidInput, match="version 2"):
        open_key(home)
    assert json.loads(home.key_record.read_bytes()) == document


def test_without_a_record_only_a_key_that_opens_the_ledgers_is_taken_and_no_other_is_lost(home, monkeypatch):
    key = open_key(home).key
    make_ledger(home, key)
    home.key_record.unlink()
    home.vault.write_bytes(vault.seal_key(bytes(range(32)), PASSPHRASE))  # of another home, copied in by mistake
    monkeypatch.setenv("TRII_PASSPHRASE", PASSPHRASE)
    opened = open_key(home)
    assert (opened.key, opened.custody) == (key, Custody.DEVICE_FILE)


def test_a_phrase_is_compared_with_the_ledgers_of_a_restore_that_was_cut_short(home):
    key, other = MasterKey.new(), MasterKey.new()
    staged = home.root / ".restore-1"
    (staged / "ledger").mkdir(parents=True)
    connection = connect(staged / "ledger" / "money.db", key.derive("money"))
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    begin_swap(home, staged)
    with pytest.raises(InvalidInput, match="another home"):
        restore_key(home, other.phrase)
    assert restore_key(home, key.phrase).key == key
