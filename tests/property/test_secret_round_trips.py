"""What is sealed, spelled or archived comes back the same, whatever it was."""

import io
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidInput
from backend.storage import sealed
from backend.storage.archive import ArchiveWriter, is_safe_name, read_entries
from backend.storage.phrase import key_from_phrase, phrase_from_key
from backend.storage.sealed import SealedReader, SealedWriter
from backend.storage.vault import PASSPHRASE_LETTERS_MIN, Stretching, seal_key, unseal_key

QUICK = Stretching(memory_kib=64, passes=1, lanes=1)
KEY = st.binary(min_size=32, max_size=32)
PART = st.text(string.ascii_letters + string.digits + "_-=", min_size=1, max_size=12)
NAME = st.lists(PART, min_size=1, max_size=4).map("/".join)
FILES = st.dictionaries(NAME.map(str.lower), st.binary(max_size=3000), max_size=8)


@given(KEY)
def test_every_key_has_one_phrase(key):
    assert key_from_phrase(phrase_from_key(key)) == key


@given(KEY, st.integers(0, 23), st.sampled_from("qxzjk"))
def test_a_slip_of_one_letter_is_refused_with_the_right_word_among_the_nearest(key, place, letter):
    words = phrase_from_key(key).split()
    meant = words[place]
    words[place] = meant + letter
    with pytest.raises(InvalidInput, match=f"Word {place + 1}, '{meant}{letter}'") as caught:
        key_from_phrase(" ".join(words))
    assert meant in caught.value.hint


@given(KEY, st.text(min_size=PASSPHRASE_LETTERS_MIN, max_size=40).filter(lambda text: text.isprintable()))
def test_every_passphrase_opens_what_it_closed(key, passphrase):
    assert unseal_key(seal_key(key, passphrase, QUICK), passphrase) == key


@given(KEY, FILES, st.integers(1, 500))
def test_every_archive_comes_back_in_order_whatever_the_size_of_its_chunks(key, files, chunk_bytes):
    before, sealed.CHUNK_BYTES = sealed.CHUNK_BYTES, chunk_bytes
    try:
        file = io.BytesIO()
        archive = ArchiveWriter(SealedWriter(file, key, "backup"))
        for name, content in files.items():
            archive.add(name, io.BytesIO(content), len(content))
        archive.finish()
    finally:
        sealed.CHUNK_BYTES = before
    file.seek(0)
    read = {entry.name: b"".join(entry.content) for entry in read_entries(SealedReader(file, key, "backup"))}
    assert list(read.items()) == list(files.items())


@given(KEY, st.lists(st.binary(max_size=200), max_size=20))
def test_how_content_was_cut_when_written_does_not_show_when_read(key, pieces):
    file = io.BytesIO()
    writer = SealedWriter(file, key, "blob")
    for piece in pieces:
        writer.write(piece)
    writer.finish()
    file.seek(0)
    reader = SealedReader(file, key, "blob")
    assert reader.read_exactly(sum(map(len, pieces))) == b"".join(pieces)
    assert reader.read(1) == b""


@given(st.text(max_size=60))
def test_an_allowed_name_stays_inside_its_folder(name):
    if is_safe_name(name):
        from pathlib import PurePosixPath, PureWindowsPath

        for kind in (PurePosixPath, PureWindowsPath):
            path = kind(name)
            assert not path.is_absolute()
            assert not path.drive
            assert ".." not in path.parts
