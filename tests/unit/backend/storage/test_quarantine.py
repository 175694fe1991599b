"""Damaged files are set aside together, with the reason, and never over each other."""

from datetime import UTC, datetime

from backend.storage.quarantine import REASON_FILE, set_aside

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def test_files_that_belong_together_move_into_one_folder_with_the_reason(tmp_path):
    for name in ("a.db", "a.db-wal"):
        (tmp_path / name).write_text(name)
    place = set_aside([tmp_path / "a.db", tmp_path / "a.db-wal", tmp_path / "a.db-shm"], tmp_path / "q", "torn", now=NOW)
    assert place == tmp_path / "q" / "20260131T093000Z-a.db" / "a.db"
    assert place.read_text() == "a.db"
    assert sorted(path.name for path in place.parent.iterdir()) == ["a.db", "a.db-wal", REASON_FILE]
    assert "torn" in (place.parent / REASON_FILE).read_text()
    assert not (tmp_path / "a.db").exists()


def test_two_files_of_one_second_do_not_meet(tmp_path):
    places = []
    for content in ("one", "two"):
        (tmp_path / "a").write_text(content)
        places.append(set_aside([tmp_path / "a"], tmp_path / "q", "", now=NOW))
    assert [place.read_text() for place in places] == ["one", "two"]


def test_a_folder_is_set_aside_whole(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").write_text("x")
    assert (set_aside([tmp_path / "folder"], tmp_path / "q", "", now=NOW) / "inside").read_text() == "x"
