"""The market store over real files and a real ledger: imports, conflicts, edits, live bars, damage and readers."""

import asyncio
import math
import threading

import numpy as np
import pytest

from backend.domain.bars import Bar, BarArrays, Series
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import Conflict, InvalidInput, NotFound, Unavailable
from backend.events import BarsChanged, BarsSaved, Notice
from backend.storage import live_log, merge
from backend.storage.log import LogFile
from backend.storage.market_store import MergeOutcome, StoredSeries
from backend.storage.segments import SEGMENT_ROWS, SeriesKey
from tests.fakes.bars import DAYS, make_bars, make_days
from tests.fakes.market import APPLE_DAYS, APPLE_MINUTES, open_store, publish, same
from tests.fakes.waiting import until

AAPL = InstrumentId("AAPL", "XNAS")


def changed(bars, row, **values):
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for name, value in values.items():
        columns[name][row] = value
    return BarArrays(bars.event_ns, **columns)


def trades(n, start=0):
    return TradeArrays(np.arange(start, start + n, dtype=np.int64) // 2, np.full(n, 5.0), np.ones(n), np.zeros(n, np.int8))


def set_aside(home, suffix):
    return [path for path in home.quarantine.rglob(f"*{suffix}") if path.is_file()]


# Publishing imports.


async def test_the_same_rows_twice_change_nothing(home):
    events = []
    async with open_store(home, events) as store:
        assert await publish(store, make_days(500)) == MergeOutcome(500, 0, 0)
        files = sorted(path.name for path in store.folder.iterdir())
        n_events = len(events)
        again = await publish(store, make_days(500))
        assert (again.n_new, again.n_same, again.n_replaced, again.revision_id) == (0, 500, 0, None)
        assert sorted(path.name for path in store.folder.iterdir()) == files
        assert len(events) == n_events
        assert same(await store.load(APPLE_DAYS), make_days(500))


async def test_only_segments_with_changed_rows_are_written_again(home):
    bars = make_bars(3 * SEGMENT_ROWS)
    async with open_store(home) as store:
        await publish(store, bars, APPLE_MINUTES)
        before = {path.name for path in store.folder.iterdir()}
        newer = changed(bars, SEGMENT_ROWS + 5, volume=math.nan)
        outcome = await publish(store, newer, APPLE_MINUTES)
        after = {path.name for path in store.folder.iterdir() if not path.name.startswith("revision")}
        assert (outcome.n_same, outcome.n_replaced) == (3 * SEGMENT_ROWS - 1, 1)
        assert len(before) == len(after) == 3
        assert len(before & after) == 2
        assert same(await store.load(APPLE_MINUTES), newer)


async def test_replaced_bars_are_kept_and_can_be_put_back_and_forth(home):
    old, new = make_days(100), changed(make_days(100), 40, close=make_days(100).low[40], volume=1.0)
    async with open_store(home) as store:
        await publish(store, old)
        outcome = await publish(store, new)
        (revision,) = await store.revisions(APPLE_DAYS)
        assert (revision.id, revision.reason, revision.n_bars) == (outcome.revision_id, "import", 1)
        assert revision.first_ns == revision.last_ns == old.event_ns[40]
        restored = await store.restore_revision(revision.id)
        assert same(await store.load(APPLE_DAYS), old)
        await store.restore_revision(restored.revision_id)
        assert same(await store.load(APPLE_DAYS), new)
        with pytest.raises(NotFound, match="no revision 99"):
            await store.restore_revision(99)
    async with open_store(home) as store:
        assert [r.reason for r in await store.revisions(APPLE_DAYS)] == ["restore", "restore", "import"]
        await store.restore_revision(outcome.revision_id)
        assert same(await store.load(APPLE_DAYS), old)


async def test_a_change_is_told_with_the_first_time_it_touches(home):
    events = []
    async with open_store(home, events) as store:
        await publish(store, make_days(10))
        await publish(store, changed(make_days(10), 7, volume=3.0))
    told = [event for event in events if isinstance(event, BarsChanged)]
    assert [(event.series, event.from_ns) for event in told] == [
        (APPLE_DAYS, make_days(10).event_ns[0]),
        (APPLE_DAYS, make_days(10).event_ns[7]),
    ]
    assert told[0].version < told[1].version


async def test_a_cancelled_publish_leaves_the_store_as_it_was(home, monkeypatch):
    reached, go_on = threading.Event(), threading.Event()
    real_into = merge.Merger.into

    def slow_into(self, key, old, new):
        reached.set()
        assert go_on.wait(10)
        return real_into(self, key, old, new)

    async with open_store(home) as store:
        await publish(store, make_days(100))
        before = sorted(path.name for path in store.folder.iterdir())
        monkeypatch.setattr(merge.Merger, "into", slow_into)
        stage = store.stage(APPLE_DAYS, "import")
        stage.add(changed(make_days(100), 3, volume=9.0))
        task = asyncio.create_task(store.publish(stage))
        await until(reached.is_set)
        task.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        monkeypatch.undo()
        assert same(await store.load(APPLE_DAYS), make_days(100))
        assert sorted(path.name for path in store.folder.iterdir()) == before
        assert not stage.folder.exists()
        with pytest.raises(InvalidInput, match="closed"):
            stage.add(make_days(1))


async def test_a_large_stage_that_overlaps_itself_is_merged_window_by_window(home):
    bars = make_bars(400_000)
    async with open_store(home) as store:
        await publish(store, bars[100_000:300_000], APPLE_MINUTES)
        stage = store.stage(APPLE_MINUTES, "import")
        for start in range(399_000, -1, -1000):
            stage.add(bars[start : start + 1000])
        outcome = await store.publish(stage)
        assert (outcome.n_new, outcome.n_same) == (200_000, 200_000)
        assert same(await store.load(APPLE_MINUTES), bars)


# Which source counts.


async def test_an_import_counts_before_feeds_and_samples_only_when_alone(home):
    one, two, three = (make_days(6, seed=seed) for seed in (1, 2, 3))
    async with open_store(home) as store:
        await publish(store, one, source="sample")
        assert same(await store.load(APPLE_DAYS), one)
        await publish(store, two[2:5], source="vendor")
        await publish(store, three[4:6], source="import")
        found = await store.load(APPLE_DAYS)
        assert found.close.tolist() == [*two.close[2:4], *three.close[4:6]]
        assert same(await store.load(APPLE_DAYS, source="sample"), one)
        assert store.sources(APPLE_DAYS) == ["import", "vendor", "sample"]
        assert (await store.series())[0] == StoredSeries(APPLE_DAYS, "import", int(three.event_ns[4]), int(three.event_ns[5]), 2)


async def test_hostile_names_of_codes_and_sources_are_only_text(home):
    series = Series(InstrumentId("A/../..:^_=+-B C", "XNAS"), DAYS)
    async with open_store(home) as store:
        await publish(store, make_days(3), series, "../'; DROP TABLE segments; --")
        (found,) = await store.series()
        assert found.series == series
        assert len(await store.load(series)) == 3
        with pytest.raises(InvalidInput, match="name of a source"):
            store.stage(series, "a\0b")


# Edits by hand.


async def test_one_bar_is_edited_deleted_undone_and_the_log_tells_all(home):
    bars = make_days(50)
    at = int(bars.event_ns[20])
    better = Bar(at, 1.0, 2.0, 0.5, 1.5, math.nan)
    async with open_store(home) as store:
        await publish(store, bars)
        first = await store.edit(APPLE_DAYS, "import", at, better)
        second = await store.edit(APPLE_DAYS, "import", at, None)
        assert at not in (await store.load(APPLE_DAYS)).event_ns
        with pytest.raises(Conflict, match="changed again"):
            await store.undo(first)
        await store.undo(second)
        assert (await store.load(APPLE_DAYS)).close[20] == 1.5
        await store.undo(first)
        assert same(await store.load(APPLE_DAYS), bars)
        with pytest.raises(Conflict):
            await store.undo(first)
        edits = await store.edits(APPLE_DAYS)
        assert [(e.id, e.new is None, e.undone_ns is None) for e in edits] == [(second, True, False), (first, False, False)]
        assert edits[1].old == bars.bar(20)
        with pytest.raises(NotFound, match="no bar"):
            await store.edit(APPLE_DAYS, "import", at + 1, None)


async def test_a_file_imported_again_does_not_bring_back_what_an_edit_put_away(home):
    bars = make_days(50)
    async with open_store(home) as store:
        await publish(store, bars)
        await store.edit(APPLE_DAYS, "import", int(bars.event_ns[20]), None)
        again = await publish(store, bars)
        assert (again.n_new, again.n_same, again.n_replaced) == (0, 50, 0)
        assert len(await store.load(APPLE_DAYS)) == 49
        corrected = await publish(store, changed(bars, 20, volume=7.0))
        assert corrected.n_new == 1


async def test_a_live_bar_can_be_edited_at_once(home):
    bars = make_bars(5)
    async with open_store(home) as store:
        store.append(APPLE_MINUTES, "feed", bars)
        await store.edit(APPLE_MINUTES, "feed", int(bars.event_ns[2]), None)
        assert (await store.load(APPLE_MINUTES)).event_ns.tolist() == bars.event_ns[[0, 1, 3, 4]].tolist()


# Live bars and trades.


async def test_live_bars_are_read_at_once_and_reported_as_saved_soon_after(home):
    events = []
    async with open_store(home, events) as store:
        await publish(store, make_bars(100), APPLE_MINUTES, "feed")
        stamp = store.append(APPLE_MINUTES, "feed", make_bars(110)[99:])
        assert len(await store.load(APPLE_MINUTES)) == 110
        await until(lambda: any(isinstance(e, BarsSaved) and e.up_to_ns >= stamp for e in events))
        assert store.append(APPLE_MINUTES, "feed", make_bars(111)[110:]) > stamp
    async with open_store(home) as store:
        assert len(await store.load(APPLE_MINUTES)) == 111


async def test_a_forming_bar_is_shown_replaced_and_durable_only_when_closed(home):
    bars = make_bars(4)
    async with open_store(home) as store:
        store.append(APPLE_MINUTES, "feed", bars[:2], forming=True)
        store.append(APPLE_MINUTES, "feed", changed(bars, 1, volume=77.0)[1:2], forming=True)
        assert store.forming(APPLE_MINUTES, "feed").volume == 77.0
        assert (await store.load(APPLE_MINUTES)).volume[1] == 77.0
        await store.flush()
    async with open_store(home) as store:
        assert len(await store.load(APPLE_MINUTES)) == 1
        store.append(APPLE_MINUTES, "feed", bars[1:2], forming=True)
        store.append(APPLE_MINUTES, "feed", bars[2:3], forming=True)  # a later bar closes the one before
        store.append(APPLE_MINUTES, "feed", bars[2:3])
    async with open_store(home) as store:
        assert same(await store.load(APPLE_MINUTES), bars[:3])


async def test_a_late_row_leaves_the_forming_bar_alone(home):
    bars = make_bars(4)
    async with open_store(home) as store:
        store.append(APPLE_MINUTES, "feed", bars[3:4], forming=True)
        store.append(APPLE_MINUTES, "feed", bars[1:2])
        assert store.forming(APPLE_MINUTES, "feed") == bars.bar(3)
        assert (await store.load(APPLE_MINUTES)).event_ns.tolist() == bars.event_ns[[1, 3]].tolist()


@pytest.mark.parametrize("rows", [[1, 0], [1, 1]])
async def test_live_bars_out_of_order_are_refused(home, rows):
    bars = make_bars(2)
    mixed = BarArrays(bars.event_ns[rows], *(c[rows] for c in bars.columns()))
    async with open_store(home) as store:
        with pytest.raises(InvalidInput, match="not in order"):
            store.append(APPLE_MINUTES, "feed", mixed)
        assert len(await store.load(APPLE_MINUTES)) == 0


async def test_trades_are_neither_merged_nor_lost_over_cuts_and_starts(home):
    async with open_store(home) as store:
        store.append_trades(AAPL, "feed", trades(100))
        await store.cut()
        store.append_trades(AAPL, "feed", trades(50, 99))
        store.append_trades(AAPL, "feed", trades(3, 100))
    async with open_store(home) as store:
        found = await store.load_trades(AAPL, "feed")
        expected = np.sort(np.concatenate([trades(100).event_ns, trades(50, 99).event_ns, trades(3, 100).event_ns]))
        assert found.event_ns.tolist() == expected.tolist()
        assert len(await store.load_trades(AAPL, "feed", from_ns=10, to_ns=20)) == 20
        assert not await store.series()
        bad = TradeArrays(np.array([5, 4], np.int64), np.ones(2), np.ones(2), np.zeros(2, np.int8))
        with pytest.raises(InvalidInput, match="run back in time"):
            store.append_trades(AAPL, "feed", bad)


async def test_a_grown_log_is_cut_by_itself_while_rows_keep_coming(home):
    bars = make_bars(5000)
    async with open_store(home) as store:
        store._live.rotate_bytes = 20_000
        for start in range(0, 5000, 250):
            store.append(APPLE_MINUTES, "feed", bars[start : start + 250])
            await store.flush()
            assert len(await store.load(APPLE_MINUTES)) == start + 250
        await until(lambda: not store._live.tail.frozen)
        assert list(store.folder.iterdir())
        await until(lambda: len(list((home.market / "log").iterdir())) <= 1)
        assert same(await store.load(APPLE_MINUTES), bars)
    async with open_store(home) as store:
        assert same(await store.load(APPLE_MINUTES), bars)


async def test_many_series_are_cut_into_few_files(home):
    async with open_store(home) as store:
        for i in range(300):
            store.append(Series(InstrumentId(f"S{i}", "XNAS"), DAYS), "feed", make_days(1, seed=i))
        await store.cut()
        assert len(list(store.folder.iterdir())) == 1
        assert len(await store.series()) == 300


# Readers beside changes, and packing.


async def test_replaced_files_stay_until_their_readers_are_done(home):
    async with open_store(home) as store:
        await publish(store, make_days(100))
        with store.files() as (files, _):
            await publish(store, changed(make_days(100), 5, volume=1.0))
            assert all(path.exists() for path, _ in files)
        assert not any(path.exists() for path, _ in files)


async def test_loads_during_publishes_and_packing_see_whole_states(home):
    states = [changed(make_days(300), slice(None), volume=float(n)) for n in range(12)]
    async with open_store(home) as store:
        await publish(store, states[0])
        stopped = asyncio.Event()

        async def read():
            seen = []
            while not stopped.is_set():
                found = await store.load(APPLE_DAYS)
                assert len(found) == 300
                assert len(set(found.volume)) == 1
                seen.append(found.volume[0])
            return seen

        reader = asyncio.create_task(read())
        for state in states[1:]:
            await publish(store, state)
            await publish(store, state, Series(InstrumentId(f"X{state.volume[0]:.0f}", "XNAS"), DAYS))
        await store.pack()
        stopped.set()
        assert sorted(await reader) == await reader


async def test_small_files_are_packed_into_few_without_changing_what_is_read(home):
    series = [Series(InstrumentId(f"S{i}", "XNAS"), DAYS) for i in range(40)]
    async with open_store(home) as store:
        for i, one in enumerate(series):
            await publish(store, make_days(50, seed=i)[:30], one)
        for i, one in enumerate(series):
            await publish(store, make_days(50, seed=i), one)
        assert await store.pack() >= 40
        assert len(list(store.folder.iterdir())) < 8
        assert await store.pack() == 0
        for i, one in enumerate(series):
            assert same(await store.load(one), make_days(50, seed=i))
    async with open_store(home) as store:
        assert len(await store.series()) == 40


# Damaged, missing and strange files.


async def test_a_damaged_segment_is_set_aside_and_the_rest_of_it_saved(home):
    events = []
    others = [Series(InstrumentId(f"S{i}", "XNAS"), DAYS) for i in range(20)]
    async with open_store(home, events) as store:
        for i, one in enumerate(others):
            await publish(store, make_days(5000, seed=i), one)
        await store.pack()
        (file,) = store.folder.iterdir()
        content = bytearray(file.read_bytes())
        content[100_000] ^= 0xFF
        file.write_bytes(content)
        lengths = [len(await store.load(one)) for one in others]
        (notice,) = [event for event in events if isinstance(event, Notice)]
        (kept,) = set_aside(home, ".parquet")
        assert str(kept) in notice.text
        assert kept.read_bytes() == bytes(content)
        assert 0 in lengths
        assert lengths.count(5000) >= 10
    async with open_store(home) as store:
        assert store.notices == ()
        assert [len(await store.load(one)) for one in others] == lengths


async def test_verify_finds_damage_that_nobody_has_read_yet(home):
    async with open_store(home) as store:
        await publish(store, make_days(100))
        await publish(store, make_bars(100), APPLE_MINUTES)
        seen = []
        fine = await store.verify(lambda n_done, n_all: seen.append((n_done, n_all)))
        assert (fine.n_segments, fine.damaged) == (2, ())
        assert seen == [(0, 2), (1, 2), (2, 2)]
        file = min(store.folder.iterdir())
        file.write_bytes(file.read_bytes()[:-1] + b"?")
        assert (await store.verify()).damaged == (file.name,)
        assert (await store.verify()).n_segments == 1


async def test_a_damaged_segment_met_by_an_import_is_replaced_by_it(home):
    async with open_store(home) as store:
        await publish(store, make_days(100))
        (file,) = store.folder.iterdir()
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(content)
        await publish(store, make_days(100))
        assert same(await store.load(APPLE_DAYS), make_days(100))


@pytest.mark.logs("A file of market data (is missing|was damaged)")
@pytest.mark.parametrize("harm", ["missing", "short"])
async def test_a_missing_or_short_segment_is_told_and_the_store_opens_with_the_rest(home, harm):
    async with open_store(home) as store:
        await publish(store, make_days(100))
        (file,) = store.folder.iterdir()
        await publish(store, make_bars(100), APPLE_MINUTES)
    if harm == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-20])
    async with open_store(home) as store:
        (notice,) = store.notices
        assert "AAPL.XNAS 1d" in notice.text
        assert len(await store.load(APPLE_DAYS)) == 0
        assert len(await store.load(APPLE_MINUTES)) == 100


