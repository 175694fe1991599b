"""The master key of a home: who keeps it, how it is opened, restored from its phrase and moved."""

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from backend.errors import CorruptData, InvalidInput, TriiError, Unavailable
from backend.storage.durable import explain_os_error, remove_durably, write_durably
from backend.storage.faults import reach
from backend.storage.key_record import Custody, KeyRecord, load_record, new_record, save_record
from backend.storage.keyring_entry import load_entry, store_entry
from backend.storage.ledger_file import opens_ledger
from backend.storage.master_key import KeyUse, MasterKey
from backend.storage.paths import Home
from backend.storage.pending_restore import complete_restore
from backend.storage.vault import seal_key, unseal_key

__all__ = ["Custody", "MasterKey", "OpenedKey", "move_key", "open_key", "restore_key", "set_passphrase"]

PASSPHRASE_VARIABLE = "TRII_PASSPHRASE"  # noqa: S105  # the name of a variable
ATTEMPTS_MAX = 3
Ask = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class OpenedKey:
    """A home's key, who keeps it, whether it was made just now, and what the user must be told about it."""

    key: MasterKey
    custody: Custody
    is_new: bool
    notices: tuple[TriiError, ...] = ()


def open_key(home: Home, *, ask: Ask | None = None) -> OpenedKey:
    """Find the key of a home, or make one for a home that has none; blocks while a keyring or a person answers.

    ``ask`` is given a question and returns a passphrase, or None to give none; TRII_PASSPHRASE goes before it. Raises
    InvalidInput for a wrong passphrase, Unavailable when the key is lost or the keyring locked, CorruptData for a
    damaged vault; nothing was changed then. A restore that was killed half-way is completed first.
    """
    complete_restore(home)
    record = load_record(home)
    if record is None and _is_untouched(home):
        return _make(home, ask)
    key, custody = _find(home, record, ask)
    if record is None or record.custody is not custody:
        record = _describe(record, key, custody)
        save_record(home, record)
    _forget_elsewhere(home, record)
    return OpenedKey(key, custody, is_new=False, notices=_warnings(custody, home))


def restore_key(home: Home, phrase: str, *, passphrase: str | None = None) -> OpenedKey:
    """Put the key spelled by ``phrase`` into this home's custody, as on a new machine or after the keyring was lost.

    With ``passphrase`` the key goes into the vault even where there is a keyring. Raises InvalidInput for a mistyped
    phrase and for a phrase that does not open the ledgers lying in this home. A restore that was killed half-way is
    completed first.
    """
    key = MasterKey.from_phrase(phrase)
    complete_restore(home)
    home.make()
    if not _opens_ledgers(home, key):
        raise InvalidInput(
            f"This phrase is valid, but it belongs to another home: it does not open the ledgers in {home.ledgers}.",
            hint="Enter the phrase that was shown when this home was made, or use an empty home with --home DIR.",
            code="key.foreign",
        )
    record = load_record(home) or new_record(key.fingerprint, Custody.DEVICE_FILE)
    custody = None if passphrase is None else Custody.PASSPHRASE
    record = _store(home, key, record, custody=custody, passphrase=passphrase or _offered_passphrase(None, ""))
    return OpenedKey(key, record.custody, is_new=False, notices=_warnings(record.custody, home))


def set_passphrase(home: Home, key: MasterKey, passphrase: str) -> OpenedKey:
    """Move the key into a vault under ``passphrase``, or change the passphrase. Raises InvalidInput, Unavailable."""
    return move_key(home, key, Custody.PASSPHRASE, passphrase=passphrase)


def move_key(home: Home, key: MasterKey, to: Custody, *, passphrase: str | None = None) -> OpenedKey:
    """Hand the key to another keeper: stored there and read back first, then the record changes, then the old goes.

    A crash in between leaves the key with the old keeper or with both. Raises Unavailable where there is no keyring,
    InvalidInput for a short or missing passphrase and for a key that is not this home's.
    """
    record = load_record(home) or new_record(key.fingerprint, to)
    if not record.knows(key.fingerprint):
        raise InvalidInput(f"This is not the key of {home.root}; nothing was changed.", code="key.foreign")
    record = _store(home, key, record, custody=to, passphrase=passphrase)
    return OpenedKey(key, record.custody, is_new=False, notices=_warnings(record.custody, home))


def _make(home: Home, ask: Ask | None) -> OpenedKey:
    key = MasterKey.new()
    home.make()
    record = new_record(key.fingerprint, Custody.KEYRING)
    if _store_at(Custody.KEYRING, home, key, record, None):
        save_record(home, record)
    else:
        passphrase = _offered_passphrase(ask, "Choose a passphrase that protects your ledgers, or leave it empty")
        custody = Custody.PASSPHRASE if passphrase else Custody.DEVICE_FILE
        record = _store(home, key, record, custody=custody, passphrase=passphrase)
    return OpenedKey(key, record.custody, is_new=True, notices=_warnings(record.custody, home))


def _find(home: Home, record: KeyRecord | None, ask: Ask | None) -> tuple[MasterKey, Custody]:
    """Look where the record says, then elsewhere; the first key that the record, or else the ledgers, recognise is it."""
    order = list(Custody)
    if record is not None:
        order.sort(key=lambda custody: custody is not record.custody)
    problem: TriiError | None = None
    for custody in order:
        try:
            key = _load_from(custody, home, record, ask)
        except TriiError as error:
            if record is None or custody is record.custody:
                problem = problem or error
            continue
        if key is not None and (_opens_ledgers(home, key) if record is None else record.knows(key.fingerprint)):
            return key, custody
    raise problem or _lost_key(home, record)


