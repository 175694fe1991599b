"""The audit log of a server: entries are added inside the transaction they tell of, and read by those who may."""

import asyncio
import datetime as dt
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import msgspec

from sync_server.actor import Actor, Role
from sync_server.audit.export import export_log
from sync_server.audit.links import AuditEntry, Link, Problem, Root, Verdict, Verifier, format_body, next_link, sign_root
from sync_server.clock import Clock
from sync_server.errors import Refused
from sync_server.protocol.chain import SALT_BYTES
from sync_server.protocol.codes import Code
from sync_server.storage.database import Database, Reading, Row, Writing
from sync_server.storage.keys import ServerKeys

__all__ = ["Audit", "AuditEntry", "AuditPage", "NotedEntry"]

READERS: Final = frozenset({Role.OWNER, Role.ADMIN, Role.COMPLIANCE})
READERS_OF_OWN: Final = frozenset({Role.MEMBER, Role.TRADER, Role.MODERATOR})
SCOPE: Final = "audit:read"
PAGE: Final = 1_000
ROOTS: Final = "audit-roots.jsonl"
MAX_TEXT: Final = 500
_LINK: Final = "n, ts, bh, h, body, salt"
_INSERT: Final = "INSERT INTO audit (n, ts, org, kind, actor, body, salt, bh, h) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_LAST: Final = "SELECT n, ts, bh, h FROM audit ORDER BY n DESC LIMIT 1"
_NEXT: Final = "SELECT n, ts, bh, h, body, salt, org, kind, actor FROM audit WHERE n > $1 ORDER BY n LIMIT $2"
_PAGE: Final = """
SELECT n, ts, body FROM audit WHERE org = $1 AND n < $2 AND ($3 = '' OR actor = $3) AND ($4 = '' OR kind LIKE $4 || '%')
ORDER BY n DESC LIMIT $5
"""


class NotedEntry(msgspec.Struct, frozen=True):
    """An entry as it is read: its number and time (UTC ms), and what was done."""

    n: int
    ts: int
    entry: AuditEntry


class AuditPage(msgspec.Struct, frozen=True):
    """Entries, newest first; ``before`` is the cursor of the next page, 0 at the end."""

    entries: tuple[NotedEntry, ...]
    before: int


