"""The bar store: one load a series, snapshots that follow what changes, a bounded memory of closed series."""

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from backend.bus import Bus
from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, NotFound
from backend.events import BarsChanged, Notice
from backend.market.bar_store import BarStore
from backend.market.growing_bars import join
from backend.tasks import TaskOwner
from tests.fakes.bars import START_NS, make_bars
from tests.fakes.waiting import until

AAPL = Series(InstrumentId("AAPL", "XNAS"), BarSpec.parse("1m"))
MSFT = Series(InstrumentId("MSFT", "XNAS"), BarSpec.parse("1m"))


@dataclass
class StoredBars:
    """A history in memory: what is stored can be changed, and reading can be held up."""

    stored: dict[Series, BarArrays]
    n_reads: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self):
        self.gate.set()

    async def bars(self, series, *, from_ns=None, to_ns=None, adjusted=False):
        self.n_reads += 1
        if series not in self.stored:
            raise NotFound(f"There are no bars of {series}.")
        bars = self.stored[series]
        await self.gate.wait()
        first = 0 if from_ns is None else int(np.searchsorted(bars.event_ns, from_ns))
        stop = len(bars) if to_ns is None else int(np.searchsorted(bars.event_ns, to_ns))
        return bars[first:stop]


@contextlib.asynccontextmanager
async def opened(history, **options):
    bus = Bus()
    async with TaskOwner("test", bus.publish) as tasks, BarStore(history, bus, tasks, **options) as store:
        yield store, bus


def last_close(handle):
    snapshot = handle.snapshot()
    return snapshot.bar(len(snapshot) - 1).close


async def test_a_series_is_loaded_once_for_all_who_look_at_it():
    history = StoredBars({AAPL: make_bars(300)})
    async with opened(history) as (store, _):
        one, other = await asyncio.gather(store.open(AAPL), store.open(AAPL))
        assert history.n_reads == 1
        assert one.snapshot() is other.snapshot()
        assert len(one.snapshot()) == 300


async def test_a_series_that_is_not_there_can_be_opened_once_it_is():
    history = StoredBars({})
    async with opened(history) as (store, _):
        with pytest.raises(NotFound):
            await store.open(AAPL)
        history.stored[AAPL] = make_bars(3)
        assert len((await store.open(AAPL)).snapshot()) == 3


async def test_a_live_bar_is_in_the_next_snapshot_and_in_no_earlier_one():
    async with opened(StoredBars({AAPL: make_bars(300)})) as (store, _):
        handle = await store.open(AAPL)
        before, version = handle.snapshot(), handle.version
        store.apply(AAPL, make_bars(2, seed=7, start_ns=START_NS + 299 * MINUTE_NS))
        assert handle.version > version
        assert (len(before), len(handle.snapshot())) == (300, 301)


async def test_live_bars_of_a_series_nobody_looks_at_are_not_kept():
    async with opened(StoredBars({AAPL: make_bars(3)})) as (store, _):
        store.apply(AAPL, make_bars(1))
        assert store.n_bytes == 0


async def test_live_updates_without_bars_are_refused():
    async with opened(StoredBars({AAPL: make_bars(3)})) as (store, _):
        await store.open(AAPL)
        with pytest.raises(InvalidInput):
            store.apply(AAPL, BarArrays.empty())


@pytest.mark.parametrize("n_bars", [300, 60_000])
async def test_changes_in_the_store_reach_open_series(n_bars):
    history = StoredBars({AAPL: make_bars(n_bars)})
    async with opened(history) as (store, bus):
        handle = await store.open(AAPL)
        row = n_bars // 2
        history.stored[AAPL] = join(make_bars(row), make_bars(50, seed=8, start_ns=START_NS + row * MINUTE_NS))
        bus.publish(BarsChanged(AAPL, START_NS + row * MINUTE_NS, 1))
        await until(lambda: len(handle.snapshot()) == row + 50)
        np.testing.assert_array_equal(handle.snapshot().bars.close, history.stored[AAPL].close)


