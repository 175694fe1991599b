"""Invite links: read whole, refused with what is wrong."""

import random
import string

import pytest

from sync_server.protocol import chain
from sync_server.protocol.invites import Invite, format_invite, parse_address, parse_invite

PIN = chain.to_text(bytes(range(32)))


@pytest.mark.parametrize(
    "invite",
    [
        Invite("https://host:8443", PIN, "a-Code_1"),
        Invite("https://sync.example.com", "", "x"),
        Invite("http://127.0.0.1:5000", PIN, "x" * 128),
        Invite("https://[::1]:8443", PIN, "x"),
        Invite("http://localhost:5000", "", "x"),
        Invite("https://trading_desk.lan", PIN, "x"),
    ],
)
def test_a_link_comes_back_as_it_was_made(invite):
    assert parse_invite(format_invite(invite)) == invite
    assert parse_invite(f"  {format_invite(invite)}\n") == invite


def test_the_link_is_the_one_that_servers_print():
    link = format_invite(Invite("https://host:8443", PIN, "abc"))
    assert link == f"trii://join?server=https%3A%2F%2Fhost%3A8443&pin={PIN}&code=abc"


def test_what_a_later_version_adds_is_skipped():
    assert parse_invite("trii://join?server=https%3A%2F%2Fh&code=c&room=7") == Invite("https://h", "", "c")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://host/join", "begins with trii://join"),
        ("trii://leave?server=https%3A%2F%2Fh&code=c", "begins with trii://join"),
        ("trii://join/../x?server=https%3A%2F%2Fh&code=c", "begins with trii://join"),
        ("trii://join?code=c", "does not name its server"),
        ("trii://join?server=https%3A%2F%2Fh", "no code"),
        ("trii://join?server=https%3A%2F%2Fh&code=a%20b", "no code"),
        ("trii://join?server=https%3A%2F%2Fh&code=c&code=d", "twice"),
        ("trii://join?server=https%3A%2F%2Fh&code=c&pin=short", "not a key of 32 bytes"),
        (f"trii://join?server=https%3A%2F%2Fh&code=c&pin={PIN[:-1]}B", "not a key of 32 bytes"),
        ("trii://join?server=https%3A%2F%2Fh&code=c d", "space or a line break"),
        ("trii://join?server=https%3A%2F%2Fh%0A&code=c", "space or a line break"),
        ("trii://join?server", "cannot be read"),
        ("trii://join?server=%ff&code=c", "cannot be read"),
        ("trii://join?" + "a=1&" * 20, "cannot be read"),
        ("trii://join?server=http%3A%2F%2Fh.example&code=c", "https"),
        ("trii://join?server=https%3A%2F%2Fu%3Ap%40h&code=c", "nothing of a person"),
        ("trii://join?server=https%3A%2F%2Fh%2Fpath&code=c", "nothing follows"),
        ("trii://join?server=https%3A%2F%2Fh%3A0&code=c", "port 0"),
        ("trii://join?server=https%3A%2F%2Fh%3A99999&code=c", "not the address"),
        ("trii://join?server=javascript%3Aalert(1)&code=c", "not the address"),
        ("x" * 3_000, "at most 2048"),
    ],
)
def test_a_link_that_is_none_says_what_is_wrong(text, why):
    with pytest.raises(ValueError, match=why):
        parse_invite(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("HTTPS://Host:443/", "https://host"),
        ("http://[0:0:0:0:0:0:0:1]:80", "http://[::1]"),
        ("https://192.168.1.20:8443", "https://192.168.1.20:8443"),
    ],
)
def test_an_address_has_one_form(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "https://[fe80::1%25eth0]",
        "https://1.2.3",
        "https://0x7f.1",
        "https://a..b",
        "https://-a",
        "https://ünï.example",
        "https://a%41",
        "https://h?",
        "https://h#",
        "//h",
        "h:8443",
        "http://192.168.1.20",
        "https://",
        "https://" + "a" * 300,
        "ftp://localhost",
    ],
)
def test_what_is_no_plain_address_is_refused(text):
    with pytest.raises(ValueError):
        parse_address(text)


def test_five_thousand_malformed_links_are_refused_or_come_back(request):
    chance = random.Random(request.config.option.hypothesis_seed)
    good = format_invite(Invite("https://host:8443", PIN, "abc"))
    n_refused = 0
    for _ in range(5_000):
        text = list(good)
        for _ in range(chance.randrange(1, 6)):
            text[chance.randrange(len(text))] = chance.choice(string.printable + "é\u202e\ud800%")
        try:
            invite = parse_invite("".join(text))
        except ValueError:
            n_refused += 1
        else:
            assert parse_invite(format_invite(invite)) == invite
    assert n_refused > 500
