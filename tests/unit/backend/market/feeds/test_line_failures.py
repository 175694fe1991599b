"""Foreign failures become short, harmless sentences that say whose fault it is."""

import errno
import socket
import ssl

import pytest

from backend.market.feeds.line_failures import (
    TEXT_LETTERS_MAX,
    failure_of_opening,
    failure_of_status,
    host_of,
    plain_text,
    retry_after_s,
)

USER = "user:hunter2"


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (socket.gaierror(-2, "Name or service not known"), "may have no network"),
        (OSError(errno.ENETUNREACH, "unreachable"), "may have no network"),
        (ConnectionRefusedError(), "does not accept connections"),
        (TimeoutError(), "did not answer in time"),
        (ssl.SSLCertVerificationError("self-signed"), "cannot prove"),
        (OSError("Multiple exceptions: [Errno 111]"), "cannot be reached"),
        (ImportError("python-socks"), "SOCKS proxy"),
    ],
)
def test_network_and_venue_are_told_apart(error, word):
    assert word in failure_of_opening(error, "stream.example").words


def test_statuses_say_whether_to_wait_or_to_ask_a_person():
    assert failure_of_status("x", 401, {}).is_refused
    assert not failure_of_status("x", 503, {}).is_refused
    assert failure_of_status("x", 418, {"Retry-After": "120"}).retry_after_s == 120
    assert "599 unknown" in failure_of_status("x", 599, {}).words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30.0), (" 5 ", 5.0), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-3", None), ("9" * 9, 86_400.0)],
)
def test_only_a_sane_number_of_seconds_is_waited_for(text, seconds):
    assert retry_after_s({"Retry-After": text}) == seconds


def test_foreign_text_is_one_short_line_without_control_characters():
    assert plain_text(b"a\x1b[31m\nb\xff") == "a [31m b\ufffd"
    assert len(plain_text("word " * 1000)) == TEXT_LETTERS_MAX


def test_of_an_address_only_the_host_is_shown():
    assert host_of(f"wss://{USER}@venue.example:9443/stream?key=secret") == "venue.example"
    assert host_of("wss://[broken") == "the venue"
