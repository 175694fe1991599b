"""Where a chart's bars and lines come from; no window needed."""

from typing import Final, Protocol

from backend.charts.study_snapshot import StudySnapshot
from backend.domain.bars import BarArrays
from backend.market.bar_snapshot import BarSnapshot
from backend.market.growing_bars import snapshot_of

NOTHING: Final = StudySnapshot(0, snapshot_of(BarArrays.empty()))


class SeriesSource(Protocol):
    """Bars that may change: ``OpenStudies``, ``OpenSeries``, or ``FixedSource`` for a picture."""

    @property
    def version(self) -> int:
        """Grows with every change."""
        ...

    def snapshot(self) -> BarSnapshot | StudySnapshot:
        """The newest state, immutable."""
        ...


class FixedSource:
    """Bars that never change."""

    def __init__(self, snapshot: BarSnapshot | StudySnapshot) -> None:
        self._snapshot = snapshot

    @property
    def version(self) -> int:
        """Always the same."""
        return self._snapshot.version

    def snapshot(self) -> BarSnapshot | StudySnapshot:
        """Always the same."""
        return self._snapshot


def with_lines(snapshot: BarSnapshot | StudySnapshot) -> StudySnapshot:
    """Bars alone as bars without lines."""
    return StudySnapshot(snapshot.version, snapshot) if isinstance(snapshot, BarSnapshot) else snapshot
