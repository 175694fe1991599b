"""Refresh tokens: each is used once and names its successor; a retry gets the same one, a thief ends the whole family.

A session has one family and exactly one live token. For ten seconds after its use, and as long as its successor is not in use, a
token still gives the successor it gave, so a device whose answer was lost simply asks again. Later the same token can only come
from a copy: the session ends. Seconds in which the server was kept from answering do not count, up to two minutes of them.
"""

import enum
import os
from collections import OrderedDict
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync_server.clock import Clock

GRACE_MS: Final = 10_000
LATEST_MS: Final = 120_000  # after its use a token gives nothing more, however starved the server was
IDLE_MS: Final = 7 * 24 * 3_600_000
ABSOLUTE_MS: Final = 30 * 24 * 3_600_000
_NONCE_BYTES: Final = 12


class Presented(msgspec.Struct, frozen=True):
    """What is stored of a token that somebody shows, and of its session. ``used_ms`` None: it is the live one."""

    used_ms: int | None
    seen_ms: int
    until_ms: int
    ended_ms: int


class Judgement(enum.Enum):
    """What to do with a token that is shown."""

    ROTATE = "give a successor"
    AGAIN = "give the same successor once more"
    EXPIRED = "idle or old: sign in again"
    ENDED = "the session has ended"
    REUSED = "a copy: end the session"


def judge(shown: Presented, now_ms: int, since_use_ms: int | None) -> Judgement:
    """What to do. ``since_use_ms``: see :meth:`Uses.since`, where this process saw its use, so that no jump of the clock counts."""
    if shown.ended_ms:
        return Judgement.ENDED
    if shown.used_ms is not None:
        age_ms = abs(now_ms - shown.used_ms) if since_use_ms is None else since_use_ms
        return Judgement.AGAIN if age_ms <= GRACE_MS else Judgement.REUSED
    if now_ms >= shown.until_ms or now_ms - shown.seen_ms > IDLE_MS:
        return Judgement.EXPIRED  # nothing is ended: a clock that went wrong and comes back finds the session as it was
    return Judgement.ROTATE


class Uses:
    """When tokens were used, by steady time and by the part of it that the server attended, for as long as that matters."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at_ms: OrderedDict[bytes, tuple[int, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._at_ms)

    def keep(self, token_hash: bytes) -> None:
        """A token was used, and its answer goes out now."""
        now = self.moment()
        self._at_ms[token_hash] = now
        while self._at_ms and now[0] - next(iter(self._at_ms.values()))[0] > LATEST_MS:
            self._at_ms.popitem(last=False)

    def moment(self) -> tuple[int, int]:
        """Now: when a token is shown, before its turn in the database is waited for."""
        return self._clock.steady_ms(), self._clock.attended_ms()

    def since(self, token_hash: bytes, shown: tuple[int, int]) -> int | None:
        """Ms that the server attended from its answer until ``shown``, or all of them after ``LATEST_MS``; None: not known here."""
        at = self._at_ms.get(token_hash)
        if at is None:
            return None
        passed_ms, attended_ms = shown[0] - at[0], shown[1] - at[1]
        return max(0, passed_ms if passed_ms > LATEST_MS else attended_ms)


def seal_successor(successor: str, token: str) -> bytes:
    """The successor, to be opened with the token it follows and with nothing the server keeps."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(token)).encrypt(nonce, successor.encode("ascii"), None)


def open_successor(sealed: bytes, token: str) -> str:
    """The successor of ``token``."""
    return AESGCM(_key(token)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode("ascii")


def _key(token: str) -> bytes:
    return HKDF(SHA256(), 32, None, b"trii refresh successor").derive(token.encode("utf-8"))