class Audit:
    """The log. ``roots`` is the folder that keeps signed roots outside the database, one a line: copy it elsewhere."""

    def __init__(self, database: Database, keys: ServerKeys, clock: Clock, roots: Path) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._roots = roots / ROOTS

    async def note(self, tx: Writing | None, entry: AuditEntry) -> None:
        """Add an entry, in the transaction that does what it tells of, or in one of its own. Raises Refused (busy)."""
        if tx is not None:
            await self._add(tx, entry)
            return
        async with self._database.write() as own:
            await self._add(own, entry)

    async def entries(self, actor: Actor, before: int = 0, limit: int = 100, *, who: str = "", kind: str = "") -> AuditPage:
        """A page of the organisation's entries, newest first, of one person or of kinds that begin so. Raises Refused.

        ``before`` is the cursor of the page before, 0 for the newest.
        """
        check_reader(actor, who)
        limit = max(1, min(limit, PAGE))
        pattern = kind.replace("%", "").replace("_", "")
        async with self._database.read() as view:
            rows = await view.rows(_PAGE, actor.org, before or 2**62, who, pattern, limit + 1)
        found = tuple(NotedEntry(n, ts, msgspec.json.decode(body, type=AuditEntry)) for n, ts, body in rows[:limit])
        return AuditPage(found, found[-1].n if len(rows) > limit else 0)

    async def verify(self) -> Verdict:
        """Look at every entry, at the database's roots and at those kept outside it. Raises Refused (busy)."""
        problems: tuple[Problem, ...] = ()
        kept: tuple[Root, ...] = ()
        try:
            kept = tuple(read_roots(self._roots))
        except ValueError as error:
            problems = (Problem(0, str(error)),)
        async with self._database.read() as view:
            verdict = await verify_log(view, self._keys, kept)
        return msgspec.structs.replace(verdict, problems=problems + verdict.problems)

    def export(self, actor: Actor) -> AsyncIterator[bytes]:
        """The organisation's log as lines of a file that verifies without the server. Raises Refused."""
        check_reader(actor)
        return export_log(self._database, self._keys, actor.org)

    async def sign_day(self) -> Root | None:
        """Sign the log as it stands, once there are entries since the last root; None where there are none.

        Called once a day and when the server closes. The root is also appended to the file of roots.
        """
        day = dt.datetime.fromtimestamp(self._clock.now_ms() / 1_000, dt.UTC).date().isoformat()
        async with self._database.write() as tx:
            last = await tx.row(_LAST)
            signed = await tx.row("SELECT n FROM audit_roots ORDER BY n DESC LIMIT 1")
            if last is None or (signed is not None and signed[0] >= last[0]):
                return None
            root = sign_root(day, Link(*last), self._keys.identity)
            await tx.run(
                "INSERT INTO audit_roots (n, day, h, signature) VALUES ($1, $2, $3, $4)", root.n, root.day, root.h, root.signature
            )
        await asyncio.to_thread(_append, self._roots, msgspec.json.encode(root) + b"\n")
        return root

    async def _add(self, tx: Writing, entry: AuditEntry) -> None:
        said = {name: _plain(getattr(entry, name)) for name in ("org", "kind", "actor", "about", "address")}
        entry = msgspec.structs.replace(entry, **said)
        last = await tx.row(_LAST)
        link = next_link(Link(*last) if last else None, self._clock.now_ms(), secrets.token_bytes(SALT_BYTES), format_body(entry))
        await tx.run(_INSERT, link.n, link.ts, entry.org, entry.kind, entry.actor, link.body, link.salt, link.bh, link.h)


def check_reader(actor: Actor, who: str = "") -> None:
    """Whether the actor may read the organisation's entries, or those of ``who``. Raises Refused.

    Owners, admins and compliance read all, keys with the scope do, and members read what they did themselves.
    """
    is_reader = actor.role in READERS if actor.scopes is None else SCOPE in actor.scopes
    is_own = actor.scopes is None and actor.role in READERS_OF_OWN and who == actor.user
    if not is_reader and not is_own:
        raise Refused(Code.NOT_ALLOWED, "The audit log is read by owners, admins and compliance.", status=403)


async def verify_log(view: Reading, keys: ServerKeys, kept: tuple[Root, ...] = ()) -> Verdict:
    """Look at the whole log in ``view``, against its own roots and ``kept`` ones. Raises Refused (busy)."""
    stored = [Root(*row) for row in await view.rows("SELECT day, n, h, signature FROM audit_roots ORDER BY n")]
    verifier = Verifier((*stored, *(root for root in kept if root not in stored)), keys.identity.public_key())
    n = 0
    while rows := await view.rows(_NEXT, n, PAGE):
        for row in rows:
            link = Link(*row[:6])
            verifier.look(link)
            if link.body is not None and not _says(link.body, row):
                verifier.note(link.n, "its columns differ from its content")
        n = rows[-1][0]
    return verifier.verdict()


def read_roots(path: Path) -> Iterator[Root]:
    """Roots that were kept outside the database. Raises ValueError for a line that is none."""
    if path.exists():
        for line in path.read_bytes().splitlines():
            try:
                yield msgspec.json.decode(line, type=Root)
            except msgspec.MsgspecError as error:
                raise ValueError(f"{path.name} holds a line that is no root: {line[:60]!r}.") from error


def _says(body: str, row: Row) -> bool:
    try:
        entry = msgspec.json.decode(body, type=AuditEntry)
    except msgspec.MsgspecError:
        return False
    return (entry.org, entry.kind, entry.actor) == tuple(row[6:9])


def _plain(text: str) -> str:
    """Text from outside without control characters, and not longer than is read."""
    return "".join(sign for sign in text[:MAX_TEXT] if sign.isprintable())


def _append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
