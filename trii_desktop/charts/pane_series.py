"""What is painted in a pane, from back to front: tints, session breaks, the main series, comparisons, studies."""

from typing import Final

import numpy as np
from PySide6.QtGui import QPainter

from backend.charts.chart_state import ChartType
from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.geometry import NO_RECTS
from trii_desktop.charts.painters import PAINTERS, Inks, PaneFrame, SeriesPainter, VolumePainter
from trii_desktop.charts.pane_model import PaneModel
from trii_desktop.charts.strokes import RectBatch, dashes, upright
from trii_desktop.charts.study_looks import comparison_looks
from trii_desktop.charts.study_painters import StudyPainters

_BREAK_GAP: Final = 36  # logical pixels between session breaks, at least


class BreaksPainter:
    """Dashed upright lines where sessions start; none where they would stand too close."""

    def __init__(self) -> None:
        self._rects = RectBatch()

    def prepare(self, frame: PaneFrame) -> None:
        """Compute dashes."""
        rows, time = frame.shown.breaks, frame.time
        first, stop = time.visible()
        begin, end = np.searchsorted(rows, (max(first, 1), stop))
        self._rects.set(NO_RECTS)
        if begin == end or frame.width_px / (end - begin) < _BREAK_GAP * frame.pixel_ratio:
            return
        unit = max(int(frame.pixel_ratio), 1)
        xs = (time.x_of(rows[begin:end] - 1) + time.x_of(rows[begin:end])) // 2
        line = upright(dashes(0, frame.height_px, 0, on=2 * unit, off=4 * unit, width=unit))
        lines = np.repeat(line[None], len(xs), axis=0)
        lines[:, :, [0, 2]] += xs[:, None, None].astype(np.int32)
        self._rects.set(lines.reshape(-1, 4))

    def paint(self, painter: QPainter, inks: Inks) -> None:
        """Draw them."""
        self._rects.draw(painter, inks.tint("crosshair", 0.5))


class PaneSeries:
    """Keeps the painters of all panes and says which of them a pane shows."""

    def __init__(self) -> None:
        self._main: dict[ChartType, SeriesPainter] = {kind: made() for kind, made in PAINTERS.items()}
        self._volume = VolumePainter()
        self._breaks: dict[str, BreaksPainter] = {}
        self._studies = StudyPainters()

    def behind(self, model: ChartModel, pane: PaneModel) -> list[SeriesPainter]:
        """What lies behind the grid."""
        return [painter for look in model.looks if look.pane == pane.id for painter in self._studies.behind(look)]

    def over(self, model: ChartModel, pane: PaneModel, selected: str) -> list[SeriesPainter]:
        """What lies over the grid; the study or comparison called ``selected`` is marked."""
        painters: list[SeriesPainter] = []
        if model.are_breaks_shown:
            painters.append(self._breaks.setdefault(pane.id, BreaksPainter()))
        if pane.is_main:
            painters += self._prices(model)
            painters += [self._studies.line(look) for look in comparison_looks(model.comparisons) if look.is_shown]
        looks = [look for look in model.looks if look.pane == pane.id]
        painters += [painter for look in looks for painter in self._studies.over(look)]
        outputs = [output for look in looks for output in look.shown_outputs]
        outputs += [look for look in comparison_looks(model.comparisons) if look.is_shown and pane.is_main]
        return painters + [self._studies.marks(output) for output in outputs if output.key[0] == selected]

    def _prices(self, model: ChartModel) -> list[SeriesPainter]:
        # The ground of an area lies behind the volume, every other series before it.
        volume: list[SeriesPainter] = [self._volume] if model.is_volume_shown else []
        prices = self._main[model.drawn_type]
        return [prices, *volume] if model.drawn_type is ChartType.AREA else [*volume, prices]
