"""The passphrase vault: a small file that holds the master key, wrapped by argon2id and AES-256-GCM."""

import base64
import json
import os
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

from backend.errors import CorruptData, InvalidInput

PASSPHRASE_LETTERS_MIN = 8
_VERSION = 1
_KEY_BYTES = 32
_SALT_BYTES = 16
_NONCE_BYTES = 12
# A vault written by someone else must not make this machine compute for hours or take all its memory.
_MEMORY_KIB_MAX, _PASSES_MAX, _LANES_MAX = 1 << 20, 16, 16


@dataclass(frozen=True, slots=True)
class Stretching:
    """How much work one guess of the passphrase costs; default: the second choice of RFC 9106, section 4."""

    memory_kib: int = 64 << 10
    passes: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        if not (
            8 * self.lanes <= self.memory_kib <= _MEMORY_KIB_MAX and 0 < self.passes <= _PASSES_MAX and 0 < self.lanes <= _LANES_MAX
        ):
            raise InvalidInput(
                f"A vault cannot ask for {self.memory_kib} KiB, {self.passes} passes and {self.lanes} lanes.",
                hint=f"At most {_MEMORY_KIB_MAX} KiB, {_PASSES_MAX} passes and {_LANES_MAX} lanes.",
                code="vault.stretching",
            )


STANDARD = Stretching()


def check_passphrase(passphrase: str) -> str:
    """Return the passphrase in the form that is used, or raise InvalidInput when it is too short to protect anything."""
    normal = unicodedata.normalize("NFC", passphrase)
    if len(normal) < PASSPHRASE_LETTERS_MIN:
        raise InvalidInput(
            f"A passphrase needs at least {PASSPHRASE_LETTERS_MIN} letters; this one has {len(normal)}.",
            hint="Four or five words that do not belong together are easy to remember and hard to guess.",
            code="vault.short_passphrase",
        )
    return normal


def seal_key(key: bytes, passphrase: str, stretching: Stretching | None = None) -> bytes:
    """Wrap a 32-byte key; returns the vault file's content. Raises InvalidInput for a short passphrase."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # not on the way to the first chart

    chosen = stretching or STANDARD
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    header = {
        "version": _VERSION,
        "stretching": {"name": "argon2id", **asdict(chosen), "salt": _encode(salt)},
        "cipher": {"name": "aes-256-gcm", "nonce": _encode(nonce)},
    }
    wrapping = _stretch(check_passphrase(passphrase), salt, chosen)
    sealed = AESGCM(wrapping).encrypt(nonce, key, _canonical(header))
    return json.dumps(header | {"sealed": _encode(sealed)}, indent=2).encode() + b"\n"


def unseal_key(content: bytes, passphrase: str) -> bytes:
    """Unwrap the key. Raises InvalidInput for a wrong passphrase, CorruptData for a file that is no vault of ours.

    The header is signed together with the key, so a changed header looks like a wrong passphrase.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - not for every start
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - not for every start

    header, stretching, salt, nonce, sealed = _parse(content)
    wrapping = _stretch(unicodedata.normalize("NFC", passphrase), salt, stretching)
    try:
        return AESGCM(wrapping).decrypt(nonce, sealed, _canonical(header))
    except InvalidTag as error:
        raise InvalidInput(
            "The passphrase does not open the vault.",
            hint="Check the keyboard layout and Caps Lock. If it is lost, run `trii recovery restore` with the recovery phrase.",
            code="vault.wrong_passphrase",
        ) from error


def _parse(content: bytes) -> tuple[dict[str, Any], Stretching, bytes, bytes, bytes]:
    try:
        document = json.loads(content)
        version = document["version"]
        if version != _VERSION:
            raise InvalidInput(
                f"The vault has version {version!r}; this program reads version {_VERSION}.",
                hint="Install the version of TRII that wrote it, or run `trii recovery restore`.",
                code="vault.version",
            )
        shape = document["stretching"]
        stretching = Stretching(_whole(shape["memory_kib"]), _whole(shape["passes"]), _whole(shape["lanes"]))
        salt, nonce, sealed = _decode(shape["salt"]), _decode(document["cipher"]["nonce"]), _decode(document.pop("sealed"))
        names = (shape["name"], document["cipher"]["name"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unreadable(error) from error
    if names != ("argon2id", "aes-256-gcm") or (len(salt), len(nonce), len(sealed)) != (_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES + 16):
        raise _unreadable(f"{names}, {len(salt)}, {len(nonce)} and {len(sealed)} bytes")
    return document, stretching, salt, nonce, sealed


def _unreadable(why: object) -> CorruptData:
    return CorruptData(
        f"The vault file is damaged ({why}).",
        hint="Run `trii recovery restore` and enter the recovery phrase.",
        code="vault.damaged",
    )


def _stretch(passphrase: str, salt: bytes, stretching: Stretching) -> bytes:
    from argon2.low_level import Type, hash_secret_raw  # noqa: PLC0415 - not for every start

    return hash_secret_raw(
        passphrase.encode("utf-8", "surrogatepass"),  # the environment may hold bytes that are no text
        salt,
        time_cost=stretching.passes,
        memory_cost=stretching.memory_kib,
        parallelism=stretching.lanes,
        hash_len=_KEY_BYTES,
        type=Type.ID,
    )


def _canonical(header: dict[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode()


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
