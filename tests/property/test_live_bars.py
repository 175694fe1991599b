"""Live bars of any spec, made of trades however they come, are those that history makes of all trades at once."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clock import ManualClock
from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec
from backend.domain.ticks import TradeArrays
from backend.live.live_bars import LiveBars, spec_tails
from backend.market.aggregate import TradeAggregator
from backend.market.calendars import Calendars
from backend.market.growing_bars import join
from backend.market.resample import resample

MINUTE = BarSpec.parse("1m")
SPECS = tuple(BarSpec.parse(text) for text in ("5m", "7m", "1h", "4h", "1d", "1w", "1mo", "30s", "50t"))
STARTS_NS = {"XNYS": 1_709_908_200, "24/7": 1_709_250_000, "FX": 1_709_330_000}  # near closes, month ends, weekends
NAMES = ("event_ns", "open", "high", "low", "close", "volume")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    calendars = Calendars(tmp_path_factory.mktemp("cache"), ManualClock(1_790_000_000 * 10**9))
    return {name: calendars.sessions(name) for name in STARTS_NS}


def make_trades(start_s, seed, n_trades, gap_s):
    rng = np.random.default_rng(seed)
    event_ns = start_s * 10**9 + np.cumsum(rng.exponential(gap_s * 1e9, n_trades) * rng.integers(0, 2, n_trades)).astype(np.int64)
    price = np.round(100 + rng.normal(0, 0.1, n_trades).cumsum(), 2)
    return TradeArrays(event_ns, price, rng.random(n_trades) * 9, np.zeros(n_trades, np.int8))


def whole(spec, trades, sessions):
    """Every bar, the one under way last, as history would have it of all trades."""
    base = MINUTE if spec.is_dated or (spec.duration_ns or 0) >= MINUTE_NS else spec
    aggregator = TradeAggregator(base, sessions)
    closed = aggregator.apply(trades)
    bars = join(closed, BarArrays.of([aggregator.forming()]))
    return resample(bars, base, spec, sessions) if base != spec else bars


def same(left, right):
    return len(left) == len(right) and all(np.array_equal(getattr(left, n), getattr(right, n), equal_nan=True) for n in NAMES)


class Shown:
    """What a chart has that takes every change as bars come."""

    def __init__(self):
        self.bars = {}

    def take(self, change):
        for spec, tail, _ in spec_tails(change):
            before = self.bars.get(spec, BarArrays.empty())
            self.bars[spec] = join(before[: int(np.searchsorted(before.event_ns, tail.event_ns[0]))], tail)


@given(
    st.sampled_from(sorted(STARTS_NS)),
    st.integers(0, 10_000),
    st.sampled_from([0.5, 20.0, 900.0, 20_000.0]),
    st.lists(st.integers(1, 40), min_size=1, max_size=25),
)
def test_bars_of_every_spec_are_those_of_all_trades_at_once_to_the_bit(tables, name, seed, gap_s, sizes):
    sessions, trades = tables[name], make_trades(STARTS_NS[name], seed, sum(sizes), gap_s)
    live, shown = LiveBars(sessions), Shown()
    for spec in SPECS:
        live.add_spec(spec)

    for start, stop in itertools.pairwise(itertools.accumulate(sizes, initial=0)):
        shown.take(live.apply(trades[start:stop]))

    for spec in (MINUTE, *SPECS):
        wanted = whole(spec, trades, sessions)
        assert same(shown.bars.get(spec, BarArrays.empty()), wanted), spec


@given(
    st.sampled_from(sorted(STARTS_NS)),
    st.integers(0, 10_000),
    st.sampled_from([5.0, 200.0]),
    st.lists(st.integers(1, 20), min_size=2, max_size=20),
    st.integers(1, 19),
)
def test_a_spec_that_is_joined_later_goes_on_from_history(tables, name, seed, gap_s, sizes, late):
    sessions, trades = tables[name], make_trades(STARTS_NS[name], seed, sum(sizes), gap_s)
    live, shown = LiveBars(sessions), Shown()
    edges = list(itertools.pairwise(itertools.accumulate(sizes, initial=0)))
    late = min(late, len(edges) - 1)
    for start, stop in edges[:late]:
        shown.take(live.apply(trades[start:stop]))

    minutes = shown.bars[MINUTE]
    closed, under_way = minutes[:-1], int(minutes.event_ns[-1])
    for spec in SPECS[:7]:
        fold = live.add_spec(spec)
        history = resample(closed, MINUTE, spec, sessions)
        label = fold.label(under_way)
        current = history[-1:] if len(history) and label is not None and history.event_ns[-1] == label else BarArrays.empty()
        live.begin(spec, current, BarArrays.empty(), under_way)
        shown.bars[spec] = history
    for start, stop in edges[late:]:
        shown.take(live.apply(trades[start:stop]))

    for spec in SPECS[:7]:
        assert same(shown.bars[spec], whole(spec, trades, sessions)), spec


@given(st.integers(0, 10_000), st.lists(st.integers(1, 30), min_size=1, max_size=20), st.floats(0, 300))
def test_bars_that_the_clock_closes_never_change_and_no_trade_is_lost(tables, seed, sizes, quiet_s):
    trades = make_trades(STARTS_NS["24/7"], seed, sum(sizes), 20.0)
    live, shown, complete = LiveBars(tables["24/7"]), Shown(), {}
    for spec in SPECS[:4]:
        live.add_spec(spec)

    for start, stop in itertools.pairwise(itertools.accumulate(sizes, initial=0)):
        for change in (live.apply(trades[start:stop]), live.advance(int(trades.event_ns[stop - 1]) + round(quiet_s * 1e9))):
            shown.take(change)
            for spec, bars in change.closed.items():
                complete.setdefault(spec, []).append(bars)

    for spec in (MINUTE, *SPECS[:4]):
        said = join(*complete.get(spec, [BarArrays.empty()]))
        assert np.all(np.diff(said.event_ns) > 0), "A bar was said to be complete twice."
        assert same(shown.bars[spec][: len(said)], said)
        total = shown.bars[spec].volume.sum()
        assert total == pytest.approx(trades.quantity.sum(), rel=1e-9)
