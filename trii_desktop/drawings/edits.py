"""What is done to the selected drawings of a chart; each is one step of undo, and locked drawings stay where they are."""

from collections.abc import Callable
from typing import Final, Protocol

from msgspec.structs import replace

from backend.charts.drawings import Drawing, DrawingStyle
from trii_desktop.drawings.book import DrawingBook
from trii_desktop.drawings.choices import DrawingChoices
from trii_desktop.drawings.clipboard import Copied, copy_drawings, read_copied
from trii_desktop.drawings.kinds import first_style, named
from trii_desktop.drawings.layer import DrawingLayer
from trii_desktop.drawings.placement import Placement

ASIDE_PX: Final = 16
ASIDE_BARS: Final = 2


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
    """Changes of what is selected on one chart."""

    def __init__(self, chart: Selecting, choices: DrawingChoices) -> None:
        self._chart = chart
        self._choices = choices

    def remove(self) -> None:
        """Remove what is selected."""
        gone = self._free()
        if gone:
            self._chart.select(self._chart.layer.selected - {drawing.id for drawing in gone})
            self._chart.book.change(f"Remove {named(gone)}", removed=tuple(drawing.id for drawing in gone))

    def remove_all(self) -> None:
        """Remove every drawing of the instrument that is not locked."""
        gone = tuple(drawing.id for drawing in self._chart.book.drawings if not drawing.is_locked)
        self._chart.select(self._chart.layer.selected - frozenset(gone))
        self._chart.book.change("Remove all drawings", removed=gone)

    def restyle(self, title: str, change: Callable[[DrawingStyle], DrawingStyle]) -> None:
        """Change the looks of what is selected; the next drawing of its kind looks the same."""
        changed = tuple(replace(drawing, style=change(drawing.style)) for drawing in self._chart.selected)
        self._choices.use(changed)
        self._put(title, changed)

    def reset_style(self) -> None:
        """Give what is selected, and the next of its kind, the looks of the beginning."""
        changed = tuple(replace(drawing, style=first_style(drawing.kind)) for drawing in self._chart.selected)
        self._choices.use(changed)
        self._put("Reset the look", changed)

    def lock(self) -> None:
        """Lock what is selected, or free it where all of it is locked."""
        is_locked = not all(drawing.is_locked for drawing in self._chart.selected)
        put = tuple(replace(drawing, is_locked=is_locked) for drawing in self._chart.selected)
        self._put(f"{'Lock' if is_locked else 'Unlock'} {named(put)}" if put else "", put)

    def hide(self) -> None:
        """Hide what is selected; the list of drawings shows it again."""
        put = tuple(replace(drawing, is_shown=False) for drawing in self._chart.selected)
        self._chart.select(frozenset())
        self._put(f"Hide {named(put)}" if put else "", put)

    def write(self, drawing: Drawing, text: str) -> None:
        """Give a drawing other words; one that is not there yet is put there."""
        is_new = self._chart.book.get(drawing.id) is None
        self._put(f"Draw {named((drawing,))}" if is_new else "Change the text", (replace(drawing, text=text),))
        if is_new:
            self._chart.select(frozenset({drawing.id}))

    def stake(self, risk: float) -> None:
        """Say how much money the selected positions put at risk."""
        self._put("Change the risk", tuple(replace(drawing, risk=risk) for drawing in self._chart.selected))

    def place(self, drawing: Drawing) -> None:
        """Put a drawing where it now is."""
        self._put(f"Move {named((drawing,))}", (drawing,))

    def clone(self) -> None:
        """Put copies of what is selected a little aside, and select those."""
        self._put_copies(self._chart.selected, "Clone")

    def copy(self) -> None:
        """Put what is selected on the clipboard."""
        instrument = self._chart.book.instrument
        if instrument is not None and self._chart.selected:
            copy_drawings(Copied(str(instrument), self._chart.selected))

    def paste(self) -> bool:
        """Put what was copied on this chart; from another instrument into the middle of what is in view.

        Whether anything was copied. Raises InvalidInput for what no chart could show.
        """
        copied, place = read_copied(), self._chart.layer.place
        if copied is None or place is None or not copied.drawings:
            return False
        is_same = copied.instrument == str(self._chart.book.instrument)
        self._put_copies(copied.drawings if is_same else _brought_into_view(copied.drawings, place), "Paste", aside=is_same)
        return True

    def nudge(self, rows: int, steps: int) -> None:
        """Move what is selected by bars to the right and pixels downwards."""
        place, held = self._chart.layer.place, self._free()
        if place is not None and held:
            dy = steps * place.frame.pixel_ratio
            put = tuple(d.moved_to(tuple(place.moved(anchor, rows, dy) for anchor in d.anchors)) for d in held)
            self._put(f"Move {named(put)}", put)

    def _put(self, title: str, drawings: tuple[Drawing, ...]) -> None:
        changed = tuple(drawing for drawing in drawings if drawing != self._chart.book.get(drawing.id))
        self._chart.book.change(title, put=changed)

    def _free(self) -> tuple[Drawing, ...]:
        return tuple(drawing for drawing in self._chart.selected if not drawing.is_locked)

    def _put_copies(self, drawings: tuple[Drawing, ...], verb: str, *, aside: bool = True) -> None:
        place = self._chart.layer.place
        if place is None or not drawings:
            return
        rows, dy = (ASIDE_BARS, ASIDE_PX * place.frame.pixel_ratio) if aside else (0, 0.0)
        made = tuple(d.cloned().moved_to(tuple(place.moved(anchor, rows, dy) for anchor in d.anchors)) for d in drawings)
        self._chart.book.change(f"{verb} {named(made)}", put=made)
        self._chart.select(frozenset(drawing.id for drawing in made))


def _brought_into_view(drawings: tuple[Drawing, ...], place: Placement) -> tuple[Drawing, ...]:
    """The same around the middle of what is in view, as many bars wide and in the same proportion to the price."""
    anchors = [anchor for drawing in drawings for anchor in drawing.anchors]
    rows, prices = [place.row_of(anchor) for anchor in anchors], [place.price_of(anchor) for anchor in anchors]
    shift = round(place.frame.time.row_at(place.frame.width_px / 2) - (min(rows) + max(rows)) / 2)
    middle, wanted = (min(prices) + max(prices)) / 2, place.frame.prices.price_at(place.frame.height_px / 2)
    scale = wanted / middle if middle else 1.0
    return tuple(
        drawing.moved_to(tuple(place.anchor_of(place.row_of(a) + shift, place.price_of(a) * scale) for a in drawing.anchors))
        for drawing in drawings
    )
