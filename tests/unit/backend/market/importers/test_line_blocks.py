"""Text of any encoding and line end is cut into blocks of whole lines that together are the file."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidInput
from backend.market.importers.limits import LINE_BYTES_MAX
from backend.market.importers.line_blocks import check_encoding, guess_encoding, read_blocks


class Source(io.BytesIO):
    @property
    def done_bytes(self):
        return self.tell()


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=30)), st.integers(5, 200))
def test_blocks_are_the_file_and_lines_are_counted(lines, block_bytes):
    content = "\n".join(lines).encode()
    blocks = list(read_blocks(Source(content), "utf-8", "\n", block_bytes=block_bytes))
    joined = b"".join(block.content for block in blocks)
    assert joined == content.removeprefix(b"\xef\xbb\xbf")
    line = 1
    for block in blocks:
        assert block.first_line == line
        assert block.n_lines == len(block.content.removesuffix(b"\n").split(b"\n"))
        line += block.n_lines
    assert all(block.content.endswith(b"\n") for block in blocks[:-1])


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "gb18030", "shift_jis"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_gives_the_same_text(encoding, newline):
    lines = ["Date,Close", "2020-01-02,1.5", "2020-01-03,|2\\5"]
    content = (newline.join(lines) + newline).encode(encoding)
    blocks = list(read_blocks(Source(content), encoding, "\r" if newline == "\r" else "\n", block_bytes=11))
    text = b"".join(block.content for block in blocks).decode().replace("\r\n", "\n")
    assert text == "\n".join(lines) + "\n"


def test_a_line_longer_than_a_block_is_cut_and_the_lines_after_it_keep_their_numbers():
    long = b"x" * (10 * LINE_BYTES_MAX)
    content = b"one\n" + long + b"\nthree\nfour\n"
    blocks = list(read_blocks(Source(content), "utf-8", "\n", block_bytes=LINE_BYTES_MAX))
    lines = {block.first_line + i: line for block in blocks for i, line in enumerate(block.content.splitlines())}
    assert (lines[1], lines[3], lines[4]) == (b"one", b"three", b"four")
    assert len(lines[2]) == LINE_BYTES_MAX + 1


@pytest.mark.parametrize(
    ("text", "encoding", "is_sure"),
    [
        ("Date,Close\n", "ascii", True),
        ("Datum;Eröffnung\n", "utf-8", True),
        ("Datum;Eröffnung\n", "utf-16", True),
        ("Datum;Eröffnung\n", "utf-16-le", True),
        ("Datum;Eröffnung\n", "utf-16-be", True),
        ("Datum;Eröffnung;Höchst;Schluss\n", "cp1252", False),
        ("Fecha;Máximo;Mínimo;Último\n", "cp1252", False),
        ("日期,开盘,最高,最低,收盘\n", "gb18030", False),
        ("日付,始値,高値,安値,終値\n", "shift_jis", False),
        ("Дата;Открытие;Закрытие\n", "cp1251", False),
    ],
)
def test_text_is_read_as_it_was_written(text, encoding, is_sure):
    guess = guess_encoding(text.encode(encoding))
    assert text.encode(encoding).decode(guess.name) == text
    assert guess.is_sure == is_sure


def test_a_character_cut_off_at_the_end_of_a_sample_is_no_fault():
    assert guess_encoding("Datum;Schlüssel".encode()[: len("Datum;Schl") + 1]).name == "utf-8"


def test_what_is_no_text_is_refused():
    with pytest.raises(InvalidInput, match="not a text file"):
        guess_encoding(bytes(range(256)) * 10 + bytes(1000))


@pytest.mark.parametrize("name", ["klingon", "hex", "zlib", "rot13"])
def test_an_encoding_that_is_none_is_refused(name):
    with pytest.raises(InvalidInput):
        check_encoding(name)
    assert check_encoding("UTF8") == "utf-8"
