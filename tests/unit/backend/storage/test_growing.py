"""A file that grows keeps whole pieces through any break, and gives nothing that was damaged, moved or brought from elsewhere."""

import hashlib

import pytest

from backend.storage.growing import GrowingFile, WholeFile

KEY = bytes(range(32))
PIECES = (b"one" * 50_000, b"two", b"three" * 9_999)


def grown(tmp_path, *pieces, name="book"):
    part = GrowingFile(tmp_path / "parts" / "a", KEY, name)
    part.open()
    for piece in pieces:
        part.add(piece)
    return part


def test_what_came_is_there_again_when_the_file_is_opened_anew(tmp_path):
    before = grown(tmp_path, *PIECES)
    after = GrowingFile(before.path, KEY, "book")
    assert after.open() == before.n_bytes == sum(map(len, PIECES))
    assert after.sha256 == before.sha256 == hashlib.sha256(b"".join(PIECES)).hexdigest()
    source = WholeFile(after)
    assert b"".join(iter(lambda: source.read(5), b"")) == b"".join(PIECES)


@pytest.mark.parametrize("n_lost", [1, 17, 10_000])
def test_half_a_piece_that_a_crash_left_is_cut_off_and_its_place_written_again(tmp_path, n_lost):
    before = grown(tmp_path, *PIECES)
    content = before.path.read_bytes()
    before.path.write_bytes(content[:-n_lost])
    after = GrowingFile(before.path, KEY, "book")
    assert after.open() == len(PIECES[0]) + len(PIECES[1])
    after.add(PIECES[2])
    assert b"".join(after.pieces()) == b"".join(PIECES)


def test_a_changed_byte_ends_what_is_believed(tmp_path):
    before = grown(tmp_path, *PIECES)
    content = bytearray(before.path.read_bytes())
    content[len(PIECES[0]) + 40] ^= 1
    before.path.write_bytes(content)
    assert GrowingFile(before.path, KEY, "book").open() == len(PIECES[0])


def test_pieces_in_another_order_or_of_another_file_are_not_read(tmp_path):
    part = grown(tmp_path, b"a" * 100, b"b" * 100)
    content = part.path.read_bytes()
    half = len(content) // 2
    part.path.write_bytes(content[half:] + content[:half])
    assert GrowingFile(part.path, KEY, "book").open() == 0
    part.path.write_bytes(content)
    assert GrowingFile(part.path, KEY, "another").open() == 0
    part.path.write_bytes(content)
    assert GrowingFile(part.path, bytes(32), "book").open() == 0


def test_nothing_of_the_content_stands_in_the_file(tmp_path):
    part = grown(tmp_path, b"account 4711: buy at the open")
    assert b"4711" not in part.path.read_bytes()
    part.drop()
    assert (part.n_bytes, part.path.exists(), list(part.pieces())) == (0, False, [])
