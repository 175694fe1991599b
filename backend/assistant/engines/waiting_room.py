"""Where requests wait for their turn at a model, and how one that runs is told to give way or to end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from backend.assistant.engines.turns import Turn, Turns
from backend.errors import TriiError


class Seat:
    """A request's place; all fields are changed by its room alone.

    is_cancelled : its end was asked for; gives_way : it is to stop for now and come back
    reason : why it is broken off, raised to whoever reads it
    """

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.is_cancelled = False
        self.gives_way = False
        self.reason: TriiError | None = None
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class WaitingRoom:
    """One seat at a time has the turn; all calls from one loop.

    on_stop : called with the running seat that is to stop now, for another's sake or for its own
    """

    def __init__(self, on_stop: Callable[[Seat], None], n_max: int) -> None:
        self._turns = Turns(n_max)
        self._seats: dict[str, Seat] = {}
        self._on_stop = on_stop
        self.n_waiting = 0  # read from any thread

    @property
    def running(self) -> Seat | None:
        """Who has the turn."""
        turn = self._turns.running
        return self._seats[turn.id] if turn is not None else None

    def ask(self, turn: Turn) -> Seat:
        """Take a place. Raises Conflict and Unavailable as Turns.ask does."""
        self._turns.ask(turn)
        seat = self._seats[turn.id] = Seat(turn)
        self._go_on()
        running = self.running
        if running is not None and self._turns.yields and not running.gives_way:
            running.gives_way = True
            self._on_stop(running)
        return seat

    async def wait(self, seat: Seat) -> bool:
        """Return once it has the turn: True; or False where it was cancelled before. Raises the reason of its end."""
        if not (seat.is_cancelled or seat.reason):
            await asyncio.wait({seat.granted})
        if seat.reason is not None:
            raise seat.reason
        return not seat.is_cancelled

    def put_back(self, seat: Seat) -> None:
        """It gave way: it waits again."""
        seat.gives_way = False
        seat.granted = asyncio.get_running_loop().create_future()
        self._turns.put_back(seat.turn.id)
        self._go_on()

    def leave(self, seat: Seat) -> None:
        """It is over, or nobody wants it any more."""
        if self._seats.pop(seat.turn.id, None) is None:
            return
        if not self._turns.cancel(seat.turn.id):
            self._turns.finish(seat.turn.id)
        self._go_on()

    def cancel(self, turn_id: str) -> None:
        """End a request, waiting or running; does nothing where it is over."""
        self._end(turn_id, None)

    def break_off(self, reason: TriiError, *, waiting_too: bool) -> None:
        """End what runs, and what waits where told so, with an error."""
        running = self.running
        for seat in tuple(self._seats.values()):
            if waiting_too or seat is running:
                self._end(seat.turn.id, reason)

    @asynccontextmanager
    async def turn(self, turn: Turn) -> AsyncIterator[bool]:
        """Have the turn within this block; False where it was cancelled before."""
        seat = self.ask(turn)
        try:
            yield await self.wait(seat)
        finally:
            self.leave(seat)

    def _end(self, turn_id: str, reason: TriiError | None) -> None:
        seat = self._seats.get(turn_id)
        if seat is None or seat.is_cancelled:
            return
        seat.is_cancelled = True
        seat.reason = reason
        if seat is self.running:
            self._on_stop(seat)
        else:
            self._turns.cancel(turn_id)
            del self._seats[turn_id]
            _grant(seat)
        self._go_on()

    def _go_on(self) -> None:
        """Give the turn to who is next."""
        turn = self._turns.next()
        if turn is not None:
            _grant(self._seats[turn.id])
        self.n_waiting = self._turns.n_waiting


def _grant(seat: Seat) -> None:
    if not seat.granted.done():
        seat.granted.set_result(None)
