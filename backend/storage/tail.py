"""The tail: rows appended live that are not yet in segments, held in memory as the append log holds them on disk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from backend.domain.bars import Bar, BarArrays
from backend.storage.segments import Rows, SeriesKey, concat_rows
from backend.storage.stage import sort_unique


@dataclass(slots=True)
class Pile:
    """Rows of one key in order of arrival, in pieces whose sizes at least halve, so that adding costs little."""

    pieces: list[Rows] = field(default_factory=list)
    n_rows: int = 0

    def add(self, rows: Rows) -> None:
        """Put rows on top."""
        self.pieces.append(rows)
        self.n_rows += len(rows)
        while len(self.pieces) > 1 and len(self.pieces[-2]) < 2 * len(self.pieces[-1]):
            top = self.pieces.pop()
            self.pieces[-1] = concat_rows([self.pieces[-1], top])

    def cut(self, n_rows: int) -> Rows:
        """Take the first ``n_rows`` away, at least one."""
        rows = concat_rows(self.pieces)
        self.pieces = [rows[n_rows:]] if n_rows < len(rows) else []
        self.n_rows -= n_rows
        return rows[:n_rows]


@dataclass(frozen=True, slots=True)
class Frozen:
    """Rows of a closed generation of the log, waiting to be cut into segments."""

    generation: int
    rows: Mapping[SeriesKey, Rows]


class Tail:
    """What was appended since the last cut, by key. Only the engine thread touches it; what it gives out is immutable.

    A bar that is still forming is kept beside the closed ones: the newest state of it is shown by ``rows`` and
    nothing of it is durable. It counts as closed once a later bar follows or it is appended as closed.
    """

    def __init__(self) -> None:
        self.frozen: list[Frozen] = []
        self._piles: dict[SeriesKey, Pile] = {}
        self._forming: dict[SeriesKey, Bar] = {}

    def add(self, key: SeriesKey, rows: Rows) -> None:
        """Take closed bars, or trades."""
        if len(rows):
            self._piles.setdefault(key, Pile()).add(rows)

    def set_forming(self, key: SeriesKey, bar: Bar | None) -> Bar | None:
        """Replace the forming bar of ``key``; the one there was."""
        before = self._forming.pop(key, None)
        if bar is not None:
            self._forming[key] = bar
        return before

    def forming(self, key: SeriesKey) -> Bar | None:
        """The bar under way, if any."""
        return self._forming.get(key)

    def keys(self) -> set[SeriesKey]:
        """Keys with any row here."""
        return {*self._piles, *self._forming, *(key for frozen in self.frozen for key in frozen.rows)}

    def has_closed(self, key: SeriesKey) -> bool:
        """Whether rows of ``key`` wait here to be cut."""
        return key in self._piles or any(key in frozen.rows for frozen in self.frozen)

    def pieces(self, key: SeriesKey) -> list[Rows]:
        """Closed rows of ``key`` in order of arrival."""
        pile = self._piles.get(key)
        return [*(frozen.rows[key] for frozen in self.frozen if key in frozen.rows), *(pile.pieces if pile else ())]

    def bars(self, key: SeriesKey) -> BarArrays:
        """Bars of ``key``, the forming one last, sorted, of equal times the latest."""
        pieces: list[Rows] = self.pieces(key)
        forming = self._forming.get(key)
        if forming is not None:
            pieces.append(BarArrays.of([forming]))
        if not pieces:
            return BarArrays.empty()
        joined = concat_rows(pieces)
        assert isinstance(joined, BarArrays)
        return sort_unique(joined)[0]

    def counts(self) -> dict[SeriesKey, int]:
        """Rows held by key now; a mark to freeze up to later."""
        return {key: pile.n_rows for key, pile in self._piles.items()}

    def freeze(self, generation: int, counts: Mapping[SeriesKey, int]) -> None:
        """Set the rows up to a mark apart, as those of a closed generation of the log."""
        rows: dict[SeriesKey, Rows] = {}
        for key, n_rows in counts.items():
            pile = self._piles[key]
            rows[key] = pile.cut(n_rows)
            if not pile.n_rows:
                del self._piles[key]
        self.frozen.append(Frozen(generation, rows))

    def thaw(self, done: Iterable[Frozen]) -> None:
        """Forget frozen rows that segments now hold."""
        gone = {id(frozen) for frozen in done}
        self.frozen = [frozen for frozen in self.frozen if id(frozen) not in gone]
