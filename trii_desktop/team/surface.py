"""What the windows ask of the servers, and nothing more: the one place where both meet."""

from typing import Any, Protocol

from backend.sync.server import Enrolment, Invitation, ServerRow, SessionRow, SignedIn


class TeamSurface(Protocol):
    """The servers of this home. Its coroutines run on the engine and raise TriiError with words for the person."""

    def servers(self) -> tuple[ServerRow, ...]:
        """How each stands; from any thread."""
        ...

    async def look_at(self, link: str) -> Invitation:
        """What an invite link says, held against the server it names."""
        ...

    async def join(self, link: str, email: str, name: str, password: str) -> SignedIn:
        """Make an account by an invitation."""
        ...

    async def sign_in(self, server: str, email: str, password: str, code: str = "", ticket: str = "") -> SignedIn:
        """Sign in at a server of this home by its id, or at another by an invite link or its address."""
        ...

    async def sign_out(self, server: str, *, everywhere: bool = False, wipe: bool = False) -> Any:
        """End this session, or all of the account; ``wipe`` removes what of the server is on this computer."""
        ...

    async def forget(self, server: str) -> Any:
        """Leave the server's list, with everything of it on this computer."""
        ...

    async def go_online(self, server: str, *, is_on: bool = True) -> Any:
        """Connect, or stay offline."""
        ...

    async def sessions(self, server: str) -> tuple[SessionRow, ...]:
        """Devices that are signed in with this account."""
        ...

    async def end_session(self, server: str, session: str) -> Any:
        """Sign another device out."""
        ...

    async def enrol(self, server: str, password: str) -> Enrolment:
        """Begin to set up a second factor."""
        ...

    async def confirm_enrolment(self, server: str, code: str) -> Any:
        """Have it from now on, a first code being right."""
        ...

    async def remove_factor(self, server: str, password: str, code: str) -> Any:
        """Have none any more."""
        ...

    async def change_password(self, server: str, old: str, new: str) -> Any:
        """Another password; the other sessions end."""
        ...

    async def invite(self, server: str, role: str, uses: int, days: int) -> str:
        """A link by which ``uses`` people can join within ``days`` days."""
        ...
