"""The server's own keys, made at its first start and kept in one file that only its user may read.

The identity is what desktops pin; it signs certificates and the audit log's roots. Whoever has the file is the server: it goes into
encrypted backups and nowhere else.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync_server.protocol.chain import to_text
from sync_server.storage.database import Database
from sync_server.storage.durable import sync_folder, write_durably
from sync_server.storage.failures import cannot_open

KEY_BYTES: Final = 32
NAME: Final = "keys.json"
_NONCE_BYTES: Final = 12
_CHECK: Final = "keys"


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: each key 32 bytes in base64 (RFC 4648)."""

    v: int
    identity: bytes
    token: bytes
    blind: bytes
    data: bytes


class ServerKeys:
    """All keys. ``identity`` and ``token`` sign (Ed25519); what is derived from the others never leaves this object but by name."""

    def __init__(self, kept: KeyFile) -> None:
        self.identity = Ed25519PrivateKey.from_private_bytes(kept.identity)
        self.token = Ed25519PrivateKey.from_private_bytes(kept.token)
        self._blind = kept.blind
        self._data = kept.data
        self._sealing = AESGCM(self.derive("seal"))

    @property
    def pin(self) -> str:
        """What desktops pin: the identity's raw public key as 43 characters of base64url."""
        return to_text(self.identity.public_key().public_bytes_raw())

    def seal(self, plain: bytes, about: str) -> bytes:
        """Encrypt a few bytes (AES-256-GCM); they open only under the same ``about``: table, column and row they belong to."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, plain, about.encode("utf-8"))

    def open(self, sealed: bytes, about: str) -> bytes:
        """What :meth:`seal` was given. Raises ValueError for anything that is not its own and whole."""
        try:
            return self._sealing.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode("utf-8"))
        except (InvalidTag, ValueError) as error:
            raise ValueError(f"What is stored for {about} was changed or belongs to other keys.") from error

    def blind_index(self, text: str) -> str:
        """A keyed hash (HMAC-SHA256, hexadecimal) by which an encrypted column is looked up."""
        return hmac.new(self._blind, text.encode("utf-8"), "sha256").hexdigest()

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes of its own for ``purpose``, always the same one (HKDF-SHA256 of the data key)."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"trii-sync/" + purpose.encode("utf-8")).derive(self._data)

    def fingerprint(self) -> str:
        """What tells these keys from others and gives nothing of them away."""
        parts = b"".join((self.identity.public_key().public_bytes_raw(), self.token.public_key().public_bytes_raw(), self._blind))
        return hmac.new(self.derive("fingerprint"), hashlib.sha256(parts).digest(), "sha256").hexdigest()


def load_keys(folder: Path) -> ServerKeys:
    """The keys in ``folder``; made, and durable, where there are none. Raises Refused where the file is damaged or away."""
    path = folder / NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return parse_keys(path.read_bytes())
    except OSError as error:
        raise cannot_open(f"{path} cannot be used: {error.strerror}.", "The server needs its keys to start.") from error
    except ValueError as error:
        raise cannot_open(f"{path} is damaged ({error}).", "Put it back from a backup with `trii-sync restore`.") from error


def parse_keys(content: bytes) -> ServerKeys:
    """Keys from the file's content. Raises ValueError for any other content."""
    kept = msgspec.json.decode(content, type=KeyFile)
    if kept.v != 1 or any(len(key) != KEY_BYTES for key in (kept.identity, kept.token, kept.blind, kept.data)):
        raise ValueError("not the keys of a server of this version")
    return ServerKeys(kept)


async def check_keys(database: Database, keys: ServerKeys) -> None:
    """Hold a database and the keys together for ever, from the first time on. Raises Refused for another server's keys."""
    async with database.write() as tx:
        await tx.run("INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", _CHECK, keys.fingerprint())
        row = await tx.row("SELECT value FROM facts WHERE name = $1", _CHECK)
    if row != (keys.fingerprint(),):
        raise cannot_open(
            f"{NAME} does not belong to this database: what it holds could not be read.",
            "Put the file that belongs to it back, or restore a backup with `trii-sync restore`.",
        )


def _make(path: Path) -> None:
    """Write new keys; where another process was first, its keys stay."""
    kept = KeyFile(1, *(secrets.token_bytes(KEY_BYTES) for _ in range(4)))
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        write_durably(fresh, msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        sync_folder(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def format_key(key: bytes) -> str:
    """A key as words of four letters and digits (base32), for paper. See :func:`parse_key`."""
    text = base64.b32encode(key + hashlib.sha256(key).digest()[:3]).decode("ascii")
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def parse_key(text: str) -> bytes:
    """The key of :func:`format_key`, however it was typed. Raises ValueError for a wrong character or a slip."""
    bare = "".join(text.upper().split()).replace("-", "")
    try:
        content = base64.b32decode(bare)
    except ValueError as error:
        raise ValueError("A recovery key has 14 groups of four letters A to Z or digits 2 to 7.") from error
    key, check = content[:-3], content[-3:]
    if len(key) != KEY_BYTES or hashlib.sha256(key).digest()[:3] != check:
        raise ValueError("This is not a whole recovery key: a group is missing or mistyped.")
    return key