async def test_a_new_bar_at_the_end_reloads_only_the_end():
    history = StoredBars({AAPL: make_bars(300)})
    async with opened(history) as (store, bus):
        handle = await store.open(AAPL)
        lineage = handle.snapshot().lineage
        history.stored[AAPL] = make_bars(301)
        bus.publish(BarsChanged(AAPL, START_NS + 300 * MINUTE_NS, 1))
        await until(lambda: len(handle.snapshot()) == 301)
        assert handle.snapshot().lineage == lineage


async def test_changes_while_reloading_are_read_as_well():
    history = StoredBars({AAPL: make_bars(300)})
    async with opened(history) as (store, bus):
        handle = await store.open(AAPL)
        history.gate.clear()
        bus.publish(BarsChanged(AAPL, START_NS + 299 * MINUTE_NS, 1))
        await until(lambda: history.n_reads == 2)
        history.stored[AAPL] = make_bars(310)
        bus.publish(BarsChanged(AAPL, START_NS + 300 * MINUTE_NS, 2))
        history.gate.set()
        await until(lambda: len(handle.snapshot()) == 310)
        assert last_close(handle) == history.stored[AAPL].close[-1]


@pytest.mark.parametrize("changed_row", [0, 250])
async def test_live_bars_that_come_while_reloading_are_not_lost(changed_row):
    history = StoredBars({AAPL: make_bars(300)})
    async with opened(history) as (store, bus):
        handle = await store.open(AAPL)
        history.gate.clear()
        bus.publish(BarsChanged(AAPL, START_NS + changed_row * MINUTE_NS, 1))
        await until(lambda: history.n_reads == 2)
        live = make_bars(3, seed=5, start_ns=START_NS + 299 * MINUTE_NS)
        store.apply(AAPL, live)
        version = handle.version
        history.gate.set()
        await until(lambda: handle.version > version)
        assert len(handle.snapshot()) == 302
        assert last_close(handle) == live.close[-1]


async def test_bars_made_from_other_bars_of_the_instrument_follow_them():
    hours = Series(AAPL.instrument, BarSpec.parse("1h"))
    history = StoredBars({AAPL: make_bars(300), hours: make_bars(5)})
    async with opened(history) as (store, bus):
        handle = await store.open(hours)
        history.stored[hours] = make_bars(6)
        bus.publish(BarsChanged(AAPL, START_NS + 299 * MINUTE_NS, 1))
        await until(lambda: len(handle.snapshot()) == 6)
        assert last_close(handle) == history.stored[hours].close[-1]


async def test_a_change_while_a_series_is_being_opened_is_not_missed():
    history = StoredBars({AAPL: make_bars(300)})
    async with opened(history) as (store, bus):
        history.gate.clear()
        opening = asyncio.create_task(store.open(AAPL))
        await until(lambda: history.n_reads == 1)
        history.stored[AAPL] = make_bars(310)
        bus.publish(BarsChanged(AAPL, START_NS + 300 * MINUTE_NS, 1))
        history.gate.set()
        handle = await opening
        await until(lambda: len(handle.snapshot()) == 310)
        assert last_close(handle) == history.stored[AAPL].close[-1]


async def test_a_split_among_new_bars_moves_all_adjusted_bars():
    history = StoredBars({AAPL: make_bars(300)})
    async with opened(history) as (store, bus):
        handle = await store.open(AAPL, adjusted=True)
        before = handle.snapshot().bar(10).close
        halved = [column / 2 for column in make_bars(301).columns()]
        history.stored[AAPL] = BarArrays(make_bars(301).event_ns, *halved)
        bus.publish(BarsChanged(AAPL, START_NS + 300 * MINUTE_NS, 1))
        await until(lambda: len(handle.snapshot()) == 301)
        assert handle.snapshot().bar(10).close == before / 2


async def test_other_instruments_are_left_alone():
    history = StoredBars({AAPL: make_bars(30), MSFT: make_bars(30)})
    async with opened(history) as (store, bus):
        handle = await store.open(AAPL)
        bus.publish(BarsChanged(MSFT, START_NS, 1))
        await asyncio.sleep(0)
        assert history.n_reads == 1
        assert handle.version == 1


