"""The servers that this desktop belongs to, as rows of the words ledger; the token lies with the other secrets, never here."""

from dataclasses import dataclass, replace
from typing import Any, Final

from backend.errors import Conflict, NotFound
from backend.storage.ledger import Ledger

_COLUMNS: Final = (
    "id, url, name, pin, authority, org, user, email, person, role, device, session,"
    " is_signed_in, is_wanted, joined_ms, last_live_ms"
)
_ALL: Final = f"SELECT {_COLUMNS} FROM chat_servers ORDER BY joined_ms, id"  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Account:
    """This person on one server.

    authority : the server's own certificate as PEM, the only one trusted where there is a ``pin``
    device : id under which operations are counted; stays for good, across sign-outs · session : as the server calls this sign-in
    is_wanted : the person wants to be connected whenever it is possible
    """

    id: str
    url: str
    name: str
    device: str
    pin: str = ""
    authority: str = ""
    org: str = ""
    user: str = ""
    email: str = ""
    person: str = ""
    role: str = ""
    session: str = ""
    is_signed_in: bool = False
    is_wanted: bool = True
    joined_ms: int = 0
    last_live_ms: int = 0

    @property
    def place(self) -> str:
        """Where the secrets of this account are kept."""
        return f"server/{self.id}"


class ServerBook:
    """Reads and changes accounts; one a server, because copies of rooms belong to one person."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def all(self) -> tuple[Account, ...]:
        """Every account, the earliest first."""
        found = await self._ledger.read(lambda db: db.execute(_ALL).fetchall())
        return tuple(map(_account_of, found))

    async def put(self, account: Account) -> Account:
        """Keep an account, new or changed. Raises Conflict where its address belongs to another one, or it to another person."""

        def work(db: Any) -> None:
            known = db.execute("SELECT id, user FROM chat_servers WHERE url = ? OR id = ?", (account.url, account.id)).fetchone()
            if known is not None and (known[0] != account.id or known[1] not in ("", account.user)):
                raise Conflict(
                    f"{account.name} is in use by another person's account here.",
                    hint="Forget that account on this computer first; what it holds stays on the server.",
                    code="server.other_account",
                )
            _write(db, account)

        await self._ledger.write(work)
        return account

    async def note_live(self, server: str, now_ms: int) -> None:
        """Remember when the desktop was last connected with a server."""
        await self._ledger.write(lambda db: db.execute("UPDATE chat_servers SET last_live_ms = ? WHERE id = ?", (now_ms, server)))

    async def remove(self, server: str) -> None:
        """Forget an account whose rooms were removed before."""
        await self._ledger.write(lambda db: db.execute("DELETE FROM chat_servers WHERE id = ?", (server,)))


def signed_out(account: Account) -> Account:
    """The account after its session ended."""
    return replace(account, session="", is_signed_in=False)


def find_account(accounts: tuple[Account, ...], server: str) -> Account:
    """The account ``server``. Raises NotFound."""
    for account in accounts:
        if account.id == server:
            return account
    raise NotFound("This desktop does not belong to that server.", hint="Join it with an invite link.", code="server.unknown")


def _write(db: Any, account: Account) -> None:
    flags = (account.is_signed_in, account.is_wanted, account.joined_ms, account.last_live_ms)
    place = (account.url, account.name, account.pin, account.authority, account.org)
    person = (account.user, account.email, account.person, account.role, account.device, account.session)
    db.execute(
        f"INSERT INTO chat_servers ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own words
        " ON CONFLICT (id) DO UPDATE SET url = excluded.url, name = excluded.name, pin = excluded.pin,"
        " authority = excluded.authority, org = excluded.org, user = excluded.user, email = excluded.email,"
        " person = excluded.person, role = excluded.role, device = excluded.device, session = excluded.session,"
        " is_signed_in = excluded.is_signed_in, is_wanted = excluded.is_wanted, last_live_ms = excluded.last_live_ms",
        (account.id, *place, *person, *flags),
    )


def _account_of(row: tuple[Any, ...]) -> Account:
    key, url, name, pin, authority, org, user, email, person, role, device, session, is_signed_in, is_wanted, joined, live = row
    account = Account(key, url, name, device, pin, authority, org, user, email, person, role, session)
    return replace(account, is_signed_in=bool(is_signed_in), is_wanted=bool(is_wanted), joined_ms=joined, last_live_ms=live)
