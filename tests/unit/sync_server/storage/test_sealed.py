"""A sealed file gives back what was written, from any place, and nothing else."""

import io
import os

import pytest

from sync_server.storage.sealed import PIECE, Damaged, SealedReader, SealedWriter

KEY = bytes(range(32))
SIZES = (0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 77)


def sealed(content: bytes, step: int = 10_000, **facts: str | int) -> io.BytesIO:
    file = io.BytesIO()
    writer = SealedWriter(file, KEY, "test", facts)
    for start in range(0, len(content), step):
        writer.write(content[start : start + step])
    writer.finish()
    return file


def read(file: io.BytesIO, key: bytes = KEY, purpose: str = "test") -> bytes:
    return b"".join(SealedReader(file, key, purpose).pieces())


@pytest.mark.parametrize("size", SIZES)
def test_content_of_any_length_comes_back_whole_and_in_ranges(size: int) -> None:
    content = os.urandom(size)
    file = sealed(content)
    reader = SealedReader(file, KEY, "test")
    assert reader.size == size
    assert read(file) == content
    for start, end in ((0, 1), (size // 2, size), (PIECE - 3, PIECE + 3), (size, size + 9), (5, 5), (0, 10**9)):
        assert b"".join(reader.pieces(start, end)) == content[start:end]


@pytest.mark.parametrize("size", SIZES)
def test_no_bit_of_it_can_be_changed(size: int) -> None:
    whole = sealed(os.urandom(size)).getvalue()
    for place in {0, 9, 20, len(whole) // 2, len(whole) - 17, len(whole) - 1} & set(range(len(whole))):
        for bit in (1, 128):
            changed = bytearray(whole)
            changed[place] ^= bit
            with pytest.raises(Damaged):
                read(io.BytesIO(bytes(changed)))


@pytest.mark.parametrize("size", SIZES)
def test_nothing_can_be_cut_off_or_put_behind(size: int) -> None:
    whole = sealed(os.urandom(size)).getvalue()
    step = PIECE + 16
    for shorter in {1, 16, 17, step, len(whole) - 5, len(whole)} & set(range(1, len(whole) + 1)):
        with pytest.raises(Damaged):
            read(io.BytesIO(whole[:-shorter]))
    for more in (b"x", bytes(16), bytes(step)):
        with pytest.raises(Damaged):
            read(io.BytesIO(whole + more))


def test_pieces_cannot_change_places_nor_come_from_another_file() -> None:
    content = os.urandom(3 * PIECE)
    one, other = sealed(content).getvalue(), sealed(content).getvalue()
    start, step = len(one) - 3 * (PIECE + 16), PIECE + 16
    first, second = one[start : start + step], one[start + step : start + 2 * step]
    for wrong in (one[:start] + second + first + one[start + 2 * step :], one[: start + step] + other[start + step :]):
        with pytest.raises(Damaged):
            read(io.BytesIO(wrong))


def test_another_key_purpose_or_file_is_refused() -> None:
    file = sealed(b"content")
    with pytest.raises(Damaged, match="the key is another one"):
        read(file, bytes(32))
    with pytest.raises(Damaged, match="for 'test', not for 'backup'"):
        read(file, purpose="backup")
    with pytest.raises(Damaged, match="not a file that the server sealed"):
        read(io.BytesIO(b"PK\x03\x04"))


def test_what_is_written_shows_nothing_and_is_never_the_same_twice() -> None:
    one, other = sealed(b"account number 4711" * 1_000).getvalue(), sealed(b"account number 4711" * 1_000).getvalue()
    assert b"4711" not in one
    assert one != other
