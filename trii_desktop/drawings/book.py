"""The drawings that one chart shows: changed at once on screen, then stored, each change one step of undo."""

from collections.abc import Callable

from backend.charts.drawing_store import DrawingChange
from backend.charts.drawings import Drawing
from backend.domain.instruments import InstrumentId
from backend.errors import TriiError
from backend.events import DrawingsChanged
from trii_desktop.desk import Desk


class DrawingBook:
    """Keeps the drawings of the chart's instrument; ``changed`` is called when they are other ones."""

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._changed = changed
        self.instrument: InstrumentId | None = None
        self.drawings: tuple[Drawing, ...] = ()
        self._n_waiting = 0
        self._subscription = desk.bridge.subscribe(DrawingsChanged, self._on_changed)

    def get(self, drawing_id: str) -> Drawing | None:
        """The drawing ``drawing_id``."""
        return next((drawing for drawing in self.drawings if drawing.id == drawing_id), None)

    async def open(self, instrument: InstrumentId) -> None:
        """Show the drawings of ``instrument``."""
        if instrument != self.instrument:
            self.instrument, self.drawings = instrument, ()
            self._changed()
        await self._read(instrument)

    def change(self, title: str, *, put: tuple[Drawing, ...] = (), removed: tuple[str, ...] = ()) -> None:
        """Make a change; it is seen at once, stored in the order it was made, and can be taken back."""
        if self.instrument is None or not (put or removed):
            return
        change = DrawingChange(put, removed)
        self._apply(change)
        self._desk.start(title, self._store(self.instrument, change, title))

    def close(self) -> None:
        """Hear no more."""
        self._subscription.close()
        self.instrument = None

    # --- inside -------------------------------------------------------------------------------------------------------

    def _apply(self, change: DrawingChange) -> None:
        fresh = {drawing.id: drawing for drawing in change.put}
        kept = [fresh.pop(d.id, d) for d in self.drawings if d.id not in change.removed or d.id in fresh]
        self.drawings = (*kept, *fresh.values())
        self._changed()

    async def _store(self, instrument: InstrumentId, change: DrawingChange, title: str) -> None:
        store, call = self._desk.backend.drawings, self._desk.bridge.call
        self._n_waiting += 1
        try:
            back = await call(store.change(instrument, change))
        except TriiError:
            self._n_waiting -= 1
            await self._read(instrument)
            raise
        self._n_waiting -= 1
        self._desk.undo.push(title, lambda: call(store.change(instrument, back)), lambda: call(store.change(instrument, change)))

    async def _read(self, instrument: InstrumentId) -> None:
        found = await self._desk.bridge.call(self._desk.backend.drawings.of(instrument))
        if instrument == self.instrument and not self._n_waiting and found != self.drawings:
            self.drawings = found
            self._changed()

    def _on_changed(self, event: DrawingsChanged) -> None:
        if event.instrument == self.instrument and not self._n_waiting:
            self._desk.start("Reading the drawings", self._read(event.instrument))
