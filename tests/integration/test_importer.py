"""Files into a real store: what is stored, what is told, and that nothing happens halfway."""

import asyncio
import gzip
import json
import zipfile
from decimal import Decimal
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend.domain.actions import Dividend, Split
from backend.domain.bars import DAY_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import InvalidInput, NotFound
from backend.events import BarsChanged, ImportFinished, ImportProgressed, InstrumentsChanged
from backend.market.importers import Choices, RowKind
from backend.market.importers.import_log import save_record
from backend.market.importers.row_notes import load_notes
from backend.market.importers.text_rows import TextReader
from tests.fakes.importing import open_workshop
from tests.fakes.market import same

APPLE = Instrument(InstrumentId("AAPL", "XNAS"), "Apple", calendar="XNYS", timezone="America/New_York")
DAYS = Series(APPLE.id, BarSpec.parse("1d"))
SOUND = """Date,Open,High,Low,Close,Volume
2020-01-02,10,12,9,11,100
2020-01-03,11,13,10,12,200
2020-01-06,12,14,11,13,300
"""


def write(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


async def test_a_file_becomes_bars_an_instrument_events_and_a_line_in_the_log(home, tmp_path):
    path = write(tmp_path, "NASDAQ_AAPL, 1D.csv", SOUND)
    async with open_workshop(home) as shop:
        report = await shop.take(path)
        bars = await shop.store.load(DAYS)
        (record,) = await shop.importer.history()
        instrument = await shop.catalog.get(APPLE.id)
    assert (report.n_rows, report.n_accepted, report.n_notes, report.rows_path) == (3, 3, 0, None)
    assert bars.close.tolist() == [11, 12, 13]
    assert np.datetime_as_string(bars.event_ns.astype("M8[ns]"), "D").tolist() == ["2020-01-02", "2020-01-03", "2020-01-06"]
    assert (instrument.calendar, instrument.timezone, instrument.currency) == ("XNYS", "America/New_York", "USD")
    assert (record.series, record.n_accepted, record.path, record.fingerprint) == (str(DAYS), 3, str(path), report.fingerprint)
    assert json.loads(record.plan)["columns"]["close"] == "Close"
    kinds = [type(event) for event in shop.events]
    assert kinds.count(ImportFinished) == kinds.count(BarsChanged) == kinds.count(InstrumentsChanged) == 1
    assert ImportProgressed in kinds


async def test_every_row_that_was_not_simply_taken_is_listed_with_its_line_and_reason(home, tmp_path):
    path = write(
        tmp_path,
        "AAPL_1d.csv",
        "Date,Open,High,Low,Close,Volume\n"
        "2020-01-02,10,12,9,11,100\n"
        "2020-01-03,,,,,\n"
        "2020-01-06,10,9,11,10,100\n"
        "2020-01-07,10,12,9,NaN,100\n"
        "2020-01-08,10,12,9,11,-5\n"
        "2020-01-09,10,12,9,12.000000001,100\n"
        "2020-01-08,10,12,9,11,100\n"
        "2020-02-30,10,12,9,11,100\n"
        "2020-01-10,10,12,9,11,100\n"
        "2020-01-10,10,12,9,11.5,100\n"
        "2020-01-11,10,12,9,11,100\n"
        "2020-01-11,10,12,9,11,100\n"
        "2020-01-13,10,20,9,21,100\n"
        "2020-01-14,-1,12,-2,11,100\n"
        "2090-01-15,10,12,9,11,100\n"
        "1700-01-15,10,12,9,11,100\n"
        "2020-01-16,10,12\n"
        "=cmd|' /C calc'!A0,10,12,9,11,100\n"
        "2020-01-17,10,12,9,11,\n",
    )
    async with open_workshop(home) as shop:
        await shop.catalog.put(APPLE)
        report = await shop.take(path)
        bars = await shop.store.load(DAYS)
    told = {note.line: (note.kind, note.reason) for note in report.rows}
    assert told == {
        3: (RowKind.MISSING, "no prices"),
        4: (RowKind.REFUSED, "high 9 is below low 11"),
        5: (RowKind.REFUSED, "close: 'NaN' is not a finite number"),
        6: (RowKind.REFUSED, "volume: -5 is below 0"),
        7: (RowKind.REPAIRED, "range 9 to 12 widened to 9 to 12.000000001"),
        8: (RowKind.REFUSED, "time: out of order in a file that is oldest first"),
        9: (RowKind.REFUSED, "time: '2020-02-30' is not in the calendar"),
        10: (RowKind.REPLACED, "line 11 tells this time again with other values"),
        13: (RowKind.OFF_CALENDAR, "the market is closed at this time by its calendar"),
        14: (RowKind.REFUSED, "open 10 or close 21 is outside 9 to 20"),
        15: (RowKind.REFUSED, "price: -2 is not above 0"),
        16: (RowKind.REFUSED, "time: in the future"),
        17: (RowKind.REFUSED, "time: before 1800"),
        18: (RowKind.REFUSED, "3 cells where the table has 6 columns"),
        19: (RowKind.REFUSED, "time: \"=cmd|' /C calc'!A0\" is not a date"),
    }
    assert load_notes(report.rows_path) == list(report.rows)
    assert next(note.text for note in report.rows if note.line == 6) == "2020-01-08,10,12,9,11,-5"
    counts = (report.n_rows, report.n_accepted, report.n_same, report.n_missing, report.n_refused, report.n_overruled)
    assert counts == (19, 5, 1, 1, 11, 1)
    assert (report.n_repaired, report.n_off_calendar) == (1, 1)
    assert bars.close.tolist() == [11, 12.000000001, 11.5, 11, 11]
    assert np.isnan(bars.volume[-1])


async def test_the_same_file_twice_changes_nothing(home, tmp_path):
    path = write(tmp_path, "AAPL_1d.csv", SOUND)
    async with open_workshop(home) as shop:
        await shop.catalog.put(APPLE)
        await shop.take(path)
        before = await shop.store.load(DAYS)
        shop.events.clear()
        report = await shop.take(path)
        assert same(before, await shop.store.load(DAYS))
        assert not await shop.store.revisions(DAYS)
        assert len(await shop.importer.history()) == 2
    assert (report.n_accepted, report.n_same) == (0, 3)
    assert not any(isinstance(event, BarsChanged) for event in shop.events)
    assert any("imported before" in remark for remark in report.remarks)


async def test_a_newer_file_wins_and_the_old_values_can_be_put_back(home, tmp_path):
    async with open_workshop(home) as shop:
        await shop.catalog.put(APPLE)
        await shop.take(write(tmp_path, "AAPL_1d.csv", SOUND))
        before = await shop.store.load(DAYS)
        report = await shop.take(write(tmp_path, "AAPL_1d.csv", SOUND.replace(",12,200", ",12.5,200")))
        assert (report.n_accepted, report.n_same, report.n_replaced) == (1, 2, 1)
        assert (await shop.store.load(DAYS)).close.tolist() == [11, 12.5, 13]
        await shop.store.restore_revision(report.revision_id)
        assert same(before, await shop.store.load(DAYS))


async def test_cancelling_at_any_block_leaves_everything_as_it_was(home, tmp_path, monkeypatch):
    monkeypatch.setattr("backend.market.importers.tables.TextReader", partial(TextReader, block_bytes=4096))
    monkeypatch.setattr("backend.market.importers.import_run._PROGRESS_EVERY_S", 0.0)
    lines = [f"2020-01-02 {i // 60:02d}:{i % 60:02d}:00,10,12,9,11,{i}" for i in range(1440)]
    path = write(tmp_path, "AAPL_1m.csv", "time,open,high,low,close,volume\n" + "\n".join(lines))
    async with open_workshop(home) as shop:
        await shop.catalog.put(APPLE)
        (plan,) = await shop.importer.preview(path, Choices(timezone="UTC"))
        for n_blocks in (1, 2, 5):
            told = asyncio.Queue()
            running = asyncio.ensure_future(shop.importer.run(plan, progress=told.put_nowait))
            for _ in range(n_blocks):
                await asyncio.wait_for(told.get(), 10)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert await shop.store.series() == ()
            assert await shop.importer.history() == ()
        assert not list(home.imports.iterdir())
        assert not [path for path in home.market.rglob("*") if path.is_file() and path.suffix == ".arrow"]
        assert (await shop.importer.run(plan)).n_accepted == 1440


async def test_a_cancel_during_the_commit_comes_too_late_and_the_import_stands_whole(home, tmp_path, monkeypatch):
    path = write(tmp_path, "AAPL.csv", "Date,Open,High,Low,Close,Volume\n2020-01-02,1,2,1,2,5\n2020-01-03,1,0,1,2,5\n")
    loop = asyncio.get_running_loop()
    async with open_workshop(home) as shop:
        await shop.catalog.put(APPLE)
        (plan,) = await shop.importer.preview(path)
        finished = []
        shop.bus.subscribe(ImportFinished, finished.append)
        running = asyncio.ensure_future(shop.importer.run(plan))

        def save_and_cancel(connection, record):
            save_record(connection, record)
            loop.call_soon_threadsafe(running.cancel)

        monkeypatch.setattr("backend.market.importers.import_run.save_record", save_and_cancel)
        with pytest.raises(asyncio.CancelledError):
            await running
        (record,) = await shop.importer.history()
        assert len(await shop.store.load(plan.series)) == 1
        assert [event.import_id for event in finished] == [record.import_id]
        assert list(home.imports.iterdir())  # the list of refused rows is kept with it


async def test_splits_and_dividends_come_from_the_adjusted_close_and_prices_stay_raw(home):
    from backend.market.samples import SAMPLES, load_samples

    async with open_workshop(home) as shop:
        (report,) = await load_samples(shop.importer, SAMPLES[:1])
        logged = await shop.actions.list(APPLE.id)
        bars = await shop.store.load(DAYS)
    assert tuple(report.actions) == logged
    splits = [action for action in logged if isinstance(action, Split)]
    dividends = [action for action in logged if isinstance(action, Dividend)]
    assert [(int(s.ex_ns // DAY_NS), s.ratio) for s in splits] == [(11129, Decimal(2)), (12842, Decimal(2))]
    assert [d.amount for d in dividends] == [Decimal("2.65")] * 3
    assert bars.close[0] == 130.31


async def test_columns_of_dividends_and_splits_are_believed_before_adjusted_closes(home, tmp_path):
    text = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n" + "".join(
        f"2020-01-{d:02d},10,12,9,11,100,{0.5 if d == 7 else 0.0},{2.0 if d == 9 else 0.0}\n" for d in (2, 3, 6, 7, 8, 9)
    )
    async with open_workshop(home) as shop:
        await shop.catalog.put(APPLE)
        report = await shop.take(write(tmp_path, "AAPL.csv", text))
    assert [(type(a).__name__, int(a.ex_ns // DAY_NS) - 18262) for a in report.actions] == [("Dividend", 6), ("Split", 8)]
    assert not any("corrected for the split" in remark for remark in report.remarks)


async def test_a_file_whose_prices_miss_a_known_split_is_remarked_upon(home, tmp_path):
    async with open_workshop(home) as shop:
        await shop.catalog.put(APPLE)
        await shop.actions.add([Split(APPLE.id, 18264 * DAY_NS, Decimal(4))])
        report = await shop.take(write(tmp_path, "AAPL_1d.csv", SOUND))
    assert any("corrected for the split of 2020-01-03 by 4 already" in remark for remark in report.remarks)


async def test_archives_and_folders_give_a_plan_for_each_table_and_name_what_they_pass_over(home, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with zipfile.ZipFile(folder / "pack.zip", "w") as archive:
        archive.writestr("../../AAPL_1d.csv", SOUND)
        archive.writestr("sub/MSFT_1d.csv", SOUND)
        archive.writestr("readme.txt", "Nothing here.")
    (folder / "EURUSD_1d.csv.gz").write_bytes(gzip.compress(SOUND.encode()))
    write(folder, ".hidden.csv", SOUND)
    async with open_workshop(home) as shop:
        survey = await shop.importer.survey(folder)
        reports = [await shop.importer.run(plan) for plan in survey.plans]
    assert [str(plan.instrument.id) for plan in survey.plans] == ["EURUSD.FX", "AAPL.LOCAL", "MSFT.LOCAL"]
    assert [plan.inside for plan in survey.plans] == [(), ("../../AAPL_1d.csv",), ("sub/MSFT_1d.csv",)]
    assert [name for name, _ in survey.skipped] == ["readme.txt"]
    assert [report.n_accepted for report in reports] == [3, 3, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "home"]


async def test_a_file_of_several_instruments_gives_a_plan_for_each(home, tmp_path):
    rows = [(d, s, p) for s, p in (("AAPL", 10), ("MSFT", 20), ("GOOG", 30)) for d in (2, 3, 6)]
    text = "date,symbol,open,high,low,close\n" + "".join(f"2020-01-{d:02d},{s},{p},{p + 2},{p - 1},{p + 1}\n" for d, s, p in rows)
    path = write(tmp_path, "stocks.csv", text)
    async with open_workshop(home) as shop:
        plans = await shop.importer.preview(path)
        reports = [await shop.importer.run(plan) for plan in plans]
        chosen = await shop.importer.preview(path, Choices(instrument="MSFT.XNAS"))
        with pytest.raises(InvalidInput, match="holds 3 instruments"):
            await shop.importer.preview(path, Choices(instrument="IBM.XNYS"))
    assert [plan.symbol for plan in plans] == ["AAPL", "MSFT", "GOOG"]
    assert [(r.n_accepted, r.n_other_symbol, r.n_refused) for r in reports] == [(3, 6, 0)] * 3
    assert [(str(plan.series.instrument), plan.symbol) for plan in chosen] == [("MSFT.XNAS", "MSFT")]


async def test_parquet_json_and_text_of_the_same_rows_store_the_same_bars(home, tmp_path):
    rng = np.random.default_rng(3)
    n = 500
    close = np.round(100 + rng.normal(0, 1, n).cumsum(), 2)
    times = np.arange(n) * 60_000_000_000 + 1_577_880_000_000_000_000
    columns = {
        "open": close,
        "high": close + 0.5,
        "low": close - 0.5,
        "close": close,
        "volume": rng.integers(1, 9, n).astype(float),
    }
    table = pa.table({"timestamp": pa.array(times, pa.timestamp("ns", "UTC")), **columns})
    pq.write_table(table, tmp_path / "A_1m.parquet")
    with pa.OSFile(str(tmp_path / "B_1m.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, 77)
    records = [{"t": int(t // 10**6), **{k: float(v[i]) for k, v in columns.items()}} for i, t in enumerate(times)]
    write(tmp_path, "C_1m.json", json.dumps(records))
    write(tmp_path, "D_1m.ndjson", "\n".join(json.dumps(record) for record in records))
    names = ["A_1m.parquet", "B_1m.arrow", "C_1m.json", "D_1m.ndjson"]
    async with open_workshop(home) as shop:
        for name in names:
            report = await shop.take(tmp_path / name, Choices(instrument=f"{name[0]}.BINANCE"))
            assert (report.n_accepted, report.n_notes) == (n, 0)
        stored = [await shop.store.load(Series(InstrumentId(name[0], "BINANCE"), BarSpec.parse("1m"))) for name in names]
    expected = BarArrays(times, *(np.asarray(column, np.float64) for column in columns.values()))
    assert all(same(bars, expected) for bars in stored)


async def test_a_plan_with_open_questions_does_not_run(home, tmp_path):
    path = write(tmp_path, "data.csv", SOUND)
    async with open_workshop(home) as shop:
        (plan,) = await shop.importer.preview(path)
        assert plan.problems == ("Which instrument is this? Neither the file's name nor its columns tell.",)
        with pytest.raises(InvalidInput, match="Which instrument"):
            await shop.importer.run(plan)
        with pytest.raises(NotFound):
            await shop.importer.preview(tmp_path / "nowhere.csv")
        (plan,) = await shop.importer.preview(path, Choices(instrument="aapl.xnas", name="Apple", currency="usd"))
        assert (await shop.importer.run(plan)).n_accepted == 3


async def test_a_code_alone_means_the_instrument_that_the_catalog_knows(home, tmp_path):
    async with open_workshop(home) as shop:
        await shop.catalog.put(APPLE)
        (plan,) = await shop.importer.preview(write(tmp_path, "AAPL.csv", SOUND))
        assert plan.instrument == APPLE
        assert not plan.is_new_instrument


async def test_an_import_that_refuses_nearly_everything_ends_early_and_changes_nothing(home, tmp_path, monkeypatch):
    monkeypatch.setattr("backend.market.importers.checks.REFUSED_ROWS_MAX", 50)
    text = SOUND + "".join(f"2020-02-{1 + i % 28:02d},10,9,11,10,{i}\n" for i in range(200))
    async with open_workshop(home) as shop:
        with pytest.raises(InvalidInput, match="were refused; nothing was imported"):
            await shop.take(write(tmp_path, "AAPL_1d.csv", text))
        assert await shop.store.series() == ()
        assert not list(home.imports.iterdir())


async def test_rows_before_between_and_over_what_is_stored_join_it(home, tmp_path):
    def text(days):
        return "Date,Open,High,Low,Close,Volume\n" + "".join(f"2020-01-{d:02d},{d},{d + 2},{d - 0.5},{d + 1},{d}\n" for d in days)

    async with open_workshop(home) as shop:
        await shop.catalog.put(APPLE)
        for days in ((10, 11, 12), (1, 2), (20, 21), (15, 16), (11, 12, 13, 14), (22,), range(1, 29)):
            report = await shop.take(write(tmp_path, "AAPL_1d.csv", text(days)))
            assert report.n_accepted + report.n_same == len(days)
        bars = await shop.store.load(DAYS)
        assert not await shop.store.revisions(DAYS)
    assert bars.open.tolist() == list(range(1, 29))


async def test_an_edited_bar_is_not_overwritten_by_the_file_it_came_from(home, tmp_path):
    async with open_workshop(home) as shop:
        await shop.catalog.put(APPLE)
        path = write(tmp_path, "AAPL_1d.csv", SOUND)
        await shop.take(path)
        event_ns = int((await shop.store.load(DAYS)).event_ns[1])
        await shop.store.edit(DAYS, "import", event_ns, None)
        report = await shop.take(path)
        assert len(await shop.store.load(DAYS)) == 2
    assert (report.n_accepted, report.n_same) == (0, 3)
