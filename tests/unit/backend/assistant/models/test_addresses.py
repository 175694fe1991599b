"""Addresses of models: https or this computer, no secrets in them, and redirects that keep to that."""

import pytest

from backend.assistant.models.addresses import check_address, check_redirect, check_sha256, file_name, shown
from backend.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("https://models.example/a/b.gguf", "https://models.example/a/b.gguf"),
        ("  https://models.example/a.gguf?token=1#part \n", "https://models.example/a.gguf?token=1"),
        ("http://127.0.0.1:8000/a.gguf", "http://127.0.0.1:8000/a.gguf"),
        ("http://localhost/a.gguf", "http://localhost/a.gguf"),
        ("https://huggingface.co/o/m/blob/main/x.gguf", "https://huggingface.co/o/m/resolve/main/x.gguf"),
        ("https://huggingface.co/o/m/resolve/main/x.gguf?download=true", "https://huggingface.co/o/m/resolve/main/x.gguf?download=true"),
    ],
)  # fmt: skip
def test_an_address_is_taken_and_a_page_of_a_model_becomes_that_of_its_file(given, asked):
    assert check_address(given) == asked


@pytest.mark.parametrize(
    "given",
    [
        "",
        "not an address",
        "http://models.example/a.gguf",
        "ftp://models.example/a.gguf",
        "file:///etc/passwd",
        "https://",
        "https:///a.gguf",
        "https://me:" + "secret@models.example/a.gguf",
        "https://models.example:port/a.gguf",
        "https://[::1/a.gguf",
        "https://models.example/\x1b[2Ja.gguf",
        "https://models.example/" + "a" * 3_000,
        "http://127.0.0.1.models.example/a.gguf",
    ],
)
def test_what_is_no_safe_address_is_refused(given):
    with pytest.raises(InvalidInput) as refused:
        check_address(given)
    assert refused.value.code == "model.address"
    assert "secret" not in str(refused.value)


def test_redirects_lead_to_encrypted_places_alone():
    assert check_redirect("https://a.example/m.gguf", "/other.gguf") == "https://a.example/other.gguf"
    assert check_redirect("https://a.example/m.gguf", "https://b.example/x?sig=1") == "https://b.example/x?sig=1"
    assert check_redirect("http://127.0.0.1:1/m", "http://127.0.0.1:2/n") == "http://127.0.0.1:2/n"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://a.example/m.gguf", "http://a.example/m.gguf"),
        ("https://a.example/m.gguf", "http://127.0.0.1:9200/"),
        ("https://a.example/m.gguf", "https://localhost/"),
        ("https://a.example/m.gguf", "file:///etc/passwd"),
        ("https://a.example/m.gguf", "https://[bad"),
        ("https://a.example/m.gguf", "https://b.example:99999/"),
    ],
)
def test_redirects_to_anywhere_else_are_not_followed(url, location):
    with pytest.raises(InvalidInput):
        check_redirect(url, location)


def test_a_hash_is_taken_as_publishers_write_it():
    assert check_sha256("") == ""
    assert check_sha256(f" sha256:{'AB' * 32} ") == "ab" * 32
    for text in ("ab" * 31, "xy" * 32, "md5:" + "ab" * 32):
        with pytest.raises(InvalidInput, match="no SHA-256"):
            check_sha256(text)


def test_what_is_shown_of_an_address_holds_no_key():
    url = "https://models.example/dir/My%20Model.gguf?X-Signature=secret"
    assert shown(url) == "models.example/dir/My Model.gguf"
    assert file_name(url) == "My Model.gguf"
    assert file_name("https://models.example/") == "models.example"
