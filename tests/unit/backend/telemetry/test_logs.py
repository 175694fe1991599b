"""Logs: what a line says, when files are cut, what is archived, and that nobody waits for the disk."""

import asyncio
import datetime as dt
import gzip
import json
import logging
import threading

import pytest

from backend.telemetry.logs import DailyFiles, JsonFormatter, archive_logs, setup_logs
from backend.telemetry.redaction import HIDDEN

log = logging.getLogger("backend.test")


@pytest.fixture
def logs(home):
    logs = setup_logs(home)
    yield logs
    logs.close()


def _lines(home) -> list[dict]:
    return [json.loads(line) for path in sorted(home.logs.glob("*.jsonl")) for line in path.read_text().splitlines()]


def test_a_line_says_when_where_and_what(home, logs):
    log.info("Imported %d rows of %s.", 12, "AAPL", extra={"n_rows": 12, "api_key": "abcdef"})
    logs.close()
    [line] = _lines(home)
    assert line["text"] == "Imported 12 rows of AAPL."
    assert (line["level"], line["logger"], line["thread"]) == ("info", "backend.test", "MainThread")
    assert (line["n_rows"], line["api_key"]) == (12, HIDDEN)
    assert dt.datetime.fromisoformat(line["time"]).tzinfo is not None


def test_errors_carry_their_stack_without_secrets(home, logs, caplog):
    try:
        int("password=swordfish")
    except ValueError:
        log.exception("Opening failed.")
    logs.close()
    [line] = _lines(home)
    assert "ValueError" in line["stack"]
    assert "test_logs.py" in line["stack"]
    assert "swordfish" not in json.dumps(line)


def test_lines_name_the_task_that_wrote_them(home, logs):
    async def work() -> None:
        log.info("inside")

    async def run() -> None:
        await asyncio.create_task(work(), name="engine/import")

    asyncio.run(run())
    log.info("outside")
    logs.close()
    inside, outside = _lines(home)
    assert inside["task"] == "engine/import"
    assert "task" not in outside


def test_a_disk_that_hangs_does_not_hold_the_writer_up(home, logs, monkeypatch):
    gate = threading.Event()
    write = DailyFiles.emit
    monkeypatch.setattr(DailyFiles, "emit", lambda self, record: (gate.wait(10), write(self, record)))
    for i in range(1000):
        log.info("line %d", i)
    assert not gate.is_set()  # all thousand calls returned while the disk stood still
    gate.set()
    logs.close()
    assert len(_lines(home)) == 1000


def test_levels_below_the_chosen_one_are_not_written_and_closing_restores_the_old_level(home):
    before = logging.getLogger().level
    logs = setup_logs(home, level=logging.INFO)
    log.debug("detail")
    log.info("news")
    logs.close()
    logs.close()
    assert [line["text"] for line in _lines(home)] == ["news"]
    assert logging.getLogger().level == before


def test_the_newest_lines_can_be_read_back_for_a_crash_report(home, logs):
    for i in range(300):
        log.info("line %d", i)
    logs.close()
    last = logs.last_lines()
    assert len(last) == 200
    assert json.loads(last[-1])["text"] == "line 299"


def _record(text: str, when: dt.datetime) -> logging.LogRecord:
    record = logging.makeLogRecord({"name": "x", "msg": text, "levelno": 20, "levelname": "INFO"})
    record.created = when.timestamp()
    return record


def _files(home, **options) -> DailyFiles:
    files = DailyFiles(home.logs, keep_days=30, **options)
    files.setFormatter(JsonFormatter())
    return files


def test_each_day_has_its_own_file_and_a_full_file_is_followed_by_the_next_number(home):
    files = _files(home, bytes_max=500)
    day = dt.datetime(2024, 1, 8, 23, 59, tzinfo=dt.UTC)
    for text in ("a" * 100, "b" * 100, "c" * 100):
        files.handle(_record(text, day))
    files.handle(_record("next day", day + dt.timedelta(minutes=2)))
    files.close()
    assert sorted(p.name for p in home.logs.glob("*.jsonl")) == [
        "trii-2024-01-08.1.jsonl",
        "trii-2024-01-08.jsonl",
        "trii-2024-01-09.jsonl",
    ]
    assert all(p.stat().st_size <= 500 for p in home.logs.glob("*.jsonl"))


def test_a_new_start_goes_on_in_the_days_last_file_with_room(home):
    day = dt.datetime(2024, 1, 8, 12, tzinfo=dt.UTC)
    for _ in range(2):
        files = _files(home)
        files.handle(_record("hello", day))
        files.close()
    [path] = home.logs.glob("*.jsonl")
    assert len(path.read_text().splitlines()) == 2


def test_logs_older_than_thirty_days_are_packed_and_older_than_a_year_deleted(home):
    for day in ("2023-01-01", "2023-11-30", "2023-12-09", "2024-01-08"):
        (home.logs / f"trii-{day}.jsonl").write_text(f'{{"text": "{day}"}}\n')
    (home.logs / "notes.txt").write_text("mine")
    archive_logs(home.logs, today=dt.date(2024, 1, 8), keep_days=30)
    assert sorted(p.name for p in home.logs.iterdir()) == ["archive", "notes.txt", "trii-2023-12-09.jsonl", "trii-2024-01-08.jsonl"]
    [packed] = (home.logs / "archive").iterdir()
    assert packed.name == "trii-2023-11-30.jsonl.gz"
    assert gzip.decompress(packed.read_bytes()) == b'{"text": "2023-11-30"}\n'


def test_the_first_line_of_a_day_archives_what_has_grown_old(home):
    (home.logs / "trii-2023-11-30.jsonl").write_text("{}\n")
    files = _files(home)
    files.handle(_record("today", dt.datetime(2024, 1, 8, tzinfo=dt.UTC)))
    files.close()
    assert (home.logs / "archive" / "trii-2023-11-30.jsonl.gz").exists()


def test_lines_the_disk_refuses_are_counted_and_later_ones_are_written(home):
    files = _files(home)
    day = dt.datetime(2024, 1, 8, tzinfo=dt.UTC)
    moved = home.logs.rename(home.root / "away")
    home.logs.write_text("a file where the folder was")
    files.handle(_record("lost", day))
    assert files.n_lost == 1
    home.logs.unlink()
    moved.rename(home.logs)
    files.handle(_record("kept", day))
    files.close()
    assert [line["text"] for line in _lines(home)] == ["1 lines before this one were lost: the disk refused them.", "kept"]
