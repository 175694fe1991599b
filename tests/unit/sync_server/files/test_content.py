"""A file is what its bytes are: what is taken is recognised, what would do harm is refused in words."""

import io
import random
import stat
import zipfile

import pytest

from sync_server.files import content as contents
from sync_server.files.content import MAX_DIRECTORY, PART, Content
from tests.fakes import sample_files as sample


def check_content(content: bytes, claimed: str) -> Content:
    return contents.check_content(io.BytesIO(content), claimed)


class Sparse(io.RawIOBase):
    """A file of any size that is the same byte but at its beginning and end, and notes how much is asked for at once."""

    def __init__(self, size: int, head: bytes = b"", fill: bytes = b"\0", tail: bytes = b"") -> None:
        super().__init__()
        self.size, self.most = size, 0
        self._head, self._fill, self._tail, self._place = head, fill, tail, 0

    def seek(self, place: int, whence: int = 0) -> int:
        self._place = max(0, (0, self._place, self.size)[whence] + place)
        return self._place

    def tell(self) -> int:
        return self._place

    def read(self, n: int = -1) -> bytes:
        n = min(n if n >= 0 else self.size, max(0, self.size - self._place))
        self.most = max(self.most, n)
        start, found = self._place, bytearray(self._fill * n)
        for at, part in ((0, self._head), (self.size - len(self._tail), self._tail)):
            for i in range(max(at, start), min(at + len(part), start + n)):
                found[i - start] = part[i - at]
        self._place += n
        return bytes(found)


OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (sample.png(3, 2), Content("image/png", 3, 2)),
        (sample.jpeg(640, 480), Content("image/jpeg", 640, 480)),
        (sample.gif(10, 20), Content("image/gif", 10, 20)),
        (sample.webp(30, 40), Content("image/webp", 30, 40)),
        (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + (9 | 19 << 14).to_bytes(4, "little") + bytes(9), Content("image/webp", 10, 20)),
        (b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x0a\x00\x14\x00", Content("image/webp", 10, 20)),
        (sample.pdf(), Content("application/pdf")),
        (b"PAR1" + bytes(20) + b"PAR1", Content("application/vnd.apache.parquet")),
        (sample.packed(b"a,b\n1,2\n" * 900), Content("application/gzip")),
        (sample.archive("notes.txt", "more/notes.txt"), Content("application/zip")),
        (sample.archive(), Content("application/zip")),
        (sample.archive("[Content_Types].xml", "xl/workbook.xml"), Content(OFFICE + "spreadsheetml.sheet")),
        (sample.archive("[Content_Types].xml", "word/document.xml"), Content(OFFICE + "wordprocessingml.document")),
        ("Zeile – mit Umlaut ä\n".encode(), Content("text/plain")),  # noqa: RUF001  # as people type it
        (b"<svg onload=alert(1)>", Content("text/plain")),
        (b"#!/bin/sh\nrm -rf /\n", Content("text/plain")),
    ],
    ids=lambda value: value.mime if isinstance(value, Content) else None,
)
def test_what_is_taken_is_recognised_by_its_bytes(content: bytes, found: Content) -> None:
    assert check_content(content, "") == found
    assert check_content(content, "application/octet-stream") == found
    assert check_content(content, found.mime + "; charset=utf-8") == found


@pytest.mark.parametrize(
    ("content", "claimed", "mime"),
    [
        (b"a,b\n1,2\n", "text/csv", "text/csv"),
        (b"{}", "application/json", "application/json"),
        (b"<p>hello", "text/html", "text/plain"),
        (sample.jpeg(), "image/jpg", "image/jpeg"),
        (sample.archive("[Content_Types].xml", "ppt/x.xml"), "application/zip", OFFICE + "presentationml.presentation"),
    ],
)
def test_a_claim_may_say_more_than_the_bytes_but_nothing_that_runs(content: bytes, claimed: str, mime: str) -> None:
    assert check_content(content, claimed).mime == mime


@pytest.mark.parametrize(
    ("content", "claimed"),
    [
        (b"<svg/>", "image/svg+xml"),
        (b"alert(1)", "application/javascript"),
        (sample.png(), "image/jpeg"),
        (sample.archive("a"), "image/png"),
        (sample.pdf(), "text/plain"),
    ],
)
def test_a_claim_that_the_bytes_belie_is_refused(content: bytes, claimed: str) -> None:
    with pytest.raises(ValueError, match=f"says it is {claimed.replace('+', '.')}"):
        check_content(content, claimed)


@pytest.mark.parametrize(
    "content", [b"MZ\x90\0" + bytes(60), b"\x7fELF\x02\x01\x01" + bytes(20), b"\xca\xfe\xba\xbe", b"\0", b"\xff\xfe", b"a\0b"]
)
def test_programs_and_unknown_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="none of them"):
        check_content(content, "")


