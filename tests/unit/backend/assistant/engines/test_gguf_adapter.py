"""The head of an adapter: what it says, and why a file is none."""

import pytest

from backend.assistant.engines.gguf_adapter import parse_adapter
from backend.errors import InvalidInput
from tests.fakes.gguf_files import head_of, write_adapter, write_gguf

ADAPTER = {"general.type": "adapter", "general.architecture": "llama", "adapter.type": "lora"}


def test_an_adapter_tells_its_name_rank_and_size(tmp_path):
    head = parse_adapter(write_adapter(tmp_path / "tiny.gguf", width=64, rank=8, general__license="mit"))
    assert (head.name, head.architecture, head.rank, head.alpha, head.n_pairs) == ("Tiny Manner", "llama", 8, 8.0, 1)
    assert (head.n_parameters, head.licence) == (2 * 64 * 8, "mit")


def test_a_model_is_no_adapter(tmp_path):
    with pytest.raises(InvalidInput, match="it holds a model"):
        parse_adapter(write_gguf(tmp_path / "model.gguf"))


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"adapter__type": "control_vector"}, "no LoRA"),
        ({"general__architecture": ""}, "does not say of which architecture"),
        ({"adapter__alora__invocation_tokens": [1, 2]}, "behind words of its own"),
    ],
)
def test_an_adapter_of_another_kind_is_refused_in_words(tmp_path, keys, why):
    with pytest.raises(InvalidInput, match=why):
        parse_adapter(write_adapter(tmp_path / "other.gguf", **keys))


@pytest.mark.parametrize(
    ("tensors", "why"),
    [
        ((), "holds no weights"),
        ((("blk.0.attn_q.weight", (64, 64), 0),), "none of a LoRA"),
        ((("../../x.lora_a", (64, 4), 0),), "none of a LoRA"),
        ((("q.weight.lora_a", (64, 4), 0),), "one half"),
        ((("q.weight.lora_a", (64, 4), 0), ("q.weight.lora_b", (5, 64), 0)), "do not fit each other"),
        ((("q.weight.lora_a", (64, 8192), 0), ("q.weight.lora_b", (8192, 64), 0)), "do not fit each other"),
    ],
)
def test_weights_that_are_no_pairs_are_refused(tmp_path, tensors, why):
    path = tmp_path / "odd.gguf"
    path.write_bytes(head_of(ADAPTER, tensors) + bytes(8_000_000))
    with pytest.raises(InvalidInput, match=why):
        parse_adapter(path)


def test_an_adapter_cut_short_is_refused(tmp_path):
    whole = write_adapter(tmp_path / "whole.gguf").read_bytes()
    for n_bytes in (3, 40, 200, len(whole) - 1):
        (tmp_path / "cut.gguf").write_bytes(whole[:n_bytes])
        with pytest.raises(InvalidInput):
            parse_adapter(tmp_path / "cut.gguf")
