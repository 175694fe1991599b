"""Where each row of a timeline stands, at one width, whether it was measured or is guessed."""

from typing import Final, Generic, TypeVar

from trii_desktop.timeline.heights import Heights, Tall

MARGIN_PX: Final = 300  # above and below what is in view that is made already

Row = TypeVar("Row", bound=Tall)
Anchor = tuple[str, int] | None
"""The first row in view, and how far its top is above the view's; None at the end."""


class Column(Generic[Row]):
    """Rows below each other, in logical pixels from the top of the first. ``head_px`` : what each needs beside its text."""

    def __init__(self, head_px: int) -> None:
        self.rows: tuple[Row, ...] = ()
        self.heights = Heights(head_px)
        self._places: dict[str, int] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._places

    @property
    def total(self) -> int:
        """What all of them need."""
        return self.heights.total

    @property
    def last(self) -> str:
        """The id of the last row; empty where there is none."""
        return self.rows[-1].id if self.rows else ""

    def show(self, rows: tuple[Row, ...], width: int) -> None:
        """Stand for these from now on."""
        self.rows = rows
        self._places = {row.id: place for place, row in enumerate(rows)}
        self.heights.show(rows, width)

    def place(self, key: str) -> int:
        """Which one it is, from 0; -1 where it is not there."""
        return self._places.get(key, -1)

    def row(self, key: str) -> Row | None:
        """A row by its id."""
        place = self.place(key)
        return self.rows[place] if place >= 0 else None

    def after(self, key: str) -> tuple[Row, ...]:
        """What stands below a row."""
        return self.rows[self.place(key) + 1 :] if key in self._places else ()

    def top_of(self, key: str) -> int:
        """Where a row begins."""
        return self.heights.top_of(self.place(key))

    def height_of(self, key: str) -> int:
        """How high it is."""
        return self.heights.of(self.place(key))

    def anchor_at(self, top: int) -> Anchor:
        """What stands at ``top``."""
        if not self.rows:
            return None
        place = min(max(self.heights.place_at(top), 0), len(self.rows) - 1)
        return self.rows[place].id, top - self.heights.top_of(place)

    def around(self, top: int, room: int) -> tuple[Row, ...]:
        """What has to be a widget where ``room`` pixels from ``top`` on are in view."""
        first = max(self.heights.place_at(top - MARGIN_PX), 0)
        return self.rows[first : self.heights.place_at(top + room + MARGIN_PX) + 1]
