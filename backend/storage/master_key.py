"""The master key: 32 random bytes from which every other key is derived."""

import os
from dataclasses import dataclass, field
from typing import Literal

from backend.errors import InvalidInput
from backend.storage.key_derivation import derive
from backend.storage.phrase import key_from_phrase, phrase_from_key

_KEY_BYTES = 32

KeyUse = Literal["money", "words", "blobs", "backup"]


@dataclass(frozen=True, slots=True)
class MasterKey:
    """32 random bytes from which every other key is derived; the recovery phrase is this key in words."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != _KEY_BYTES:
            raise InvalidInput(f"A master key has {_KEY_BYTES} bytes, not {len(self.secret)}.", code="key.size")

    @classmethod
    def new(cls) -> "MasterKey":
        """Draw a key from the system's generator."""
        return cls(os.urandom(_KEY_BYTES))

    @classmethod
    def from_phrase(cls, phrase: str) -> "MasterKey":
        """Read the key from its 24 words. Raises InvalidInput that says which word is wrong."""
        return cls(key_from_phrase(phrase))

    @property
    def phrase(self) -> str:
        """The recovery phrase: 24 words."""
        return phrase_from_key(self.secret)

    def derive(self, use: KeyUse) -> bytes:
        """Return the 32-byte key for one use."""
        return derive(self.secret, use)

    @property
    def fingerprint(self) -> bytes:
        """16 bytes by which the key is recognised, useless to find it."""
        return derive(self.secret, "check", 16)
