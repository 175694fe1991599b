"""GGUF files made to measure: small sound models without real weights, and whatever else a file may claim."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ALIGNMENT = 32
U32, I32, F32, BOOL, TEXT, ARRAY, U64 = 4, 5, 6, 7, 8, 9, 10
Described = Sequence[tuple[str, Sequence[int], int]]  # name, shape, type

KEYS: dict[str, Any] = {
    "general.architecture": "llama",
    "general.name": "Tiny Test 1M",
    "general.license": "apache-2.0",
    "general.file_type": 2,
    "llama.context_length": 4096,
    "llama.block_count": 2,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": ["a", "b", "c", "<|end|>"],
    "tokenizer.ggml.token_type": [1, 1, 1, 3],
    "tokenizer.chat_template": "{{ messages }}",
}
TENSORS = (("token_embd.weight", (64, 4), 0), ("blk.0.attn_q.weight", (64, 64), 2), ("output_norm.weight", (64,), 0))
BYTES_OF = {0: (1, 4), 1: (1, 2), 2: (32, 18), 12: (256, 144)}


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def value(given: Any) -> bytes:
    """A value with its kind before it."""
    if isinstance(given, bytes):
        return given  # kind and value as they are to be written
    if isinstance(given, bool):
        return struct.pack("<I?", BOOL, given)
    if isinstance(given, int):
        return struct.pack("<I", U32 if given < 2**32 else U64) + struct.pack("<I" if given < 2**32 else "<Q", given)
    if isinstance(given, float | str):
        return struct.pack("<If", F32, given) if isinstance(given, float) else struct.pack("<I", TEXT) + text(given)
    if given and isinstance(given[0], str):
        return struct.pack("<IIQ", ARRAY, TEXT, len(given)) + b"".join(text(item) for item in given)
    return struct.pack("<IIQ", ARRAY, I32, len(given)) + b"".join(struct.pack("<i", item) for item in given)


def tensor(name: str, dims: Sequence[int], kind: int, offset: int) -> bytes:
    return text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset)


def n_bytes_of(dims: Sequence[int], kind: int) -> int:
    n = 1
    for dim in dims:
        n *= dim
    block, size = BYTES_OF.get(kind, (1, 4))
    return n // block * size


def head_of(keys: Mapping[str, Any] = KEYS, tensors: Described = TENSORS, *, version: int = 3) -> bytes:
    """The head of a sound file, padded to where its values begin."""
    parts = [b"GGUF", struct.pack("<IQQ", version, len(tensors), len(keys))]
    parts += [text(name) + value(given) for name, given in keys.items()]
    offset = 0
    for name, dims, kind in tensors:
        parts.append(tensor(name, dims, kind, offset))
        offset += -(-n_bytes_of(dims, kind) // ALIGNMENT) * ALIGNMENT
    head = b"".join(parts)
    return head + bytes(-len(head) % ALIGNMENT)


def n_values_bytes(tensors: Described = TENSORS) -> int:
    return sum(-(-n_bytes_of(dims, kind) // ALIGNMENT) * ALIGNMENT for _, dims, kind in tensors)


def write_gguf(path: Path, keys: Mapping[str, Any] = KEYS, **given: Any) -> Path:
    """A sound file with values of zero."""
    tensors = given.get("tensors", TENSORS)
    path.write_bytes(head_of(keys, tensors, version=given.get("version", 3)) + bytes(n_values_bytes(tensors)))
    return path


def write_with_room(path: Path, head: bytes, n_values: int) -> Path:
    """This head, then a hole of ``n_values`` bytes."""
    with path.open("wb") as target:
        target.write(head)
        target.truncate(len(head) + n_values)
    return path


def write_adapter(path: Path, *, width: int = 576, rank: int = 4, scale: float = 1.0, **keys: Any) -> Path:
    """A LoRA adapter of one weight of the starter model's kind: random values, or none at all where ``scale`` is 0."""
    tensors = (("blk.0.attn_q.weight.lora_a", (width, rank), 0), ("blk.0.attn_q.weight.lora_b", (rank, width), 0))
    said = {
        "general.type": "adapter",
        "general.architecture": "llama",
        "general.name": "Tiny Manner",
        "adapter.type": "lora",
        "adapter.lora.alpha": 8.0,
        **{name.replace("__", "."): given for name, given in keys.items()},
    }
    values = (np.random.default_rng(1).standard_normal(2 * width * rank) * scale).astype("<f4")
    path.write_bytes(head_of({name: given for name, given in said.items() if given != ""}, tensors) + values.tobytes())
    return path
