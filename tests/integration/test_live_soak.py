"""A whole backend on two venues that misbehave all the time: no tick lost, none twice, and nothing grows."""

import asyncio
import contextlib
import os
import sys

import numpy as np
import psutil
import pytest

from backend.alerts.alert import Alert, Operator, PriceCondition, Repeat, new_id
from backend.app import Backend, open_backend
from backend.clock import SystemClock
from backend.domain.instruments import InstrumentId
from backend.events import FeedLagging
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import Gap
from backend.simulator.listed import ALPACA_LISTED
from backend.simulator.market import MarketConfig
from backend.simulator.venue import SimulatedVenue, VenueConfig
from tests.fakes.waiting import until

BINANCE = tuple(InstrumentId(code, "BINANCE") for code in ("BTCUSDT", "ETHUSDT", "SOLUSDT"))
KRAKEN = (InstrumentId("ETHUSD", "KRAKEN"),)
MIB = 2**20
_SAID_NS = {"binance": 1_000_000, "kraken": 1_000}  # how exactly a venue tells its times


class Checked:
    """Holds what is stored of one instrument beside the venue's own tape, piece by piece, so that an hour fits.

    Trades may be missing only inside a gap that the feed has told of; n_missing counts them.
    """

    def __init__(self, backend: Backend, venue: SimulatedVenue, instrument: InstrumentId) -> None:
        self.n_trades = self.n_missing = 0
        self.gaps: list[Gap] = []
        self._backend = backend
        self._listing = venue.market.listings[instrument.code]
        self._instrument = instrument
        self._source = instrument.venue.lower()
        self._next_id = 0
        self._from_ns = 0

    async def look(self) -> None:
        """Compare what has been stored since the last look; fails at the first trade missed, doubled or out of order."""
        stored = await self._backend.store.load_trades(self._instrument, self._source, from_ns=self._from_ns)
        # Trades of the newest instant may still be on their way: they are looked at the next time.
        n_old = int(np.searchsorted(stored.event_ns, stored.event_ns[-1])) if len(stored) else 0
        if not n_old:
            return
        listed = self._listing.listed
        price = np.round(stored.price[:n_old] * 10**listed.price_decimals).astype(np.int64)
        lots = np.round(stored.quantity[:n_old] * 10**listed.lot_decimals).astype(np.int64)
        done = 0
        if not self._next_id:
            self._next_id = self._id_of(int(stored.event_ns[0]), (int(price[0]), int(lots[0])))
        while done < n_old:
            prints = self._listing.tape.between(self._next_id, self._next_id + n_old - done)
            assert len(prints) == n_old - done, f"{self._instrument}: more trades are stored than the venue made."
            differs = np.flatnonzero((price[done:n_old] != prints.price) | (lots[done:n_old] != prints.lots))
            n_same = int(differs[0]) if len(differs) else n_old - done
            done, self._next_id = done + n_same, self._next_id + n_same
            if done < n_old:
                self._pass_gap(int(stored.event_ns[done]), (int(price[done]), int(lots[done])))
        self._from_ns = int(stored.event_ns[n_old])
        self.n_trades += n_old

    def _pass_gap(self, event_ns: int, trade: tuple[int, int]) -> None:
        next_id = self._id_of(event_ns, trade)
        assert next_id > self._next_id, f"A trade of {self._instrument} at {event_ns} came twice, or out of order."
        missing = self._listing.tape.between(self._next_id, next_id)
        slack_ns = _SAID_NS[self._source]
        is_told = [
            gap.from_ns - slack_ns <= missing.event_ns[0] and missing.event_ns[-1] <= gap.to_ns + slack_ns for gap in self.gaps
        ]
        assert any(is_told), f"{len(missing)} trades of {self._instrument} from {missing.event_ns[0]} on are missing untold."
        self.n_missing += len(missing)
        self._next_id = next_id

    def _id_of(self, event_ns: int, trade: tuple[int, int]) -> int:
        price, lots = trade
        tape, said_ns = self._listing.tape, _SAID_NS[self._source]
        first = max(tape.first_id, self._next_id)
        prints = tape.between(first, tape.next_id)
        is_then = prints.event_ns // said_ns == event_ns // said_ns
        rows = np.flatnonzero(is_then & (prints.price == price) & (prints.lots == lots))
        assert len(rows), f"A stored trade of {self._instrument} at {event_ns} is none of the venue's, or came twice."
        return first + int(rows[0])


