"""A watched folder: what appears is imported, what grows is continued from where it was, also after a restart."""

import asyncio

import pytest

from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.events import ImportFinished, Notice, SettingsChanged
from backend.market.watch_folder import FolderWatcher
from backend.tasks import TaskOwner
from tests.fakes.importing import open_workshop
from tests.fakes.waiting import until

HEAD = "Date,Open,High,Low,Close,Volume\n"
DAYS = Series(InstrumentId("ACME", "LOCAL"), BarSpec.parse("1d"))


def line(day, close=11.0):
    return f"2020-01-{day:02d},10,20,9,{close},{day}\n"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "watched"
    made.mkdir()
    return made


def watcher_of(shop, settle_s=0.0):
    return FolderWatcher(shop.importer, shop.ledger, shop.bus, settle_s=settle_s)


async def closes(shop):
    return (await shop.store.load(DAYS)).close.tolist()


async def test_a_new_file_is_imported_and_only_the_tail_of_a_grown_one_is_read(home, folder):
    path = folder / "ACME_1d.csv"
    path.write_text(HEAD + line(2) + line(3) + line(6))
    async with open_workshop(home) as shop:
        watcher = watcher_of(shop)
        (first,) = (await watcher.look([folder])).reports
        assert (await watcher.look([folder])).reports == []
        with path.open("a") as file:
            file.write(line(7, 12.0) + "rubbish\n" + line(8, 13.0))
        (second,) = (await watcher.look([folder])).reports
        assert await closes(shop) == [11, 11, 11, 12, 13]
    assert (first.n_rows, first.n_accepted) == (3, 3)
    assert (second.n_rows, second.n_accepted, second.n_refused) == (3, 2, 1)
    assert [(note.line, note.text) for note in second.rows if note.kind == "refused"] == [(6, "rubbish")]


async def test_a_half_written_last_line_waits_until_it_is_whole(home, folder):
    path = folder / "ACME_1d.csv"
    path.write_text(HEAD + line(2) + line(3) + line(6) + "2020-01-07,10,20,9,1")
    async with open_workshop(home) as shop:
        watcher = watcher_of(shop, settle_s=60.0)
        look = await watcher.look([folder])
        assert await closes(shop) == [11, 11, 11]
        assert 0 < look.again_s <= 60
        with path.open("a") as file:
            file.write("2.5,700\n" + "2020-01-08,10,2")
        await watcher.look([folder])
        assert await closes(shop) == [11, 11, 11, 12.5]


async def test_a_last_line_without_an_end_is_taken_once_the_file_rests_and_read_again_when_it_grows(home, folder):
    path = folder / "ACME_1d.csv"
    path.write_text(HEAD + line(2) + line(3) + line(6) + "2020-01-07,10,20,9,1")
    async with open_workshop(home) as shop:
        watcher = watcher_of(shop)
        await watcher.look([folder])
        assert await closes(shop) == [11, 11, 11]
        path.write_text(HEAD + line(2) + line(3) + line(6) + "2020-01-07,10,20,9,12,7")
        await watcher.look([folder])
        assert await closes(shop) == [11, 11, 11, 12]
        with path.open("a") as file:
            file.write("00\n")
        await watcher.look([folder])
        assert (await shop.store.load(DAYS)).volume.tolist() == [2, 3, 6, 700]


async def test_the_place_in_each_file_survives_a_restart(home, folder):
    path = folder / "ACME_1d.csv"
    path.write_text(HEAD + line(2) + line(3) + line(6))
    async with open_workshop(home) as shop:
        await watcher_of(shop).look([folder])
    with path.open("a") as file:
        file.write(line(7, 12.0))
    async with open_workshop(home) as shop:
        watcher = watcher_of(shop)
        (report,) = (await watcher.look([folder])).reports
        assert report.n_rows == 1
        assert await closes(shop) == [11, 11, 11, 12]
        assert (await watcher.look([folder])).reports == []


async def test_a_file_written_anew_is_imported_whole(home, folder):
    path = folder / "ACME_1d.csv"
    path.write_text(HEAD + line(2) + line(3) + line(6))
    async with open_workshop(home) as shop:
        watcher = watcher_of(shop)
        await watcher.look([folder])
        path.write_text(HEAD + line(2, 14.0) + line(3) + line(6) + line(7, 12.0))
        (report,) = (await watcher.look([folder])).reports
        assert (report.n_rows, report.n_same, report.n_replaced) == (4, 2, 1)
        path.write_text(HEAD + line(2, 14.0) + line(3))
        (report,) = (await watcher.look([folder])).reports
        assert await closes(shop) == [14, 11, 11, 12]
    assert (report.n_rows, report.n_same) == (2, 2)


