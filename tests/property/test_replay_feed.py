"""A replayed feed never looks ahead, gives everything once, and its ticks make the bars that are stored."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, HOUR_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.ticks import TradeArrays
from backend.live.live_bars import LiveBars
from backend.market.aggregate import TradeAggregator
from backend.market.calendars import Calendars
from backend.market.feeds.feed import Wants
from backend.market.feeds.past_ticks import PastTicks
from backend.market.feeds.replay import ReplayFeed, ReplayParts
from backend.market.growing_bars import join
from backend.market.resample import known_ns, resample
from backend.storage.segments import TRADE_SPEC, SeriesKey

ACME, OTHER = InstrumentId("ACME", "XNAS"), InstrumentId("OTHER", "XNAS")
SPECS = tuple(BarSpec.parse(text) for text in ("1m", "1h", "1d", "1w"))
STARTS_NS = {"XNYS": 1_709_908_200 * 10**9, "24/7": 1_709_250_000 * 10**9}  # near a weekend and a month's end
PRESENT_NS = 1_790_000_000 * 10**9
NAMES = ("event_ns", "open", "high", "low", "close", "volume")


class Stored:
    """What a market store holds, in memory; ``until`` forgets all that happened later."""

    def __init__(self, sessions):
        self.sessions = sessions
        self.bars = {}
        self.trades = {}
        self.n_loads = 0

    async def load(self, series, *, from_ns=None, to_ns=None):
        bars = self.bars.get(series, BarArrays.empty())
        start, stop = np.searchsorted(bars.event_ns, (from_ns, to_ns))
        return bars[start : max(start, stop)]

    async def load_trades(self, instrument, source, *, from_ns=None, to_ns=None):
        self.n_loads += 1
        trades = self.trades.get((instrument, source), TradeArrays.empty())
        start, stop = np.searchsorted(trades.event_ns, (from_ns, to_ns))
        return trades[start : max(start, stop)]

    def stored_specs(self, instrument):
        return [series.spec for series in self.bars if series.instrument == instrument]

    def series_keys(self, instrument=None):
        bars = {SeriesKey.of(series, "import") for series in self.bars if series.instrument == instrument}
        return bars | {SeriesKey(str(one), TRADE_SPEC, source) for one, source in self.trades if one == instrument}

    def trade_sources(self, instrument):
        return sorted(source for one, source in self.trades if one == instrument)

    def until(self, at_ns, other):
        """The same until ``at_ns``, then what ``other`` has."""
        cut = Stored(self.sessions)
        for series, bars in self.bars.items():
            known = known_ns(series.spec, bars.event_ns, self.sessions)
            n_known = int(np.searchsorted(known, at_ns, side="right"))
            later = other.bars.get(series, BarArrays.empty())
            first = int(np.searchsorted(known_ns(series.spec, later.event_ns, self.sessions), at_ns, side="right"))
            cut.bars[series] = join(bars[:n_known], later[first:])
        for key, trades in self.trades.items():
            n_known = int(np.searchsorted(trades.event_ns, at_ns, side="right"))
            later = other.trades[key]
            first = int(np.searchsorted(later.event_ns, at_ns, side="right"))
            cut.trades[key] = TradeArrays(
                *(
                    np.concatenate([getattr(trades, name)[:n_known], getattr(later, name)[first:]])
                    for name in ("event_ns", "price", "quantity", "aggressor")
                )
            )
        return cut


class Known:
    """Catalog and calendars of one calendar."""

    def __init__(self, sessions):
        self.sessions = sessions

    async def get(self, instrument):
        return Instrument(instrument, str(instrument))

    async def load(self, _calendar):
        return self.sessions


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    calendars = Calendars(tmp_path_factory.mktemp("cache"), ManualClock(PRESENT_NS))
    return {name: calendars.sessions(name) for name in STARTS_NS}


def make_trades(start_ns, seed, n_trades, gap_s):
    rng = np.random.default_rng(seed)
    event_ns = start_ns + np.cumsum(rng.exponential(gap_s * 1e9, n_trades) * rng.integers(0, 2, n_trades)).astype(np.int64)
    price = np.round(100 + rng.normal(0, 0.1, n_trades).cumsum(), 2)
    return TradeArrays(event_ns, price, rng.random(n_trades) * 9, np.zeros(n_trades, np.int8))


def make_minutes(trades, sessions):
    aggregator = TradeAggregator(SPECS[0], sessions)
    closed = aggregator.apply(trades)
    return join(closed, BarArrays.of([aggregator.forming()]))


def make_stored(sessions, start_ns, seed, *, kind):
    """``trades``: all recorded, with the bars they make; ``bars``: only bars; ``mixed``: each for a part of the time."""
    stored = Stored(sessions)
    trades = make_trades(start_ns, seed, 300, 900.0)
    minutes = make_minutes(trades, sessions)
    bars = {spec: resample(minutes, SPECS[0], spec, sessions) for spec in SPECS}
    n_minutes, n_trades = len(minutes) // 2, len(trades) * 3 // 4
    if kind == "mixed":
        bars[SPECS[0]] = minutes[n_minutes:]
        trades = trades[n_trades:]
    stored.bars = {Series(ACME, spec): some for spec, some in bars.items()}
    if kind != "bars":
        stored.trades = {(ACME, "binance"): trades[: len(trades) * 2 // 3], (ACME, "kraken"): trades[len(trades) // 3 :]}
    stored.bars[Series(OTHER, SPECS[1])] = bars[SPECS[1]]
    return stored


def open_feed(stored, at_ns, *instruments):
    known = Known(stored.sessions)
    feed = ReplayFeed(ReplayParts(stored, None, known, known, ManualClock(PRESENT_NS)), at_ns)
    feed.want({instrument: Wants() for instrument in instruments})
    return feed


async def collect(feed, moments):
    """Everything that the feed gives on its way through ``moments``: (moment, instrument, event, price, quantity)."""
    given = []
    for moment_ns in moments:
        async for batch in feed.advance(moment_ns):
            assert batch.received_ns == feed.now_ns <= moment_ns
            for instrument, trades in batch.trades.items():
                assert np.all(trades.event_ns <= batch.received_ns)
                given += [(str(instrument), *row) for row in zip(*rows_of(trades), strict=True)]
        assert feed.now_ns == moment_ns
    return given


def rows_of(trades):
    return trades.event_ns.tolist(), trades.price.tolist(), trades.quantity.tolist()


def moments_of(seed, start_ns, end_ns, n_moments=12):
    return sorted(np.random.default_rng(seed).integers(start_ns, end_ns, n_moments).tolist())


CASES = st.tuples(st.sampled_from(sorted(STARTS_NS)), st.sampled_from(["trades", "bars", "mixed"]), st.integers(0, 10**6))


@settings(max_examples=40)
@given(CASES, st.floats(0.0, 1.2))
def test_what_is_given_up_to_a_moment_is_the_same_whatever_history_follows(tables, case, place):
    calendar, kind, seed = case
    start_ns = STARTS_NS[calendar]
    stored = make_stored(tables[calendar], start_ns, seed, kind=kind)
    at_ns = start_ns + int(place * 300 * 450 * 1e9)
    other = make_stored(tables[calendar], start_ns, seed + 1, kind=kind)
    empty = Stored(tables[calendar])
    empty.trades = {key: TradeArrays.empty() for key in stored.trades}
    begin_ns = start_ns - 40 * DAY_NS

    async def story():
        whole = await collect(open_feed(stored, begin_ns, ACME, OTHER), [at_ns])
        for later in (other, empty):
            assert await collect(open_feed(stored.until(at_ns, later), begin_ns, ACME, OTHER), [at_ns]) == whole

    asyncio.run(story())


@settings(max_examples=40)
@given(CASES)
def test_everything_is_given_once_and_in_order_however_time_is_cut(tables, case):
    calendar, kind, seed = case
    start_ns = STARTS_NS[calendar]
    stored = make_stored(tables[calendar], start_ns, seed, kind=kind)
    end_ns = start_ns + 60 * DAY_NS

    async def story():
        at_once = await collect(open_feed(stored, start_ns - DAY_NS, ACME, OTHER), [end_ns])
        moments = [*moments_of(seed, start_ns - DAY_NS, start_ns + 2 * DAY_NS), end_ns]
        in_pieces = await collect(open_feed(stored, start_ns - DAY_NS, ACME, OTHER), moments)
        for instrument in (ACME, OTHER):
            told = [row for row in in_pieces if row[0] == str(instrument)]
            assert told == [row for row in at_once if row[0] == str(instrument)]
            assert [row[1] for row in told] == sorted(row[1] for row in told)
        if kind == "trades":
            n_given = sum(row[0] == str(ACME) for row in at_once)
            assert n_given >= max(len(trades) for trades in stored.trades.values())

    asyncio.run(story())


@settings(max_examples=30)
@given(st.sampled_from(sorted(STARTS_NS)), st.integers(0, 10**6), st.sampled_from(["trades", "bars"]), st.sampled_from(SPECS))
def test_live_bars_of_its_ticks_are_the_stored_bars(tables, calendar, seed, kind, shortest):
    sessions, start_ns = tables[calendar], STARTS_NS[calendar]
    stored = make_stored(sessions, start_ns, seed, kind=kind)
    if kind == "trades":
        shortest = SPECS[0]
        stored.trades = {(ACME, "binance"): make_trades(start_ns, seed, 300, 900.0)}
    expected = {s.spec: bars for s, bars in stored.bars.items() if s.instrument == ACME}
    specs = [spec for spec in SPECS if SPECS.index(spec) >= SPECS.index(shortest)]
    expected = {spec: resample(expected[shortest], shortest, spec, sessions) for spec in specs}  # volumes added in its order
    stored.bars = {Series(ACME, spec): expected[spec] for spec in specs}
    end_ns = start_ns + 40 * DAY_NS

    async def story():
        feed = open_feed(stored, start_ns - 10 * DAY_NS, ACME)
        ticks = PastTicks(stored, ACME, sessions)
        live = LiveBars(sessions)
        for spec in SPECS:
            live.add_spec(spec)
        made, last_ns = {}, 0

        def take(change):
            for spec, bars in change.closed.items():
                made[spec] = join(made.get(spec, BarArrays.empty()), bars)

        for moment_ns in [*moments_of(seed, start_ns, start_ns + 2 * DAY_NS), end_ns]:
            async for batch in feed.advance(moment_ns):
                if ACME in batch.trades:
                    last_ns = int(batch.trades[ACME].event_ns[-1])
                    take(live.apply(batch.trades[ACME]))
            take(live.advance(ticks.settled_ns(moment_ns, last_ns)))
        assert live.n_unordered == 0
        for spec in specs:
            assert len(made[spec]) == len(expected[spec])
            for name in NAMES:
                np.testing.assert_array_equal(getattr(made[spec], name), getattr(expected[spec], name), err_msg=f"{spec} {name}")

    asyncio.run(story())


@settings(max_examples=30)
@given(st.sampled_from(sorted(STARTS_NS)), st.integers(0, 10**6), st.integers(-3 * HOUR_NS, 30 * HOUR_NS))
def test_after_a_seek_it_gives_what_becomes_known_from_there_on(tables, calendar, seed, offset_ns):
    start_ns = STARTS_NS[calendar]
    stored = make_stored(tables[calendar], start_ns, seed, kind="mixed")

    async def story():
        feed = open_feed(stored, start_ns, ACME)
        told = []
        feed.moved.append(told.append)
        await collect(feed, [start_ns + 5 * HOUR_NS])
        feed.seek(start_ns + offset_ns)
        assert told == [start_ns + offset_ns]
        end_ns = start_ns + 30 * DAY_NS
        afterwards = await collect(feed, [end_ns])
        assert afterwards == await collect(open_feed(stored, start_ns + offset_ns, ACME), [end_ns])

    asyncio.run(story())
