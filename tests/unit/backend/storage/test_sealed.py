"""Encrypted files: what is not exactly what was written does not open."""

import io
import random

import pytest

from backend.errors import CorruptData, InvalidInput
from backend.storage import sealed
from backend.storage.sealed import TAG_BYTES, SealedReader, SealedWriter, read_header

KEY = bytes(range(32))
CHUNK = 64


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(sealed, "CHUNK_BYTES", CHUNK)


def seal(content, facts=None):
    file = io.BytesIO()
    writer = SealedWriter(file, KEY, "backup", facts)
    writer.write(content)
    writer.finish()
    return file.getvalue()


def unseal(content, key=KEY, purpose="backup"):
    reader = SealedReader(io.BytesIO(content), key, purpose)
    pieces = []
    while piece := reader.read(50):
        pieces.append(piece)
    return b"".join(pieces)


def chunks_of(content):
    """Cut a sealed file into its opening and its chunks."""
    n_header = 12 + int.from_bytes(content[8:12], "big")
    body = content[n_header:]
    return content[:n_header], [body[at : at + CHUNK + TAG_BYTES] for at in range(0, len(body), CHUNK + TAG_BYTES)]


@pytest.mark.parametrize("n_bytes", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 1000])
def test_any_length_comes_back(n_bytes):
    content = random.Random(n_bytes).randbytes(n_bytes)
    assert unseal(seal(content)) == content


def test_facts_are_readable_without_the_key_and_signed_with_it():
    content = seal(b"x" * 200, {"created_ns": 17})
    assert read_header(io.BytesIO(content)).facts == {"created_ns": 17}
    with pytest.raises(CorruptData, match="chunk 0"):
        unseal(content.replace(b'"created_ns":17', b'"created_ns":18'))


def test_the_content_does_not_show():
    content = seal(b"PRIVATE-MARKER" * 20)
    assert b"PRIVATE" not in content


def test_the_same_content_is_never_sealed_alike():
    assert chunks_of(seal(b"x"))[1] != chunks_of(seal(b"x"))[1]


def test_every_flipped_bit_is_refused():
    content = seal(b"y" * 150)
    draw = random.Random(1)
    for offset in range(len(content)):
        damaged = bytearray(content)
        damaged[offset] ^= 1 << draw.randrange(8)
        with pytest.raises((CorruptData, InvalidInput)):
            unseal(bytes(damaged))


def test_every_truncation_is_refused():
    content = seal(b"z" * 150)
    for length in range(len(content)):
        with pytest.raises((CorruptData, InvalidInput)):
            unseal(content[:length])


def test_chunks_cannot_be_swapped_dropped_doubled_or_added():
    opening, (a, b, c, last) = chunks_of(seal(bytes(range(200))))
    wrong_orders = [
        [b, a, c, last],
        [a, c, last],
        [b, c, last],
        [a, b, c],
        [a, b, b, c, last],
        [a, b, c, last, last],
        [a, b, last, c],
        [last],
    ]
    for order in wrong_orders:
        with pytest.raises(CorruptData):
            unseal(opening + b"".join(order))


def test_chunks_of_another_file_do_not_fit():
    opening, (a, *_) = chunks_of(seal(bytes(200)))
    _, (_, *rest) = chunks_of(seal(bytes(200)))
    with pytest.raises(CorruptData, match="chunk 1"):
        unseal(opening + a + b"".join(rest))


def test_another_key_or_purpose_does_not_open():
    content = seal(b"x")
    with pytest.raises(CorruptData):
        unseal(content, key=bytes(32))
    with pytest.raises(InvalidInput, match="holds a backup, not a blob"):
        unseal(content, purpose="blob")


@pytest.mark.parametrize(
    "content", [b"", b"TRIISEAL", b"PK\x03\x04" + bytes(60), b"TRIISEAL\xff\xff\xff\xff{}", b"TRIISEAL\0\0\0\x02[]"]
)
def test_what_is_no_sealed_file_is_said(content):
    with pytest.raises((InvalidInput, CorruptData)):
        unseal(content)


def test_a_header_cannot_ask_for_endless_chunks():
    content = seal(b"x")
    greedy = content[12:].replace(b'"chunk_bytes":64', b'"chunk_bytes":99999999999999')
    n_header = int.from_bytes(content[8:12], "big") + 12
    with pytest.raises(CorruptData, match="chunks of 99999999999999 bytes"):
        unseal(content[:8] + n_header.to_bytes(4, "big") + greedy)


def test_a_newer_version_asks_for_a_newer_program():
    with pytest.raises(InvalidInput, match="version 2"):
        unseal(seal(b"x").replace(b'"version":1', b'"version":2'))
