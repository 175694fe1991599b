"""The tick path on a real home: feeds to bars, store, charts and figures; gaps filled without counting anything twice."""

import asyncio
import contextlib

import numpy as np
import pytest

from backend.app import open_backend
from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind
from backend.domain.ticks import Quote, TradeArrays
from backend.events import FeedChanged, FeedLagging, JobChanged
from backend.market.feeds.feed import FeedState, FeedStatus, Gap, TickBatch
from tests.fakes.pandas_bars import bars_by_pandas
from tests.fakes.scripted_feed import ScriptedFeed
from tests.fakes.waiting import until

BTC = Instrument(InstrumentId("BTCUSDT", "BINANCE"), "Bitcoin", InstrumentKind.CRYPTO, "USDT")
ETH = Instrument(InstrumentId("ETHUSDT", "BINANCE"), "Ether", InstrumentKind.CRYPTO, "USDT")
START_NS = 20_000 * DAY_NS + 13 * HOUR_NS + 58 * MINUTE_NS + 10 * SECOND_NS
NAMES = ("event_ns", "open", "high", "low", "close", "volume")
MINUTES, FIVE, HOURS, DAYS = (BarSpec.parse(text) for text in ("1m", "5m", "1h", "1d"))


@pytest.fixture
def clock():
    return ManualClock(START_NS)


@contextlib.asynccontextmanager
async def live_on(home, clock, *, bars=None):
    """A home with a running feed and its jobs."""
    async with open_backend(home, clock=clock, watch=False) as backend:
        feed = ScriptedFeed(clock, (BTC, ETH))
        feed.bars.update(bars or {})
        await backend.jobs.begin()
        await backend.live.begin()
        backend.live.runs.run(feed)
        yield backend, feed


async def followed(backend, instrument=BTC.id):
    """Followed, and its history read."""
    handle = await backend.live.follow(instrument)
    await until(lambda: backend.live.is_joined(instrument))
    await jobs_done(backend)
    return handle


async def jobs_done(backend):
    """Nothing that is due now waits or runs."""
    changed = asyncio.Event()
    subscription = backend.bus.subscribe(JobChanged, lambda _: changed.set())
    try:
        while any(is_due(job, backend.clock.now_ns()) for job in await backend.jobs.jobs()):
            await asyncio.wait_for(changed.wait(), 10)
            changed.clear()
    finally:
        subscription.close()


def is_due(job, now_ns):
    return job.state == "running" or (job.state == "waiting" and job.due_ns <= now_ns)


def walk(n_trades, seed=1, *, start_ns=START_NS, gap_s=1.7, price=100.0):
    rng = np.random.default_rng(seed)
    event_ns = start_ns + np.cumsum(rng.exponential(gap_s * 1e9, n_trades)).astype(np.int64)
    prices = np.round(price + rng.normal(0, 0.05, n_trades).cumsum(), 2)
    return TradeArrays(event_ns, prices, rng.integers(1, 50, n_trades) / 16, np.zeros(n_trades, np.int8))


def same(left, right):
    return len(left) == len(right) and all(np.array_equal(getattr(left, name), getattr(right, name)) for name in NAMES)


def pieces(trades, seed=3):
    rng, at = np.random.default_rng(seed), 0
    while at < len(trades):
        n = int(rng.integers(1, 60))
        yield trades[at : at + n]
        at += n


async def give_all(feed, clock, trades, instrument=BTC.id):
    for piece in pieces(trades):
        clock.jump(int(piece.event_ns[-1]) + 1_000_000)
        await feed.give_trades(instrument, piece)


