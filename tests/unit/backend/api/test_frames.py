"""Frames on the wire between a command and the owner of a home."""

import pytest

from backend.api.frames import (
    FRAME_BYTES_MAX,
    HEADER,
    Kind,
    is_proof,
    make_nonce,
    pack,
    pack_run,
    parse_header,
    parse_json,
    parse_run,
    prove,
)
from backend.commands.request import RunRequest
from backend.commands.terminal import TerminalFacts
from backend.errors import InvalidInput

TOKEN = bytes(range(32))


def payload_of(frame: bytes) -> bytes:
    kind, length = parse_header(frame[: HEADER.size])
    assert len(frame) == HEADER.size + length
    assert kind in Kind
    return frame[HEADER.size :]


@pytest.mark.parametrize("word", ["päper.csv", "日本", "bad\udcff.csv", 'a"b', "new\nline", ""])
def test_a_request_arrives_as_it_was_sent_even_with_undecodable_names(word: str) -> None:
    request = RunRequest(
        ("import", word), f"/x/{word}", TerminalFacts(out_is_tty=True, err_is_tty=False, has_colour=True, width=120)
    )
    assert parse_run(payload_of(pack_run(request))) == request


def test_a_command_line_over_the_limit_is_refused_before_it_is_sent() -> None:
    with pytest.raises(InvalidInput, match="Name folders"):
        pack_run(RunRequest(("x" * FRAME_BYTES_MAX,), "/", TerminalFacts()))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"nonsense",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"argv": "import"}',
        b'{"argv": [1], "cwd": "/", "terminal": {}}',
        b'{"argv": [], "cwd": "/", "terminal": 5}',
    ],
)
def test_a_malformed_request_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_run(payload)


@pytest.mark.parametrize("width", [-1, 0, 10**9, "wide", None, 1.5])
def test_an_impossible_width_becomes_eighty_columns(width: object) -> None:
    import json

    said = json.dumps({"argv": [], "cwd": "/", "terminal": {"width": width}}).encode()
    assert parse_run(said).terminal.width == 80


def test_unknown_kinds_and_lengths_above_the_limit_are_refused_from_the_header_alone() -> None:
    with pytest.raises(InvalidInput, match="unknown kind 99"):
        parse_header(HEADER.pack(99, 0))
    with pytest.raises(InvalidInput, match="over the limit"):
        parse_header(HEADER.pack(Kind.RUN, FRAME_BYTES_MAX + 1))
    with pytest.raises(InvalidInput, match="over the limit of 10"):
        parse_header(pack(Kind.OUT, b"x" * 11)[: HEADER.size], limit=10)


def test_json_frames_hold_objects() -> None:
    assert parse_json(b'{"a": 1}') == {"a": 1}
    with pytest.raises(InvalidInput):
        parse_json(b"1")


def test_a_proof_holds_for_one_role_one_token_and_one_pair_of_nonces() -> None:
    ours, theirs = make_nonce(), make_nonce()
    proof = prove(TOKEN, "command", ours, theirs)
    assert is_proof(proof, TOKEN, "command", ours, theirs)
    assert not is_proof(proof, TOKEN, "owner", ours, theirs)
    assert not is_proof(proof, TOKEN, "command", theirs, ours)
    assert not is_proof(proof, bytes(32), "command", ours, theirs)
    assert not is_proof(proof, TOKEN, "command", make_nonce(), theirs)
    for nonsense in (None, 5, "", "é", "\udcff", proof[:-1], [proof]):
        assert not is_proof(nonsense, TOKEN, "command", ours, theirs)
