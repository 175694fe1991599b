"""A real sync server in the test's own loop, listening on a loopback port, with an admin who can invite people."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sync_server.accounts.accounts import Terms
from sync_server.accounts.orgs import operator
from sync_server.accounts.passwords import Cost
from sync_server.accounts.values import Device, InvitationTerms, Registration, Tokens
from sync_server.actor import Role
from sync_server.clock import Clock
from sync_server.config import Config
from sync_server.edge.rules import RULES
from sync_server.protocol.ids import IdMaker
from sync_server.server import UNLIMITED, Choices, Server

CHEAP = Cost(8, 1)  # passwords of tests are no secrets
PASSWORD = "correct horse battery staple 7"
_ids = IdMaker(lambda n: __import__("os").urandom(n))


@dataclass
class Member:
    """Somebody signed in on a device."""

    email: str
    device: str
    tokens: Tokens

    @property
    def user(self) -> str:
        return self.tokens.user

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens.access}"}


@dataclass
class Served:
    """A server that listens. ``trust``: TLS that believes this server alone, None where it speaks plainly."""

    server: Server
    trust: ssl.SSLContext | None
    admin: Member

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/v1/sync"

    def client(self, member: Member | None = None) -> httpx.AsyncClient:
        """An HTTP client of somebody, or of nobody."""
        return httpx.AsyncClient(
            base_url=self.url, verify=self.trust or True, headers=member.headers if member else {}, timeout=10, trust_env=False
        )

    async def code(self, role: Role = Role.MEMBER, uses: int = 1) -> str:
        """The code of a new invitation."""
        actor = operator(self.server.org.id, self.server.clock.now_ms())
        return (await self.server.accounts.invitations.make(actor, InvitationTerms(role, uses))).code

    async def link(self, role: Role = Role.MEMBER) -> str:
        """The link of a new invitation."""
        return self.server.join_link(await self.code(role))

    async def invite(self, name: str, role: Role = Role.MEMBER) -> Member:
        """Somebody new, registered and signed in on one device."""
        return await join(self.server, name, await self.code(role))


async def join(server: Server, name: str, code: str) -> Member:
    """Register with a code."""
    email, device = f"{name.lower()}@example.com", str(_ids.make(server.clock.now_ms()))
    asked = Registration(code, email, name, PASSWORD, Device(device, f"{name}'s computer"))
    return Member(email, device, await server.accounts.register(asked, "127.0.0.1"))


@asynccontextmanager
async def served(
    folder: Path, *, database: str = "", tls: bool = False, has_limits: bool = False, clock: Clock | None = None, **config: object
) -> AsyncIterator[Served]:
    """A server with its data in ``folder``, and its first owner. ``database``: empty for SQLite, else postgresql://…"""
    settings = Config(**{"data": folder / "server", "port": 0, "database": database, "is_plain": not tls} | config)
    choices = Choices(terms=Terms(cost=CHEAP, n_threads=1), rules=RULES if has_limits else UNLIMITED)
    async with Server(settings, clock, choices) as server:
        trust = ssl.create_default_context(cadata=server.house.identity.certificate) if tls else None
        if trust is not None:
            trust.check_hostname = False
        code = await server.accounts.invitations.first_code(server.org.id)
        yield Served(server, trust, await join(server, "Olga", code))