async def test_open_charts_of_every_interval_show_the_bars_of_all_trades(home, clock):
    trades = walk(6_000)
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        opened = {spec: await backend.bars.open(Series(BTC.id, BarSpec.parse(spec))) for spec in ("1m", "5m", "1h", "1d")}
        await until(lambda: FIVE in backend.live._followed[BTC.id].bars.specs)

        await give_all(feed, clock, trades)

        for spec, rule in (("1m", "1min"), ("5m", "5min"), ("1h", "1h"), ("1d", "1D")):
            wanted = bars_by_pandas(trades, rule)
            await until(
                lambda spec=spec, wanted=wanted: same(opened[spec].snapshot().bars, wanted), what=f"all {spec} on the chart"
            )
        for one in opened.values():
            one.close()


async def test_what_charts_show_live_is_what_history_has_to_the_bit(home, clock):
    trades = walk(4_000, seed=7)
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        shown = await backend.bars.open(Series(BTC.id, FIVE))
        await until(lambda: FIVE in backend.live._followed[BTC.id].bars.specs)

        await give_all(feed, clock, trades)

        for spec in (MINUTES, FIVE, HOURS, DAYS):
            stored = await backend.history.bars(Series(BTC.id, spec))
            if spec == FIVE:
                await until(lambda stored=stored: same(stored, shown.snapshot().bars), what="history's bars on the chart")
            assert stored.close[-1] == trades.price[-1]
        shown.close()


async def test_every_trade_is_stored_once_and_in_order(home, clock):
    trades = walk(3_000, seed=9)
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        await give_all(feed, clock, trades)

        kept = await backend.store.load_trades(BTC.id, "scripted")

        assert np.array_equal(kept.event_ns, trades.event_ns)
        assert np.array_equal(kept.price, trades.price)
        assert np.array_equal(kept.quantity, trades.quantity)


async def test_a_restart_in_the_middle_of_a_minute_goes_on_with_it(home, clock):
    trades = walk(2_000, seed=11)
    half = 1_000
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        await give_all(feed, clock, trades[:half])
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        await give_all(feed, clock, trades[half:])

        for spec, rule in ((MINUTES, "1min"), (HOURS, "1h"), (DAYS, "1D")):
            assert same(await backend.history.bars(Series(BTC.id, spec)), bars_by_pandas(trades, rule)), spec


async def test_trades_that_came_while_history_was_read_are_not_lost(home, clock):
    trades = walk(500, seed=2)
    async with live_on(home, clock) as (backend, feed):
        await backend.live.follow(BTC.id)  # not joined yet
        await give_all(feed, clock, trades)
        await until(lambda: backend.live.is_joined(BTC.id))

        assert same(await backend.history.bars(Series(BTC.id, MINUTES)), bars_by_pandas(trades, "1min"))