def _load_from(custody: Custody, home: Home, record: KeyRecord | None, ask: Ask | None) -> MasterKey | None:
    match custody:
        case Custody.KEYRING:
            text = None if record is None else load_entry(record.home_id)
            return None if text is None else _decode(text, "keyring entry")
        case Custody.PASSPHRASE:
            content = _read(home.vault)
            return None if content is None else _unlock(content, ask)
        case Custody.DEVICE_FILE:
            content = _read(home.device_key)
            return None if content is None else _decode(content.decode("ascii", "replace"), "device key file")


def _unlock(content: bytes, ask: Ask | None) -> MasterKey:
    """Open the vault; a person who is asked gets some attempts, a passphrase from the environment one."""
    offered = os.environ.get(PASSPHRASE_VARIABLE)
    if offered:
        return MasterKey(unseal_key(content, offered))
    question = "Passphrase of your ledgers"
    for attempt in range(1, ATTEMPTS_MAX + 1):
        passphrase = ask(question) if ask is not None else None
        if not passphrase:
            raise Unavailable(
                "The ledgers are locked: their key lies in a vault, and no passphrase was given.",
                hint=f"Enter the passphrase, or set {PASSPHRASE_VARIABLE}; if it is lost, run `trii recovery restore`.",
                code="vault.locked",
            )
        try:
            return MasterKey(unseal_key(content, passphrase))
        except InvalidInput as error:
            if error.code != "vault.wrong_passphrase" or attempt == ATTEMPTS_MAX:
                raise
            question = f"That passphrase does not open the vault (attempt {attempt} of {ATTEMPTS_MAX}). Passphrase of your ledgers"
    raise AssertionError("the last attempt returns or raises")


def _store(home: Home, key: MasterKey, record: KeyRecord, *, custody: Custody | None, passphrase: str | None) -> KeyRecord:
    """Store with ``custody``, or with the best keeper there is; then change the record; then forget elsewhere."""
    best = (Custody.KEYRING, Custody.PASSPHRASE if passphrase else Custody.DEVICE_FILE)
    chosen = next(
        (keeper for keeper in ((custody,) if custody else best) if _store_at(keeper, home, key, record, passphrase)), None
    )
    if chosen is None:
        raise Unavailable(
            "This system offers no keyring that keeps a key.",
            hint="Set a passphrase instead: `trii recovery passphrase`.",
            code="keyring.missing",
        )
    reach("key.stored")
    record = _describe(record, key, chosen)
    save_record(home, record)
    reach("key.recorded")
    _forget_elsewhere(home, record)
    return record


def _store_at(custody: Custody, home: Home, key: MasterKey, record: KeyRecord, passphrase: str | None) -> bool:
    match custody:
        case Custody.KEYRING:
            return store_entry(record.home_id, _encode(key))
        case Custody.PASSPHRASE:
            write_durably(home.vault, seal_key(key.secret, passphrase or ""))
        case Custody.DEVICE_FILE:
            write_durably(home.device_key, _encode(key).encode() + b"\n")
    return True


def _forget_elsewhere(home: Home, record: KeyRecord) -> None:
    """Remove what an earlier keeper left behind, above all a key in the open."""
    if record.custody is not Custody.DEVICE_FILE and home.device_key.exists():
        remove_durably(home.device_key)
    if record.custody is not Custody.PASSPHRASE and home.vault.exists():
        remove_durably(home.vault)


def _describe(record: KeyRecord | None, key: MasterKey, custody: Custody) -> KeyRecord:
    if record is None:
        return new_record(key.fingerprint, custody)
    return msgspec.structs.replace(record, custody=custody, check=key.fingerprint.hex())


def _offered_passphrase(ask: Ask | None, question: str) -> str | None:
    return os.environ.get(PASSPHRASE_VARIABLE) or (ask(question) if ask is not None else None) or None


def _warnings(custody: Custody, home: Home) -> tuple[TriiError, ...]:
    if custody.is_protected:
        return ()
    return (
        Unavailable(
            "Your ledgers are not protected: there is no system keyring and no passphrase, "
            f"so their key lies in the open in {home.device_key}.",
            hint="Set a passphrase with `trii recovery passphrase` or in Settings.",
            code="key.unprotected",
        ),
    )


def _lost_key(home: Home, record: KeyRecord | None) -> Unavailable:
    keeper = {
        Custody.KEYRING: "the system's keyring",
        Custody.PASSPHRASE: str(home.vault),
        Custody.DEVICE_FILE: str(home.device_key),
    }
    place = "any place it could be" if record is None else keeper[record.custody]
    return Unavailable(
        f"The key of the ledgers in {home.root} is not in {place}.",
        hint="Run `trii recovery restore` and enter the recovery phrase; nothing is lost as long as you have it.",
        code="key.lost",
    )


def _opens_ledgers(home: Home, key: MasterKey) -> bool:
    uses: tuple[KeyUse, ...] = ("money", "words")
    return all(opens_ledger(home.ledgers / f"{use}.db", key.derive(use)) for use in uses)


def _is_untouched(home: Home) -> bool:
    kept = (home.vault, home.device_key, home.key_record, home.ledgers / "money.db", home.ledgers / "words.db")
    return not any(path.exists() for path in kept)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explain_os_error(error, "read the ledger key", path) from error


def _encode(key: MasterKey) -> str:
    return base64.b64encode(key.secret).decode()


def _decode(text: str, place: str) -> MasterKey:
    try:
        return MasterKey(base64.b64decode(text.strip(), validate=True))
    except (ValueError, InvalidInput) as error:
        raise CorruptData(
            f"The {place} does not hold a key ({len(text)} characters).",
            hint="Run `trii recovery restore` and enter the recovery phrase.",
            code="key.damaged",
        ) from error
