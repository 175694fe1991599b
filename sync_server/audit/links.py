"""The form of the audit log: entries, each bound to all before it, and signed roots that also bind the end. Pure.

``body_hash = SHA-256(salt ‖ body)`` and ``h = SHA-256(h before ‖ n ‖ ts ‖ body_hash)``: an export for one organisation shows of
other organisations' entries nothing but number, time and hash, and still verifies.
"""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync_server.protocol.chain import START, body_hash, from_text, to_text

MAX_PROBLEMS: Final = 100
_ROOT: Final = b"trii audit root\0"


class AuditEntry(msgspec.Struct, frozen=True):
    """What was done.

    ``kind`` as "auth.login" · ``actor`` user or key id, empty for nobody known · ``about`` what it was done to · ``address`` where
    the request came from · ``detail`` anything JSON can say, never a secret.
    """

    org: str
    kind: str
    actor: str = ""
    about: str = ""
    address: str = ""
    detail: dict[str, Any] = msgspec.field(default_factory=dict)


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry as it is stored: ``n`` its number from 1 without holes, ``ts`` UTC ms, ``bh`` and ``h`` hashes in base64.

    ``body`` is the entry as JSON text and ``salt`` its salt; None and empty where an export leaves them out.
    """

    n: int
    ts: int
    bh: str
    h: str
    body: str | None = None
    salt: str = ""


class Root(msgspec.Struct, frozen=True):
    """The log up to entry ``n`` as it was on ``day`` (UTC, as 2026-11-21), signed by the server's identity."""

    day: str
    n: int
    h: str
    signature: str = ""


class Problem(msgspec.Struct, frozen=True):
    """What is wrong at entry ``n``."""

    n: int
    what: str


class Verdict(msgspec.Struct, frozen=True):
    """What a verification found: entries looked at, how many roots bind them, the last hash, and what is wrong (the first 100)."""

    n_entries: int
    n_roots: int
    h: str
    problems: tuple[Problem, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, taken out, put in, moved or cut off."""
        return not self.problems


def format_body(entry: AuditEntry) -> str:
    """An entry as the JSON text that is hashed."""
    return msgspec.json.encode(entry, order="sorted").decode("utf-8")


def next_link(before: Link | None, ts: int, salt: bytes, body: str) -> Link:
    """The entry after ``before`` (None: the first)."""
    n = before.n + 1 if before else 1
    bh = to_text(body_hash(salt, body))
    return Link(n, ts, bh, _hash(from_text(before.h) if before else START, n, ts, bh), body, to_text(salt))


def sign_root(day: str, last: Link, key: Ed25519PrivateKey) -> Root:
    """A root over everything up to ``last``."""
    root = Root(day, last.n, last.h)
    return msgspec.structs.replace(root, signature=to_text(key.sign(_signed(root))))


class Verifier:
    """Looks at a log entry by entry, in order; then :meth:`verdict`. Roots bind entries, and the end."""

    def __init__(self, roots: Iterable[Root], public: Ed25519PublicKey) -> None:
        self._problems: list[Problem] = []
        self._roots: dict[int, list[Root]] = {}
        self._n_roots = 0
        for root in roots:
            self._roots.setdefault(root.n, []).append(root)
            self._n_roots += 1
            if not _is_signed(root, public):
                self._note(root.n, f"the root of {root.day} is not signed by this server")
        self._n = 0
        self._n_entries = 0
        self._h = START

    def look(self, link: Link) -> None:
        """Take the next entry."""
        self._n_entries += 1
        if link.n != self._n + 1:
            self._note(link.n, f"entry {self._n + 1} should stand here")
        elif not _has_hash(link, self._h):
            self._note(link.n, "it does not follow from what stands before it")
        if link.body is not None and not _has_body(link):
            self._note(link.n, "its content is not what was written")
        for root in self._roots.pop(link.n, ()):
            if root.h != link.h:
                self._note(link.n, f"it is not what the root of {root.day} signed")
        # Go on from what the entry says of itself: one change is one problem, not one for each entry after it.
        self._n = link.n
        try:
            self._h = from_text(link.h)
        except ValueError:
            self._h = START

    def note(self, n: int, what: str) -> None:
        """Add something found by other means."""
        self._note(n, what)

    def verdict(self) -> Verdict:
        """What was found, once all entries were looked at."""
        for n, roots in sorted(self._roots.items()):
            self._note(n, f"the log was cut off: the root of {roots[0].day} signed entry {n}, the last one is {self._n}")
        self._roots.clear()
        return Verdict(self._n_entries, self._n_roots, to_text(self._h), tuple(self._problems))

    def _note(self, n: int, what: str) -> None:
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(Problem(n, what))


def _hash(before: bytes, n: int, ts: int, bh: str) -> str:
    return to_text(hashlib.sha256(before + n.to_bytes(8) + ts.to_bytes(8) + from_text(bh)).digest())


def _has_hash(link: Link, before: bytes) -> bool:
    try:
        return link.h == _hash(before, link.n, link.ts, link.bh)
    except (ValueError, OverflowError):
        return False


def _has_body(link: Link) -> bool:
    try:
        return to_text(body_hash(from_text(link.salt), link.body or "")) == link.bh
    except ValueError:
        return False


def _signed(root: Root) -> bytes:
    return _ROOT + msgspec.json.encode((root.day, root.n, root.h))


def _is_signed(root: Root, public: Ed25519PublicKey) -> bool:
    try:
        public.verify(from_text(root.signature), _signed(root))
    except (InvalidSignature, ValueError):
        return False
    return True
