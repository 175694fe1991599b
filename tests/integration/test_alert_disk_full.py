"""A full disk while alerts fire: it is told loudly, nothing is lost, and what waited is stored once there is room."""

import os
import sys
from pathlib import Path

import pytest

from backend.alerts.alert import Repeat
from backend.errors import Unavailable
from backend.events import Level
from backend.storage.paths import Home
from tests.fakes.alerting import START_NS, open_alerts, price_alert
from tests.fakes.live_market import LiveMarket
from tests.integration.test_ledger_disk_full import small_disk


@pytest.fixture
def full_home(tmp_path):
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux to mount a small file system")
    with small_disk(tmp_path / "disk", 12) as folder:
        made = Home(folder / "home")
        made.make()
        yield made


def fill(folder: Path) -> Path:
    """A file that takes all that is left."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return path


@pytest.mark.logs("firings wait for the ledger", ".*")
async def test_firings_wait_while_the_disk_is_full_and_are_told_after(full_home, clock):
    market = LiveMarket(START_NS)
    async with open_alerts(full_home, clock) as opened:
        await opened.alerts.add(price_alert(180, repeat=Repeat.EVERY_TIME))
        filler = fill(full_home.root)
        refused = 0
        for _ in range(200):  # the ledger's log has some room of its own
            opened.alerts.evaluate(market.trade(179, 181))
            if not await opened.alerts._queue.flush():
                refused += 1
                break
        told_before = len(opened.fired)
        stored_before = await opened.alerts.history(n_max=1_000)
        assert refused == 1
        assert told_before == len(stored_before)
        errors = [notice for notice in opened.notices if notice.level is Level.ERROR]
        assert any("cannot be stored" in notice.title and "ACME rose above 180.00" in notice.text for notice in errors)

        filler.unlink()
        assert await opened.alerts._queue.flush()
        stored = await opened.alerts.history(n_max=1_000)
        assert len(stored) == len(stored_before) + 1 == len(opened.fired)
        assert opened.notices[-1].level is Level.SUCCESS


async def test_a_channel_that_raises_keeps_no_firing_from_being_stored(home, clock, caplog):
    def refuse(_db, _firing, _alert):
        raise KeyError("no such channel")

    market = LiveMarket(START_NS)
    async with open_alerts(home, clock) as opened:
        opened.alerts.deliver_with(refuse, lambda: None)
        await opened.alerts.add(price_alert(180))
        opened.alerts.evaluate(market.trade(179, 181))
        assert await opened.alerts._queue.flush()
        assert len(await opened.alerts.history()) == len(opened.fired) == 1
        assert any("could not be queued" in notice.title for notice in opened.notices)
        assert "could not be queued" in caplog.text


async def test_an_alert_is_refused_while_the_disk_is_full_and_not_watched(full_home, clock):
    async with open_alerts(full_home, clock) as opened:
        fill(full_home.root)
        error = await first_refusal(opened.alerts)
        n_stored = await opened.backend.money.read(lambda db: db.execute("SELECT count(*) FROM alerts").fetchone()[0])
        assert isinstance(error, Unavailable)
        assert len(opened.alerts.snapshot().rows) == n_stored


async def first_refusal(alerts):
    for _ in range(500):
        try:
            await alerts.add(price_alert(180, message="x" * 1000))
        except Unavailable as error:
            return error
    return None