async def test_files_nobody_listed_are_removed_at_the_next_start(home):
    async with open_store(home) as store:
        await publish(store, make_days(10))
        (file,) = store.folder.iterdir()
    (file.parent / "bar-0000-1.parquet").write_bytes(file.read_bytes())
    (file.parent / "bar-0000-2.new").write_bytes(b"half")
    (home.market / "stages" / "stage-000001").mkdir()
    async with open_store(home) as store:
        assert store.n_orphans == 2
        assert list(store.folder.iterdir()) == [file]
        assert list((home.market / "stages").iterdir()) == []


@pytest.mark.logs("The ledger is new")
async def test_a_lost_ledger_does_not_lose_market_data(home):
    async with open_store(home) as store:
        await publish(store, make_days(1000))
        await publish(store, make_bars(300), APPLE_MINUTES, "feed")
        store.append(APPLE_MINUTES, "feed", make_bars(310)[300:])
    for path in home.ledgers.iterdir():
        path.unlink()
    async with open_store(home) as store:
        assert "taken over" in store.notices[0].text
        assert same(await store.load(APPLE_DAYS), make_days(1000))
        assert len(await store.load(APPLE_MINUTES, source="feed")) == 310
        await publish(store, make_days(1001))
    async with open_store(home) as store:
        assert store.notices == ()
        assert len(await store.load(APPLE_DAYS)) == 1001