async def test_a_closed_series_opens_again_without_reading():
    history = StoredBars({AAPL: make_bars(300)})
    async with opened(history) as (store, _):
        (await store.open(AAPL)).close()
        await asyncio.sleep(0)
        again = await store.open(AAPL)
        assert (history.n_reads, len(again.snapshot())) == (1, 300)


async def test_a_closed_series_that_changed_is_read_anew():
    history = StoredBars({AAPL: make_bars(300)})
    async with opened(history) as (store, bus):
        (await store.open(AAPL)).close()
        await asyncio.sleep(0)
        history.stored[AAPL] = make_bars(10)
        bus.publish(BarsChanged(AAPL, START_NS, 1))
        assert len((await store.open(AAPL)).snapshot()) == 10


async def test_the_least_recently_closed_series_are_forgotten_when_room_runs_out():
    series = [Series(InstrumentId(f"S{i}", "XNAS"), AAPL.spec) for i in range(4)]
    history = StoredBars({one: make_bars(1_000) for one in series})
    async with opened(history, cache_bytes=110_000) as (store, _):
        for one in series:
            (await store.open(one)).close()
            await asyncio.sleep(0)
        assert 0 < store.n_bytes <= 110_000
        await store.open(series[-1])
        assert history.n_reads == 4
        await store.open(series[0])
        assert history.n_reads == 5


async def test_a_watcher_is_woken_once_until_it_looks():
    async with opened(StoredBars({AAPL: make_bars(300)})) as (store, _):
        handle = await store.open(AAPL)
        woken = []
        handle.watch(lambda: woken.append(1))
        for row in range(300, 320):
            store.apply(AAPL, make_bars(1, seed=row, start_ns=START_NS + row * MINUTE_NS))
        assert len(woken) == 1
        handle.snapshot()
        store.apply(AAPL, make_bars(1, seed=2, start_ns=START_NS + 320 * MINUTE_NS))
        assert len(woken) == 2
        handle.watch(None)
        store.apply(AAPL, make_bars(1, seed=3, start_ns=START_NS + 321 * MINUTE_NS))
        assert len(woken) == 2


async def test_a_handle_may_be_closed_from_another_thread():
    async with opened(StoredBars({AAPL: make_bars(300)}), cache_bytes=0) as (store, _):
        handle = await store.open(AAPL)
        thread = threading.Thread(target=handle.close)
        thread.start()
        thread.join()
        await until(lambda: store.n_bytes == 0)
        handle.close()
        assert len(handle.snapshot()) == 300


@pytest.mark.logs("reload AAPL.XNAS 1m")
async def test_a_reload_that_fails_is_told_and_the_next_change_is_followed():
    history = StoredBars({AAPL: make_bars(300)})
    async with opened(history) as (store, bus):
        notices = []
        bus.subscribe(Notice, notices.append)
        handle = await store.open(AAPL)
        kept = history.stored.pop(AAPL)
        bus.publish(BarsChanged(AAPL, START_NS, 1))
        await until(lambda: notices)
        assert len(handle.snapshot()) == 300
        history.stored[AAPL] = kept[:200]
        bus.publish(BarsChanged(AAPL, START_NS, 2))
        await until(lambda: len(handle.snapshot()) == 200)


async def test_readers_on_another_thread_never_see_half_a_change():
    history = StoredBars({AAPL: make_bars(1_000)})
    async with opened(history) as (store, _):
        handle = await store.open(AAPL)
        stop, torn = threading.Event(), []

        def read():
            while not stop.is_set():
                snapshot = handle.snapshot()
                bars = snapshot.rows(len(snapshot) - 300, len(snapshot))
                if not (np.all(bars.low <= bars.open) and np.all(bars.close <= bars.high) and np.all(np.diff(bars.event_ns) > 0)):
                    torn.append(snapshot.version)

        reader = threading.Thread(target=read)
        reader.start()
        for i in range(3_000):
            store.apply(AAPL, make_bars(2, seed=i, start_ns=START_NS + (999 + i // 4) * MINUTE_NS))
        stop.set()
        reader.join()
        assert not torn
        assert len(handle.snapshot()) == 1_000 + 2_999 // 4 + 1
