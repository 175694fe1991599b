"""The key record: which custody keeps a home's key and how the right key is recognised; no secret in it."""

import enum
import hmac
import secrets

import msgspec

from backend.errors import InvalidInput
from backend.storage.durable import explain_os_error, write_durably
from backend.storage.paths import Home

_VERSION = 1


class Custody(enum.Enum):
    """Who keeps the master key, best first."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"  # noqa: S105  # a kind of keeper, not a secret
    DEVICE_FILE = "device file"

    @property
    def is_protected(self) -> bool:
        """Whether someone who copies the disk still lacks the key."""
        return self is not Custody.DEVICE_FILE


class KeyRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``key.json`` holds: ``home_id`` names the keyring's entry, ``check`` is the key's fingerprint in hex."""

    version: int
    home_id: str
    custody: Custody
    check: str

    def knows(self, fingerprint: bytes) -> bool:
        """Whether this is the fingerprint of the home's key."""
        return hmac.compare_digest(self.check.encode(), fingerprint.hex().encode())


def new_record(fingerprint: bytes, custody: Custody) -> KeyRecord:
    """Describe the key of a new home, under a new random id."""
    return KeyRecord(_VERSION, secrets.token_hex(16), custody, fingerprint.hex())


def load_record(home: Home) -> KeyRecord | None:
    """Read a home's record; None where there is none or it cannot be read, which loses a keyring entry's name only.

    Raises InvalidInput for the record of a newer version.
    """
    try:
        content = home.key_record.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explain_os_error(error, "read the key record", home.key_record) from error
    try:
        version = msgspec.json.decode(content, type=_Versioned).version
        record = msgspec.json.decode(content, type=KeyRecord) if version <= _VERSION else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if record is None:
        raise InvalidInput(
            f"{home.key_record} has version {version}; this program reads version {_VERSION}.",
            hint="Install the version of TRII that wrote it.",
            code="key.version",
        )
    return record


def save_record(home: Home, record: KeyRecord) -> None:
    """Replace a home's record in one step. Raises Unavailable."""
    write_durably(home.key_record, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")


class _Versioned(msgspec.Struct):
    version: int
