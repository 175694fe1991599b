"""A model's SHA-256: right, computed once, and given up when nobody wants it."""

import hashlib
import json
import os

import pytest

from backend.assistant.engines.fingerprints import KEPT, compute_fingerprint
from backend.errors import NotFound, Unavailable


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"weights" * 1000)
    return path


def wanted():
    return True


def unwanted():
    return False


def test_the_hash_is_that_of_the_whole_file_and_follows_its_changes(model, tmp_path):
    folder = tmp_path / "kept"
    assert compute_fingerprint(model, folder, wanted) == hashlib.sha256(b"weights" * 1000).hexdigest()
    model.write_bytes(b"other")
    assert compute_fingerprint(model, folder, wanted) == hashlib.sha256(b"other").hexdigest()


def test_an_unchanged_file_is_not_read_again(model, tmp_path):
    first = compute_fingerprint(model, tmp_path, wanted)
    assert compute_fingerprint(model, tmp_path, unwanted) == first


def test_a_changed_time_is_enough_to_read_it_again(model, tmp_path):
    compute_fingerprint(model, tmp_path, wanted)
    os.utime(model, ns=(5, 5))
    with pytest.raises(Unavailable, match="stopped"):
        compute_fingerprint(model, tmp_path, unwanted)


@pytest.mark.parametrize("kept", ["", "[]", "{", "\x00"])
def test_broken_notes_are_written_anew(model, tmp_path, kept):
    (tmp_path / KEPT).write_text(kept)
    compute_fingerprint(model, tmp_path, wanted)
    assert len(json.loads((tmp_path / KEPT).read_text())) == 1


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NotFound, match=r"none\.gguf"):
        compute_fingerprint(tmp_path / "none.gguf", tmp_path, wanted)


def test_a_folder_that_takes_nothing_only_costs_time(model, tmp_path):
    (tmp_path / "file").write_text("")
    assert len(compute_fingerprint(model, tmp_path / "file", wanted)) == 64
