"""Derive many keys from one by HKDF-SHA256 (RFC 5869), with the standard library: start-up needs nothing heavier."""

import hashlib
import hmac

_HASH_BYTES = hashlib.sha256().digest_size
_LABEL = "trii/v1/"


def derive(key: bytes, label: str, n_bytes: int = 32, *, salt: bytes = b"") -> bytes:
    """Return the ``n_bytes`` key that belongs to ``label``; keys of different labels tell nothing of each other."""
    return expand(extract(salt, key), f"{_LABEL}{label}".encode(), n_bytes)


def extract(salt: bytes, key: bytes) -> bytes:
    """HKDF-Extract: concentrate a key; an empty salt counts as zeros."""
    return hmac.digest(salt or bytes(_HASH_BYTES), key, "sha256")


def expand(concentrated: bytes, context: bytes, n_bytes: int) -> bytes:
    """HKDF-Expand: stretch a concentrated key to ``n_bytes``, at most 8160, bound to ``context``."""
    assert 0 < n_bytes <= 255 * _HASH_BYTES
    block, output = b"", b""
    while len(output) < n_bytes:
        counter = len(output) // _HASH_BYTES + 1
        block = hmac.digest(concentrated, block + context + bytes([counter]), "sha256")
        output += block
    return output[:n_bytes]
