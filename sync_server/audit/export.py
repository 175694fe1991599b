"""The audit log as a file for one organisation, which anyone verifies without the server, its database or its keys."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync_server.audit.links import Link, Root, Verdict, Verifier
from sync_server.protocol.chain import from_text
from sync_server.storage.database import Database
from sync_server.storage.keys import ServerKeys

PAGE: Final = 1_000
_BEGINNING: Final = b'{"trii_audit"'
_ROWS: Final = "SELECT n, ts, bh, h, body, salt, org FROM audit WHERE n > $1 ORDER BY n LIMIT $2"


class ExportHead(msgspec.Struct, frozen=True):
    """The first line: whose log it is, and the server's pin, which the reader compares with the one the desktop shows."""

    trii_audit: int
    org: str
    pin: str


async def export_log(database: Database, keys: ServerKeys, org: str) -> AsyncIterator[bytes]:
    """The lines of an export, in JSON: head, roots, entries. Of other organisations' entries only what binds the chain.

    Read page by page: whoever takes the lines slowly holds up nobody, and a log only grows. Raises Refused (busy).
    """
    yield msgspec.json.encode(ExportHead(1, org, keys.pin)) + b"\n"
    async with database.read() as view:
        roots = await view.rows("SELECT day, n, h, signature FROM audit_roots ORDER BY n")
    for row in roots:
        yield msgspec.json.encode(Root(*row)) + b"\n"
    n = 0
    while True:
        async with database.read() as view:
            rows = await view.rows(_ROWS, n, PAGE)
        if not rows:
            return
        lines = [msgspec.json.encode(Link(*fields) if owner == org else Link(*fields[:4])) for *fields, owner in rows]
        yield b"\n".join(lines) + b"\n"
        n = rows[-1][0]


def is_export(path: Path) -> bool:
    """Whether a file begins as an exported log does."""
    with path.open("rb") as file:
        return file.read(len(_BEGINNING)) == _BEGINNING


def verify_export(lines: Iterable[bytes], pin: str = "", more_roots: Iterable[Root] = ()) -> Verdict:
    """Verify an export without the server.

    ``pin`` is the server's, known from elsewhere (empty: the one in the file); ``more_roots`` are roots kept elsewhere.
    Raises ValueError for a file that is no export, or one of another server.
    """
    rest = iter(lines)
    head = _parse(next(rest, b""), ExportHead)
    if pin and head.pin != pin:
        raise ValueError(f"The export is of the server {head.pin}, not of {pin}.")
    public = Ed25519PublicKey.from_public_bytes(from_text(head.pin))
    roots = list(more_roots)
    verifier = None
    for line in rest:
        if verifier is None and b'"bh"' not in line:
            roots.append(_parse(line, Root))
            continue
        verifier = verifier or Verifier(roots, public)
        verifier.look(_parse(line, Link))
    return (verifier or Verifier(roots, public)).verdict()


K = TypeVar("K", ExportHead, Root, Link)


def _parse(line: bytes, kind: type[K]) -> K:
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(f"This is not an export of an audit log: {line[:60]!r} ({error}).") from error
