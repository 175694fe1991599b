"""What every command is given, and the parts of a server that one works with beside the one that runs."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TextIO

from sync_server.accounts.accounts import Accounts
from sync_server.accounts.values import Org
from sync_server.audit.audit import Audit
from sync_server.clock import Clock, SystemClock
from sync_server.config import Config
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.protocol.invites import Invite, format_invite
from sync_server.storage.database import Database
from sync_server.storage.keys import ServerKeys, check_keys, load_keys
from sync_server.storage.opening import open_database
from sync_server.tables import TABLES


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how the server is set up, what was asked, and where to say what."""

    config: Config
    asked: argparse.Namespace
    out: TextIO
    err: TextIO

    def say(self, text: str = "") -> None:
        """One line for the person at the terminal."""
        print(text, file=self.out)


@dataclass(frozen=True, slots=True)
class Office:
    """The parts that a command works with, while the server may run in another process."""

    config: Config
    clock: Clock
    keys: ServerKeys
    database: Database
    audit: Audit
    accounts: Accounts

    def link(self, code: str) -> str:
        """The link that somebody joins with."""
        return link_of(self.config, self.keys, self.config.url(self.config.port), code)

    async def org(self, name: str) -> Org:
        """The organisation of this name; the first where none is named. Raises Refused for a name that none has."""
        rows = await self.accounts.orgs.rows()
        found = [row for row in rows if row.name == name] if name else list(rows[:1])
        if not found:
            known = ", ".join(row.name for row in rows) or "none yet: start the server once"
            raise Refused(Code.NO_TARGET, f"There is no organisation called {name!r}.", hint=f"There is: {known}.")
        return found[0]


@asynccontextmanager
async def office(config: Config) -> AsyncIterator[Office]:
    """Open the server's database beside whatever runs. Raises Refused where there is none yet."""
    clock = SystemClock()
    if not config.database and not (config.data / "sync.db").exists():
        raise Refused(Code.NO_TARGET, f"{config.data} holds no server yet.", hint="Start it once with `trii-sync serve`.")
    keys = load_keys(config.data)
    database = await open_database(config.database_url, TABLES, clock)
    try:
        await check_keys(database, keys)
        audit = Audit(database, keys, clock, config.data)
        accounts = Accounts(database, keys, audit, clock)
        try:
            yield Office(config, clock, keys, database, audit, accounts)
        finally:
            await accounts.close()
    finally:
        await database.close()


def link_of(config: Config, keys: ServerKeys, url: str, code: str) -> str:
    """The link that somebody joins the server at ``url`` with."""
    try:
        return format_invite(Invite(url, "" if config.is_plain else keys.pin, code))
    except ValueError as error:
        hint = "Say with --public how others reach the server, such as https://sync.example.com."
        raise Refused(Code.BAD_BODY, str(error), hint=hint) from error
