"""A plain handshake is answered at once and as the standard says; whatever is odd is left to the library."""

import pytest

from sync_server.edge.handshake import accept_plain, subprotocols_of, switching

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPTS = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, section 1.3
PLAIN = (
    (b"host", b"x"),
    (b"connection", b"keep-alive, Upgrade"),
    (b"upgrade", b"WebSocket"),
    (b"sec-websocket-version", b"13"),
    (b"sec-websocket-key", KEY),
    (b"sec-websocket-extensions", b"permessage-deflate"),
)


def without(name: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(pair for pair in PLAIN if pair[0] != name)


def test_the_example_of_the_standard_is_accepted_with_its_key():
    assert accept_plain("GET", "1.1", b"/v1/sync?x=1", PLAIN) == ACCEPTS


@pytest.mark.parametrize(
    "headers",
    [
        without(b"connection"),
        without(b"upgrade"),
        without(b"sec-websocket-version"),
        without(b"sec-websocket-key"),
        (*without(b"connection"), (b"connection", b"keep-alive")),
        (*without(b"connection"), (b"connection", b"Upgrade;q=1")),
        (*without(b"upgrade"), (b"upgrade", b"h2c, websocket")),
        (*without(b"sec-websocket-version"), (b"sec-websocket-version", b"8")),
        (*without(b"sec-websocket-key"), (b"sec-websocket-key", b"c2hvcnQ=")),
        (*without(b"sec-websocket-key"), (b"sec-websocket-key", b"!" * 24)),
        (*without(b"sec-websocket-key"), (b"sec-websocket-key", b"A" * 24)),
        (*PLAIN, (b"sec-websocket-key", KEY)),
        (*PLAIN, (b"sec-websocket-version", b"13")),
        (*PLAIN, (b"origin", b"a"), (b"origin", b"b")),
        (*PLAIN, (b"content-length", b"5")),
        (*PLAIN, (b"transfer-encoding", b"chunked")),
        (*PLAIN, (b"sec-websocket-protocol", b"a b")),
        (*PLAIN, (b"sec-websocket-protocol", b"a\xff")),
        (*PLAIN, (b"x", b"y" * 5_000)),
        (*PLAIN, *[(b"x", b"y")] * 64),
    ],
)
def test_what_is_odd_in_any_part_is_not_accepted_here(headers):
    assert accept_plain("GET", "1.1", b"/", headers) == b""


@pytest.mark.parametrize(("method", "version", "url"), [("POST", "1.1", b"/"), ("GET", "1.0", b"/"), ("GET", "1.1", b"/\xff")])
def test_another_method_version_or_letter_is_not_accepted_here(method, version, url):
    assert accept_plain(method, version, url, PLAIN) == b""


def test_subprotocols_are_read_in_the_order_of_their_headers():
    headers = (*PLAIN, (b"sec-websocket-protocol", b"a , b"), (b"sec-websocket-protocol", b"c"))
    assert accept_plain("GET", "1.1", b"/", headers) == ACCEPTS
    assert subprotocols_of(headers) == ["a", "b", "c"]


def test_the_answer_opens_the_socket_with_what_was_chosen():
    assert switching(ACCEPTS, "a", ((b"date", b"now"),)).split(b"\r\n") == [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + ACCEPTS,
        b"Sec-WebSocket-Protocol: a",
        b"date: now",
        b"",
        b"",
    ]
