"""Archives are read as streams that cannot swell, lead nowhere outside, and tell what is wrong with them."""

import bz2
import gzip
import io
import lzma
import os
import zipfile

import pytest

from backend.errors import InvalidInput, NotFound
from backend.market.importers import containers
from backend.market.importers.containers import Place, find_places, open_place, open_seekable

TEXT = b"time,close\n2020-01-02,1\n"


def pack(members, method=zipfile.ZIP_DEFLATED):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()


def read_all(place, n_bytes=7):
    with open_place(place) as source:
        pieces = []
        while piece := source.read(n_bytes):
            pieces.append(piece)
        return b"".join(pieces)


def put(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_are_read_however_they_are_packed(tmp_path, method):
    path = put(tmp_path, "a.zip", pack({"x.csv": TEXT, "sub/y.csv.gz": gzip.compress(TEXT)}, method))
    places = find_places(path)
    assert [place.inside for place in places] == [("x.csv",), ("sub/y.csv.gz",)]
    assert [place.file_name for place in places] == ["x.csv", "y.csv"]
    assert [read_all(place) for place in places] == [TEXT, TEXT]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_read_whatever_their_suffix(tmp_path, compress):
    (place,) = find_places(put(tmp_path, "x.csv", compress(TEXT)))
    assert read_all(place) == TEXT
    with open_seekable(place) as file:
        file.seek(5)
        assert file.read() == TEXT[5:]


def test_archives_in_archives_are_opened_up_to_a_depth(tmp_path):
    content = pack({"x.csv": TEXT})
    for _ in range(containers.DEPTH_MAX - 1):
        content = pack({"inner.zip": content})
    (place,) = find_places(put(tmp_path, "deep.zip", content))
    assert read_all(place) == TEXT
    with pytest.raises(InvalidInput, match="deep"):
        find_places(put(tmp_path, "deeper.zip", pack({"inner.zip": content})))


def test_names_that_point_outside_are_only_names(tmp_path):
    path = put(tmp_path, "evil.zip", pack({"../../evil.csv": TEXT, "/etc/evil.csv": TEXT, "C:\\evil.csv": TEXT}))
    before = sorted(tmp_path.rglob("*"))
    assert [read_all(place) for place in find_places(path)] == [TEXT] * 3
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("wrap", ["zip", "gz"])
def test_a_bomb_is_stopped_while_it_unpacks(tmp_path, monkeypatch, wrap):
    monkeypatch.setattr(containers, "UNPACK_FREE_BYTES", 100_000)
    zeros = bytes(50_000_000)
    content = pack({"x.csv": zeros}) if wrap == "zip" else gzip.compress(zeros)
    (place,) = find_places(put(tmp_path, f"bomb.{wrap}", content))
    with pytest.raises(InvalidInput, match="has unpacked to") as caught:
        read_all(place, 65_536)
    assert caught.value.code == "import.bomb"


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(containers, "MEMBERS_MAX", 3)
    with pytest.raises(InvalidInput, match="more than 3 files"):
        find_places(put(tmp_path, "many.zip", pack({f"{i}.csv": TEXT for i in range(4)})))


def test_damage_and_passwords_are_told(tmp_path):
    content = bytearray(pack({"x.csv": TEXT * 100}))
    content[40:60] = b"\xff" * 20
    (place,) = find_places(put(tmp_path, "broken.zip", bytes(content)))
    with pytest.raises(InvalidInput, match="cannot be unpacked"):
        read_all(place)
    with pytest.raises(InvalidInput, match="cannot be unpacked"):
        read_all(find_places(put(tmp_path, "cut.gz", gzip.compress(os.urandom(5000))[:2000]))[0])
    locked = bytearray(pack({"x.csv": TEXT}))
    for at in (6, locked.rindex(b"PK\x01\x02") + 8):
        locked[at] |= 1
    (place,) = find_places(put(tmp_path, "locked.zip", bytes(locked)))
    with pytest.raises(InvalidInput, match="encrypted"):
        read_all(place)


def test_what_went_away_meanwhile_is_not_found(tmp_path):
    path = put(tmp_path, "a.zip", pack({"x.csv": TEXT}))
    (place,) = find_places(path)
    path.write_bytes(pack({"y.csv": TEXT}))
    with pytest.raises(NotFound, match=r"no member 'x.csv'"):
        read_all(place)
    path.unlink()
    with pytest.raises(NotFound):
        read_all(place)
    with pytest.raises(NotFound):
        find_places(path)


def test_folders_are_walked_in_order_without_hidden_files_and_links_to_folders(tmp_path):
    for name in ("b.csv", "a.csv", ".hidden.csv", "~$lock.xlsx", "sub/c.csv", ".git/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        put(tmp_path, name, TEXT)
    (tmp_path / "sub" / "loop").symlink_to(tmp_path, target_is_directory=True)
    found = [place.path.relative_to(tmp_path).as_posix() for place in find_places(tmp_path)]
    assert found == ["a.csv", "b.csv", "sub/c.csv"]
    assert str(Place(tmp_path / "a.csv", ("b", "c"), 0)).endswith("a.csv / b / c")
