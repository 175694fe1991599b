"""What is done to the selected drawings of a chart, and what holds for the drawings of every chart of the window."""

from collections.abc import Callable
from typing import Protocol

import msgspec
from PySide6.QtCore import QObject, Signal

from backend.charts.drawings import Drawing, DrawingKind, DrawingStyle
from trii_desktop.drawings.book import DrawingBook
from trii_desktop.drawings.kinds import TITLES
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.drawings.snapping import Magnet

ASIDE_PX = 16


class DrawingChoices(QObject):
    """What holds for every chart of the window: the tool, the magnet, the looks used last; ``changed`` tells of another."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tool: DrawingKind | None = None
        self.is_kept = False  # the tool stays after a drawing is made
        self.magnet = Magnet.OFF
        self.is_hidden = False
        self.styles: dict[DrawingKind, DrawingStyle] = {}
        self.copied: tuple[Drawing, ...] = ()

    def choose(self, tool: DrawingKind | None) -> None:
        """Take a tool, or None to point and select."""
        self.tool = tool
        self.changed.emit()


class Selecting(Protocol):
    """The chart's drawings, and which of them are selected."""

    book: DrawingBook
    layer: DrawingLayer

    @property
    def selected(self) -> tuple[Drawing, ...]:
        """The selected drawings."""
        ...

    def select(self, ids: frozenset[str]) -> None:
        """Select exactly these."""
        ...


class DrawingEdits:
    """Changes of what is selected, each one step of undo; locked drawings stay as they are."""

    def __init__(self, chart: Selecting, choices: DrawingChoices) -> None:
        self._chart = chart
        self._choices = choices

    def remove(self) -> None:
        """Remove what is selected."""
        gone = tuple(drawing.id for drawing in self._free())
        if gone:
            what = TITLES[self._free()[0].kind].lower() if len(gone) == 1 else f"{len(gone)} drawings"
            self._chart.select(frozenset())
            self._chart.book.change(f"Remove {what}", removed=gone)

    def remove_all(self) -> None:
        """Remove every drawing of the instrument that is not locked."""
        gone = tuple(drawing.id for drawing in self._chart.book.drawings if not drawing.is_locked)
        self._chart.select(frozenset())
        self._chart.book.change("Remove all drawings", removed=gone)

    def restyle(self, title: str, change: Callable[[DrawingStyle], DrawingStyle]) -> None:
        """Change the looks of what is selected; the next drawing of its kind looks the same."""
        changed = tuple(msgspec.structs.replace(drawing, style=change(drawing.style)) for drawing in self._chart.selected)
        for drawing in changed:
            self._choices.styles[drawing.kind] = drawing.style
        self._chart.book.change(title, put=changed)

    def lock(self) -> None:
        """Lock what is selected, or free it where all of it is locked."""
        is_locked = not all(drawing.is_locked for drawing in self._chart.selected)
        put = tuple(msgspec.structs.replace(drawing, is_locked=is_locked) for drawing in self._chart.selected)
        self._chart.book.change("Lock drawings" if is_locked else "Unlock drawings", put=put)

    def write(self, drawing: Drawing, text: str) -> None:
        """Give a drawing other words."""
        self._chart.book.change("Change the text", put=(msgspec.structs.replace(drawing, text=text),))

    def stake(self, drawing: Drawing, risk: float) -> None:
        """Say how much money a position puts at risk."""
        self._chart.book.change("Change the risk", put=(msgspec.structs.replace(drawing, risk=risk),))

    def clone(self) -> None:
        """Put copies of what is selected a little aside, and select those."""
        self._put_copies(self._chart.selected, "Clone")

    def copy(self) -> None:
        """Remember what is selected for ``paste``."""
        self._choices.copied = self._chart.selected

    def paste(self) -> None:
        """Put what was copied on this chart."""
        self._put_copies(self._choices.copied, "Paste")

    def nudge(self, rows: int, steps: int, times: int) -> None:
        """Move what is selected by bars to the right and pixels downwards."""
        place, held = self._chart.layer.place, self._free()
        if place is not None and held:
            dy = steps * times * place.frame.pixel_ratio
            put = tuple(d.moved_to(tuple(place.moved(anchor, rows * times, dy) for anchor in d.anchors)) for d in held)
            self._chart.book.change("Move drawing", put=put)

    def _free(self) -> tuple[Drawing, ...]:
        return tuple(drawing for drawing in self._chart.selected if not drawing.is_locked)

    def _put_copies(self, drawings: tuple[Drawing, ...], verb: str) -> None:
        place = self._chart.layer.place
        if place is None or not drawings:
            return
        aside = ASIDE_PX * place.frame.pixel_ratio
        made = tuple(d.cloned().moved_to(tuple(place.moved(anchor, 2, aside) for anchor in d.anchors)) for d in drawings)
        what = TITLES[made[0].kind].lower() if len(made) == 1 else f"{len(made)} drawings"
        self._chart.book.change(f"{verb} {what}", put=made)
        self._chart.select(frozenset(drawing.id for drawing in made))
