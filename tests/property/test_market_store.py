"""Whatever is published, appended, edited, cut and packed, the store holds what a dictionary would."""

import asyncio
import itertools
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.bars import Bar, BarArrays
from backend.storage import merge, packing, segments, stage
from backend.storage.log import LogFile, replay
from backend.storage.market_changes import MarketChanges
from backend.storage.paths import Home
from backend.storage.segments import SeriesKey
from backend.storage.stage import Stage
from tests.fakes.market import APPLE_DAYS, open_store, same
from tests.naive.market_merge import DictStore

KEY = SeriesKey("AAPL.XNAS", "1d", "feed")


TIMES = st.integers(0, 60)


@st.composite
def one_bar(draw):
    low = draw(st.integers(-5, 5))
    span = draw(st.integers(0, 3))
    price = st.integers(low, low + span).map(float)
    volume = draw(st.sampled_from([0.0, 1.0, math.nan]))
    return Bar(draw(TIMES), draw(price), float(low + span), float(low), draw(price), volume)


rows = st.lists(one_bar(), max_size=40)
action = st.one_of(
    st.tuples(st.just("publish"), rows),
    st.tuples(st.just("append"), rows),
    st.tuples(st.just("edit"), one_bar()),
    st.tuples(st.just("delete"), st.integers(0, 60)),
    st.tuples(st.sampled_from(["cut", "pack", "reopen", "flush", "undo"]), st.none()),
)


def shrink_sizes(monkeypatch):
    """Tiny segments, batches and buffers, so that few rows meet every boundary."""
    for module in (segments, merge, packing, stage):
        monkeypatch.setattr(module, "SEGMENT_ROWS", 8, raising=False)
    monkeypatch.setattr(segments, "ROW_GROUP_ROWS", 3)
    monkeypatch.setattr(stage, "BATCH_ROWS", 4)
    monkeypatch.setattr(stage, "WINDOW_ROWS", 5)
    monkeypatch.setattr(stage, "FAN_IN", 3)
    monkeypatch.setattr(packing, "SMALL_PART_ROWS", 4)
    monkeypatch.setattr(packing, "TIER_FILES", 3)
    monkeypatch.setattr(packing, "PARTS_OF_ONE_KEY", 3)
    monkeypatch.setattr(MarketChanges, "stage", lambda self, key: Stage(self._folders.stages / "one", key, buffer_rows=6))


@pytest.fixture(autouse=True, scope="module")
def tiny():
    with pytest.MonkeyPatch.context() as patched:
        shrink_sizes(patched)
        yield


class Twin:
    """A store and a dictionary that are told the same things."""

    def __init__(self, store, naive):
        self.store = store
        self.naive = naive
        self.edits = []

    async def publish(self, bars):
        staged = self.store.stage(APPLE_DAYS, "feed")
        for bar in bars:
            staged.add(BarArrays.of([bar]))
        shielded = {(e.old.event_ns, repr(e.old)) for e in await self.store.edits(APPLE_DAYS) if e.undone_ns is None}
        last = {bar.event_ns: bar for bar in bars}.values()
        expected = self.naive.merge([bar for bar in last if (bar.event_ns, repr(bar)) not in shielded])
        outcome = await self.store.publish(staged)
        assert (outcome.n_new, outcome.n_replaced) == (expected[0], expected[2])
        assert outcome.n_new + outcome.n_same + outcome.n_replaced + outcome.n_overridden == len(bars)
        assert (outcome.revision_id is not None) == (outcome.n_replaced > 0)

    async def append(self, bars):
        ordered = sorted({bar.event_ns: bar for bar in bars}.values(), key=lambda bar: bar.event_ns)
        self.store.append(APPLE_DAYS, "feed", BarArrays.of(ordered))
        self.naive.merge(ordered)

    async def edit(self, bar):
        old = self.naive.bars.get(bar.event_ns)
        if old is None or repr(old) == repr(bar):
            return
        self.edits.append((await self.store.edit(APPLE_DAYS, "feed", bar.event_ns, bar), old, bar))
        self.naive.bars[bar.event_ns] = bar

    async def delete(self, event_ns):
        old = self.naive.bars.pop(event_ns, None)
        if old is not None:
            self.edits.append((await self.store.edit(APPLE_DAYS, "feed", event_ns, None), old, None))

    async def undo(self, _):
        if self.edits and repr(self.naive.bars.get(self.edits[-1][1].event_ns)) == repr(self.edits[-1][2]):
            edit_id, old, _ = self.edits.pop()
            await self.store.undo(edit_id)
            self.naive.bars[old.event_ns] = old

    async def check(self):
        assert same(await self.store.load(APPLE_DAYS), self.naive.arrays())
        for from_ns, to_ns in ((5, None), (None, 31), (17, 18), (20, 11)):
            found = await self.store.load(APPLE_DAYS, from_ns=from_ns, to_ns=to_ns)
            times = [t for t in sorted(self.naive.bars) if t >= (from_ns or 0) and (to_ns is None or t < to_ns)]
            assert found.event_ns.tolist() == times
        parts = self.store._publisher.manifest.parts(SeriesKey("AAPL.XNAS", "1d", "feed"))
        assert all(a.part.last_ns < b.part.first_ns for a, b in itertools.pairwise(parts)), "parts overlap"


async def live_through(actions, home):
    twin = Twin(None, DictStore())
    left = list(actions)
    while True:
        async with open_store(home) as store:
            twin.store = store
            while left:
                name, value = left.pop(0)
                if name == "reopen":
                    break
                await getattr(twin, name, lambda _, n=name: getattr(store, n)())(value)
                await twin.check()
            await twin.check()
            async with store._publisher.lock:  # a cut in the background is not half done
                listed = {segment.name for segment in store._publisher.manifest.segments.values()}
                assert {path.name for path in store.folder.iterdir()} == listed
            if not left:
                return


@settings(max_examples=60)
@given(actions=st.lists(action, max_size=14))
def test_the_store_holds_what_a_dictionary_would(actions):
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        home.make()
        asyncio.run(live_through(actions, home))


@settings(max_examples=60)
@given(batches=st.lists(st.lists(one_bar(), min_size=1, max_size=5), max_size=8), cut=st.integers(0, 400))
def test_a_log_replays_what_was_appended_up_to_a_cut(batches, cut):
    with tempfile.TemporaryDirectory() as folder:
        log = LogFile(Path(folder), 1)
        log.create()
        ends = []
        for batch in batches:
            log.append([(KEY, BarArrays.of(batch))])
            ends.append(log.n_bytes)
        log.close()
        content = log.path.read_bytes()
        kept = max(len(content) - cut, 0)
        log.path.write_bytes(content[:kept])
        found = replay(log.path, 1)
        n_whole = sum(end <= kept for end in ends)
        assert len(found.rows) == n_whole
        assert all(same(rows, BarArrays.of(batch)) for (_, rows), batch in zip(found.rows, batches, strict=False))
