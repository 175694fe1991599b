"""Which way to a server is tried: the best that came through lately, the others where something stands between."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from backend.clock import Clock
from backend.errors import TriiError
from backend.sync.carrier import Blocked, Carrier, Opener
from backend.sync.trust import unreachable

log = logging.getLogger(__name__)

AGAIN_NS: Final = 600_000_000_000  # after so long the best way is tried again


class Dialling:
    """Opens connections to one server, remembering which way came through."""

    def __init__(self, url: str, openers: Sequence[Opener], clock: Clock) -> None:
        self._url = url
        self._openers = tuple(openers)
        self._clock = clock
        self._first = 0
        self._fell_ns = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Carrier]:
        """A connection by the best way that comes through. Raises Unavailable, InvalidInput for another server."""
        if self._first and self._clock.monotonic_ns() - self._fell_ns > AGAIN_NS:
            self._first = 0
        async with AsyncExitStack() as stack:
            yield await self._try_all(stack)

    def failed_early(self, carrier: Carrier) -> None:
        """A connection opened and brought nothing: what stands between lets its words in and none out. Try the next way."""
        names = [opener.name for opener in self._openers]
        self._fall_to((names.index(carrier.name) + 1) % len(names))

    async def _try_all(self, stack: AsyncExitStack) -> Carrier:
        why = "nothing comes through"
        for place in range(self._first, len(self._openers)):
            try:
                carrier = await stack.enter_async_context(self._openers[place].open())
            except Blocked as blocked:
                why = str(blocked) or why
                log.info("%s does not come through to %s: %s", self._openers[place].name, self._url, why)
                continue
            if place != self._first:
                self._fall_to(place)
            return carrier
        self._first = 0
        error: TriiError = unreachable(self._url, why)
        raise error

    def _fall_to(self, place: int) -> None:
        self._first = place
        self._fell_ns = self._clock.monotonic_ns()
