"""The live benchmark's market: six instruments, their history, seeded trades, and the bars that all trades make, by pandas."""

from dataclasses import dataclass

import msgspec
import numpy as np

from backend.charts.chart_state import ChartState, Study
from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import CENT, Instrument, InstrumentId
from backend.domain.ticks import TradeArrays
from backend.market.growing_bars import join
from tests.fakes.pandas_bars import bars_by_pandas

N_INSTRUMENTS = 6
MINUTES = BarSpec.parse("1m")
INSTRUMENTS = tuple(Instrument(InstrumentId(f"WALK{i}", "BINANCE"), f"Walk {i}", price_steps=CENT) for i in range(N_INSTRUMENTS))
SERIES = tuple(Series(instrument.id, MINUTES) for instrument in INSTRUMENTS)
STUDIES = (
    Study("fast", "sma", (("period", 20),)),
    Study("slow", "ema", (("period", 50),)),
    Study("bands", "bollinger"),
    Study("rsi", "rsi", pane="p1"),
    Study("macd", "macd", pane="p2"),
)


@dataclass(frozen=True, slots=True)
class Tape:
    """Trades of all instruments in the order in which they happen.

    instrument : int64[n_trades]   place in INSTRUMENTS
    after_ns : int64[n_trades]   event time, counted from the first live minute
    """

    instrument: np.ndarray
    after_ns: np.ndarray
    price: np.ndarray
    quantity: np.ndarray

    def __len__(self) -> int:
        return len(self.instrument)

    def trades_of(self, i: int, start_ns: int) -> TradeArrays:
        """Every trade of one instrument."""
        mine = self.instrument == i
        n_trades = int(mine.sum())
        return TradeArrays(start_ns + self.after_ns[mine], self.price[mine], self.quantity[mine], np.zeros(n_trades, np.int8))


class Setup(msgspec.Struct):
    """One run: the world's seed, its ticks a second, and how many times faster its market is than the clock."""

    seed: int
    rate: int
    seconds: float
    warm_up_s: float
    speed: float
    n_history: int

    @property
    def tape(self) -> Tape:
        """The trades that the world sends."""
        return make_tape(self.seed, int(self.rate * self.seconds), self.speed * 1e9 / self.rate)


def make_tape(seed: int, n_trades: int, gap_ns: float) -> Tape:
    """Trades ``gap_ns`` of market time apart: a random walk of each instrument, whose last digit is a cent."""
    rng = np.random.default_rng(seed)
    instrument = rng.integers(0, N_INSTRUMENTS, n_trades)
    price = np.empty(n_trades)
    for i in range(N_INSTRUMENTS):
        mine = instrument == i
        price[mine] = np.maximum(np.round(first_price(i) + rng.normal(0, 0.02, int(mine.sum())).cumsum(), 2), 0.01)
    after_ns = (np.arange(n_trades) * gap_ns).astype(np.int64)
    return Tape(instrument, after_ns, price, rng.integers(1, 500, n_trades).astype(np.float64))


def first_price(i: int) -> float:
    """Where history ends and live trades begin."""
    return 200.0 + 50 * i


def make_history(i: int, n_bars: int, start_ns: int) -> BarArrays:
    """The bars before ``start_ns``: a seeded walk that ends near the first live price."""
    rng = np.random.default_rng(100 + i)
    close = rng.normal(0, 0.02, n_bars).cumsum()
    close = np.round(np.maximum(close - close[-1] + first_price(i), 1.0), 2)
    open_ = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(open_, close) + 0.02, np.minimum(open_, close) - 0.02
    event_ns = start_ns + np.arange(-n_bars, 0, dtype=np.int64) * MINUTE_NS
    return BarArrays(event_ns, open_, high, low, close, rng.integers(1, 10_000, n_bars).astype(np.float64))


def wanted_bars(i: int, n_history: int, tape: Tape, start_ns: int) -> BarArrays:
    """History and live bars of one instrument, as they must stand when all trades have come."""
    return join(make_history(i, n_history, start_ns), bars_by_pandas(tape.trades_of(i, start_ns), "1min"))


def chart_state(i: int) -> ChartState:
    """A chart of one instrument with every study."""
    state = ChartState(instrument=str(INSTRUMENTS[i].id), interval=str(MINUTES))
    for study in STUDIES:
        state = state.with_study(study)
    return state
