"""However messages are lost, doubled, reordered and cut off, each trade is handed out once and in order, or a gap tells of it."""

import asyncio
import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from backend.clock import ManualClock
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, Unavailable
from backend.market.feeds.binance_heal import BinanceHealer, HealRules
from backend.market.feeds.binance_strand import BinanceStrand
from backend.market.feeds.trade_sequence import REACH, Print, TradeSequence
from backend.market.feeds.waiting_ticks import WaitingTicks

BTC = InstrumentId("BTCUSDT", "BINANCE")
PAGE = 7
RULES = HealRules(reorder_s=0.2, trades_max=60, patience_s=5.0, retry_s=0.5, retry_s_max=2.0, behind_s_max=1000.0)


def print_at(number: int) -> Print:
    """A trade whose price tells its number; now and then two share a time."""
    return Print(number, (1000 + number // 2) * 1_000_000, float(number), 1.0, 1)


class Venue:
    """Trades 1 to ``head``, of which its REST service knows all but the newest ``n_behind``, while ``mood`` is good."""

    def __init__(self) -> None:
        self.head = 0
        self.mood = "ok"
        self.n_behind = 0
        self.n_bad = 0

    async def fetch_prints(self, _code, from_id):
        if self.mood == "down":
            raise Unavailable("Away.", retry_after_s=1.0)
        if self.mood == "refuses":
            raise InvalidInput("No.")
        known = range(from_id, max(self.head - self.n_behind, 0) + 1)
        for _ in range(3):
            await asyncio.sleep(0)  # under way, while trades go on
        return [print_at(number) for number in known[:PAGE]], len(known) > PAGE


class World:
    """A strand, its healer, and a line on which things go wrong."""

    def __init__(self) -> None:
        self.clock = ManualClock(10**18)
        self.venue = Venue()
        self.waiting = WaitingTicks()
        self.strand = BinanceStrand(BTC, self.waiting)
        self.healer = BinanceHealer(self.venue, self.clock, RULES, self.sleep)
        self.batches = []
        self.held: list[int] = []  # on a line that is slower than the REST service

    async def sleep(self, duration_s):
        self.clock.advance(round(duration_s * 1e9))
        await asyncio.sleep(0)

    def say(self, numbers) -> None:
        for number in numbers:
            self.strand.release(self.strand.sequence.take(print_at(number)), self.clock.now_ns())
            if self.strand.needs_trades:
                self.healer.look(self.strand)

    def trade(self, n) -> list[int]:
        self.venue.head += n
        return list(range(self.venue.head - n + 1, self.venue.head + 1))

    def reconnect(self) -> None:
        self.strand.begin()
        if self.strand.sequence.next_id is not None:
            self.strand.is_behind = True
            self.healer.look(self.strand)

    def take(self) -> None:
        while (batch := self.waiting.take()) is not None:
            self.batches.append(batch)

    async def act(self, kind, n, turns) -> None:
        if kind == "trade":
            self.say(self.trade(n))
        elif kind == "drop":
            self.trade(n)
        elif kind == "hold":
            self.held += self.trade(n)
        elif kind == "deliver":
            numbers, self.held = self.held, []
            self.say(numbers)
        elif kind == "double":
            numbers = self.trade(n)
            self.say(numbers + numbers)
        elif kind == "reverse":
            self.say(reversed(self.trade(n)))
        elif kind == "repeat old":
            self.say(range(max(1, self.venue.head - 3 * n), self.venue.head + 1))
        elif kind == "reconnect":
            self.reconnect()
        elif kind == "take":
            self.take()
        elif kind == "lag":
            self.venue.n_behind = n % 4
        else:
            self.venue.mood = kind
        for _ in range(turns):
            await asyncio.sleep(0)

    async def settle(self) -> None:
        """All is well again, and the venue trades on."""
        self.venue.mood, self.venue.n_behind = "ok", 0
        self.reconnect()
        for _ in range(3000):
            await asyncio.sleep(0)
            if not self.strand.needs_trades:
                break
        self.say(self.trade(1))
        for _ in range(3000):
            await asyncio.sleep(0)
            if not self.strand.needs_trades:
                break
        self.take()


LINE = ("trade", "drop", "double", "reverse", "hold", "deliver", "reconnect")
KINDS = st.sampled_from((*LINE, "repeat old", "take", "lag", "ok", "ok", "down", "refuses"))
ACTS = st.lists(st.tuples(KINDS, st.integers(1, 40), st.integers(0, 12)), max_size=40)


@given(ACTS)
@example([("trade", 3, 0), ("drop", 2, 0), ("trade", 1, 5), ("take", 1, 0), ("reconnect", 1, 3)])
@example([("trade", 1, 0), ("hold", 4, 0), ("reconnect", 1, 2), ("deliver", 1, 9)])
@example([("trade", 1, 0), ("refuses", 1, 0), ("drop", 5, 0), ("trade", 4, 10)])
@example([("trade", 1, 0), ("drop", 40, 0), ("drop", 40, 0), ("reconnect", 1, 12)])
def test_each_trade_is_handed_out_once_in_order_or_told_as_missing(acts):
    async def live() -> World:
        world = World()
        task = asyncio.create_task(world.healer.run())
        for act in acts:
            await world.act(*act)
        await world.settle()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return world

    world = asyncio.run(live())
    handed = [int(price) for batch in world.batches for price in (batch.trades[BTC].price if BTC in batch.trades else ())]
    gaps = [gap for batch in world.batches for gap in batch.gaps]
    missing = sorted(set(range(handed[0], world.venue.head + 1)) - set(handed))

    assert not world.strand.needs_trades
    assert handed == sorted(set(handed))
    assert handed[-1] == world.venue.head
    assert all(any(gap.from_ns <= print_at(number).event_ns < gap.to_ns for gap in gaps) for number in missing)
    assert missing or not gaps
    assert world.waiting.n_trades == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(LINE),
            st.integers(1, 5),
            st.integers(0, 3),
        ),
        max_size=12,
    )
)
def test_with_a_venue_that_answers_nothing_is_ever_missing(acts):
    async def live() -> World:
        world = World()
        task = asyncio.create_task(world.healer.run())
        world.say(world.trade(1))
        for act in acts:
            await world.act(*act)
        await world.settle()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return world

    world = asyncio.run(live())

    assert [int(price) for batch in world.batches for price in batch.trades[BTC].price] == list(range(1, world.venue.head + 1))
    assert not any(batch.gaps for batch in world.batches)


@given(st.lists(st.tuples(st.integers(0, 3 * REACH), st.integers(1, 10**6)), max_size=60))
def test_no_number_whatever_upsets_the_order_or_comes_twice(said):
    sequence, runs = TradeSequence(), [[]]
    for number, second in said:
        released = sequence.take(Print(number, second * 10**9, 1.0, 1.0, 0))
        ids = [each.id for each in released.prints]
        if released.missing is not None:
            assert released.missing.from_ns < released.missing.to_ns
            # Here the venue may begin to count anew, after what still waited of the old count.
            n_old = next((n for n in range(1, len(ids)) if ids[n] < ids[n - 1]), 0)
            assert ids[:n_old] == sorted(set(ids[:n_old]))
            runs.append([])
            ids = ids[n_old:]
        runs[-1] += ids

    assert all(run == sorted(set(run)) for run in runs)
    assert sequence.n_waiting <= len(said)
