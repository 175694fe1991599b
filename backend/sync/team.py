"""The facade of servers: joining, signing in, being connected, and what can be done about one's own account."""

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, TypeVar

from backend.bus import Bus
from backend.clock import Clock
from backend.errors import InvalidInput, TriiError, Unavailable
from backend.events import Level, Notice, RoomsChanged, ServersChanged
from backend.storage.credentials import Credentials
from backend.storage.ledger import Ledger
from backend.sync import account_calls as calls
from backend.sync.api import Api
from backend.sync.first_contact import fetch_authority
from backend.sync.keeping import Keeping
from backend.sync.link import Link, LinkParts, open_link
from backend.sync.own_account import OwnAccount
from backend.sync.server import Invitation, ServerRow, SignedIn, Standing
from backend.sync.server_book import Account, ServerBook, find_account, signed_out
from backend.sync.trust import check_pin, check_url
from backend.tasks import TaskOwner
from sync_server.protocol.invites import Invite, parse_invite

T = TypeVar("T")

GOODBYE_S: Final = 5.0
MS_NS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class TeamParts:
    """What the facade stands on. ``words``: the ledger of accounts · ``keeping``: who keeps the copies of rooms."""

    words: Ledger
    keeping: Keeping
    credentials: Credentials
    bus: Bus
    clock: Clock
    tasks: TaskOwner
    device_name: str = ""


