"""How high each turn of a conversation is: as measured, else guessed from its text; and so where each one stands."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import numpy as np

from backend.domain.bars import Int64s

LETTER_PX: Final = 7.0
LINE_PX: Final = 19
HEAD_PX: Final = 48
_EDGES_PX: Final = 24


class Tall(Protocol):
    """What stands in a timeline."""

    @property
    def id(self) -> str:
        """Its own, for as long as it is there."""
        ...

    @property
    def text(self) -> str:
        """What its height is guessed from."""
        ...


class Heights:
    """Logical pixels of turns below each other, at one width. ``head_px`` : what each needs beside its text."""

    def __init__(self, head_px: int = HEAD_PX) -> None:
        self._head_px = head_px
        self._measured: dict[str, int] = {}
        self._guessed: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._sizes: Int64s = np.zeros(0, np.int64)
        self._tops: Int64s = np.zeros(1, np.int64)  # of each turn, and where the last one ends

    @property
    def total(self) -> int:
        """What all of them need."""
        return int(self._tops[-1])

    def knows(self, key: str) -> bool:
        """Whether a turn was measured."""
        return key in self._measured

    def show(self, entries: Sequence[Tall], width: int) -> None:
        """Stand for these turns from now on."""
        self._places = {entry.id: place for place, entry in enumerate(entries)}
        self._measured = {key: height for key, height in self._measured.items() if key in self._places}
        if len(self._guessed) > 2 * len(entries) + 1_000:  # those of turns that left
            self._guessed = {key: height for key, height in self._guessed.items() if key in self._places}
        for entry in entries:
            if entry.id not in self._measured and entry.id not in self._guessed:
                self._guessed[entry.id] = self._head_px + _guess(entry.text, width)
        known, guessed = self._measured, self._guessed
        self._sizes = np.array([known[e.id] if e.id in known else guessed[e.id] for e in entries], np.int64)
        self._count()

    def forget(self, measured: Mapping[str, int] | None = None) -> None:
        """Know nothing but ``measured``, as after another width; ``show`` comes next."""
        self._measured, self._guessed = dict(measured or {}), {}

    def measure(self, key: str, height: int) -> bool:
        """A turn was measured; whether it was thought to be of another height."""
        place = self._places[key]
        self._measured[key] = height
        if self._sizes[place] == height:
            return False
        self._sizes[place] = height
        self._count()
        return True

    def of(self, place: int) -> int:
        """How high a turn is."""
        return int(self._sizes[place])

    def top_of(self, place: int) -> int:
        """Where a turn begins."""
        return int(self._tops[place])

    def place_at(self, y: int) -> int:
        """The turn that stands there; -1 above the first one."""
        return int(np.searchsorted(self._tops, y, side="right")) - 1

    def _count(self) -> None:
        self._tops = np.concatenate((np.zeros(1, np.int64), np.cumsum(self._sizes)))


def _guess(text: str, width: int) -> int:
    per_line = max((width - _EDGES_PX) / LETTER_PX, 8)
    return LINE_PX * (round(len(text) / per_line) + text.count("\n") + 1)
