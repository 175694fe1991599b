"""A backup is read only where it holds exactly what its manifest says."""

import io
import zlib

import msgspec
import pytest

from sync_server.storage.archive import (
    FORMAT,
    PURPOSE,
    ArchiveWriter,
    Begin,
    End,
    Piece,
    Rows,
    Sum,
    open_archive,
    read_frames,
    unpack,
)
from sync_server.storage.migrations import Applied
from sync_server.storage.portable import Shape
from sync_server.storage.sealed import Damaged, SealedWriter
from sync_server.storage.unlocking import RecoveryKey, make_lock

SECRET = RecoveryKey(bytes(range(32)))
BEGIN = Begin(FORMAT, "id", "sqlite", 5, (Applied("a", "c"),), (Shape("notes", ("id", "words"), ("id",)),))
ROWS = [(1, "one"), (2, None), (3, b"\x00\xff"), (4, True)]


def archive() -> io.BytesIO:
    file = io.BytesIO()
    writer = ArchiveWriter(file, SECRET, {"made_ms": 5})
    writer.begin(BEGIN)
    writer.rows("notes", ROWS[:2])
    writer.rows("notes", ROWS[2:])
    writer.piece("keys.json", b"{}")
    writer.finish()
    return file


def sealed(*frames: bytes) -> io.BytesIO:
    """An authentic file of frames that no server would write."""
    file = io.BytesIO()
    key, lock = make_lock(SECRET)
    writer = SealedWriter(file, key, PURPOSE, lock)
    for frame in frames:
        writer.write(len(frame).to_bytes(4) + frame)
    writer.finish()
    return file


def frames_of(file: io.BytesIO) -> list[bytes]:
    content = b"".join(open_archive(file, SECRET).pieces())
    found = []
    while content:
        length = int.from_bytes(content[:4])
        found.append(content[4 : 4 + length])
        content = content[4 + length :]
    return found


def read(file: io.BytesIO) -> list[Begin | Rows | Piece]:
    return list(read_frames(open_archive(file, SECRET)))


def test_what_was_written_is_read_in_order() -> None:
    begin, *rows, piece = read(archive())
    assert begin == BEGIN
    assert [row for frame in rows if isinstance(frame, Rows) for row in unpack(frame)] == ROWS
    assert piece == Piece("keys.json", b"{}")


def test_frames_left_out_doubled_moved_or_put_behind_are_refused() -> None:
    begin, one, two, piece, end = frames_of(archive())
    assert len(read(sealed(begin, one, two, piece, end))) == 4
    for wrong in (
        (begin, one, piece, end),
        (begin, one, two, end),
        (begin, one, one, two, piece, end),
        (begin, two, one, piece, end),
        (begin, one, two, piece),
        (one, two, piece, end),
        (begin, one, two, piece, end, piece),
        (begin, begin, one, two, piece, end),
        (begin, one, two, piece, msgspec.msgpack.encode(End({"notes": Sum(4, bytes(32))}, {}))),
        (begin, b"\xc1", end),
        (),
    ):
        with pytest.raises(Damaged):
            read(sealed(*wrong))


def test_frames_that_claim_more_than_there_is_or_unpack_to_too_much_are_refused() -> None:
    begin = frames_of(archive())[0]
    bomb = msgspec.msgpack.encode(Rows("notes", zlib.compress(bytes(70 * 1024 * 1024), 9)))
    with pytest.raises(Damaged, match="larger than any"):
        read(sealed(begin, bomb))
    file = io.BytesIO()
    key, lock = make_lock(SECRET)
    writer = SealedWriter(file, key, PURPOSE, lock)
    writer.write((2**31).to_bytes(4) + b"x")
    writer.finish()
    with pytest.raises(Damaged):
        read(file)
    with pytest.raises(Damaged, match="cannot be read"):
        unpack(Rows("notes", zlib.compress(b"\xc1")))
    with pytest.raises(Damaged, match="cannot be unpacked"):
        unpack(Rows("notes", b"nonsense"))