class Team(OwnAccount):
    """Every server of this home. ``servers`` may be read from any thread; everything else runs on the engine.

    Nothing is connected before ``begin``, or before somebody asks with ``go_online``; what is written meanwhile waits.
    """

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: TeamParts) -> None:
        self._parts = parts
        self._book = ServerBook(parts.words)
        self._links: dict[str, Link] = {}
        self._rows: tuple[ServerRow, ...] = ()
        self._counts: dict[str, tuple[int, int, int]] = {}
        self._devices: dict[str, str] = {}  # of sign-ins that wait for a second factor, by address
        self._opening = asyncio.Lock()
        self._is_open = False
        self._is_counting = False
        self._subscription = parts.bus.subscribe(RoomsChanged, self._count_soon)

    # Life.

    async def open(self) -> None:
        """Look up the accounts; offline, so that their rooms can be read and written to."""
        async with self._opening:
            if self._is_open:
                return
            for account in await self._book.all():
                self._links[account.id] = await open_link(account, self._link_parts())
            self._is_open = True
            await self._count()
            self._show()

    async def begin(self) -> None:
        """Connect with every server that the person is signed in to and wants."""
        await self.open()
        for link in self._links.values():
            link.line.want(is_on=link.account.is_signed_in and link.account.is_wanted)

    async def close(self) -> None:
        """Store what waits and hang up everywhere."""
        self._subscription.close()
        links, self._links = list(self._links.values()), {}
        for link in links:
            await link.close()

    # Servers.

    def servers(self) -> tuple[ServerRow, ...]:
        """Every server as it stands now, the one that was joined first before the others."""
        return self._rows

    async def look_at(self, link: str) -> Invitation:
        """What an invite link leads to, asked of the server it names, which has to prove that it is that one.

        Raises InvalidInput (the link, or another server), NotFound (the invitation is used up or over), Unavailable.
        """
        invite = _read_link(link)
        url = check_url(invite.server)
        api = Api(url, await fetch_authority(url, invite.pin))
        try:
            told = await calls.invited_to(api, invite.code)
        finally:
            await api.close()
        return Invitation(_host(url), told.org, url, invite.pin, invite.code, told.role, told.until_ms)

    async def join(self, link: str, email: str, name: str, password: str) -> SignedIn:
        """Make an account by an invitation, and connect. Raises as ``look_at``, and InvalidInput for what the server refuses."""
        await self.open()
        invite = _read_link(link)
        account = await self._account_at(invite.server, invite.pin)
        api = Api(account.url, account.authority)
        try:
            form = {"code": invite.code, "email": email, "name": name, "password": password, "device": self._device(account)}
            granted = await calls.register(api, form)
            return await self._signed_in(account, api, granted, email)
        finally:
            await api.close()

    async def sign_in(self, server: str, email: str, password: str, code: str = "", ticket: str = "") -> SignedIn:
        """Sign in and connect. ``server``: its id here, its address, or an invite link, whose pin then holds.

        Where a second factor is on, the first call says so and gives a ticket; the second brings both code and ticket.
        Raises InvalidInput (wrong words, another server, another account here), Unavailable.
        """
        await self.open()
        account = await self._account_for(server)
        api = Api(account.url, account.authority)
        form: dict[str, Any] = {"device": self._device(account), "code": code}
        form |= {"ticket": ticket} if ticket else {"email": email, "password": password}
        try:
            told = await calls.login(api, form)
            if isinstance(told, calls.NeedsCode):
                self._devices[account.url] = account.device
                return SignedIn(self._row(account), needs_code=True, ticket=told.ticket)
            return await self._signed_in(account, api, told, email)
        finally:
            await api.close()

    async def sign_out(self, server: str, *, everywhere: bool = False, wipe: bool = False) -> None:
        """Stop sending and receiving; what is here stays readable, unless ``wipe`` removes it, unsent words too.

        ``everywhere`` ends the sessions of all devices, for which the server has to be reached. Raises NotFound, Unavailable.
        """
        link = await self._link(server)
        await self._say_goodbye(link, everywhere=everywhere)
        await self._forget_session(link)
        if wipe:
            await self._reopen(link, wipe=True)

    async def forget(self, server: str) -> None:
        """Sign out and remove the server with everything of it from this computer. Raises NotFound, Unavailable."""
        link = await self._link(server)
        await self._say_goodbye(link, everywhere=False)
        await self._forget_session(link)
        del self._links[server]
        await link.close()
        await self._parts.keeping.wipe(server)
        await self._book.remove(server)
        self._show()

    async def go_online(self, server: str, *, is_on: bool = True) -> None:
        """Be connected from now on whenever it is possible, or stay offline. Raises NotFound; InvalidInput when signed out."""
        link = await self._link(server)
        if is_on and not link.account.is_signed_in:
            raise InvalidInput(f"You are signed out of {link.account.name}.", hint="Sign in first.", code="server.signed_out")
        link.account = await self._book.put(replace(link.account, is_wanted=is_on))
        link.line.want(is_on=is_on)
        self._show()

    # For the chat, on the engine's loop.

    async def link_to(self, server: str) -> Link:
        """What is open for a server. Raises NotFound."""
        return await self._link(server)

    def links(self) -> Sequence[Link]:
        """What is open now."""
        return tuple(self._links.values())

    # Inside.

    def _link_parts(self) -> LinkParts:
        parts = self._parts
        return LinkParts(parts.keeping, parts.credentials, parts.clock, parts.bus.publish, self._stands, self._ended)

    async def _link(self, server: str) -> Link:
        await self.open()
        find_account(tuple(link.account for link in self._links.values()), server)
        return self._links[server]

    async def _account_for(self, server: str) -> Account:
        if server in self._links:
            return self._links[server].account
        if "://" in server and server.lower().startswith("trii:"):
            invite = _read_link(server)
            return await self._account_at(invite.server, invite.pin)
        return await self._account_at(server, "")

    async def _account_at(self, address: str, pin: str) -> Account:
        """The account at an address, made where it is new; a pin that differs from the one that was joined is refused."""
        url = check_url(address)
        known = next((link.account for link in self._links.values() if link.account.url == url), None)
        if known is not None and pin in ("", known.pin):
            return known
        authority = await fetch_authority(url, check_pin(pin))
        if known is not None:
            return replace(known, pin=pin, authority=authority)
        device = self._devices.pop(url, "") or str(uuid.uuid4())
        now_ms = self._parts.clock.now_ns() // MS_NS
        return Account(uuid.uuid4().hex, url, _host(url), device, pin, authority, joined_ms=now_ms)

    def _device(self, account: Account) -> dict[str, str]:
        return {"id": account.device, "name": self._parts.device_name[:80]}

    async def _signed_in(self, account: Account, api: Api, granted: calls.Granted, email: str) -> SignedIn:
        """Keep an account whose session stands, and connect."""
        org, _ = await calls.fetch_me(api, granted.access)
        signed = replace(
            account,
            name=org or account.name,
            org=granted.org,
            user=granted.user,
            email=email or account.email,
            person=granted.name,
            role=granted.role,
            session=granted.session,
            is_signed_in=True,
            is_wanted=True,
        )
        await self._book.put(signed)
        before = self._links.pop(account.id, None)
        if before is not None:
            await before.close()
        link = self._links[account.id] = await open_link(signed, self._link_parts())
        await link.tokens.keep(granted)
        link.line.want(is_on=True)
        self._show()
        return SignedIn(self._row(signed))

    async def _say_goodbye(self, link: Link, *, everywhere: bool) -> None:
        """Tell the server that the session is over; without an answer only where it must know."""
        if not link.account.is_signed_in:
            return
        try:
            async with asyncio.timeout(GOODBYE_S):
                await link.call(lambda api, access: calls.logout(api, access, everywhere=everywhere))
        except (TriiError, TimeoutError) as error:
            if everywhere:
                raise Unavailable(
                    f"{link.account.name} did not take the sign-out of all devices: {error}",
                    hint="Try again when it can be reached; this device is still signed in.",
                    code="server.logout",
                ) from error

    async def _forget_session(self, link: Link) -> None:
        link.line.want(is_on=False)
        link.account = await self._book.put(signed_out(link.account))
        await link.tokens.forget()
        self._show()

    async def _reopen(self, link: Link, *, wipe: bool) -> None:
        await link.close()
        if wipe:
            await self._parts.keeping.wipe(link.account.id)
        self._links[link.account.id] = await open_link(link.account, self._link_parts())
        self._show()

    def _ended(self, server: str, why: str) -> None:
        """The server ended the session: say so once, and remember it."""
        link = self._links.get(server)
        if link is None or not link.account.is_signed_in:
            return
        self._parts.bus.publish(
            Notice(Level.WARNING, f"You were signed out of {link.account.name}.", why, "Sign in again.", "server.signed_out")
        )
        self._parts.tasks.start("signing out", self._forget_session(link))

    def _stands(self, server: str) -> None:
        link = self._links.get(server)
        if link is not None and link.standing is Standing.LIVE:
            now_ms = self._parts.clock.now_ns() // MS_NS
            link.account = replace(link.account, last_live_ms=now_ms)
            self._parts.tasks.start("noting the connection", self._book.note_live(server, now_ms))
        self._show()

    def _count_soon(self, _: RoomsChanged) -> None:
        if self._is_open and not self._is_counting and not self._parts.tasks.is_closed:
            self._is_counting = True
            self._parts.tasks.start("counting unread messages", self._recount())

    async def _recount(self) -> None:
        self._is_counting = False
        before = dict(self._counts)
        await self._count()
        if self._counts != before:
            self._show()

    async def _count(self) -> None:
        for server in list(self._links):
            with contextlib.suppress(TriiError):
                self._counts[server] = await self._parts.keeping.counts(server)

    def _show(self) -> None:
        """Give readers the rows as they are now."""
        rows = tuple(self._row(link.account) for link in self._links.values())
        if rows != self._rows:
            self._rows = rows
            self._parts.bus.publish(ServersChanged())

    def _row(self, account: Account) -> ServerRow:
        link = self._links.get(account.id)
        n_waiting, n_unread, n_mentions = self._counts.get(account.id, (0, 0, 0))
        is_in = account.is_signed_in and link is not None
        return ServerRow(
            id=account.id,
            name=account.name,
            url=account.url,
            pin=account.pin,
            user=account.user,
            email=account.email,
            person=account.person,
            role=account.role,
            standing=link.standing if link is not None and is_in else Standing.SIGNED_OUT,
            why=link.why if link is not None else "",
            carrier=link.carrier if link is not None else "",
            n_waiting=n_waiting,
            n_unread=n_unread,
            n_mentions=n_mentions,
            retry_at_ms=link.retry_at_ms if link is not None and is_in else 0,
            last_live_ms=account.last_live_ms,
        )


def _read_link(link: str) -> Invite:
    try:
        return parse_invite(link.strip())
    except ValueError as error:
        raise InvalidInput(str(error), hint="Copy the whole link, or ask for a new one.", code="server.link") from error


def _host(url: str) -> str:
    return url.partition("://")[2]