@pytest.mark.parametrize(
    "content",
    [
        sample.png()[:30],
        sample.png() + b"more",
        b"\x89PNG\r\n\x1a\n",
        sample.png(0, 5),
        sample.jpeg()[:12],
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00\x00" * 50,
        sample.gif()[:9],
        b"GIF8" + bytes(30),
        b"RIFF\0\0\0\0WAVEfmt " + bytes(30),
        b"%PDF-1.4",
        b"PAR1",
        sample.packed(b"content" * 99)[:-9],
        sample.packed(b"content") + b"put behind",
        sample.archive("a")[:-10],
        b"PK\x03\x04" + bytes(60),
    ],
)
def test_what_is_cut_off_or_has_something_behind_it_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"not whole|no size"):
        check_content(content, "")


def test_pictures_and_archives_that_grow_too_large_when_opened_are_refused() -> None:
    with pytest.raises(ValueError, match="100000 by 100000 pixels"):
        check_content(sample.png(100_000, 100_000), "")
    with pytest.raises(ValueError, match="far more than it should"):
        check_content(sample.packed(bytes(30_000_000)), "")
    with pytest.raises(ValueError, match="far more than it should"):
        check_content(sample.archive("a", "b", content=bytes(20_000_000)), "")
    with pytest.raises(ValueError, match="10,001 entries"):
        check_content(sample.archive(*map(str, range(10_001)), content=b""), "")


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "a/../../b", "C:\\a", "..\\a", "\\\\host\\share\\a", "a:stream"])
def test_entries_that_would_leave_their_folder_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="outside its folder"):
        check_content(sample.archive("good", name), "")


def test_links_macros_and_names_told_twice_are_refused() -> None:
    file = io.BytesIO()
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(link, "/etc/passwd")
    with pytest.raises(ValueError, match="links"):
        check_content(file.getvalue(), "")
    with pytest.raises(ValueError, match="macros"):
        check_content(sample.archive("[Content_Types].xml", "xl/vbaProject.bin"), "")
    with pytest.raises(ValueError, match="one name twice"):
        check_content(sample.archive("a.txt", "A.TXT"), "")


def test_entries_that_share_their_bytes_are_refused() -> None:
    whole = bytearray(sample.archive("a.txt", "b.txt", content=b"content" * 50))
    second = whole.rfind(b"PK\x01\x02")
    whole[second + 42 : second + 46] = (5).to_bytes(4, "little")  # where its local head is said to be
    with pytest.raises(ValueError, match="overlap"):
        check_content(bytes(whole), "")


@pytest.mark.parametrize(
    ("file", "mime"),
    [
        (Sparse(8 << 40, sample.png(3, 2)[:40], tail=sample.png(3, 2)[-12:]), "image/png"),
        (Sparse(8 << 40, sample.jpeg(3, 2)), "image/jpeg"),
        (Sparse(8 << 40, b"%PDF-1.7", tail=b"%%EOF"), "application/pdf"),
        (Sparse(8 << 40, b"PAR1", tail=b"PAR1"), "application/vnd.apache.parquet"),
        (Sparse(4 << 20, fill=b"a"), "text/plain"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_of_any_size_is_looked_at_in_small_parts(file: Sparse, mime: str) -> None:
    assert contents.check_content(file, "").mime == mime
    assert file.most <= PART


def test_an_archive_whose_list_of_entries_would_fill_memory_is_refused_without_reading_it() -> None:
    end = b"PK\5\6" + bytes(8) + (MAX_DIRECTORY + 1).to_bytes(4, "little") + (4).to_bytes(4, "little") + bytes(2)
    file = Sparse(4 + MAX_DIRECTORY + 1 + len(end), b"PK\3\4", tail=end)

    with pytest.raises(ValueError, match="not whole"):
        contents.check_content(file, "")
    assert file.most <= 2 * PART


@pytest.mark.parametrize("content", ["ä" * PART, "a" + "ä" * PART, "x" + "€" * PART])
def test_a_letter_that_lies_across_two_parts_is_a_letter(content: str) -> None:
    assert check_content(content.encode(), "").mime == "text/plain"
    with pytest.raises(ValueError, match="none of them"):
        check_content(content.encode()[:-1], "")


def test_an_archive_of_many_parts_is_whole_or_not_by_its_last_byte() -> None:
    packed = sample.packed(bytes(range(256)) * 4 + random.Random(1).randbytes(3 * PART))
    assert check_content(packed, "").mime == "application/gzip"
    for wrong in (packed[:-1], packed + b"x", packed + bytes(2 * PART)):
        with pytest.raises(ValueError, match="not whole"):
            check_content(wrong, "")


def test_the_size_of_a_picture_is_found_behind_more_than_one_part() -> None:
    picture = sample.jpeg(640, 480)
    behind = b"\xff\xe1" + (60_002).to_bytes(2) + bytes(60_000)

    assert check_content(picture[:2] + behind * 5 + picture[2:], "") == Content("image/jpeg", 640, 480)
    assert check_content(picture[:2] + b"\xff" * (PART + 3) + picture[2:], "") == Content("image/jpeg", 640, 480)
