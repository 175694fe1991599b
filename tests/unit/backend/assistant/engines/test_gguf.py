"""The head of a GGUF file is read in bounds: what it says is told, and whatever is not sound is refused with a reason."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.assistant.engines.gguf import parse_header
from backend.assistant.engines.gguf_bytes import load_head
from backend.errors import InvalidInput
from tests.fakes.gguf_files import (
    ARRAY,
    KEYS,
    TENSORS,
    TEXT,
    U32,
    head_of,
    n_values_bytes,
    tensor,
    text,
    value,
    write_gguf,
    write_with_room,
)
from tests.fakes.starter_model import find_starter_model

N_VARIANTS = 5_000


def test_a_small_model_tells_what_it_is(tmp_path):
    header = parse_header(write_gguf(tmp_path / "tiny.gguf"))

    assert (header.name, header.architecture, header.licence) == ("Tiny Test 1M", "llama", "apache-2.0")
    assert header.quantisation == "Q4_0"
    assert header.n_parameters == 64 * 4 + 64 * 64 + 64
    assert (header.n_ctx_train, header.n_layers, header.n_embd, header.n_vocab) == (4096, 2, 64, 4)
    assert (header.n_heads, header.n_kv_heads, header.key_length, header.value_length) == (4, 2, 16, 16)
    assert header.kv_bytes_per_token == 2 * 2 * (16 + 16) * 2  # layers, heads, both lengths, half precision
    assert header.template == "{{ messages }}"
    assert not header.is_embedding


def test_the_starter_model_tells_what_it_is():
    header = parse_header(find_starter_model())

    assert (header.architecture, header.quantisation, header.licence) == ("llama", "Q4_1", "apache-2.0")
    assert header.n_parameters == 134_515_008
    assert (header.n_ctx_train, header.n_layers, header.n_embd, header.n_vocab) == (8192, 30, 576, 49_152)
    assert (header.n_heads, header.n_kv_heads) == (9, 3)
    assert header.kv_bytes_per_token == 30 * 3 * 128 * 2
    assert "<|im_start|>" in header.template


@pytest.mark.parametrize("version", [2, 3])
def test_both_versions_in_use_are_read(tmp_path, version):
    assert parse_header(write_gguf(tmp_path / "m.gguf", version=version)).version == version


def test_heads_of_each_layer_are_counted_where_layers_differ(tmp_path):
    header = parse_header(write_gguf(tmp_path / "m.gguf", {**KEYS, "llama.attention.head_count_kv": [0, 2]}))

    assert header.kv_bytes_per_token == 2 * (16 + 16) * 2
    assert header.n_kv_heads == 2


def test_own_lengths_of_heads_go_before_the_usual_ones(tmp_path):
    keys = {**KEYS, "llama.attention.key_length": 128, "llama.attention.value_length": 64}

    assert parse_header(write_gguf(tmp_path / "m.gguf", keys)).kv_bytes_per_token == 2 * 2 * (128 + 64) * 2


def test_without_a_file_type_the_type_of_most_weights_is_told(tmp_path):
    keys = {key: said for key, said in KEYS.items() if key != "general.file_type"}

    assert parse_header(write_gguf(tmp_path / "m.gguf", keys)).quantisation == "Q4_0"


@pytest.mark.parametrize(
    "change",
    [{"general.architecture": "bert", "bert.block_count": 2, "bert.embedding_length": 64}, {"llama.pooling_type": 1}],
)
def test_a_model_of_vectors_is_known_as_one(tmp_path, change):
    assert parse_header(write_gguf(tmp_path / "m.gguf", {**KEYS, **change})).is_embedding


def test_a_name_with_control_characters_is_cleaned(tmp_path):
    header = parse_header(write_gguf(tmp_path / "m.gguf", {**KEYS, "general.name": "A\x1b[31m\nB\u202eC" + "x" * 500}))

    assert header.name.startswith("A[31mBC")
    assert len(header.name) <= 200


def test_a_model_without_a_name_has_that_of_its_file(tmp_path):
    keys = {key: said for key, said in KEYS.items() if key != "general.name"}

    assert parse_header(write_gguf(tmp_path / "my-model.gguf", keys)).name == "my-model"


def broken(keys=None, tensors=TENSORS, **given):
    return head_of({**KEYS, **(keys or {})}, tensors, **given)


def raw_head(n_tensors, n_keys, rest=b"", version=3):
    return b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_keys) + rest


def placed(*tensors):
    keys = b"".join(text(name) + value(said) for name, said in KEYS.items())
    head = raw_head(len(tensors), len(KEYS), keys + b"".join(tensors))
    return head + bytes(-len(head) % 32)


HOSTILE = {
    "empty": (b"", "too small"),
    "other kind of file": (b"PK\x03\x04" + bytes(100), "does not begin"),
    "first version": (broken(version=1), "version 1"),
    "version of the future": (broken(version=99), "version 99"),
    "big-endian": (b"GGUF" + struct.pack(">I", 3) + bytes(100), "big-endian"),
    "endless tensors": (raw_head(2**60, 1), "tensors"),
    "endless keys": (raw_head(1, 2**60), "keys"),
    "endless key": (raw_head(0, 1, struct.pack("<Q", 2**63)), "a key claims"),
    "endless text": (raw_head(0, 1, text("a") + struct.pack("<IQ", TEXT, 2**62)), "a text claims"),
    "endless array": (raw_head(0, 1, text("a") + struct.pack("<IIQ", ARRAY, U32, 2**61)), "items"),
    "more texts than bytes": (raw_head(0, 1, text("a") + struct.pack("<IIQ", ARRAY, TEXT, 10**6)), "more than the file has room"),
    "array of arrays": (raw_head(0, 1, text("a") + struct.pack("<IIQ", ARRAY, ARRAY, 4)), "array of arrays"),
    "unknown kind": (raw_head(0, 1, text("a") + struct.pack("<I", 77)), "unknown kind 77"),
    "unknown kind in an array": (raw_head(0, 1, text("a") + struct.pack("<IIQ", ARRAY, 77, 4)), "unknown kind 77"),
    "the same key twice": (raw_head(0, 2, (text("a") + value(1)) * 2), "twice"),
    "a key that is no text": (raw_head(0, 1, text(b"\xff\xfe") + value(1)), "no text"),
    "an addition": (broken({"general.type": "adapter"}), "adapter"),
    "the eyes of a model": (broken({"general.architecture": "clip"}), "eyes"),
    "one part": (broken({"split.count": 3}), "3 parts"),
    "a vocabulary": (broken(tensors=()), "no weights"),
    "no layers": (broken({"llama.block_count": 0}), "layers"),
    "absurd layers": (broken({"llama.block_count": 2**40}), "block_count"),
    "absurd width": (broken({"llama.embedding_length": 2**31 - 1}), "embedding_length"),
    "absurd context": (broken({"llama.context_length": 2**31 - 1}), "context_length"),
    "absurd head": (broken({"llama.attention.key_length": 2**31 - 1}), "key_length"),
    "negative heads": (broken({"llama.attention.head_count_kv": [-1, 2]}), "head_count_kv"),
    "odd alignment": (broken({"general.alignment": 33}), "aligns"),
    "no alignment": (broken({"general.alignment": 0}), "aligns"),
    "alignment in words": (broken({"general.alignment": "wide"}), "aligns"),
    "five dimensions": (placed(tensor("a", (1, 1, 1, 1, 1), 0, 0)), "5 dimensions"),
    "no dimension": (placed(tensor("a", (), 0, 0)), "0 dimensions"),
    "an empty dimension": (placed(tensor("a", (0, 4), 0, 0)), "shape"),
    "a shape that overflows": (placed(tensor("a", (2**40, 2**40), 0, 0)), "shape"),
    "an unknown type": (placed(tensor("a", (4,), 5, 0)), "unknown type 5"),
    "half a block": (placed(tensor("a", (31,), 2, 0)), "whole blocks"),
    "beyond the end": (placed(tensor("a", (4,), 0, 2**50)), "beyond its end"),
    "off its boundary": (placed(tensor("a", (4,), 0, 7)), "boundary"),
    "overlapping": (placed(tensor("a", (64,), 0, 0), tensor("b", (4,), 0, 64)), "overlap"),
    "one name": (placed(tensor("a", (8,), 0, 0), tensor("a", (8,), 0, 32)), "one name"),
    "a long name": (placed(tensor("a" * 64, (8,), 0, 0)), "name claims"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_is_not_sound_is_refused_with_its_reason(tmp_path, kind):
    head, why = HOSTILE[kind]
    path = write_with_room(tmp_path / "hostile.gguf", head, n_values_bytes() if len(head) > 24 and b"llama" in head else 0)

    with pytest.raises(InvalidInput, match="(?s)" + why) as refusal:
        parse_header(path)
    assert "hostile.gguf" in refusal.value.message
    assert refusal.value.code == "models.file"


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        parse_header(tmp_path / "nowhere.gguf")


def test_a_file_cut_short_anywhere_is_refused(tmp_path):
    whole = write_gguf(tmp_path / "whole.gguf").read_bytes()
    path = tmp_path / "cut.gguf"
    for n in (*range(0, len(head_of()), 5), len(head_of()), len(whole) - 64):
        path.write_bytes(whole[:n])
        with pytest.raises(InvalidInput):
            parse_header(path)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_and_nothing_else_comes_of_them(tmp_path_factory, noise):
    path = tmp_path_factory.getbasetemp() / "noise.gguf"
    path.write_bytes(noise)
    with pytest.raises(InvalidInput):
        parse_header(path)
    path.write_bytes(raw_head(len(noise) % 7, len(noise) % 5, noise))
    with pytest.raises(InvalidInput):
        parse_header(path)


@settings(max_examples=200)
@given(data=st.data())
def test_keys_of_any_kind_are_read_or_refused(tmp_path_factory, data):
    names = st.sampled_from([*KEYS, "llama.attention.key_length", "llama.pooling_type", "split.count", "general.type", "x"])
    values = st.one_of(
        st.integers(0, 2**64 - 1),
        st.floats(width=32),
        st.booleans(),
        st.text(max_size=20),
        st.lists(st.integers(-(2**31), 2**31 - 1)),
    )
    changed = data.draw(st.dictionaries(names, values, max_size=4))
    path = write_gguf(tmp_path_factory.getbasetemp() / "keys.gguf", {**KEYS, **changed})
    try:
        header = parse_header(path)
    except InvalidInput:
        return
    assert 0 < header.n_layers <= 4096
    assert header.kv_bytes_per_token >= 0
    assert header.name.isprintable()


def short_real_head():
    """The starter model's own head with its vocabulary and its tensors cut to a few, and how many bytes of values it needs."""
    head = load_head(find_starter_model())
    kept = {key: said for key, said in head.keys.items() if isinstance(said, str | int | float)}
    keys = {**kept, "tokenizer.ggml.tokens": ["<|endoftext|>", "<|im_start|>", "a"], "tokenizer.ggml.token_type": [3, 3, 1]}
    tensors = [(found.name, found.dims, 0) for found in head.tensors[:12]]
    return head_of(keys, tensors), n_values_bytes(tensors)


def test_thousands_of_damaged_heads_are_read_or_refused(tmp_path):
    chance = random.Random(20_260_105)
    whole, n_values = short_real_head()
    path = write_with_room(tmp_path / "damaged.gguf", whole, n_values)
    assert parse_header(path).architecture == "llama"
    n_refused = 0
    for _ in range(N_VARIANTS):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damage(damaged, chance)
        write_with_room(path, bytes(damaged), n_values)
        try:
            parse_header(path)
        except InvalidInput:
            n_refused += 1
    assert n_refused > N_VARIANTS // 4  # a changed letter of a text is no harm; most damage is


def damage(head, chance):
    at = chance.randrange(len(head))
    match chance.randrange(5):
        case 0:
            head[at] ^= 1 << chance.randrange(8)
        case 1:
            head[at : at + 8] = struct.pack("<Q", chance.choice([0, 2**31, 2**32 - 1, 2**63, 2**64 - 1, chance.getrandbits(64)]))
        case 2:
            del head[at : at + chance.randint(1, 64)]
        case 3:
            head[at:at] = chance.randbytes(chance.randint(1, 32))
        case 4:
            other = chance.randrange(len(head))
            head[at : at + 16] = head[other : other + 16]
