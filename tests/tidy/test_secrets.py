"""No secret and no personal path is in a file of the project."""

import re

import pytest

from tests.tidy.source_tree import text_files

TEXT = (".py", ".md", ".toml", ".lock", ".txt", ".json", ".qss", ".desktop", ".sh", ".yml", ".yaml", ".cfg", ".ini", ".svg", "")

SECRETS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "AWS key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{50,}\b"),
    "Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "Stripe key": re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}\b"),
    "model provider key": re.compile(r"\bsk-[A-Za-z0-9_-]{32,}\b"),
    "Google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "password in an address": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}<>\"']+:[^\s/@{}<>\"']{3,}@"),
}
PERSONAL = re.compile(r"(?<![\w.:/<*~-])/(?:root|home|Users)/[A-Za-z][\w.-]*")

# Made at run time, so that this file does not hold what it looks for.
SAMPLES = {
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "AWS key": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub token": "ghp_" + "a1" * 18,
    "Slack token": "xoxb-" + "1234567890-abc",
    "Stripe key": "sk_live_" + "a1" * 12,
    "model provider key": "sk-" + "a1" * 20,
    "Google key": "AIza" + "a" * 35,
    "JSON web token": "eyJ" + "a" * 12 + ".eyJ" + "b" * 12 + "." + "c" * 12,
    "password in an address": "postgres://trader" + ":hunter2@db",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_no_file_holds_a_secret(kind):
    found = [
        f"{name}:{number}"
        for name, text in text_files(*TEXT)
        for number, line in enumerate(text.splitlines(), 1)
        if SECRETS[kind].search(line) and not name.startswith("tests/unit/backend/telemetry/")  # redaction is tried on look-alikes
    ]

    assert not found


@pytest.mark.parametrize("kind", SECRETS)
def test_the_scan_finds_a_planted_secret(kind):
    assert SECRETS[kind].search(f'token = "{SAMPLES[kind]}"')
    assert not SECRETS[kind].search('token = os.environ["TOKEN"]  # see https://example.com/docs:8080')


def test_no_file_names_a_personal_folder():
    found = [
        f"{name}:{number} {line.strip()[:80]}"
        for name, text in text_files(".py", ".md", ".toml", ".json", ".sh", ".desktop")
        for number, line in enumerate(text.splitlines(), 1)
        if PERSONAL.search(line) and not name.startswith("tests/")
    ]

    assert not found
    assert PERSONAL.search("path = '/home/" + "ada/data'")
    assert not PERSONAL.search("https://example.com/home/index.html")
