"""The hash chain of a room: two copies with the same number at the same place hold the same history.

``body_hash = SHA-256(salt ‖ body)`` over the very bytes the author sent; the chain commits to that hash and not to the body,
so a body can be erased together with its salt and the chain still verifies.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

from sync_server.protocol.events import Event

SALT_BYTES: Final = 16
START: Final = bytes(32)  # the hash before the first event of a room


def to_text(value: bytes) -> str:
    """Bytes as URL-safe base64 without padding, as hashes and salts travel."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def from_text(text: str) -> bytes:
    """The bytes of :func:`to_text`. Raises ValueError for anything else."""
    value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if to_text(value) != text:
        raise ValueError("Not canonical base64.")
    return value


def body_hash(salt: bytes, body: str) -> bytes:
    """What the chain knows of a body."""
    return hashlib.sha256(salt + body.encode("utf-8")).digest()


def next_hash(before: bytes, epoch: int, event: Event) -> bytes:
    """The room's hash after ``event``, given the hash ``before`` it. Every field is framed by its length: no two events collide."""
    digest = hashlib.sha256(before)
    digest.update(epoch.to_bytes(8) + event.s.to_bytes(8) + event.ts.to_bytes(8) + event.rec.to_bytes(1))
    for field in (event.id, event.a, event.d, event.k, event.bh):
        part = field.encode("utf-8")
        digest.update(len(part).to_bytes(2) + part)
    return digest.digest()


def hash_after(before: bytes, epoch: int, events: Iterable[Event]) -> bytes:
    """The room's hash after all of ``events`` in order."""
    for event in events:
        before = next_hash(before, epoch, event)
    return before


def is_intact(event: Event) -> bool:
    """Whether the body of ``event`` is the one its hash commits to; an erased body is intact by definition."""
    if event.b is None:
        return event.n == ""
    try:
        return to_text(body_hash(from_text(event.n), event.b)) == event.bh
    except ValueError:
        return False
