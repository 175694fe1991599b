"""Frames that a WebSocket library reads back, and instants as venues write them."""

import pytest
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from backend.simulator.frames import join_frames
from backend.simulator.stamps import parse_rfc3339, rfc3339


def test_frames_of_every_length_are_read_back_as_they_were():
    messages = [b"x" * n for n in (0, 1, 125, 126, 127, 65_535, 65_536, 70_000)] + ['{"ä":1}'.encode()]
    reader = Protocol(CLIENT, state=OPEN, max_size=None)
    reader.receive_data(join_frames(messages))
    frames = reader.events_received()

    assert [bytes(frame.data) for frame in frames] == messages
    assert {(frame.opcode, frame.fin) for frame in frames} == {(Opcode.TEXT, True)}


@pytest.mark.parametrize(
    ("n_digits", "text"),
    [(0, "2024-01-08T14:30:45Z"), (3, "2024-01-08T14:30:45.001Z"), (6, "2024-01-08T14:30:45.001002Z"),
     (9, "2024-01-08T14:30:45.001002003Z")],
)  # fmt: skip
def test_an_instant_is_cut_to_its_digits(n_digits, text):
    assert rfc3339(1_704_724_245_001_002_003, n_digits) == text


@pytest.mark.parametrize(
    ("text", "at_ns"),
    [
        ("2024-01-08T14:30:45.001002003Z", 1_704_724_245_001_002_003),
        ("2024-01-08T14:30:45Z", 1_704_724_245_000_000_000),
        ("2024-01-08T09:30:45-05:00", 1_704_724_245_000_000_000),
        ("2024-01-08", 1_704_672_000_000_000_000),
    ],
)
def test_an_instant_is_read(text, at_ns):
    assert parse_rfc3339(text) == at_ns


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "2024-01-08T14:30:45.x1Z"])
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        parse_rfc3339(text)
