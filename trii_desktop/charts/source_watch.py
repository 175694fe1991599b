"""Follows where a chart's bars come from: woken from any thread, looked at once a frame."""

from PySide6.QtCore import QObject, Signal

from backend.charts.study_snapshot import StudySnapshot
from backend.market.bar_snapshot import BarSnapshot
from trii_desktop.charts.chart_source import SeriesSource


class SourceWatch(QObject):
    """``woken`` carries news from the engine thread to the UI thread: at most once a look, never once a tick."""

    woken = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source: SeriesSource | None = None
        self._version = -1

    def follow(self, source: SeriesSource) -> BarSnapshot | StudySnapshot:
        """Follow ``source`` from now on; what it has."""
        self.stop()
        self._source = source
        watch = getattr(source, "watch", None)
        if watch is not None:
            watch(self.woken.emit)
        self._version = source.version
        return source.snapshot()

    def stop(self) -> None:
        """Follow nothing."""
        watch = getattr(self._source, "watch", None)
        if watch is not None:
            watch(None)
        self._source = None

    def look(self) -> BarSnapshot | StudySnapshot | None:
        """What the source has now; None where it is what it was."""
        if self._source is None or self._source.version == self._version:
            return None
        self._version = self._source.version
        return self._source.snapshot()
