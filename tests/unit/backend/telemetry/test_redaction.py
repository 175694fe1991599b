"""What never reaches a log or a crash report."""

from pathlib import Path

import pytest

from backend.telemetry.redaction import HIDDEN, hide, is_secret_name, redact, redact_paths

PHRASE = " ".join(["legal winner thank year wave sausage worth useful"] * 3)
KEY_HEX = "0f" * 32


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password=hunter22 was wrong", "hunter22"),
        ("{'passphrase': 'correct-horse'}", "correct-horse"),
        ('{"api_key": "sk-123456"}', "sk-123456"),
        ("TRII_PASSPHRASE=swordfish7", "swordfish7"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("https://anna:s3cret@host.example/x", "s3cret"),
        (f"key {KEY_HEX} loaded", KEY_HEX),
        ("opened with q1w2e3r4t5y6u7i8o9p0q1w2e3r4t5y6u7i8o9p0abc=", "q1w2e3r4"),
        ("APCA-API-KEY-ID: PKABCD1234", "PKABCD1234"),
        (f"the words are: {PHRASE}.", "sausage"),
    ],
)
def test_secrets_are_hidden(text, secret):
    assert secret not in redact(text)
    assert HIDDEN in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "Imported AAPL_1d.csv: 11,000 rows accepted, 3 refused.",
        "KeyError: 'close'",
        "Task engine/import failed at 2024-01-08T14:30:00Z after 0.25 s.",
        "The key of the ledger is kept in the keyring.",
        "segment 8f3a9c.parquet has 512 rows and a token budget",
    ],
)
def test_ordinary_lines_are_left_as_they_are(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    ("name", "is_secret"), [("password", True), ("api_key", True), ("tokens", True), ("n_rows", False), ("keyboard", False)]
)
def test_fields_are_secret_by_name(name, is_secret):
    assert is_secret_name(name) is is_secret


def test_folders_of_the_user_are_not_told():
    home = Path.home() / "trii"
    assert redact_paths(f"{home}/logs and {Path.home()}/x.csv", home) == "<home>/logs and ~/x.csv"


def test_what_was_told_to_be_hidden_is_hidden_wherever_it_stands_and_in_an_address():
    hide("zq/7 x+marker")
    text = redact("GET /quote?who=zq%2F7+x%2Bmarker&n=1 and zq/7 x+marker, zq%2F7%20x%2Bmarker")
    assert text == f"GET /quote?who={HIDDEN}&n=1 and {HIDDEN}, {HIDDEN}"


def test_a_value_as_short_as_a_word_does_not_hide_words():
    hide("trade")
    assert redact("a trade of AAPL") == "a trade of AAPL"
