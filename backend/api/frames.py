"""Frames between a command and the owner of its home, and the proof by which each knows the other.

A frame is one byte of kind, four bytes of length (big-endian) and so many bytes: JSON, or plain output.

    owner                                     command
    HELLO   protocol, version, nonce     →
                                         ←    PROOF   nonce, HMAC(token, "command" nonces)
    WELCOME HMAC(token, "owner" nonces)  →
                                         ←    RUN     argv, cwd, terminal
    ACCEPTED                             →
    OUT, ERR bytes · ASK question        →
                                         ←    ANSWER text · CANCEL
    EXIT    code                         →

The token itself never travels: a foreign process that took over an old port learns nothing.
"""

import enum
import hashlib
import hmac
import json
import secrets
import struct
from dataclasses import asdict
from typing import Any, Final

from backend.commands.request import RunRequest
from backend.commands.terminal import TerminalFacts
from backend.errors import InvalidInput

PROTOCOL: Final = 1
HEADER: Final = struct.Struct(">BI")
FRAME_BYTES_MAX: Final = 1 << 20
GREETING_BYTES_MAX: Final = 4096  # before both sides have proved themselves
NONCE_BYTES: Final = 32


class Kind(enum.IntEnum):
    """What a frame says."""

    HELLO = 1
    PROOF = 2
    WELCOME = 3
    RUN = 4
    OUT = 5
    ERR = 6
    ASK = 7
    ANSWER = 8
    CANCEL = 9
    EXIT = 10
    ACCEPTED = 11


def pack(kind: Kind, payload: bytes) -> bytes:
    """One frame; ``payload`` has at most FRAME_BYTES_MAX bytes."""
    assert len(payload) <= FRAME_BYTES_MAX, f"A frame of {len(payload)} bytes is too long."
    return HEADER.pack(kind, len(payload)) + payload


def pack_json(kind: Kind, **values: object) -> bytes:
    """One frame of JSON; lone surrogates of undecodable file names survive as escapes."""
    return pack(kind, json.dumps(values).encode("ascii"))


def parse_header(header: bytes, *, limit: int = FRAME_BYTES_MAX) -> tuple[Kind, int]:
    """Kind and length of the frame that follows. Raises InvalidInput for an unknown kind or a length above ``limit``."""
    kind, length = HEADER.unpack(header)
    try:
        known = Kind(kind)
    except ValueError as e:
        raise InvalidInput(f"A frame of unknown kind {kind} arrived.", hint="Close it and try again.", code="local.frame") from e
    if length > limit:
        raise InvalidInput(f"A frame of {length} bytes is over the limit of {limit}.", hint="Try again.", code="local.frame")
    return known, length


def parse_json(payload: bytes) -> dict[str, Any]:
    """The JSON object in a frame. Raises InvalidInput."""
    try:
        values = json.loads(payload)
    except (ValueError, RecursionError) as e:
        raise InvalidInput("A frame does not hold JSON.", hint="Try again.", code="local.frame") from e
    if not isinstance(values, dict):
        raise InvalidInput("A frame does not hold a JSON object.", hint="Try again.", code="local.frame")
    return values


def pack_run(request: RunRequest) -> bytes:
    """The RUN frame of ``request``."""
    payload = json.dumps(asdict(request)).encode("ascii")
    if len(payload) > FRAME_BYTES_MAX:
        raise InvalidInput(
            f"The command line has {len(payload):,} bytes, more than {FRAME_BYTES_MAX:,}.",
            hint="Name folders instead of single files.",
            code="local.too_long",
        )
    return pack(Kind.RUN, payload)


def parse_run(payload: bytes) -> RunRequest:
    """The request in a RUN frame. Raises InvalidInput where a field is missing or of another type."""
    values = parse_json(payload)
    argv, cwd, facts = values.get("argv"), values.get("cwd"), values.get("terminal")
    is_sound = isinstance(argv, list) and all(isinstance(word, str) for word in argv) and isinstance(cwd, str)
    if not is_sound or not isinstance(facts, dict):
        raise InvalidInput("A command arrived without its arguments.", hint="Try again.", code="local.frame")
    terminal = TerminalFacts(
        out_is_tty=facts.get("out_is_tty") is True,
        err_is_tty=facts.get("err_is_tty") is True,
        has_colour=facts.get("has_colour") is True,
        width=facts["width"] if isinstance(facts.get("width"), int) and 0 < facts["width"] <= 10_000 else 80,
    )
    return RunRequest(tuple(argv or ()), str(cwd), terminal)


def make_nonce() -> str:
    """Random hex digits, never used twice."""
    return secrets.token_hex(NONCE_BYTES)


def prove(token: bytes, role: str, owner_nonce: str, command_nonce: str) -> str:
    """What only a holder of ``token`` can say in the role "owner" or "command" of this very connection."""
    said = f"trii {PROTOCOL} {role} {owner_nonce} {command_nonce}".encode()
    return hmac.new(token, said, hashlib.sha256).hexdigest()


def is_proof(said: object, token: bytes, role: str, owner_nonce: str, command_nonce: str) -> bool:
    """Whether ``said`` is the proof, compared in constant time."""
    expected = prove(token, role, owner_nonce, command_nonce)
    return isinstance(said, str) and hmac.compare_digest(said.encode("utf-8", "replace"), expected.encode())
