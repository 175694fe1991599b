"""What opens a backup: a passphrase or a recovery key. Neither is stored anywhere."""

import hmac
import secrets
from typing import Final

import msgspec
from argon2.low_level import Type, hash_secret_raw

from sync_server.storage.sealed import Damaged

_MEMORY_KIB: Final = 64 * 1024
_PASSES: Final = 3
_LANES: Final = 4
_BOUNDS: Final = {"memory": (8 * 1024, 1024 * 1024), "passes": (1, 10), "lanes": (1, 16)}  # what a head may ask of this machine
MIN_LETTERS: Final = 12


class Passphrase(msgspec.Struct, frozen=True):
    """Words that a person remembers; the key is made from them by argon2id. Raises ValueError for fewer than 12 letters."""

    text: str

    def __post_init__(self) -> None:
        if len(self.text) < MIN_LETTERS:
            raise ValueError(f"A passphrase for a backup has at least {MIN_LETTERS} letters; {len(self.text)} were given.")

    def __repr__(self) -> str:
        return "Passphrase(…)"


class RecoveryKey(msgspec.Struct, frozen=True):
    """32 random bytes, written down as 14 groups of letters; see ``keys.format_key``."""

    key: bytes

    def __repr__(self) -> str:
        return "RecoveryKey(…)"


Secret = Passphrase | RecoveryKey
Facts = dict[str, str | int]


def make_lock(secret: Secret) -> tuple[bytes, Facts]:
    """A key for a new file, and the facts by which the same secret finds it again."""
    if isinstance(secret, RecoveryKey):
        return secret.key, {"lock": "key", "check": _check(secret.key)}
    facts: Facts = {"lock": "argon2id", "salt": secrets.token_hex(16), "memory": _MEMORY_KIB, "passes": _PASSES, "lanes": _LANES}
    key = _stretch(secret.text, facts)
    return key, {**facts, "check": _check(key)}


def find_key(secret: Secret, facts: Facts) -> bytes:
    """The key of a file from its facts. Raises Damaged for facts that make no sense, ValueError for the wrong secret."""
    kind = facts.get("lock")
    if kind == "key" and isinstance(secret, RecoveryKey):
        key = secret.key
    elif kind == "argon2id" and isinstance(secret, Passphrase):
        key = _stretch(secret.text, facts)
    elif kind in ("key", "argon2id"):
        raise ValueError(f"This backup is opened by a {'recovery key' if kind == 'key' else 'passphrase'}.")
    else:
        raise Damaged("The backup's head is damaged, or a newer server made it.")
    if not hmac.compare_digest(_check(key), str(facts.get("check"))):
        raise ValueError(f"This is not the {'recovery key' if kind == 'key' else 'passphrase'} of this backup.")
    return key


def _stretch(text: str, facts: Facts) -> bytes:
    try:
        salt = bytes.fromhex(str(facts["salt"]))
        cost = {name: int(facts[name]) for name in _BOUNDS}
    except (KeyError, ValueError) as error:
        raise Damaged("The backup's head is damaged.") from error
    if len(salt) != 16 or any(not least <= cost[name] <= most for name, (least, most) in _BOUNDS.items()):
        raise Damaged("The backup's head asks for a key that no server makes.")
    return hash_secret_raw(text.encode("utf-8"), salt, cost["passes"], cost["memory"], cost["lanes"], 32, Type.ID)


def _check(key: bytes) -> str:
    return hmac.new(key, b"trii-sync backup check", "sha256").hexdigest()[:16]