@pytest.mark.logs("belongs to another ledger")
async def test_a_ledger_of_another_store_deletes_nothing(home, tmp_path):
    async with open_store(home) as store:
        await publish(store, make_days(1000))
    (home.market / "store.id").write_text("another")
    for extra in list((home.market / "segments").iterdir()):
        extra.with_name("bar-0000-9.parquet").write_bytes(extra.read_bytes())
    async with open_store(home) as store:
        assert "another ledger" in store.notices[0].title
        assert [path.name for path in set_aside(home, ".parquet")] == ["bar-0000-9.parquet"]
        assert len(await store.load(APPLE_DAYS)) == 1000


@pytest.mark.logs("damaged in places")
async def test_a_log_with_a_damaged_record_is_copied_and_the_rest_read(home):
    (home.market / "log").mkdir()
    log = LogFile(home.market / "log", 1)
    log.create()
    key = SeriesKey("AAPL.XNAS", "1m", "feed")
    ends = []
    for i in range(3):
        log.append([(key, make_bars(30)[i * 10 : i * 10 + 10])])
        ends.append(log.n_bytes)
    log.close()
    content = bytearray(log.path.read_bytes())
    content[ends[1] - 1] ^= 1
    log.path.write_bytes(content + b"torn")
    async with open_store(home) as store:
        assert [notice.code for notice in store.notices] == ["market.opened_with_loss", "market.torn_log"]
        assert store.n_torn_bytes == 4
        assert len(await store.load(APPLE_MINUTES)) == 20
        assert [path.read_bytes() for path in set_aside(home, ".trl")] == [bytes(content) + b"torn"]


