"""Messages as bytes: made once, framed as RFC 6455 says, and never more waiting than a reader may have."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import CLIENT, Protocol

from sync_server.edge.packing import CHUNK_BYTES, Backlog, Form, Packed, websocket_frame
from sync_server.protocol.codec import Codec, decode_from_server
from sync_server.protocol.messages import Ev, Said


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
@pytest.mark.parametrize("is_text", [True, False])
def test_a_frame_is_read_as_it_was_made(size, is_text):
    payload = b"x" * size
    reader = Protocol(CLIENT)

    reader.receive_data(websocket_frame(payload, is_text=is_text))

    (frame,) = reader.events_received()
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT if is_text else Opcode.BINARY, True, payload)


def test_the_same_bytes_serve_everybody_and_say_the_same_in_every_form():
    message = Ev("room", 1, 2, 2)
    packed = Packed(message)

    assert packed.in_form(Form.TEXT_FRAME) is packed.in_form(Form.TEXT_FRAME)
    assert decode_from_server(packed.in_form(Form.PLAIN), Codec.JSON) == message
    assert decode_from_server(packed.in_form(Form.LINES)[6:-2], Codec.JSON) == message
    assert decode_from_server(packed.in_form(Form.BINARY_FRAME)[2:], Codec.MSGPACK) == message


def test_messages_packed_together_are_read_one_by_one_in_every_form():
    said = [Said("presence", name, b="online") for name in ("ann", "bob")]
    packed = Packed(*said)
    reader = Protocol(CLIENT)

    reader.receive_data(packed.in_form(Form.BINARY_FRAME))

    assert [decode_from_server(bytes(frame.data), Codec.MSGPACK) for frame in reader.events_received()] == said
    assert [decode_from_server(line, Codec.JSON) for line in packed.in_form(Form.PLAIN).split(b"\n")] == said
    assert [decode_from_server(one[6:], Codec.JSON) for one in packed.in_form(Form.LINES).split(b"\n\n")[:-1]] == said


def test_an_event_stream_never_has_a_line_break_within_a_message():
    said = Packed(Said("presence", "ann\nevil: 1", b="a\r\nb"))

    assert said.in_form(Form.LINES).count(b"\n") == 2


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=60))
def test_no_more_waits_than_is_allowed_and_what_waits_keeps_its_order(pushes):
    backlog = Backlog(most_frames=8, most_bytes=1_000)
    kept = []
    for n, (size, is_passing) in enumerate(pushes):
        data = n.to_bytes(2) + bytes(size)
        if not backlog.push(data, is_passing=is_passing):
            assert not is_passing
            break
        kept.append((data, is_passing))
        assert len(backlog) <= 8
        assert backlog.n_bytes <= 1_000

    waiting = backlog.take_messages()

    assert [data for data, is_passing in kept if not is_passing] == [data for data in waiting if (data, False) in kept]
    assert waiting == sorted(waiting, key=lambda data: data[:2])
    assert (len(backlog), backlog.n_bytes) == (0, 0)


def test_what_passes_anyway_makes_room_for_what_must_be_told():
    backlog = Backlog(most_frames=3, most_bytes=100)
    for data in (b"typing", b"event", b"typing"):
        assert backlog.push(data, is_passing=data == b"typing")

    assert backlog.push(b"typing", is_passing=True)  # dropped without a word
    assert backlog.push(b"event 2", is_passing=False)
    assert backlog.take() == b"eventevent 2"


def test_a_message_larger_than_everything_that_may_wait_is_told_alone():
    backlog = Backlog(most_frames=3, most_bytes=10)

    assert backlog.push(bytes(50), is_passing=False)
    assert not backlog.push(b"x", is_passing=False)
    assert len(backlog.take()) == 50


def test_a_reader_who_has_taken_everything_costs_no_more_than_one_who_never_heard_anything():
    fresh, heard = Backlog(), Backlog()
    for n in range(1_000):
        heard.push(b"x", is_passing=False)
        if n % 3 == 2:
            heard.take()
    heard.take()

    assert len(heard) == heard.n_bytes == 0
    assert sys.getsizeof(heard._waiting) == sys.getsizeof(fresh._waiting) < 100


def test_what_waits_leaves_in_pieces_that_a_socket_takes():
    backlog = Backlog()
    for _ in range(10):
        backlog.push(bytes(CHUNK_BYTES // 4), is_passing=False)

    assert [len(backlog.take()) for _ in range(3)] == [CHUNK_BYTES, CHUNK_BYTES, CHUNK_BYTES // 2]
