"""What parent and child say to each other survives the pipe, and whatever else comes over it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.engines import wire
from backend.assistant.engines.engine import Done, Finish, Loaded, LoadOptions, Message, Priority, Request, Role
from backend.errors import Conflict, CorruptData, InvalidInput, NotFound, TriiError, Unavailable

REQUEST = Request(
    "r1",
    (Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "Wie geht's? 中文 🙂")),
    n_prefix=1,
    stop=("\n\n",),
    schema={"type": "object", "properties": {"a": {"type": "integer"}}},
    priority=Priority.BATCH,
    mode="fast",
)
DONE = Done(Finish.CANCELLED, 3, 2, 1, 1.5, 2.5, 98.0, "m", "p")
LOADED = Loaded("m", "/m.gguf", "ab", 512, 100, 0, 1, 10, has_template=True, place="this process", load_s=0.1)

TO_CHILD = [
    wire.Load(1, path="/m.gguf", options=LoadOptions(n_ctx=512)),
    wire.Generate(2, request=REQUEST),
    wire.Cancel(2),
    wire.Warm(3, prefix=REQUEST.messages, mode="fast"),
    wire.Embed(4, texts=("a", "b")),
    wire.Count(5, messages=REQUEST.messages),
    wire.UseThreads(n_threads=2),
    wire.StopLoading(),
    wire.Ping(),
]
TO_PARENT = [
    wire.Hello(pid=7),
    wire.Beat(doing="Generate", quiet_ms=12, rss_bytes=2**33),
    wire.Progressed(1, share=0.5),
    wire.LoadedNow(1, loaded=LOADED),
    wire.Pieces(2, text="é", n_tokens=2),
    wire.Ended(2, done=DONE),
    wire.Vectors(4, vectors=[[0.5, -1.0]]),
    wire.Counted(5, n=9),
    wire.Fine(3),
    wire.Failed(1, kind="Unavailable", message="m", retry_after_s=1.0),
]


def body(framed):
    assert wire.size_of(framed[:4]) == len(framed) - 4
    return framed[4:]


@pytest.mark.parametrize("message", TO_CHILD, ids=lambda message: type(message).__name__)
def test_what_the_parent_says_arrives_as_it_was(message):
    assert wire.parse_from_parent(body(wire.frame(message))) == message


@pytest.mark.parametrize("message", TO_PARENT, ids=lambda message: type(message).__name__)
def test_what_the_child_says_arrives_as_it_was(message):
    assert wire.parse_from_child(body(wire.frame(message))) == message


@given(st.binary(max_size=200))
def test_noise_on_the_pipe_is_refused(noise):
    for parse in (wire.parse_from_parent, wire.parse_from_child):
        with pytest.raises(CorruptData):
            parse(noise)


def test_one_side_does_not_take_what_the_other_says():
    with pytest.raises(CorruptData):
        wire.parse_from_child(body(wire.frame(TO_CHILD[0])))
    with pytest.raises(CorruptData):
        wire.parse_from_parent(body(wire.frame(TO_PARENT[0])))


@pytest.mark.parametrize("n", [0, wire.FRAME_BYTES_MAX + 1, 2**32 - 1])
def test_a_frame_of_no_or_absurd_length_is_refused(n):
    with pytest.raises(CorruptData, match="frame"):
        wire.size_of(wire.HEAD.pack(n))


def test_a_message_too_large_is_refused_before_it_is_sent():
    with pytest.raises(InvalidInput, match="more than an engine takes"):
        wire.frame(wire.Embed(1, texts=("x" * (wire.FRAME_BYTES_MAX + 1),)))


@pytest.mark.parametrize("kind", [InvalidInput, NotFound, Conflict, CorruptData])
def test_errors_arrive_as_their_own_kind(kind):
    error = wire.error_of(wire.failed(1, kind("It failed.", hint="Do this.", code="x.y")))

    assert type(error) is kind
    assert (error.message, error.hint, error.code) == ("It failed.", "Do this.", "x.y")


def test_when_to_try_again_arrives_with_the_error():
    error = wire.error_of(wire.failed(1, Unavailable("Later.", retry_after_s=2.5)))

    assert isinstance(error, Unavailable)
    assert error.retry_after_s == 2.5


def test_an_error_of_no_kind_that_is_known_may_work_later():
    assert isinstance(wire.error_of(wire.failed(1, TriiError("Odd."))), Unavailable)
