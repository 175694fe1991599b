"""The whole backend: opened on a new home, on a damaged one, closed in order."""

import asyncio
import json
import threading

import psutil
import pytest

from backend.app import Backend, open_backend
from backend.domain.bars import DAY_NS, Bar, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import InvalidInput
from backend.events import Level, Notice
from backend.jobs.warm_up import STAMP
from backend.process import watched_process
from backend.storage.paths import Home
from backend.storage.secrets import Custody
from tests.fakes.waiting import until

AAPL = Instrument(InstrumentId("AAPL", "XNAS"), "Apple", calendar="XNYS", timezone="America/New_York")
DAILY = Series(AAPL.id, BarSpec.parse("1d"))
FIRST_NS = 19_000 * DAY_NS


def _bars(n_bars: int) -> BarArrays:
    return BarArrays.of([Bar(FIRST_NS + i * DAY_NS, 100 + i, 102 + i, 99 + i, 101 + i, 1000.0) for i in range(n_bars)])


async def _fill(backend: Backend) -> None:
    await backend.catalog.put(AAPL)
    backend.store.append(DAILY, "import", _bars(5))
    await backend.settings.change("appearance", theme="light")
    made = await backend.watchlists.create("Mine")
    await backend.watchlists.add(made.id, AAPL.id)


async def test_a_new_home_opens_whole_and_empty_and_says_that_its_key_is_not_protected(home):
    async with open_backend(home) as backend:
        assert await backend.catalog.all() == ()
        assert await backend.store.series() == ()
        assert await backend.watchlists.all() == ()
        assert backend.custody is Custody.DEVICE_FILE
        assert [n.level for n in backend.notices] == [Level.WARNING]
        assert "key" in backend.notices[0].title
        await backend.words.read(lambda c: c.execute("SELECT count(*) FROM facts").fetchall())


async def test_what_was_acknowledged_is_there_after_closing_and_opening_again(home):
    async with open_backend(home) as backend:
        await _fill(backend)
    async with open_backend(home, watch=False) as backend:
        assert await backend.catalog.get(AAPL.id) == AAPL
        assert len(await backend.history.bars(DAILY)) == 5
        assert backend.settings.current.appearance.theme == "light"
        [mine] = await backend.watchlists.all()
        assert mine.instruments == (AAPL.id,)


async def test_closing_leaves_no_thread_and_no_open_file_in_the_home(home):
    before = set(threading.enumerate())
    async with open_backend(home) as backend:
        await _fill(backend)
    await until(lambda: not [t for t in set(threading.enumerate()) - before if not t.name.startswith("asyncio_")])
    assert [file.path for file in psutil.Process().open_files() if file.path.startswith(str(home.root))] == []


@pytest.mark.logs("settings were set aside")
async def test_broken_settings_are_set_aside_and_everything_else_is_there(home):
    async with open_backend(home) as backend:
        await _fill(backend)
    home.settings.write_text("theme = = dark")
    async with open_backend(home, watch=False) as backend:
        assert backend.settings.current.appearance.theme == "dark"
        assert len(await backend.history.bars(DAILY)) == 5
        [notice] = [n for n in backend.notices if n.code == "settings.toml"]
    [kept] = home.quarantine.rglob("settings.toml")
    assert kept.read_text() == "theme = = dark"
    assert str(kept) in notice.hint


@pytest.mark.logs(".*")
@pytest.mark.parametrize("name", ["money", "words"])
async def test_a_corrupt_ledger_is_set_aside_and_told_and_the_rest_opens(home, name):
    async with open_backend(home) as backend:
        await _fill(backend)
        await backend.store.flush()
    path = home.ledgers / f"{name}.db"
    damaged = bytearray(path.read_bytes())
    damaged[:] = b"\x5a" * len(damaged)
    path.write_bytes(damaged)
    async with open_backend(home, watch=False) as backend:
        [notice] = [n for n in backend.notices if path.name in n.title]
        assert notice.level is Level.WARNING
        assert len(list(home.quarantine.rglob(path.name))) == 1
        assert str(home.quarantine) in notice.text + notice.hint
        assert len(await backend.store.load(DAILY)) == 5
        assert backend.settings.current.appearance.theme == "light"
        await backend.watchlists.create("After")


