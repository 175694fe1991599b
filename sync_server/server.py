"""The server, put together: the one place that chooses. ``async with Server(config)`` starts it and ends it whole."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from sync_server.accounts.accounts import Accounts, Terms
from sync_server.accounts.limits import Rule
from sync_server.accounts.values import Org
from sync_server.audit.audit import Audit
from sync_server.clock import Clock, SystemClock
from sync_server.config import Config, check_config
from sync_server.edge.acts import Pace
from sync_server.edge.app import Front, make_http
from sync_server.edge.house import House, Identity
from sync_server.edge.hub import Hub
from sync_server.edge.listening import Listener
from sync_server.edge.mailboxes import Mailboxes
from sync_server.edge.paging import Pages
from sync_server.edge.parts import Sides
from sync_server.edge.posting import Posting
from sync_server.edge.purging import Purging
from sync_server.edge.rules import RULES, taker
from sync_server.edge.scrubbing import Scrubbing
from sync_server.edge.session import Figures
from sync_server.edge.socket import MAX_STRANGERS, STRANGERS_AT, SyncSocket
from sync_server.edge.tasks import Tasks
from sync_server.edge.tls import Certificates
from sync_server.errors import Refused
from sync_server.files.blobs import Blobs
from sync_server.files.files import FileLimits, Files
from sync_server.files.sweeping import Sweeper
from sync_server.protocol.ids import IdMaker
from sync_server.protocol.invites import Invite, format_invite
from sync_server.protocol.limits import VERSION
from sync_server.rooms.erasures import Erasures
from sync_server.rooms.rooms import Rooms
from sync_server.rooms.shared_files import SharedFiles
from sync_server.search.projection import remove_messages
from sync_server.search.search import Search
from sync_server.storage.database import Database, Reading
from sync_server.storage.keys import ServerKeys, check_keys, load_keys
from sync_server.storage.opening import open_database
from sync_server.storage.ownership import owned
from sync_server.storage.swapping import finish_restore
from sync_server.tables import TABLES

log = logging.getLogger(__name__)

HOUR_S: Final = 3_600.0
_COLLEAGUE: Final = "SELECT id FROM users WHERE id = $1 AND org = $2 AND disabled_ms = 0 AND deleted_ms = 0"
UNLIMITED: Final[Mapping[Pace, Rule]] = {}


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What tests and benchmarks choose otherwise. ``rules``: how often what may be done, None as the product does."""

    terms: Terms = Terms()
    rules: Mapping[Pace, Rule] | None = None
    figures: Figures | None = None
    file_limits: FileLimits = FileLimits()


