"""What holds for the drawings of every chart of a window: the tool in hand, the magnet, the looks."""

from PySide6.QtCore import QObject, Signal

from backend.charts.drawing_styles import KeptStyle
from backend.charts.drawings import Drawing, DrawingKind, DrawingStyle
from backend.errors import NotFound
from trii_desktop.desk import Desk
from trii_desktop.drawings.magnet import Magnet


class DrawingChoices(QObject):
    """``changed`` tells of another one.

    tool : None to point and select; is_kept : the tool stays after a drawing is made
    styles : how the next drawing of a kind looks, where that was chosen
    named : looks kept under names, by kind and name
    """

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.tool: DrawingKind | None = None
        self.is_kept = False
        self.magnet = Magnet.OFF
        self.styles: dict[DrawingKind, DrawingStyle] = {}
        self.named: dict[DrawingKind, dict[str, DrawingStyle]] = {}

    def choose(self, tool: DrawingKind | None) -> None:
        """Take a tool, or None to point and select."""
        if tool is not self.tool:
            self.tool = tool
            self.changed.emit()

    def turn_magnet(self) -> None:
        """Off, weak, strong, and off again."""
        self.magnet = self.magnet.next
        self.changed.emit()

    def keep_tool(self) -> None:
        """Keep the tool after a drawing is made, or not."""
        self.is_kept = not self.is_kept
        self.changed.emit()

    # --- looks --------------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read the looks that were kept."""
        for kept in await self._desk.bridge.call(self._desk.backend.drawing_styles.all()):
            if kept.name:
                self.named.setdefault(kept.kind, {})[kept.name] = kept.style
            else:
                self.styles.setdefault(kept.kind, kept.style)

    def use(self, drawings: tuple[Drawing, ...]) -> None:
        """The next drawing of each kind looks like these, also after a restart."""
        fresh = {one.kind: one.style for one in drawings if self.styles.get(one.kind) != one.style}
        self.styles.update(fresh)
        for kind, style in fresh.items():
            self._keep(KeptStyle(kind, style))

    def keep_named(self, kind: DrawingKind, name: str, style: DrawingStyle) -> None:
        """Keep a look under a name, in the place of one that has it."""
        self._desk.start("Keeping a look of drawings", self._keep_named(KeptStyle(kind, style, name)))

    def forget_named(self, kind: DrawingKind, name: str) -> None:
        """Keep a look no more. Raises NotFound."""
        if name not in self.named.get(kind, {}):
            raise NotFound(f"There is no look called {name}.", hint="Choose one of those listed.")
        del self.named[kind][name]
        store = self._desk.backend.drawing_styles
        self._desk.start("Removing a look of drawings", self._desk.bridge.call(store.forget(kind, name)))
        self.changed.emit()

    async def _keep_named(self, kept: KeptStyle) -> None:
        await self._desk.bridge.call(self._desk.backend.drawing_styles.keep(kept))
        names = self.named.setdefault(kept.kind, {})
        for known in [known for known in names if known.casefold() == kept.name.casefold()]:
            del names[known]
        names[kept.name] = kept.style
        self.changed.emit()

    def _keep(self, kept: KeptStyle) -> None:
        store = self._desk.backend.drawing_styles
        self._desk.start("Keeping a look of drawings", self._desk.bridge.call(store.keep(kept)))