async def test_a_folder_where_the_settings_should_be_does_not_keep_the_program_from_opening(home, caplog):
    home.settings.mkdir()
    async with open_backend(home, watch=False) as backend:
        assert backend.settings.current.appearance.theme == "dark"
        assert any(n.code == "settings.read" for n in backend.notices)


async def test_a_wrong_passphrase_opens_nothing_and_changes_nothing(home, monkeypatch):
    monkeypatch.setenv("TRII_PASSPHRASE", "correct horse battery")
    async with open_backend(home) as backend:
        assert backend.custody is Custody.PASSPHRASE
        await _fill(backend)
    before = {p: p.read_bytes() for p in home.ledgers.iterdir()}
    monkeypatch.setenv("TRII_PASSPHRASE", "wrong")
    with pytest.raises(InvalidInput, match="passphrase"):
        async with open_backend(home):
            pytest.fail("it opened")
    assert {p: p.read_bytes() for p in home.ledgers.iterdir()} == before


async def test_the_passphrase_is_asked_for_off_the_loop(home, monkeypatch):
    monkeypatch.setenv("TRII_PASSPHRASE", "correct horse battery")
    async with open_backend(home):
        pass
    monkeypatch.delenv("TRII_PASSPHRASE")
    asked_on = []

    def ask(_question: str) -> str:
        asked_on.append(threading.current_thread())
        return "correct horse battery"

    async with open_backend(home, ask_passphrase=ask, watch=False):
        assert threading.current_thread() not in asked_on
    assert len(asked_on) == 1


async def test_who_does_not_want_a_warm_up_gets_none(home):
    async with open_backend(home) as backend:
        await backend.settings.change("performance", warm_up=False)
        await backend.begin_background()
        await asyncio.wait_for(backend.background.done(), 60)
    assert not (home.cache / STAMP).exists()


async def test_how_long_bars_take_to_be_saved_is_measured(home):
    async with open_backend(home) as backend:
        await _fill(backend)
        saved = backend.metrics.histogram("market.save_ms")
        await until(lambda: saved.read().n == 1)
        assert 0 <= saved.read().max < 60_000


async def test_notices_of_later_come_over_the_bus_and_not_into_those_of_the_opening(home):
    async with open_backend(home, watch=False) as backend:
        heard: list[Notice] = []
        backend.bus.subscribe(Notice, heard.append)
        backend.bus.publish(Notice(Level.INFO, "Later"))
        assert [n.title for n in heard] == ["Later"]
        assert "Later" not in [n.title for n in backend.notices]


@pytest.mark.logs(".*")
async def test_the_process_follows_the_privacy_settings_and_reports_what_a_task_loses(home):
    with watched_process(home) as process:
        async with open_backend(home, process=process, watch=False) as backend:
            assert backend.metrics is process.metrics
            await backend.settings.change("privacy", crash_reports=False, log_days=7)
            assert not process.crashes.is_keeping
            await backend.settings.change("privacy", crash_reports=True)
            asyncio.get_running_loop().call_soon(lambda: {}["lost"])
            await until(lambda: list(home.crashes.glob("crash-*.json")))
        process.logs.close()
    lines = [json.loads(line) for path in home.logs.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert lines[0]["text"].startswith("TRII ")
    assert any("KeyError" in line.get("stack", "") for line in lines)


async def test_being_cancelled_while_open_closes_everything_in_order(home: Home):
    opened = asyncio.Event()

    async def live() -> None:
        async with open_backend(home) as backend:
            await _fill(backend)
            opened.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(live())
    await opened.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    async with open_backend(home, watch=False) as backend:
        assert len(await backend.history.bars(DAILY)) == 5
