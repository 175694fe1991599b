"""The drawings that one chart shows: changed at once on screen, then stored, each change one step of undo."""

import asyncio
from collections.abc import Callable

from backend.charts.drawing_store import Changed, DrawingChange
from backend.charts.drawings import Drawing
from backend.domain.instruments import InstrumentId
from backend.events import DrawingsChanged
from trii_desktop.desk import Desk


class DrawingBook:
    """Keeps the drawings of the chart's instrument; ``changed`` is called when they are other ones.

    What is seen is what is stored after the change numbered ``_number``, and the changes still on their way to the store on top.
    """

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._changed = changed
        self.instrument: InstrumentId | None = None
        self.drawings: tuple[Drawing, ...] = ()
        self._number = -1
        self._newest = -1  # the highest number heard of
        self._n_waiting = 0
        self._turn = 0  # counts the instruments shown
        self._keeping: asyncio.Future[Changed] | None = None  # the newest change that was made
        self._subscription = desk.bridge.subscribe(DrawingsChanged, self._on_changed)

    def get(self, drawing_id: str) -> Drawing | None:
        """The drawing ``drawing_id``."""
        return next((drawing for drawing in self.drawings if drawing.id == drawing_id), None)

    async def open(self, instrument: InstrumentId) -> None:
        """Show the drawings of ``instrument``."""
        if instrument != self.instrument:
            self.instrument, self.drawings = instrument, ()
            self._number = self._newest = -1
            self._n_waiting = 0
            self._turn += 1
            self._changed()
            await self._read(instrument)

    def change(self, title: str, *, put: tuple[Drawing, ...] = (), removed: tuple[str, ...] = ()) -> None:
        """Make a change; it is seen and can be taken back at once, and is stored in the order in which changes are made."""
        instrument = self.instrument
        if instrument is None or not (put or removed):
            return
        change = DrawingChange(put, removed)
        self._apply(change)
        self._n_waiting += 1
        turn = self._turn
        store, call = self._desk.backend.drawings, self._desk.bridge.call
        stored: asyncio.Future[Changed] = asyncio.get_running_loop().create_future()
        self._keeping = stored

        async def take_back() -> None:
            await call(store.change(instrument, (await stored).back))

        async def make_again() -> None:
            await call(store.change(instrument, change))

        step = self._desk.undo.push(title, take_back, make_again)

        async def keep() -> None:
            try:
                made = await call(store.change(instrument, change))
            except Exception as error:
                self._desk.undo.withdraw(step)
                stored.set_exception(error)
                stored.exception()  # whoever waits to take it back hears of it; nobody else has to
                await self._stored(turn, None)
                raise
            stored.set_result(made)
            await self._stored(turn, made.number)

        self._desk.start(title, keep())

    async def settled(self) -> None:
        """Wait until every change made so far is stored or refused."""
        if self._keeping is not None:
            await asyncio.wait((self._keeping,))

    def close(self) -> None:
        """Hear no more."""
        self._subscription.close()
        self.instrument = None

    # --- inside -------------------------------------------------------------------------------------------------------

    def _apply(self, change: DrawingChange) -> None:
        fresh = {drawing.id: drawing for drawing in change.put}
        gone = frozenset(change.removed) - fresh.keys()
        kept = [fresh.pop(d.id, d) for d in self.drawings if d.id not in gone]
        self.drawings = (*kept, *fresh.values())
        self._changed()

    async def _stored(self, turn: int, number: int | None) -> None:
        # ``number`` is None for a change that was refused: what is seen of it must go again.
        instrument = self.instrument
        if turn != self._turn or instrument is None:
            return
        self._n_waiting -= 1
        if number == self._number + 1:
            self._number = number
        else:
            self._newest = max(self._newest, self._number + 1)
        if not self._n_waiting and self._newest > self._number:
            await self._read(instrument)

    async def _read(self, instrument: InstrumentId) -> None:
        found = await self._desk.bridge.call(self._desk.backend.drawings.of(instrument))
        if instrument != self.instrument or self._n_waiting:
            return  # who stores what is on its way reads anew, if need be
        self._number = found.number
        self._newest = max(self._newest, found.number)
        if found.drawings != self.drawings:
            self.drawings = found.drawings
            self._changed()

    def _on_changed(self, event: DrawingsChanged) -> None:
        if event.instrument == self.instrument:
            self._newest = max(self._newest, event.number)
            if not self._n_waiting and self._newest > self._number:
                self._desk.start("Reading the drawings", self._read(event.instrument))
