"""The lowest and the highest value that a pane has to show."""

import math
from collections.abc import Sequence
from typing import Final

from trii_desktop.charts.in_view import InView
from trii_desktop.charts.pane_model import PaneModel
from trii_desktop.charts.study_lines import DrawnLine
from trii_desktop.charts.study_looks import StudyLook, comparison_looks

_LOWEST_SHARE: Final = 0.1  # of the lowest price: how far down lines count on a logarithmic scale, which has no end below


def extremes_of(
    pane: PaneModel, looks: Sequence[StudyLook], in_view: InView, *, by_closes: bool, is_log: bool = False
) -> tuple[float, float]:
    """What is in view of bars, lines, levels and, under histograms, zero; 0 to 1 where there is nothing.

    looks : of all studies; by_closes : whether only the closes of the bars are drawn
    is_log : prices above 0 keep their logarithms, however far a band goes below them
    """
    here = [look for look in looks if look.pane == pane.id]
    outputs = [output for look in here for output in look.shown_outputs]
    if pane.is_main:
        outputs += [look for look in comparison_looks(in_view.comparisons) if look.is_shown]
    bars = _of_bars(in_view, by_closes=by_closes) if pane.is_main else None
    floor = bars[0] * _LOWEST_SHARE if is_log and bars is not None and bars[0] > 0 else -math.inf
    found = [_of_line(line, floor) for output in outputs if (line := in_view.line(output.key)) is not None]
    if pane.is_main:
        found.append(bars)
    else:
        found += [(min(look.levels), max(look.levels)) for look in here if look.levels and look.is_shown]
    if any(output.look == "histogram" for output in outputs):
        found.append((0.0, 0.0))
    known = [extremes for extremes in found if extremes is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else (0.0, 1.0)


def _of_line(line: DrawnLine, floor: float) -> tuple[float, float] | None:
    extremes = line.extremes
    if extremes is None or extremes[0] >= floor:
        return extremes
    return (floor, extremes[1]) if extremes[1] > floor else None


def _of_bars(in_view: InView, *, by_closes: bool) -> tuple[float, float] | None:
    drawn, bars = in_view.bars, in_view.shown.bars
    if len(drawn.x):
        values = (drawn.close, drawn.close) if by_closes and not in_view.time.is_dense else (drawn.low, drawn.high)
        return float(values[0].min()), float(values[1].max())
    if not len(bars):
        return None
    last = bars.bar(len(bars) - 1)
    return last.low, last.high
