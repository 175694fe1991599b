"""Bars with studies and a comparison over them, computed by numpy alone so that no test waits for a compiler."""

import msgspec
import numpy as np

from backend.charts.chart_state import ChartState, Comparison, Study
from backend.charts.study_snapshot import StudySnapshot, fixed_snapshot
from backend.domain.bars import BarArrays
from tests.fakes.bars import make_bars

SMA = Study("a1", "sma", (("period", 5),))
BANDS = Study("b1", "bollinger")
RSI = Study("r1", "rsi", pane="p1")
MACD = Study("m1", "macd", pane="p2")
STUDIES = (SMA, BANDS, RSI, MACD)
PEER = Comparison("c1", "MSFT.XNAS")


def studied_state(*studies: Study, comparisons: tuple[Comparison, ...] = (), **fields) -> ChartState:
    """A chart with ``studies`` in their panes."""
    state = ChartState(**fields)
    for study in studies or STUDIES:
        state = state.with_study(study)
    return msgspec.structs.replace(state, comparisons=comparisons)


def studied(bars: BarArrays | int = 500, *, breaks: np.ndarray | None = None) -> StudySnapshot:
    """A snapshot with lines for all of ``STUDIES`` and ``PEER``, in their outputs' names; the first rows have no values."""
    bars = make_bars(bars) if isinstance(bars, int) else bars
    close, n_bars = bars.close, len(bars)
    rows = np.arange(n_bars)
    mean = np.convolve(close, np.ones(5) / 5)[:n_bars] if n_bars else close.copy()
    spread = 1 + np.abs(np.sin(rows / 9))
    wave = np.sin(rows / 20)
    lines = {
        ("a1", "value"): mean,
        ("b1", "upper"): mean + spread,
        ("b1", "middle"): mean.copy(),
        ("b1", "lower"): mean - spread,
        ("r1", "value"): 50 + 40 * wave,
        ("m1", "line"): wave * 3,
        ("m1", "signal"): np.sin(rows / 20 - 0.4) * 3,
        ("m1", "histogram"): (wave - np.sin(rows / 20 - 0.4)) * 3,
        ("c1", "close"): close[::-1] * 3.0,
    }
    for values in lines.values():
        values[: min(4, n_bars)] = np.nan
    return fixed_snapshot(bars, lines, breaks=breaks)
