"""What goes on around a model: the market that is asked about, and whether something else computes hard."""

from typing import Final

from backend.bus import Bus
from backend.clock import Clock
from backend.domain.bars import SECOND_NS
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import TriiError
from backend.events import ImportProgressed
from backend.market.history import History

_BUSY_NS: Final = 5 * SECOND_NS  # an import tells its progress more often


class Surroundings:
    """Lives on the engine loop."""

    def __init__(self, history: History, bus: Bus, clock: Clock) -> None:
        self._history = history
        self._clock = clock
        self._sessions: SessionTable | None = None
        self._imported_ns: int | None = None
        self._subscription = bus.subscribe(ImportProgressed, self._note_import)

    async def follow(self, instrument: InstrumentId) -> None:
        """This instrument's market is the one that matters now; one without a calendar leaves the earlier one."""
        try:
            self._sessions = await self._history.sessions_of(instrument)
        except TriiError:
            return

    def next_open_ns(self) -> int | None:
        """When that market opens next, UTC; None where it never shuts, or none is known."""
        return None if self._sessions is None else self._sessions.next_open_ns(self._clock.now_ns())

    def is_shared(self) -> bool:
        """Whether an import has said in the last seconds that it goes on."""
        return self._imported_ns is not None and self._clock.monotonic_ns() - self._imported_ns < _BUSY_NS

    def close(self) -> None:
        """Hear no more."""
        self._subscription.close()

    def _note_import(self, _event: ImportProgressed) -> None:
        self._imported_ns = self._clock.monotonic_ns()
