"""The tokens of one account: the refresh token with the other secrets, the access token in memory only."""

import asyncio
from typing import Final

from backend.clock import Clock
from backend.errors import NotFound, Unavailable
from backend.storage.credentials import Credentials
from backend.sync.account_calls import Granted, renew
from backend.sync.api import Api, SessionEnded

_NAME: Final = "refresh"
_SPARE_NS: Final = 60_000_000_000  # a token with less left than this is renewed first
_MS_NS: Final = 1_000_000


class Tokens:
    """Gives an access token that is good, renewing it silently; a new refresh token is kept before the old one is forgotten."""

    def __init__(self, place: str, api: Api, credentials: Credentials, clock: Clock) -> None:
        self._place = place
        self._api = api
        self._credentials = credentials
        self._clock = clock
        self._turn = asyncio.Lock()
        self._access = ""
        self._until_ns = 0

    async def keep(self, granted: Granted) -> None:
        """Go on with a new granted. Raises Unavailable where it cannot be stored."""
        await self._credentials.put(self._place, _NAME, granted.refresh)
        self._access = granted.access
        self._until_ns = self._clock.monotonic_ns() + granted.lasts_ms * _MS_NS

    async def access(self) -> str:
        """An access token that lasts a while. Raises SessionEnded (final), Unavailable and what the network brings."""
        async with self._turn:
            if self._access and self._until_ns - self._clock.monotonic_ns() > _SPARE_NS:
                return self._access
            kept = await self._credentials.get(self._place, _NAME)
            if kept is None:
                raise SessionEnded("You are signed out of this server.", hint="Sign in again.", code="server.signed_out")
            await self.keep(await renew(self._api, kept))
            return self._access

    def doubt(self) -> None:
        """The access token was not accepted: get another one next time."""
        self._access = ""

    async def forget(self) -> None:
        """Remove both from this computer."""
        self._access = ""
        await self._credentials.remove(self._place, _NAME)

    async def refresh_token(self) -> str | None:
        """The refresh token, to end the session with; None where there is none or the keyring is locked."""
        try:
            return await self._credentials.get(self._place, _NAME)
        except (Unavailable, NotFound):
            return None
