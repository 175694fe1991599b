"""Series that strain a chart: hardly any bars, no range, no volume, prices at the ends of what floats hold, years without bars."""

import numpy as np

from backend.charts.chart_state import MAIN_PANE, SHAPE, ChartState, ChartType, Pane, ScaleKind, Study
from backend.charts.study_snapshot import StudySnapshot, fixed_snapshot
from backend.domain.bars import DAY_NS, BarArrays
from backend.domain.instruments import Instrument, InstrumentId
from backend.indicators import compute
from tests.fakes.bars import make_bars

WILD = Instrument(InstrumentId("WILD", "XNAS"), "Prices of any size")
STUDIES = (
    Study("fast", "sma", (("period", 20),)),
    Study("slow", "ema", (("period", 50),)),
    Study("bands", "bollinger"),
    Study("rsi", "rsi", pane="p1"),
    Study("macd", "macd", pane="p2"),
)
N_BARS = 400


def hostile_series() -> dict[str, BarArrays]:
    """Each series under what is strange about it."""
    plain = make_bars(N_BARS)
    return {
        "no bars": make_bars(0),
        "one bar": make_bars(1),
        "two bars": make_bars(2),
        "no volume": _with(plain, volume=np.full(N_BARS, np.nan)),
        "volume of zero": _with(plain, volume=np.zeros(N_BARS)),
        "no range": _with(plain, prices=np.full((4, N_BARS), 10.0)),
        "all at zero": _with(plain, prices=np.zeros((4, N_BARS))),
        "tiny prices": _with(plain, prices=_prices(plain) * 1e-10),
        "huge prices": _with(plain, prices=_prices(plain) * 1e10),
        "through zero": _with(plain, prices=_prices(plain) - float(np.median(plain.close))),
        "one spike": _with(plain, prices=_prices(plain) * np.where(np.arange(N_BARS) == N_BARS - 20, 1e6, 1.0)),
        "ten years missing": _with(plain, event_ns=plain.event_ns + np.where(np.arange(N_BARS) >= N_BARS - 50, 3_650 * DAY_NS, 0)),
    }


def hostile_state(kind: ChartType, scale: ScaleKind) -> ChartState:
    """Volume and five indicators, two of them below the prices."""
    state = ChartState(chart_type=kind, panes=(Pane(MAIN_PANE, scale=scale),), is_volume_shown=True)
    for study in STUDIES:
        state = state.with_study(study)
    return state


def hostile_snapshot(bars: BarArrays) -> StudySnapshot:
    """The series with everything that the state shows, as our kernels compute it."""
    wanted = [(study.id, study.indicator, dict(study.params)) for study in STUDIES]
    lines = {
        (ident, output): values
        for ident, name, params in [*wanted, (SHAPE, "heikin_ashi", {})]
        for output, values in compute(name, bars, **params).items()
    }
    return fixed_snapshot(bars, lines)


def _prices(bars: BarArrays) -> np.ndarray:
    return np.array(bars.columns()[:4])


def _with(bars: BarArrays, *, event_ns=None, prices=None, volume=None) -> BarArrays:
    columns = _prices(bars) if prices is None else prices
    return BarArrays(bars.event_ns if event_ns is None else event_ns, *columns, bars.volume if volume is None else volume)
