"""Archives hold named files, and no name leads out of its folder."""

import io

import pytest

from backend.errors import Conflict, CorruptData, InvalidInput
from backend.storage.archive import ArchiveWriter, EntryHead, is_safe_name, read_entries
from backend.storage.sealed import SealedReader, SealedWriter

KEY = bytes(range(32))
HOSTILE = ["", "/etc/passwd", "..", "a/../b", "a//b", "a/", "a\\b", "C:x", "a\0b", "a\nb", "a.", "a ", " a", "x/" * 600 + "x", "é"]


def write(files, tamper=lambda archive: None):
    file = io.BytesIO()
    sealed = SealedWriter(file, KEY, "backup")
    archive = ArchiveWriter(sealed)
    for name, content in files:
        archive.add(name, io.BytesIO(content), len(content))
    tamper(archive)
    archive.finish()
    file.seek(0)
    return SealedReader(file, KEY, "backup")


def read(sealed):
    return [(entry.name, b"".join(entry.content)) for entry in read_entries(sealed)]


def test_files_come_back_in_order():
    files = [("ledger/money.db", b"m" * 3_000_000), ("market/AAPL.XNAS/1d.parquet", b""), ("settings.toml", b"x = 1")]
    assert read(write(files)) == files


def test_a_file_that_grew_since_is_cut_to_its_announced_length():
    sealed = io.BytesIO()
    writer = SealedWriter(sealed, KEY, "backup")
    archive = ArchiveWriter(writer)
    archive.add("market/log", io.BytesIO(b"12345 and more"), 5)
    archive.finish()
    sealed.seek(0)
    assert read(SealedReader(sealed, KEY, "backup")) == [("market/log", b"12345")]


def test_a_file_that_shrank_is_a_conflict():
    archive = ArchiveWriter(SealedWriter(io.BytesIO(), KEY, "backup"))
    with pytest.raises(Conflict, match="3 bytes shorter"):
        archive.add("market/log", io.BytesIO(b"12"), 5)


def test_a_name_that_could_not_be_restored_is_refused_when_written():
    with pytest.raises(InvalidInput, match="cannot go into a backup"):
        write([("market/a:b", b"")])


@pytest.mark.parametrize("name", ["a", "a/b.c", "market/BTC-USDT.BINANCE/1m (2).parquet", "a/.hidden"])
def test_plain_relative_names_are_allowed(name):
    assert is_safe_name(name)


@pytest.mark.parametrize(
    "name",
    HOSTILE,
)
def test_names_that_lead_elsewhere_or_exist_on_some_systems_only_are_not(name):
    assert not is_safe_name(name)


def test_a_hostile_name_inside_a_signed_archive_is_refused():
    def sneak(archive):
        import msgspec

        from backend.storage.archive import _put

        _put(archive._sealed, msgspec.json.encode(EntryHead("ledger/../../outside", 0)))

    with pytest.raises(CorruptData, match="not allowed"):
        read(write([("a", b"1")], sneak))


def test_a_name_that_comes_twice_is_refused_also_in_other_case():
    with pytest.raises(CorruptData, match="not allowed"):
        read(write([("a/B", b"1"), ("a/b", b"2")]))


def test_a_list_that_disagrees_with_the_files_is_refused():
    with pytest.raises(CorruptData, match="names 0 files that are not the 1"):
        read(write([("a", b"1")], lambda archive: archive._rows.clear()))
