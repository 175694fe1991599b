"""What a chart reads: bars, the lines computed from them, and where both come from; no window needed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias

import numpy as np

from backend.domain.bars import BarArrays, Float64s, Int64s
from backend.market.bar_snapshot import BarSnapshot
from backend.market.growing_bars import snapshot_of

LineKey: TypeAlias = tuple[str, str]  # id of a study and its output; id of a comparison and "close"


class ChartLine(Protocol):
    """One value a bar, NaN where there is none; ``backend.charts.study_snapshot.StudyLine``."""

    def __len__(self) -> int:
        """As many as there are bars."""
        ...

    def rows(self, first: int, stop: int) -> Float64s:
        """float64[stop - first]: the values of bars [first, stop)."""
        ...

    def columns(self, first_row: Int64s, stop: int) -> tuple[Float64s, Float64s, Float64s, Float64s]:
        """First, highest, lowest and last value of each column of bars, as ``BarSnapshot.columns`` cuts them."""
        ...

    def value(self, row: int) -> float:
        """The value of one bar."""
        ...


class ChartSnapshot(Protocol):
    """Bars and lines that belong to each other; ``backend.charts.study_snapshot.StudySnapshot``.

    breaks : int64[n]   rows at which a session starts
    closes_ns : when the newest bar will be complete; None where it is or nobody knows
    errors : of studies that cannot be computed, by their id
    """

    @property
    def bars(self) -> BarSnapshot:
        """The bars."""
        ...

    @property
    def lines(self) -> Mapping[LineKey, ChartLine]:
        """Lines over exactly these bars."""
        ...

    @property
    def breaks(self) -> Int64s:
        """Where sessions start."""
        ...

    @property
    def closes_ns(self) -> int | None:
        """When the newest bar completes."""
        ...

    @property
    def errors(self) -> Mapping[str, str]:
        """What went wrong, by study."""
        ...


_NO_LINES: Final[Mapping[LineKey, ChartLine]] = MappingProxyType({})
_NO_ERRORS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class PlainSnapshot:
    """Bars without anything computed from them."""

    bars: BarSnapshot
    lines: Mapping[LineKey, ChartLine] = field(default_factory=lambda: _NO_LINES)
    breaks: Int64s = field(default_factory=lambda: np.empty(0, np.int64))
    closes_ns: int | None = None
    errors: Mapping[str, str] = field(default_factory=lambda: _NO_ERRORS)


NOTHING: Final = PlainSnapshot(snapshot_of(BarArrays.empty()))


class SeriesSource(Protocol):
    """Bars that may change: ``OpenStudies``, ``OpenSeries``, or ``FixedSource`` for a picture."""

    @property
    def version(self) -> int:
        """Grows with every change."""
        ...

    def snapshot(self) -> BarSnapshot | ChartSnapshot:
        """The newest state, immutable."""
        ...


class FixedSource:
    """Bars that never change."""

    def __init__(self, snapshot: BarSnapshot | ChartSnapshot) -> None:
        self._snapshot = snapshot

    @property
    def version(self) -> int:
        """Always the same."""
        return 1

    def snapshot(self) -> BarSnapshot | ChartSnapshot:
        """Always the same."""
        return self._snapshot


def with_lines(snapshot: BarSnapshot | ChartSnapshot) -> ChartSnapshot:
    """The same as bars with lines."""
    return PlainSnapshot(snapshot) if isinstance(snapshot, BarSnapshot) else snapshot