@pytest.mark.logs("A log of live bars was damaged")
async def test_a_stranger_among_the_logs_is_set_aside(home):
    (home.market / "log").mkdir()
    (home.market / "log" / "log-000000000007.trl").write_bytes(b"GIF89a, certainly no log")
    async with open_store(home) as store:
        assert store.notices[0].code == "market.opened_with_loss"
        store.append(APPLE_MINUTES, "feed", make_bars(3))
    async with open_store(home) as store:
        assert len(await store.load(APPLE_MINUTES)) == 3


# What the ledger or memory refuses.


async def test_a_commit_the_ledger_refuses_leaves_no_row_and_no_file(home):
    async with open_store(home) as store:
        await publish(store, make_days(100))
        before = sorted(path.name for path in store.folder.iterdir())
        publisher = store._publisher

        class FullLedger:
            async def write(self, work):
                raise Unavailable("the disk is full", code="disk.full")

            read = publisher.ledger.read

        real, publisher.ledger = publisher.ledger, FullLedger()
        with pytest.raises(Unavailable):
            await publish(store, changed(make_days(100), 5, volume=3.0))
        publisher.ledger = real
        assert sorted(path.name for path in store.folder.iterdir()) == before
        assert same(await store.load(APPLE_DAYS), make_days(100))
        outcome = await publish(store, changed(make_days(100), 5, volume=3.0))
        assert outcome.n_replaced == 1