async def test_a_new_instrument_gets_days_hours_and_minutes_from_the_venue(home, clock):
    past = walk(30_000, seed=4, start_ns=START_NS - 90 * HOUR_NS, gap_s=10)
    past = past[: int(np.searchsorted(past.event_ns, START_NS // MINUTE_NS * MINUTE_NS))]
    bars = {(BTC.id, spec): bars_by_pandas(past, rule) for spec, rule in (("1m", "1min"), ("1h", "1h"))}
    async with live_on(home, clock, bars=bars) as (backend, feed):
        await followed(backend)
        await until(lambda: len(feed.asked) >= 3)
        await jobs_done(backend)

        minutes = await backend.history.bars(Series(BTC.id, MINUTES))

        recent = bars[BTC.id, "1m"]
        recent = recent[int(np.searchsorted(recent.event_ns, START_NS - 3 * DAY_NS)) :]
        assert same(minutes, recent)
        assert (await backend.catalog.get(BTC.id)).currency == "USDT"


async def test_a_gap_is_filled_with_the_venues_bars_and_nothing_counts_twice(home, clock):
    trades = walk(4_000, seed=5)
    lost = slice(1_500, 2_200)
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        shown = await backend.bars.open(Series(BTC.id, FIVE))
        await give_all(feed, clock, trades[: lost.start])
        gap = Gap(BTC.id, int(trades.event_ns[lost.start - 1]) + 1, int(trades.event_ns[lost.stop]))
        # Complete bars of the venue, which knows all trades.
        feed.bars[BTC.id, "1m"] = bars_by_pandas(trades[: lost.stop + 300], "1min")[:-1]
        await feed.give(TickBatch(clock.now_ns(), gaps=(gap,)))
        await give_all(feed, clock, trades[lost.stop :])
        await jobs_done(backend)
        await until(lambda: same(shown.snapshot().bars, bars_by_pandas(trades, "5min")))

        assert same(await backend.history.bars(Series(BTC.id, MINUTES)), bars_by_pandas(trades, "1min"))
        shown.close()


async def test_a_venue_that_does_not_answer_is_asked_again_and_live_bars_go_on(home, clock):
    trades = walk(300, seed=6)
    async with live_on(home, clock) as (backend, feed):
        feed.is_down = True
        await backend.live.follow(BTC.id)
        await until(lambda: backend.live.is_joined(BTC.id))
        await give_all(feed, clock, trades)
        await until(lambda: len(feed.asked) >= 1)
        assert same(await backend.history.bars(Series(BTC.id, MINUTES)), bars_by_pandas(trades, "1min"))

        feed.is_down = False
        waiting = [job for job in await backend.jobs.jobs() if job.kind == "back-fill"]
        assert {job.words.partition(" ")[0] for job in waiting} == {str(BTC.id)}
        assert {job.state for job in waiting} <= {"waiting", "running"}


async def test_a_quiet_minute_is_closed_by_the_clock_and_a_late_trade_does_not_change_it(home, clock):
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        first = TradeArrays(*columns([(START_NS, 100.0, 2.0)]))
        await feed.give_trades(BTC.id, first)
        seen = []
        backend.live.path.watchers.append(Seeing(seen))
        clock.advance(60 * SECOND_NS)
        await feed.give(TickBatch(clock.now_ns()))

        await until(lambda: any(MINUTES in change.closed for change in seen))

        clock.advance(SECOND_NS)
        late = TradeArrays(*columns([(START_NS + SECOND_NS, 99.0, 5.0)]))
        await feed.give_trades(BTC.id, late)
        bars = await backend.history.bars(Series(BTC.id, MINUTES))
        assert bars.low.tolist() == [100.0, 99.0]
        assert bars.volume.tolist() == [2.0, 5.0]
        assert backend.live._followed[BTC.id].bars.n_unordered == 1


class Seeing:
    def __init__(self, seen):
        self._seen = seen

    def evaluate(self, change):
        self._seen.append(change)


def columns(rows):
    times, prices, quantities = zip(*rows, strict=True)
    return np.array(times, np.int64), np.array(prices), np.array(quantities), np.zeros(len(rows), np.int8)


async def test_a_feed_that_is_silent_is_stale_and_says_so(home, clock):
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        await feed.give_trades(BTC.id, walk(3))
        await feed.give(TickBatch(clock.now_ns(), quotes={BTC.id: Quote(BTC.id, START_NS, clock.now_ns(), 99.0, 101.0)}))
        await until(lambda: BTC.id in backend.live.snapshot().rows and backend.live.snapshot().rows[BTC.id].quote is not None)
        assert not backend.live.snapshot().is_stale(BTC.id, clock.now_ns())
        assert backend.live.snapshot().rows[BTC.id].last == walk(3).price[-1]

        clock.advance(20 * SECOND_NS)

        assert backend.live.snapshot().is_stale(BTC.id, clock.now_ns())
        assert backend.live.snapshot().age_s(BTC.id, clock.now_ns()) == pytest.approx(20.0)


async def test_a_feed_that_was_stopped_serves_nothing_though_its_instruments_are_followed(home, clock):
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        await feed.give_trades(BTC.id, walk(3))
        await until(lambda: BTC.id in backend.live.snapshot().rows)

        await backend.live.runs.close()
        await until(lambda: not backend.live.snapshot().feeds)

        assert backend.live.snapshot().rows == {}
        assert backend.live.snapshot().age_s(BTC.id, clock.now_ns()) is None
        assert not backend.live.snapshot().is_stale(BTC.id, clock.now_ns())


async def test_ticks_that_waited_are_told_as_lag_and_the_end_of_it_too(home, clock):
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        told = []
        backend.bus.subscribe(FeedLagging, told.append)
        await feed.give(TickBatch(clock.now_ns() - 2 * SECOND_NS, {BTC.id: walk(10)}))
        await feed.give_trades(BTC.id, walk(2, start_ns=START_NS + HOUR_NS))

        assert [(event.lag_ms, event.n_waiting) for event in told] == [(2_000.0, 10), (0.0, 0)]


async def test_feeds_tell_when_their_state_changes(home, clock):
    async with live_on(home, clock) as (backend, feed):
        told = []
        backend.bus.subscribe(FeedChanged, told.append)
        feed.status = FeedStatus(FeedState.WAITING, "The network is down.")

        await until(lambda: told)

        assert (told[-1].feed, told[-1].state, told[-1].words) == ("scripted", "waiting", "The network is down.")


async def test_feeds_are_asked_for_what_is_followed_and_nothing_else(home, clock):
    async with live_on(home, clock) as (backend, feed):
        first = await backend.live.follow(BTC.id)
        second = await backend.live.follow(BTC.id, depth=True)
        await backend.live.follow(ETH.id)
        assert {i: wants.depth for i, wants in feed.wanted.items()} == {BTC.id: True, ETH.id: False}

        await second.close()
        assert not feed.wanted[BTC.id].depth
        await first.close()
        await first.close()

        assert set(feed.wanted) == {ETH.id}
        assert backend.live.tape(BTC.id) is None


@pytest.mark.logs("Trades of BTCUSDT.BINANCE were refused")
async def test_trades_that_cannot_be_stop_neither_the_feed_nor_another_instrument(home, clock):
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        await followed(backend, ETH.id)
        bad = TradeArrays(*columns([(START_NS, float("nan"), 1.0)]))

        await feed.give(TickBatch(clock.now_ns(), {BTC.id: bad, ETH.id: walk(5)}))
        await feed.give_trades(BTC.id, walk(5, seed=2))

        assert (await backend.history.bars(Series(ETH.id, MINUTES))).close[-1] == walk(5).price[-1]
        assert (await backend.history.bars(Series(BTC.id, MINUTES))).close[-1] == walk(5, seed=2).price[-1]
        assert backend.live.path.n_refused == 1


async def test_a_feed_is_closed_with_the_program(home, clock):
    async with live_on(home, clock) as (backend, feed):
        await followed(backend)
        await feed.give_trades(BTC.id, walk(1))
        assert not feed.is_closed
    assert feed.is_closed


async def test_the_watchlist_follows_the_newest_trade_and_compares_it_with_the_session_before(home, clock):
    days = np.arange(START_NS // DAY_NS - 5, START_NS // DAY_NS, dtype=np.int64) * DAY_NS
    closes = np.array([90.0, 91.0, 92.0, 93.0, 80.0])
    bars = {(BTC.id, "1d"): BarArrays(days, closes, closes, closes, closes.copy(), np.ones(5))}
    async with live_on(home, clock, bars=bars) as (backend, feed):
        await followed(backend)
        backend.board.start(backend.tasks)
        backend.board.watch([BTC.id])
        trades = walk(20, seed=8)
        clock.jump(int(trades.event_ns[-1]))
        await feed.give_trades(BTC.id, trades)

        await until(lambda: BTC.id in (rows := backend.board.snapshot().rows) and rows[BTC.id].last == trades.price[-1])

        row = backend.board.snapshot().rows[BTC.id]
        assert row.change == pytest.approx(trades.price[-1] - 80.0)
        assert row.volume == pytest.approx(trades.quantity.sum())
