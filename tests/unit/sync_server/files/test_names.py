"""Names of files are made fit to be shown and saved, whatever somebody typed or forged."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.files.names import MAX_NAME, SUFFIXES, clean_name, fit_name


@pytest.mark.parametrize(
    ("name", "mime", "fit"),
    [
        ("chart.png", "image/png", "chart.png"),
        ("Chart.PNG", "image/png", "Chart.PNG"),
        ("chart", "image/png", "chart.png"),
        ("invoice.pdf.exe", "text/plain", "invoice.pdf.exe.txt"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\Users\\me\\book.xlsx", "application/zip", "book.xlsx.zip"),
        ("photo\u202egnp.exe", "image/png", "photognp.exe.png"),
        ("a\0b\r\n\x1b.csv", "text/csv", "ab.csv"),
        ("con.txt", "text/plain", "_con.txt"),
        ("..", "image/png", "file.png"),
        ("", "image/gif", "file.gif"),
        (" .hidden. ", "text/plain", "hidden.txt"),
        ('what?*<>|":.md', "text/markdown", "what_______.md"),
        ("u\u0308.txt", "text/plain", "\u00fc.txt"),
        ("x" * 400 + ".png", "image/png", "x" * (MAX_NAME - 4) + ".png"),
        ("thing", "application/unknown", "thing.bin"),
    ],
)
def test_names_become_safe_and_say_what_the_content_is(name: str, mime: str, fit: str) -> None:
    assert fit_name(name, mime) == fit


@given(st.text(max_size=400), st.sampled_from([*SUFFIXES, "application/unknown"]))
def test_any_text_becomes_a_plain_name_of_one_file(name: str, mime: str) -> None:
    fit = fit_name(name, mime)
    assert 0 < len(fit) <= MAX_NAME
    assert not set(fit) & set('/\\<>:"|?*')
    assert not fit.startswith(".")
    assert all(unicodedata.category(sign)[0] != "C" for sign in fit)
    assert fit.lower().endswith(SUFFIXES.get(mime, (".bin",)))
    assert len(clean_name(name)) <= MAX_NAME
    assert fit_name(clean_name(name), mime) == fit
