"""The hash chain, the codec and the ids: what is changed is seen, what is said comes back, what is made only grows."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.protocol import chain, codec, messages
from sync_server.protocol.codec import Codec
from sync_server.protocol.codes import ResetReason
from sync_server.protocol.events import Cursor, Event, Op, OpResult, OpState
from sync_server.protocol.ids import IdMaker, direct_room, is_id, made_ms
from sync_server.protocol.limits import Limits

counts = st.integers(0, 2**53 - 1)
short = st.text(st.characters(exclude_categories=["Cs"]), max_size=64)
salts = st.binary(min_size=16, max_size=16)


plain = st.text(st.characters(codec="ascii"), max_size=12)


@st.composite
def runs(draw):
    """Events in a row as a server would have entered them."""
    events = []
    for s in range(1, draw(st.integers(1, 6)) + 1):
        salt, body = draw(salts), draw(plain)
        bh = chain.to_text(chain.body_hash(salt, body))
        who = draw(st.tuples(plain, plain, plain, plain))
        events.append(Event(s, *who, draw(counts), bh, body, chain.to_text(salt), draw(st.booleans())))
    return events


def state_of(epoch, events):
    """The hash after events, and whether each body is the one it commits to."""
    return chain.hash_after(chain.START, epoch, events), all(chain.is_intact(event) for event in events)


def changed_text(text, bit):
    raw = bytearray(text.encode("utf-8"))
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    return raw.decode("latin-1")


@given(runs(), st.integers(0, 99), st.data())
def test_any_bit_that_changes_anywhere_in_a_log_is_detected(events, epoch, data):
    hashed, is_whole = state_of(epoch, events)
    assert is_whole
    at = data.draw(st.integers(0, len(events) - 1))
    event = events[at]
    texts = [name for name in ("id", "a", "d", "k", "bh", "b", "n") if getattr(event, name)]
    name = data.draw(st.sampled_from([*texts, "s", "ts", "rec"]))
    bit = data.draw(st.integers(0, 52))
    value = getattr(event, name)
    if isinstance(value, bool):
        other = not value
    elif isinstance(value, int):
        other = value ^ (1 << bit)
    else:
        other = changed_text(value, data.draw(st.integers(0, len(value.encode("utf-8")) * 8 - 1)))
    forged = [*events[:at], msgspec.structs.replace(event, **{name: other}), *events[at + 1 :]]
    assert state_of(epoch, forged) != (hashed, True)
    assert state_of(epoch + 1, events)[0] != hashed


@given(runs(), st.integers(0, 9), st.randoms(use_true_random=False))
def test_a_missing_a_doubled_and_a_moved_event_are_detected(events, epoch, chance):
    hashed = chain.hash_after(chain.START, epoch, events)
    at = chance.randrange(len(events))
    assert chain.hash_after(chain.START, epoch, events[:at] + events[at + 1 :]) != hashed
    assert chain.hash_after(chain.START, epoch, [*events[: at + 1], *events[at:]]) != hashed
    if len(events) > 1:
        assert chain.hash_after(chain.START, epoch, [*events[1:], events[0]]) != hashed


@given(runs())
def test_a_body_that_is_erased_with_its_salt_leaves_the_chain_whole(events):
    erased = [msgspec.structs.replace(event, b=None, n="") for event in events]
    assert state_of(3, erased) == state_of(3, events)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_two_fields_never_run_into_each_other(one, other):
    def hashed(a, d):
        return chain.next_hash(chain.START, 1, Event(1, "i", a, d, "k", 0, ""))

    assert (hashed(one, other) == hashed(one + other, "")) == (not other)


@given(st.binary())
def test_bytes_come_back_from_their_text_and_no_other_text_is_taken(value):
    text = chain.to_text(value)
    assert chain.from_text(text) == value
    for other in (text + "=", text + "!", text + "\n", "é" + text):
        with pytest.raises(ValueError):
            chain.from_text(other)


def some(values):
    return st.lists(values, max_size=3).map(tuple)


heads = some(st.builds(messages.RoomHead, short, counts, counts, counts, counts))
results = st.builds(OpResult, short, st.sampled_from(OpState), counts, counts, short, counts, counts)
FROM_DEVICE = st.one_of(
    st.builds(messages.Hello, tok=short, dev=short, rooms=some(st.builds(Cursor, short, counts, counts, short))),
    st.builds(messages.Push, counts, some(st.builds(Op, short, short, short, short, short, counts, counts, counts, st.booleans()))),
    st.builds(messages.Pull, counts, short, counts, counts, counts, counts),
    st.builds(messages.ReadUp, short, counts, counts),
    st.builds(messages.Say, short, short, short, counts),
    st.builds(messages.Renew, short),
)
FROM_SERVER = st.one_of(
    st.builds(messages.Welcome, short, short, short, counts, counts, st.builds(Limits), counts, heads),
    runs().flatmap(lambda events: st.builds(messages.Ev, short, counts, counts, counts, st.just(tuple(events)), short, counts)),
    st.builds(messages.Res, counts, some(results)),
    st.builds(messages.Head, heads),
    st.builds(messages.Reset, short, st.sampled_from(ResetReason), counts, counts, counts, short, short),
    st.builds(messages.Reads, short, some(st.builds(messages.Reader, short, counts))),
    st.builds(messages.Said, short, short, short, short, counts),
    st.builds(messages.People, some(st.builds(messages.Person, short, short, short))),
    st.builds(messages.Err, counts, short, short, counts),
    st.builds(messages.Bye, counts, short, st.tuples(counts, counts)),
)


@given(FROM_DEVICE, st.sampled_from(Codec))
def test_what_a_device_says_comes_back_from_its_bytes(message, how):
    assert codec.decode_from_device(codec.encode(message, how), how) == message


@given(FROM_SERVER, st.sampled_from(Codec))
def test_what_a_server_says_comes_back_from_its_bytes(message, how):
    assert codec.decode_from_server(codec.encode(message, how), how) == message


def test_every_message_has_its_case():
    assert len(FROM_DEVICE.original_strategies) == len(messages.FromDevice.__args__)
    assert len(FROM_SERVER.original_strategies) == len(messages.FromServer.__args__)


SEEDS = (
    b'{"t":"hello","tok":"x","dev":"d","rooms":[{"r":"r","e":1,"s":2,"h":"h"}]}',
    b'{"t":"push","rid":1,"ops":[{"id":"i","r":"r","k":"msg.create","b":"{}","n":"n","cseq":1}]}',
    b'{"t":"ev","r":"r","e":1,"from":1,"to":1,"ev":[{"s":1,"id":"i","a":"a","d":"d","k":"k","ts":1,"bh":"h"}],"h":"h"}',
    b'{"t":"welcome","sid":"s","u":"u","node":"n","now":1,"texp":2,"lim":{},"heads":[{"r":"r","e":1,"s":1}]}',
    b'{"t":"bye","code":4003,"retry":[1,2]}',
)


NO_NUMBERS = (b"-1", b"1e400", b"9" * 400, b"9007199254740993", b"null", b'"1"', b"NaN", b"1.5")
NO_WORDS = (b'"\\ud800"', b'"' + b"r" * 65 + b'"', b"[" * 5_000, b"7", b'"\xff"', b'{"r":1}')


def hostile(chance):
    """Bytes near those of a message, or far from them."""
    kind = chance.randrange(6)
    seed = bytearray(chance.choice(SEEDS))
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind == 1:
        return bytes(seed[: chance.randrange(len(seed))])
    if kind == 2:
        return bytes(seed).replace(b"1", chance.choice(NO_NUMBERS))
    if kind == 3:
        return bytes(seed).replace(b'"r"', chance.choice(NO_WORDS))
    for _ in range(chance.randrange(1, 8)):
        seed[chance.randrange(len(seed))] = chance.randrange(256)
    return bytes(seed) if kind == 4 else msgspec.msgpack.encode({"t": chance.choice(["ev", "push", "", 3]), "x": bytes(seed)})


@pytest.mark.parametrize("how", list(Codec))
def test_five_thousand_malformed_messages_are_refused_with_a_value_error_or_are_none(how, request):
    chance = random.Random(request.config.option.hypothesis_seed)
    n_refused = 0
    for _ in range(5_000):
        data = hostile(chance)
        for decode in (codec.decode_from_device, codec.decode_from_server):
            try:
                message = decode(data, how)
            except ValueError:
                n_refused += 1
            else:  # then it was one, and can be said again
                assert decode(codec.encode(message, how), how) == message
    assert n_refused > 5_000


@given(st.lists(st.integers(0, 2**48 - 1), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_ids_only_grow_whatever_the_clock_does(times, chance):
    maker = IdMaker(chance.randbytes)
    made = [maker.make(now_ms) for now_ms in times]
    assert made == sorted(set(made))
    assert all(is_id(identity) and identity[14] == "7" for identity in made)
    assert made_ms(made[0]) == times[0]


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**16), st.integers(0, 2**16))
def test_ids_of_two_runs_in_one_millisecond_never_meet(now_ms, seed, other_seed):
    first = IdMaker(random.Random(seed).randbytes)
    early = [first.make(now_ms) for _ in range(5)]
    second = IdMaker(random.Random(other_seed + 2**17).randbytes, after=early[0])  # all but the first have left the outbox
    later = [second.make(now_ms) for _ in range(5)]
    assert not set(early) & set(later)
    assert min(later) > early[0]


@given(short, short)
def test_two_people_have_one_direct_room_whoever_makes_it(one, other):
    assert direct_room(one, other) == direct_room(other, one)
    assert is_id(direct_room(one, other))
