"""On a full disk imports and live bars are refused or wait, clearly; nothing is lost, and all goes on once there is space."""

import os

import pytest

from backend.errors import Unavailable
from backend.events import BarsSaved, Level, Notice
from backend.storage.paths import Home
from tests.fakes.bars import make_bars, make_days
from tests.fakes.market import APPLE_DAYS, APPLE_MINUTES, open_store, publish, same
from tests.fakes.small_disk import small_disk, why_no_small_disk
from tests.fakes.waiting import until

BARS = make_bars(5000)


@pytest.fixture
def full_home(tmp_path):
    """A home on a disk of 8 MiB of which all but a few pages can be taken up by a ballast file."""
    missing = why_no_small_disk()
    if missing:
        pytest.skip(missing)
    with small_disk(tmp_path / "disk", 8) as folder:
        made = Home(folder / "home")
        made.make()
        yield made


def fill_up(home, n_free):
    """Leave ``n_free`` bytes on the disk; the file to delete for space."""
    ballast = home.root.parent / "ballast"
    space = os.statvfs(home.root)
    ballast.write_bytes(bytes(max(space.f_bavail * space.f_frsize - n_free, 0)))
    return ballast


@pytest.mark.parametrize("n_free", [0, 4096, 20_000, 60_000])
async def test_an_import_is_refused_changes_nothing_and_goes_through_later(full_home, n_free):
    async with open_store(full_home) as store:
        await publish(store, make_days(1000))
        before = sorted(path.name for path in store.folder.iterdir())
        ballast = fill_up(full_home, n_free)
        with pytest.raises(Unavailable, match="full") as refused:
            await publish(store, make_days(6000, seed=2))
        assert refused.value.code == "disk.full"
        assert "Free some space" in refused.value.hint
        assert sorted(path.name for path in store.folder.iterdir()) == before
        assert same(await store.load(APPLE_DAYS), make_days(1000))
        ballast.unlink()
        await publish(store, make_days(6000, seed=2))
    async with open_store(full_home) as store:
        assert store.notices == ()
        assert same(await store.load(APPLE_DAYS), make_days(6000, seed=2))


@pytest.mark.logs("Live bars wait in memory")
async def test_live_bars_wait_in_memory_and_are_saved_once_there_is_space(full_home):
    events = []
    async with open_store(full_home, events) as store:
        store.append(APPLE_MINUTES, "feed", BARS[:10])
        await store.flush()
        ballast = fill_up(full_home, 0)
        stamp = store.append(APPLE_MINUTES, "feed", BARS[10:])
        await until(lambda: any(isinstance(event, Notice) for event in events))
        (notice,) = [event for event in events if isinstance(event, Notice)]
        assert (notice.level, notice.code) == (Level.ERROR, "disk.full")
        with pytest.raises(Unavailable, match="full"):
            await store.flush()
        assert not any(isinstance(event, BarsSaved) and event.up_to_ns >= stamp for event in events)
        assert same(await store.load(APPLE_MINUTES), BARS)
        ballast.unlink()
        await until(lambda: any(isinstance(event, BarsSaved) and event.up_to_ns >= stamp for event in events))
        assert [event.level for event in events if isinstance(event, Notice)] == [Level.ERROR, Level.SUCCESS]
    async with open_store(full_home) as store:
        assert same(await store.load(APPLE_MINUTES), BARS)


async def fill_and_close(home):
    """Save some bars, fill the disk, append more, and close the store on it."""
    async with open_store(home) as store:
        store.append(APPLE_MINUTES, "feed", BARS[:100])
        await store.flush()
        fill_up(home, 0)
        store.append(APPLE_MINUTES, "feed", BARS[100:])
        with pytest.raises(Unavailable, match="full"):
            await store.cut()
        await until(lambda: store._live.is_failing)


@pytest.mark.logs("Live bars wait in memory")
async def test_closing_on_a_full_disk_says_so_and_keeps_what_was_saved(full_home):
    with pytest.raises(Unavailable, match="full"):
        await fill_and_close(full_home)
    (full_home.root.parent / "ballast").unlink()
    async with open_store(full_home) as store:
        assert same(await store.load(APPLE_MINUTES), BARS[:100])