async def test_one_broken_file_is_told_once_and_does_not_stop_the_others(home, folder):
    (folder / "broken.csv").write_text("nothing that could be a table\n" * 3)
    (folder / "data.csv").write_text(HEAD + line(2) + line(3))
    (folder / "ACME_1d.csv").write_text(HEAD + line(2) + line(3))
    (folder / "movie.mp4").write_bytes(b"\0" * 100)
    async with open_workshop(home) as shop:
        watcher = watcher_of(shop)
        assert len((await watcher.look([folder])).reports) == 1
        assert (await watcher.look([folder])).reports == []
        titles = [event.title for event in shop.events if isinstance(event, Notice)]
        texts = " ".join(event.text for event in shop.events if isinstance(event, Notice))
    assert titles == ["broken.csv in a watched folder was not imported.", "data.csv in a watched folder was not imported."]
    assert "Which instrument is this?" in texts


async def test_links_that_lead_out_of_the_folder_are_not_followed_into_other_folders(home, folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "ACME_1d.csv").write_text(HEAD + line(2))
    (folder / "link").symlink_to(outside, target_is_directory=True)
    async with open_workshop(home) as shop:
        assert (await watcher_of(shop).look([folder])).reports == []


@pytest.mark.parametrize("tells", [True, False], ids=["told by the system", "by asking"])
async def test_following_sees_files_come_and_grow_and_the_settings_change(home, folder, tmp_path, monkeypatch, tells):
    if not tells:
        monkeypatch.setattr("watchfiles.awatch", refuse)
        monkeypatch.setattr("backend.market.watch_folder._POLL_S", 0.05)
    folders = [str(folder)]
    other = tmp_path / "other"
    other.mkdir()
    async with open_workshop(home) as shop, TaskOwner("test", shop.bus.publish) as tasks:
        watcher = watcher_of(shop, settle_s=0.05)
        tasks.start("watch", watcher.run(lambda: folders))

        async def imported(n):
            await until(lambda: sum(isinstance(event, ImportFinished) for event in shop.events) >= n, 20, what=f"{n} imports")

        path = folder / "ACME_1d.csv"
        path.write_text(HEAD + line(2) + line(3) + line(6))
        await imported(1)
        with path.open("a") as file:
            file.write(line(7, 12.0))
        await imported(2)
        assert await closes(shop) == [11, 11, 11, 12]
        (other / "ACME_1d.csv").write_text(HEAD + line(8, 13.0) + line(9, 14.0))
        folders[:] = [str(other)]
        shop.bus.publish(SettingsChanged("data"))
        await imported(3)
        assert await closes(shop) == [11, 11, 11, 12, 13, 14]
        assert not [event for event in shop.events if isinstance(event, Notice)]


async def test_following_that_ends_as_the_watch_begins_ends_at_once(home, folder, monkeypatch):
    """A watch that is closed while its first step is taken was told as a defect when the program ended just then."""

    async def happenings(*_):
        task.cancel()
        await asyncio.Event().wait()
        yield

    monkeypatch.setattr("backend.market.watch_folder._happenings", happenings)
    async with open_workshop(home) as shop:
        task = asyncio.create_task(watcher_of(shop).run(lambda: [str(folder)]))
        with pytest.raises(asyncio.CancelledError):
            await task


def refuse(*_, **__):
    raise OSError(28, "No space left on device")


async def test_a_folder_that_is_not_there_is_told_and_asked_for_again_with_new_settings(home, folder, tmp_path):
    folders = [str(tmp_path / "nowhere")]
    (folder / "ACME_1d.csv").write_text(HEAD + line(2) + line(3))
    async with open_workshop(home) as shop, TaskOwner("test", shop.bus.publish) as tasks:
        tasks.start("watch", watcher_of(shop).run(lambda: folders))
        await until(lambda: any(isinstance(event, Notice) for event in shop.events))
        (notice,) = [event for event in shop.events if isinstance(event, Notice)]
        assert "nowhere" in f"{notice.title} {notice.text} {notice.hint}"
        folders[:] = [str(folder)]
        shop.bus.publish(SettingsChanged("data"))
        await until(lambda: any(isinstance(event, ImportFinished) for event in shop.events))
        assert len(await closes(shop)) == 2