async def soak(home, seconds, *, rate, per_minute, look_s):
    """Run; what was seen."""
    market = MarketConfig(seed=7, rate=rate, past_minutes=2, bar_days=2)
    # Kraken lists an instrument of its own, so that each tape has one venue; Alpaca's is not asked.
    config = VenueConfig(market, alpaca=ALPACA_LISTED[:1], mishaps_per_minute=per_minute)
    mishaps: list[str] = []
    async with SimulatedVenue(config, SystemClock()) as venue, open_backend(home, watch=False) as backend:
        venue.listeners.append(mishaps.append)
        lagging: list[FeedLagging] = []
        backend.bus.subscribe(FeedLagging, lagging.append)
        for one in (venue.binance, venue.kraken):
            await backend.live.feeds.put(FeedConfig(name=one.name, kind=one.name, stream_url=one.stream_url, rest_url=one.rest_url))
        for part in (backend.alerts, backend.deliveries, backend.jobs, backend.live):
            await part.begin()
        checked = {instrument: Checked(backend, venue, instrument) for instrument in (*BINANCE, *KRAKEN)}
        take_in = backend.live.runs.on_batch

        async def note_gaps(feed, batch):
            for gap in batch.gaps:
                checked[gap.instrument].gaps.append(gap)
            await take_in(feed, batch)

        backend.live.runs.on_batch = note_gaps
        for instrument in (*BINANCE, *KRAKEN):
            await backend.live.follow(instrument, depth=True)
        await until(lambda: all(backend.live.is_joined(instrument) for instrument in (*BINANCE, *KRAKEN)), 60)
        await until(lambda: backend.live.last_trade(BINANCE[0]) is not None, 60)
        level = round(backend.live.last_trade(BINANCE[0]).price, 2)
        crossing = PriceCondition(Operator.CROSSES, level)
        await backend.alerts.add(Alert(new_id(), str(BINANCE[0]), crossing, repeat=Repeat.EVERY_TIME))
        process, memory, tasks = psutil.Process(os.getpid()), [], []
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + seconds
        while loop.time() < ends_s:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), look_s)
            for one in checked.values():
                await one.look()
            # The venue lives in this process too, and its tape grows by what it is asked to keep: that is not the program's.
            tapes = sum(listing.tape.n_bytes for listing in venue.market.listings.values())
            memory.append((process.memory_info().rss - tapes) / MIB)
            tasks.append(len(asyncio.all_tasks()))
        gaps = [status.n_gaps for status in backend.live.snapshot().feeds.values()]
        return {
            "trades": sum(one.n_trades for one in checked.values()),
            "missing, told as gaps": sum(one.n_missing for one in checked.values()),
            "mishaps": len(mishaps),
            "breaks healed": sum(gaps),
            "lagged": len(lagging),
            "firings": len(await backend.alerts.history(n_max=100_000)),
            "memory": memory,
            "tasks": tasks,
        }


async def test_two_venues_that_misbehave_for_a_while_cost_no_tick(home):
    seen = await soak(home, 25.0, rate=300.0, per_minute=40.0, look_s=2.0)

    assert seen["trades"] > 1_000
    assert seen["mishaps"] > 3
    assert max(seen["tasks"][len(seen["tasks"]) // 2 :]) <= max(seen["tasks"][: len(seen["tasks"]) // 2]) + 8


@pytest.mark.long
@pytest.mark.timeout(7_200)
async def test_an_hour_of_two_venues_that_misbehave_costs_no_tick_and_no_memory(home, record_property):
    seconds = float(os.environ.get("TRII_SOAK_S", "3600"))
    seen = await soak(home, seconds, rate=120.0, per_minute=6.0, look_s=15.0)
    quarter = len(seen["memory"]) // 4
    before, after = (float(np.median(part)) for part in (seen["memory"][quarter : 2 * quarter], seen["memory"][-quarter:]))
    for name in ("trades", "missing, told as gaps", "mishaps", "breaks healed", "lagged", "firings"):
        record_property(name, seen[name])
    record_property("seconds", seconds)
    record_property("memory", f"{before:.0f} MiB in the second quarter, {after:.0f} MiB in the last, without the venue's tapes")
    curve = [f"{float(np.median(part)):.0f}" for part in np.array_split(seen["memory"], 12)]
    record_property("memory by twelfths", ", ".join(curve) + " MiB")
    print({name: value for name, value in seen.items() if name not in {"memory", "tasks"}}, before, after, file=sys.stderr)

    assert after < before * 1.1 + 48
    assert seen["tasks"][-1] <= max(seen["tasks"][:quarter]) + 8
