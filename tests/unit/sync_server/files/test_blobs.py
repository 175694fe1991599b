"""Uploads on the disk: read as one file whatever their pieces, with no more than a piece in memory."""

import hashlib
import io
import os
import random
import tracemalloc

import pytest

from sync_server.files.blobs import Blobs
from sync_server.storage.keys import load_keys
from sync_server.storage.sealed import Damaged

UPLOAD = "01990000-0000-7000-8000-0000000000aa"
ORG = "018f0000-0000-7000-8000-000000000001"
MIB = 1024 * 1024


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "files", load_keys(tmp_path))


def upload(blobs, pieces):
    """The length of the file in which these pieces were put."""
    stored = offset = 0
    for piece in pieces:
        stored = blobs.append(UPLOAD, stored, offset, piece)
        offset += len(piece)
    return stored


def test_an_upload_is_read_from_any_place_as_what_was_sent(blobs):
    draw = random.Random(5)
    pieces = [os.urandom(draw.randint(1, 5_000)) for _ in range(30)]
    whole = b"".join(pieces)
    with blobs.received(UPLOAD, upload(blobs, pieces)) as content:
        assert content.read() == whole
        for _ in range(200):
            place, n = draw.randint(0, len(whole)), draw.randint(0, 12_000)
            content.seek(place)
            assert content.read(n) == whole[place : place + n]
        assert content.seek(-7, os.SEEK_END) == len(whole) - 7
        assert content.read() == whole[-7:]
        with pytest.raises(OSError, match="Invalid"):
            content.seek(-len(whole) - 1, os.SEEK_END)


def test_pieces_that_were_changed_or_moved_are_damage(blobs, tmp_path):
    stored = upload(blobs, [b"a" * 100, b"b" * 100])
    (path,) = (tmp_path / "files" / "uploads").iterdir()
    whole = path.read_bytes()
    half = len(whole) // 2
    for changed in (whole[half:] + whole[:half], whole[:-1] + bytes([whole[-1] ^ 1]), b"\0" * 4 + whole[4:], whole[:half]):
        path.write_bytes(changed)
        with pytest.raises(Damaged), blobs.received(UPLOAD, stored) as content:
            content.read()


def test_a_large_upload_is_hashed_and_kept_with_no_more_than_some_pieces_of_it_in_memory(blobs):
    stored = upload(blobs, (bytes([n]) * MIB for n in range(16)))
    tracemalloc.start()
    try:
        with blobs.received(UPLOAD, stored) as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            blobs.put(ORG, sha256, content)
            blobs.put(ORG, sha256, content)  # there already: looked at
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 5 * MIB
    assert blobs.read(ORG, sha256, 3 * MIB - 1, 3 * MIB + 1) == b"\2\3"


def test_a_whole_file_that_is_damaged_is_put_anew(blobs, tmp_path):
    content = b"content" * 1_000
    sha256 = hashlib.sha256(content).hexdigest()
    blobs.put(ORG, sha256, io.BytesIO(content))
    (path,) = (tmp_path / "files" / "whole").glob("??/*")
    path.write_bytes(path.read_bytes()[:-1])

    blobs.put(ORG, sha256, io.BytesIO(content))

    assert blobs.read(ORG, sha256, 0, len(content)) == content
