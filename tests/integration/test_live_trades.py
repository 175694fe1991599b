"""Trades that come in small batches into several charts: no trade is lost, and bars and studies are those of one batch."""

import numpy as np

from backend.app import Backend, open_backend
from backend.charts.chart_state import Study
from backend.domain.bars import DAY_NS, MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import CENT, Instrument, InstrumentId
from backend.domain.ticks import TradeArrays
from backend.indicators import compute
from backend.market.aggregate import TradeAggregator
from backend.market.growing_bars import join
from tests.fakes.bars import make_bars
from tests.fakes.waiting import until
from tests.naive.aggregate import aggregate

MINUTES = BarSpec.parse("1m")
INSTRUMENTS = [Instrument(InstrumentId(f"WALK{i}", "BINANCE"), f"Walk {i}", price_steps=CENT) for i in range(3)]
SERIES = [Series(instrument.id, MINUTES) for instrument in INSTRUMENTS]
START_NS = 20_000 * DAY_NS + 1_000 * MINUTE_NS  # the trades go on into the next day
STUDIES = (
    Study("fast", "sma", (("period", 20),)),
    Study("slow", "ema", (("period", 50),)),
    Study("bands", "bollinger"),
    Study("rsi", "rsi", pane="p1"),
    Study("macd", "macd", pane="p2"),
)
N_HISTORY = 300
N_TRADES = 20_000
SOURCE = "live"


def make_history() -> BarArrays:
    bars = make_bars(N_HISTORY)
    event_ns = START_NS + np.arange(-N_HISTORY, 0, dtype=np.int64) * MINUTE_NS
    return BarArrays(event_ns, *bars.columns())


def make_trades(seed: int) -> TradeArrays:
    """Some 500 minutes, so that the newest bars are closed several times; now and then a minute stays empty."""
    rng = np.random.default_rng(seed)
    event_ns = START_NS + np.cumsum(rng.exponential(1.6e9, N_TRADES).astype(np.int64) * rng.integers(0, 3, N_TRADES) ** 2 // 2)
    price = np.round(100 + rng.normal(0, 0.05, N_TRADES).cumsum(), 2)
    return TradeArrays(event_ns, price, rng.integers(0, 50, N_TRADES).astype(np.float64), np.zeros(N_TRADES, np.int8))


def in_one_batch(trades: TradeArrays) -> BarArrays:
    days = range(START_NS // DAY_NS, int(trades.event_ns[-1]) // DAY_NS + 1)
    rows = zip(trades.event_ns.tolist(), trades.price.tolist(), trades.quantity.tolist(), strict=True)
    made = aggregate("time", MINUTE_NS, rows, [(day * DAY_NS, (day + 1) * DAY_NS) for day in days])
    columns = np.array([row[1:] for row in made]).T
    return BarArrays(np.array([row[0] for row in made], np.int64), *(column.copy() for column in columns))


async def feed(backend: Backend, tapes: list[TradeArrays], look) -> None:
    """Batches of 1 to 60 trades, by turns and in no order among the instruments; ``look()`` now and then."""
    rng = np.random.default_rng(1)
    sessions = await backend.calendars.load(INSTRUMENTS[0].calendar)
    aggregators = [TradeAggregator(MINUTES, sessions) for _ in tapes]
    at = [0] * len(tapes)
    while left := [i for i, tape in enumerate(tapes) if at[i] < len(tape)]:
        i = left[rng.integers(len(left))]
        trades = tapes[i][at[i] : at[i] + int(rng.integers(1, 61))]
        at[i] += len(trades)
        backend.store.append_trades(INSTRUMENTS[i].id, SOURCE, trades)
        closed, forming = aggregators[i].apply(trades), aggregators[i].forming()
        if len(closed):
            backend.store.append(SERIES[i], SOURCE, closed)
        backend.bars.apply(SERIES[i], join(closed, BarArrays.of([forming])))
        if rng.random() < 0.2:
            look()


async def test_no_trade_is_lost_between_a_feed_and_the_charts(home):
    tapes = [make_trades(i) for i in range(len(SERIES))]
    async with open_backend(home) as backend:
        for instrument, series in zip(INSTRUMENTS, SERIES, strict=True):
            await backend.catalog.put(instrument)
            backend.store.append(series, SOURCE, make_history())
        charts = [await backend.studies.open(series, studies=STUDIES) for series in SERIES]
        await until(lambda: all(len({study for study, _ in chart.snapshot().lines}) == len(STUDIES) for chart in charts))
        woken = []
        for chart in charts:
            chart.watch(lambda: woken.append(1))
        await feed(backend, tapes, lambda: [chart.snapshot() for chart in charts])
        assert woken
        for chart, series, trades in zip(charts, SERIES, tapes, strict=True):
            wanted = join(make_history(), in_one_batch(trades))
            assert len(wanted) > N_HISTORY + 250
            await until(lambda chart=chart, wanted=wanted: chart.snapshot().bars.bars.volume[-1] == wanted.volume[-1])
            snapshot = chart.snapshot()
            bars = snapshot.bars.bars
            for one, other in zip((bars.event_ns, *bars.columns()), (wanted.event_ns, *wanted.columns()), strict=True):
                np.testing.assert_array_equal(one, other, str(series))
            assert not snapshot.errors
            for study in STUDIES:
                for output, values in compute(study.indicator, wanted, **dict(study.params)).items():
                    line = snapshot.lines[study.id, output]
                    np.testing.assert_array_equal(line.rows(0, len(line)), values, f"{study.id} {output} of {series}")
            kept = await backend.store.load_trades(series.instrument, SOURCE)
            np.testing.assert_array_equal(kept.price, trades.price)
            stored = await backend.store.load(series)
            np.testing.assert_array_equal(stored.close, wanted.close[:-1])  # the newest bar is still under way
            chart.close()
