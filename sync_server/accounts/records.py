"""An account as the database holds it, and the statements that find one."""

from typing import Final, LiteralString

import msgspec

from sync_server.actor import Role
from sync_server.storage.database import Reading, Row

_COLUMNS: Final[LiteralString] = """
    u.id, u.org, u.role, u.name, u.handle, u.email_sealed, u.password, u.secret_ms, u.made_ms, u.disabled_ms, u.deleted_ms,
    u.factor_sealed, u.factor_ms, u.factor_step, o.name"""
_FROM: Final[LiteralString] = "SELECT " + _COLUMNS + " FROM users u JOIN orgs o ON o.id = u.org "  # noqa: S608 - constants only
_BY_ID: Final[LiteralString] = _FROM + "WHERE u.id = $1"
_BY_EMAIL: Final[LiteralString] = _FROM + "WHERE u.email_index = $1"
_IN_ORG: Final[LiteralString] = _FROM + "WHERE u.org = $1 AND u.id = $2"


class Account(msgspec.Struct, frozen=True):
    """One row of ``users`` with its organisation's name. Times in UTC ms, 0 never."""

    id: str
    org: str
    role: Role
    name: str
    handle: str
    email_sealed: bytes | None
    password: str
    secret_ms: int
    made_ms: int
    disabled_ms: int
    deleted_ms: int
    factor_sealed: bytes | None
    factor_ms: int
    factor_step: int
    org_name: str

    @property
    def is_open(self) -> bool:
        """Whether somebody may act as this account."""
        return not (self.disabled_ms or self.deleted_ms)

    @property
    def has_factor(self) -> bool:
        """Whether a second factor is asked for; one that is only being set up is not."""
        return bool(self.factor_ms)


def _account(row: Row | None) -> Account | None:
    return None if row is None else Account(row[0], row[1], Role(row[2]), *row[3:])


async def load_account(tx: Reading, user: str) -> Account | None:
    """The account with this id, of whatever organisation; for the server's own use."""
    return _account(await tx.row(_BY_ID, user))


async def find_account(tx: Reading, email_index: str) -> Account | None:
    """The account that signs in with this address."""
    return _account(await tx.row(_BY_EMAIL, email_index))


async def load_colleague(tx: Reading, org: str, user: str) -> Account | None:
    """The account with this id where it belongs to the organisation and is not deleted, else None."""
    found = _account(await tx.row(_IN_ORG, org, user))
    return None if found is None or found.deleted_ms else found