async def test_a_publish_cancelled_during_its_commit_is_whole_afterwards(home):
    async with open_store(home) as store:
        publisher = store._publisher
        reached = asyncio.Event()

        class SlowLedger:
            async def write(self, work):
                reached.set()
                await asyncio.sleep(0)
                return await real.write(work)

            read = publisher.ledger.read

        real, publisher.ledger = publisher.ledger, SlowLedger()
        task = asyncio.create_task(publish(store, make_days(100)))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        publisher.ledger = real
        assert same(await store.load(APPLE_DAYS), make_days(100))
        assert (await store.verify()).damaged == ()
    async with open_store(home) as store:
        assert same(await store.load(APPLE_DAYS), make_days(100))


async def test_more_live_rows_than_memory_allows_are_refused_not_dropped(home, monkeypatch):
    monkeypatch.setattr(live_log, "PENDING_ROWS_MAX", 100)
    bars = make_bars(200)
    async with open_store(home) as store:
        store.append(APPLE_MINUTES, "feed", bars[:90])
        with pytest.raises(Unavailable, match="90 live rows wait"):
            store.append(APPLE_MINUTES, "feed", bars[90:110])
        await store.flush()
        store.append(APPLE_MINUTES, "feed", bars[90:110])
        assert same(await store.load(APPLE_MINUTES), bars[:110])
