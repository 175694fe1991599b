"""Which study's line runs below the pointer; numbers only."""

import itertools
import math

import numpy as np

from trii_desktop.charts.chart_model import ChartModel
from trii_desktop.charts.line_shapes import heights
from trii_desktop.charts.painters import PaneFrame
from trii_desktop.charts.study_lines import DrawnLine
from trii_desktop.charts.study_looks import OutputLook, comparison_looks


def line_at(model: ChartModel, frame: PaneFrame, at: tuple[float, float], reach_px: float) -> str:
    """Id of the study or comparison whose line passes within ``reach_px`` of a point of the pane, the one painted last first."""
    outputs = [output for look in model.looks if look.pane == frame.pane_id for output in look.shown_outputs]
    if frame.pane_id == model.panes.main.id:
        outputs = [look for look in comparison_looks(model.comparisons) if look.is_shown] + outputs
    for output in reversed(outputs):
        line = frame.line_of(output.key)
        if line is not None and _distance(line, output, frame, at) <= reach_px + output.width * frame.pixel_ratio / 2:
            return output.key[0]
    return ""


def _distance(line: DrawnLine, look: OutputLook, frame: PaneFrame, at: tuple[float, float]) -> float:
    x, y = at
    place = int(np.searchsorted(line.x, x))
    near = slice(max(place - 2, 0), place + 2)
    xs, tops, bottoms = line.x[near] + 0.5, heights(line.high[near], frame.prices), heights(line.low[near], frame.prices)
    if look.look == "histogram":
        zero = math.floor(frame.prices.y_at(0.0))
        tops, bottoms = np.fmin(tops, zero), np.fmax(bottoms, zero)
    apart = [
        math.hypot(one_x - x, max(top - y, y - bottom, 0.0))
        for one_x, top, bottom in zip(xs.tolist(), tops.tolist(), bottoms.tolist(), strict=True)
        if math.isfinite(top) and math.isfinite(bottom)
    ]
    if not line.is_dense and look.look == "line":
        points = list(zip(xs.tolist(), tops.tolist(), strict=True))
        apart += [_to_piece((x, y), one, other) for one, other in itertools.pairwise(points)]
    return min((one for one in apart if math.isfinite(one)), default=math.inf)


def _to_piece(at: tuple[float, float], one: tuple[float, float], other: tuple[float, float]) -> float:
    dx, dy = other[0] - one[0], other[1] - one[1]
    length = dx * dx + dy * dy
    share = min(max(((at[0] - one[0]) * dx + (at[1] - one[1]) * dy) / length, 0.0), 1.0) if length > 0 else 0.0
    return math.hypot(one[0] + share * dx - at[0], one[1] + share * dy - at[1])
