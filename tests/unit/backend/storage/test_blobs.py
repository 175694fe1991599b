"""Private files are stored once, encrypted, and never returned damaged."""

import io
import os

import pytest

from backend.errors import CorruptData, InvalidInput, NotFound
from backend.storage.blobs import BlobId, BlobStore

KEY = bytes(range(32))


@pytest.fixture
def store(home):
    return BlobStore(home.blobs, KEY, quarantine=home.quarantine)


def files(home):
    return [path for path in home.blobs.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"x", b"chart " * 400_000])
def test_content_comes_back_from_bytes_and_from_files(store, content):
    blob_id = store.put(content)
    assert store.get(blob_id) == content
    assert store.put(io.BytesIO(content)) == blob_id


def test_equal_content_is_stored_once(store, home):
    assert store.put(b"same") == store.put(b"same")
    assert len(files(home)) == 1


def test_neither_content_nor_plain_hash_shows_on_the_disk(store, home):
    import hashlib

    store.put(b"PRIVATE-MARKER" * 10)
    (path,) = files(home)
    assert b"PRIVATE" not in path.read_bytes()
    assert path.name != hashlib.sha256(b"PRIVATE-MARKER" * 10).hexdigest()
    assert path.stat().st_mode & 0o077 == 0


def test_another_key_names_the_same_content_differently(store, home):
    assert BlobStore(home.blobs, bytes(32), quarantine=home.quarantine).put(b"x") != store.put(b"x")


def test_a_missing_blob_is_said(store):
    with pytest.raises(NotFound, match="not stored here"):
        store.get(BlobId("0" * 64))


def test_a_damaged_blob_is_set_aside_and_never_returned(store, home):
    blob_id = store.put(b"chart")
    (path,) = files(home)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptData, match="was set aside") as caught:
        store.get(blob_id)
    assert caught.value.quarantined.read_bytes() == content
    assert blob_id not in store
    assert store.put(b"chart") == blob_id
    assert store.get(blob_id) == b"chart"


def test_a_blob_under_the_name_of_another_is_refused(store, home):
    first, second = store.put(b"one"), store.put(b"two")
    place = next(path for path in files(home) if path.name == first.text)
    place.write_bytes(next(path for path in files(home) if path.name == second.text).read_bytes())
    with pytest.raises(CorruptData, match="content of another file"):
        store.get(first)


def test_blobs_are_listed_and_deleted(store):
    ids = {store.put(os.urandom(8)) for _ in range(5)}
    assert set(store.ids()) == ids
    gone = ids.pop()
    store.delete(gone)
    store.delete(gone)
    assert set(store.ids()) == ids


def test_a_failing_source_leaves_nothing_behind(store, home):
    class Torn(io.BytesIO):
        def read(self, size=-1):
            raise EOFError("the line went dead")

    with pytest.raises(EOFError):
        store.put(Torn())
    assert files(home) == []


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "G" * 64, "0" * 63])
def test_what_is_no_id_never_becomes_a_path(text):
    with pytest.raises(InvalidInput):
        BlobId(text)


def test_storing_content_again_mends_a_damaged_copy(home, store):
    blob_id = store.put(b"a photograph")
    (place,) = files(home)
    place.write_bytes(place.read_bytes()[:-1])
    assert store.put(b"a photograph") == blob_id
    assert store.get(blob_id) == b"a photograph"
    assert len(list(home.quarantine.rglob(blob_id.text))) == 1
