"""Everything that is open for one account: its HTTP, its tokens, its line, and how it stands."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from backend.clock import Clock
from backend.errors import CorruptData
from backend.events import Notice
from backend.storage.credentials import Credentials
from backend.sync.api import Api, SessionEnded
from backend.sync.dialling import Dialling
from backend.sync.keeping import Keeping
from backend.sync.line import Line
from backend.sync.over_http import EventStreamOpener, LongPollOpener
from backend.sync.run import Needs
from backend.sync.server import Standing
from backend.sync.server_book import Account
from backend.sync.tokens import Tokens
from backend.sync.trust import trusting
from backend.sync.web_socket import WebSocketOpener
from sync_server.protocol.actions import Stands
from sync_server.protocol.messages import Snapshot

T = TypeVar("T")

_LIVE: Final = (Standing.LIVE, Standing.CATCHING_UP)


@dataclass(frozen=True, slots=True)
class LinkParts:
    """What links stand on. ``changed(server)`` how it stands · ``ended(server, why)`` the session is over."""

    keeping: Keeping
    credentials: Credentials
    clock: Clock
    notify: Callable[[Notice], None]
    changed: Callable[[str], None]
    ended: Callable[[str, str], None]


class Link:
    """One account while the program runs. ``open_link`` makes it; close it in the end."""

    def __init__(self, account: Account, api: Api, parts: LinkParts, dialling: Dialling) -> None:
        self.account = account
        self.api = api
        self.tokens = Tokens(account.place, api, parts.credentials, parts.clock)
        self.standing = Standing.OFFLINE
        self.why = ""
        self.retry_at_ms = 0
        self.carrier = ""
        self._parts = parts
        needs = Needs(
            server=account.id,
            keeping=parts.keeping,
            clock=parts.clock,
            dialling=dialling,
            access=self.tokens.access,
            doubt=self.tokens.doubt,
            fetch_snapshot=self._fetch_snapshot,
            stands=self._stand,
            ended=lambda why: parts.ended(account.id, why),
        )
        self.line = Line(account.name, needs, parts.notify, is_wanted=False)

    async def close(self) -> None:
        """Store what waits and hang up."""
        await self.line.close()
        await self.api.close()

    @property
    def is_live(self) -> bool:
        """Whether messages go back and forth."""
        return self.standing in _LIVE

    async def call(self, what: Callable[[Api, str], Awaitable[T]]) -> T:
        """Call the server's HTTP with a good access token; one that was not accepted is renewed once. Raises TriiError."""
        try:
            return await what(self.api, await self.tokens.access())
        except SessionEnded as error:
            if error.code == "server.signed_out":
                raise
            self.tokens.doubt()
        return await what(self.api, await self.tokens.access())

    def _stand(self, stands: Stands, carrier: str) -> None:
        self.standing = Standing(stands.state)
        self.why, self.retry_at_ms = stands.why, stands.retry_at_ms
        self.carrier = carrier if self.is_live else ""
        self._parts.changed(self.account.id)

    async def _fetch_snapshot(self, path: str) -> Snapshot:
        if not path.startswith("/") or path.startswith("//"):
            raise CorruptData("A snapshot lies on another server.", code="server.answer")

        async def fetch(api: Api, access: str) -> Snapshot:
            answer = await api.request("GET", path, access=access)
            try:
                return msgspec.json.decode(answer.content, type=Snapshot)
            except ValueError as error:
                raise CorruptData("The server's snapshot cannot be read.", code="server.answer") from error

        return await self.call(fetch)


async def open_link(account: Account, parts: LinkParts) -> Link:
    """A link that is offline, with its line begun. Raises TriiError where the account's certificate cannot be read."""
    is_plain = account.url.startswith("http:")
    trust = None if is_plain else await asyncio.to_thread(_trust_of, account)
    api = Api(account.url, account.authority, trust=trust)
    link: Link

    async def access() -> str:
        return await link.tokens.access()

    openers = (WebSocketOpener(account.url, trust), EventStreamOpener(api, access), LongPollOpener(api, access))
    link = Link(account, api, parts, Dialling(account.url, openers, parts.clock))
    link.line.begin()
    return link


def _trust_of(account: Account) -> ssl.SSLContext:
    try:
        return trusting(account.authority)
    except ssl.SSLError as error:
        raise CorruptData(f"The certificate kept for {account.name} cannot be read.", code="server.authority") from error
