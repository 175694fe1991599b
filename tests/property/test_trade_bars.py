"""Bars that only trades make: recorded and live, over cuts, restarts and late trades, they are those of one sweep."""

import asyncio
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.live.trade_cut import TradeCut
from backend.market import trade_bars
from backend.market.calendars import Calendars
from backend.market.growing_bars import join
from backend.market.recorded import by_time, first_to_tell, joined_trades
from backend.market.trade_bars import TradeBars
from tests.naive.aggregate import aggregate

BTC = InstrumentId("BTCUSDT", "BINANCE")
START_NS = 20_000 * DAY_NS + 5 * MINUTE_NS
SPECS = {"5s": ("time", 5e9), "7t": ("tick", 7), "40v": ("volume", 40), "0.5r": ("range", 0.5)}
NAMES = ("event_ns", "open", "high", "low", "close", "volume")


class Recording:
    """Trades as they came, batch by batch, from some sources, read as the store reads them."""

    def __init__(self):
        self.batches = {}

    def append(self, source, trades):
        self.batches.setdefault(source, []).append(by_time(trades))

    def trade_sources(self, _instrument):
        return sorted(self.batches)

    def trade_pieces(self, _instrument, source):
        return sorted((int(one.event_ns[0]), len(one)) for one in self.batches[source])

    def all_of(self, source):
        return by_time(joined_trades(self.batches[source]))

    async def load_trades(self, _instrument, source, *, from_ns=None, to_ns=None):
        trades = self.all_of(source)
        await asyncio.sleep(0)  # others may append meanwhile; what was stored when it was asked for counts
        start = 0 if from_ns is None else np.searchsorted(trades.event_ns, from_ns)
        stop = len(trades) if to_ns is None else np.searchsorted(trades.event_ns, to_ns)
        return trades[start:stop]


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    return Calendars(tmp_path_factory.mktemp("cache"), ManualClock(1_790_000_000 * 10**9)).sessions("24/7")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Checkpoints every some trades, so that a few hundred pass many of them."""
    monkeypatch.setattr(trade_bars, "READ_TRADES", 40)


def make_trades(seed, n_trades):
    rng = np.random.default_rng(seed)
    event_ns = START_NS + np.cumsum(rng.exponential(3e9, n_trades) * rng.integers(0, 2, n_trades)).astype(np.int64)
    price = np.round(100 + rng.normal(0, 0.1, n_trades).cumsum(), 2)
    return TradeArrays(event_ns, price, rng.integers(1, 90, n_trades) / 8, np.zeros(n_trades, np.int8))


def in_one_sweep(spec, trades):
    kind, size = SPECS[str(spec)]
    days = range(START_NS // DAY_NS, START_NS // DAY_NS + 3)
    rows = zip(trades.event_ns.tolist(), trades.price.tolist(), trades.quantity.tolist(), strict=True)
    made = aggregate(kind, size, rows, [(day * DAY_NS, (day + 1) * DAY_NS) for day in days])
    columns = np.array([row[1:] for row in made]).T
    return BarArrays(np.array([row[0] for row in made], np.int64), *(column.copy() for column in columns))


def same(left, right):
    return len(left) == len(right) and all(np.array_equal(getattr(left, name), getattr(right, name)) for name in NAMES)


class Chart:
    """Bars as a chart has them, replaced from the first of what comes on."""

    def __init__(self, bars):
        self.bars = bars

    def take(self, closed, forming):
        tail = join(closed, BarArrays.of([] if forming is None else [forming]))
        if len(tail):
            self.replace(int(tail.event_ns[0]), tail)

    def replace(self, from_ns, bars):
        self.bars = join(self.bars[: int(np.searchsorted(self.bars.event_ns, from_ns))], bars)


async def follow(recording, store, spec, sessions, batches, late_every):
    """A chart that opens on what is recorded and goes on live; now and then a batch comes after the one behind it."""
    series = Series(BTC, spec)
    chart = Chart(await store.bars(series, sessions))
    cut = TradeCut(spec, sessions)

    def come(trades):
        recording.append("live", trades)
        chart.take(cut.apply(trades), cut.forming())

    async def begin(while_reading):
        late_ns = cut.late_ns
        cut.wait()
        n_before = sum(n for _, n in recording.trade_pieces(BTC, "live")) if "live" in recording.batches else 0
        reading = asyncio.ensure_future(store.running(series, sessions))
        await asyncio.sleep(0)
        for trades in while_reading:
            come(trades)
            await asyncio.sleep(0)
        running = await reading
        cut.begin(running.aggregator, running.n_taken.get("live", 0) - n_before, trade_bars.BEFORE_ALL_NS)
        return late_ns

    batches = list(batches)
    await begin([batches.pop(0) for _ in range(min(2, len(batches)))])
    chart.bars = await store.bars(series, sessions)
    for n, trades in enumerate(batches):
        come(trades)
        if cut.late_ns is not None and n % late_every == 0:
            await correct(chart, store, series, sessions, await begin([]))
    if cut.late_ns is not None:
        await correct(chart, store, series, sessions, await begin([]))
    return chart.bars


async def correct(chart, store, series, sessions, late_ns):
    """As the bar store reloads: from the bar before the one that holds the first late trade."""
    row = max(int(np.searchsorted(chart.bars.event_ns, late_ns, side="right")) - 2, 0)
    from_ns = int(chart.bars.event_ns[row]) if row else None
    newer = await store.bars(series, sessions, from_ns=from_ns)
    chart.replace(int(newer.event_ns[0]), newer)


@given(
    st.sampled_from(sorted(SPECS)),
    st.integers(0, 10_000),
    st.lists(st.integers(1, 60), min_size=3, max_size=14),
    st.sets(st.integers(0, 12)),
    st.tuples(st.integers(0, 12), st.integers(1, 3)),
)
def test_recorded_and_live_bars_are_those_of_one_sweep_over_cuts_restarts_and_late_trades(
    sessions, text, seed, sizes, swapped, recorded_late
):
    spec, trades, recording = BarSpec.parse(text), make_trades(seed, sum(sizes)), Recording()
    batches = [trades[a:b] for a, b in itertools.pairwise(itertools.accumulate(sizes, initial=0))]
    for place in swapped:
        if place + 1 < len(batches):
            batches[place], batches[place + 1] = batches[place + 1], batches[place]
    n_recorded, late_every = min(recorded_late[0], len(batches)), recorded_late[1]
    for one in batches[:n_recorded]:
        recording.append("live", one)

    async def both_runs():
        store = TradeBars(recording)
        middle = (n_recorded + len(batches)) // 2
        shown = await follow(recording, store, spec, sessions, batches[n_recorded:middle], late_every)
        assert same(shown, in_one_sweep(spec, recording.all_of("live"))) if recording.batches else not len(shown)
        # After a restart nothing is remembered but the recording.
        return await follow(recording, TradeBars(recording), spec, sessions, batches[middle:], late_every)

    shown = asyncio.run(both_runs())
    assert same(shown, in_one_sweep(spec, recording.all_of("live")))


@given(st.sampled_from(sorted(SPECS)), st.integers(0, 10_000), st.integers(0, 300), st.integers(1, 200), st.integers(0, 400))
def test_a_stretch_is_that_stretch_of_all_bars_and_a_moment_knows_nothing_later(sessions, text, seed, first, n_rows, known):
    spec, trades, recording = BarSpec.parse(text), make_trades(seed, 400), Recording()
    for at in range(0, 400, 25):
        recording.append("live", trades[at : at + 25])
    store, series = TradeBars(recording), Series(BTC, spec)
    whole = in_one_sweep(spec, trades)
    first = min(first, len(whole) - 1)
    from_ns, to_ns = int(whole.event_ns[first]), int(whole.event_ns[min(first + n_rows, len(whole) - 1)])
    known_ns = int(trades.event_ns[min(known, 399)])

    async def looks():
        if seed % 2:
            await store.bars(series, sessions)  # leaves checkpoints
        stretch = await store.bars(series, sessions, from_ns=from_ns, to_ns=to_ns)
        return stretch, await store.bars(series, sessions, known_ns=known_ns)

    stretch, then = asyncio.run(looks())
    assert same(stretch, whole[first : min(first + n_rows, len(whole) - 1)])
    n_known = int(np.searchsorted(trades.event_ns, known_ns, side="right"))
    assert same(then, in_one_sweep(spec, trades[:n_known]))


@given(st.sampled_from(sorted(SPECS)), st.integers(0, 10_000))
def test_of_two_sources_each_minute_is_told_by_one(sessions, text, seed):
    spec, recording = BarSpec.parse(text), Recording()
    for name, shift in (("alpha", 0), ("beta", 1)):
        trades = make_trades(seed + shift, 200)
        for at in range(0, 200, 20):
            recording.append(name, trades[at : at + 20])

    bars = asyncio.run(TradeBars(recording).bars(Series(BTC, spec), sessions))

    told = first_to_tell([recording.all_of("alpha"), recording.all_of("beta")])
    assert same(bars, in_one_sweep(spec, told))