class Server:
    """One server. Inside its block it listens; its parts stand as attributes."""

    accounts: Accounts
    rooms: Rooms
    hub: Hub
    audit: Audit
    keys: ServerKeys
    database: Database
    house: House
    app: Front
    org: Org

    def __init__(self, config: Config, clock: Clock | None = None, choices: Choices | None = None) -> None:
        self.config = check_config(config)
        self.clock = clock or SystemClock()
        self._choices = choices or Choices(terms=Terms(org=config.org), rules=None if config.has_limits else UNLIMITED)
        self._stack = AsyncExitStack()
        self._tasks = Tasks("server")

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._listener.port

    @property
    def url(self) -> str:
        """How others reach it."""
        return self.config.url(self.port)

    def join_link(self, code: str) -> str:
        """The link that somebody joins with."""
        return format_invite(Invite(self.url, "" if self.config.is_plain else self.keys.pin, code))

    async def __aenter__(self) -> Self:
        """Open, and listen. Raises Refused with what stands in the way, and OSError where the address is taken."""
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Tell every device when to come back, finish what was taken, and let go of everything."""
        self._listener.stop_accepting()
        await self.hub.drain(self.config.retry_ms)
        await self._stack.aclose()

    async def _open(self) -> None:
        data = self.config.data
        self._stack.enter_context(owned(data))
        await finish_restore(data, self.config.database_url)
        self.keys = load_keys(data)
        self.database = await open_database(self.config.database_url, TABLES, self.clock)
        self._stack.push_async_callback(self.database.close)
        await check_keys(self.database, self.keys)
        self.audit = Audit(self.database, self.keys, self.clock, data)
        self._stack.push_async_callback(self._sign)
        self.accounts = Accounts(self.database, self.keys, self.audit, self.clock, self._choices.terms)
        self._stack.push_async_callback(self.accounts.close)
        self.org = await self.accounts.begin()
        await self._open_rooms()
        await self._listen()
        self._begin_tasks()

    async def _open_rooms(self) -> None:
        shared = SharedFiles(self.database)
        blobs = Blobs(self.config.data / "files", self.keys)
        ids = IdMaker(os.urandom)
        self.files = Files(self.database, blobs, self.clock, ids, shared, limits=self._choices.file_limits)
        self._sweeper = Sweeper(self.database, blobs, self.clock, self.files, shared)
        self.search = Search(self.database)
        self._scrubbing = Scrubbing(self.database, self.search.settled)
        self.accounts.directory.on_erased(self._scrubbing.ask)
        purging = Purging(self._sweeper, self._tasks, self._scrubbing.ask)
        self.rooms = Rooms(self.database, self.clock, _colleagues, [purging.note, remove_messages], self.audit.note)
        self.rooms.on_committed(self.search.committed)
        self.rooms.on_committed(purging.entered)
        self.rooms.on_committed(self._scrubbing.entered)
        self._stack.push_async_callback(self._tasks.close)
        await self.search.begin()
        self._stack.push_async_callback(self.search.close)
        await self.rooms.begin()
        self._stack.push_async_callback(self.rooms.close)

    async def _listen(self) -> None:
        take = taker(self.accounts.limits, RULES if self._choices.rules is None else self._choices.rules)
        figures = self._choices.figures or Figures(node=self.config.node)
        self.hub = Hub(Sides(self.rooms, self.accounts), self.clock, take, figures)
        self.rooms.on_committed(self.hub.entered)
        self.accounts.on_ended(self.hub.sessions_ended)
        self._scrubbing.tell(self.hub.counts.scrubbed)
        self.hub.begin()
        self._stack.push_async_callback(self.hub.close)
        self._certificates = None
        if not self.config.is_plain:
            self._certificates = Certificates(self.keys.identity, self.config.names(), self.config.data / "tls")
            self._certificates.refresh(self.clock.now_ms())
        front = _Late()
        self._listener = Listener(front, self.clock, self._certificates.context if self._certificates else None)
        self._stack.push_async_callback(self._listener.close)
        await self._listener.begin(self.config.host, self.config.port)
        self._erasures = Erasures(self.database, self.clock, self.rooms.push, self.audit.note, self.accounts.directory)
        posting = Posting(self.rooms, self.clock, take)
        self.house = House(
            accounts=self.accounts,
            rooms=self.rooms,
            search=self.search,
            files=self.files,
            audit=self.audit,
            erasures=self._erasures,
            hub=self.hub,
            mailboxes=Mailboxes(self.hub),
            posting=posting,
            pages=Pages(self.keys.derive("pages")),
            database=self.database,
            clock=self.clock,
            identity=self._identity(),
        )
        origins = self.config.origins
        http = make_http(self.house, origins)
        # Behind a proxy everybody comes from one address.
        strangers_at = MAX_STRANGERS if self.config.is_plain or self._choices.rules is not None else STRANGERS_AT
        socket = SyncSocket(self.hub, frozenset(origins), strangers_at)
        self.app = front.app = Front(http, socket, self.hub.counts, origins, is_plain=self.config.is_plain)

    def _identity(self) -> Identity:
        pem = self._certificates.pem if self._certificates else ""
        return Identity(self.org.name, self.url, "" if self.config.is_plain else self.keys.pin, pem, VERSION)

    def _begin_tasks(self) -> None:
        self._tasks.start("accounts", self.accounts.watch())
        self._tasks.start("mailboxes", self.house.mailboxes.watch())
        self._tasks.start("scrubbing", self._scrubbing.run())
        self._tasks.start("hourly", self._look_after())

    async def _look_after(self) -> None:
        """Once an hour: a certificate for the coming days, files nobody needs, the audit's root."""
        while True:
            await asyncio.sleep(HOUR_S)
            if self._certificates is not None:
                self._certificates.refresh(self.clock.now_ms())
            try:
                await self._sweeper.sweep()
                await self._erasures.expire()
                await self.audit.sign_day()
            except Refused as refused:
                log.info("The hourly work waits for the database: %s", refused)

    async def _sign(self) -> None:
        with contextlib.suppress(Refused):
            await self.audit.sign_day()


async def _colleagues(reading: Reading, org: str, users: Sequence[str]) -> frozenset[str]:
    """Who of these belongs to the organisation and is not gone."""
    found = [await reading.row(_COLLEAGUE, user, org) for user in users]
    return frozenset(row[0] for row in found if row is not None)


class _Late:
    """Stands for the application until the port is known, which it tells to strangers."""

    app: Front | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.app is not None:
            await self.app(scope, receive, send)
