"""What a person does about the own account on a server: its devices, its second factor, its password, and inviting others."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TypeVar

from backend.sync import account_calls as calls
from backend.sync.api import Api
from backend.sync.link import Link
from backend.sync.server import Enrolment, SessionRow
from sync_server.protocol.invites import Invite, format_invite

T = TypeVar("T")


class OwnAccount(ABC):
    """The side of the facade that asks the server; nothing of it is kept here."""

    @abstractmethod
    async def link_to(self, server: str) -> Link:
        """What is open for a server. Raises NotFound."""

    async def sessions(self, server: str) -> tuple[SessionRow, ...]:
        """Devices that are signed in with this account. Raises NotFound, Unavailable."""
        return await self._call(server, calls.fetch_sessions)

    async def end_session(self, server: str, session: str) -> None:
        """Sign another device out. Raises NotFound, Unavailable."""
        await self._call(server, lambda api, access: calls.end_session(api, access, session))

    async def enrol(self, server: str, password: str) -> Enrolment:
        """Begin a second factor; it holds once ``confirm_enrolment`` proved it. Raises InvalidInput, Unavailable."""
        return await self._call(server, lambda api, access: calls.enrol(api, access, password))

    async def confirm_enrolment(self, server: str, code: str) -> None:
        """Prove that the authenticator shows the right codes. Raises InvalidInput, Unavailable."""
        await self._call(server, lambda api, access: calls.confirm_enrolment(api, access, code))

    async def remove_factor(self, server: str, password: str, code: str) -> None:
        """Do without a second factor again. Raises InvalidInput, Unavailable."""
        await self._call(server, lambda api, access: calls.remove_factor(api, access, password, code))

    async def change_password(self, server: str, old: str, new: str) -> None:
        """Another password for this account. Raises InvalidInput, Unavailable."""
        await self._call(server, lambda api, access: calls.change_password(api, access, old, new))

    async def invite(self, server: str, role: str = "member", uses: int = 1, days: int = 7) -> str:
        """A link that lets ``uses`` people join within ``days``. Raises InvalidInput where the role here does not allow it."""
        link = await self.link_to(server)
        code = await self._call(server, lambda api, access: calls.make_invitation(api, access, role, uses, days))
        return format_invite(Invite(link.account.url, link.account.pin, code))

    async def _call(self, server: str, what: Callable[[Api, str], Awaitable[T]]) -> T:
        return await (await self.link_to(server)).call(what)
