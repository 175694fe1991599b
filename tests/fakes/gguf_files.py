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


def write_projector(path: Path, *, width: int = 576, style: str = "mlp", **keys: Any) -> Path:
    """Small eyes with random values: pictures of 56 pixels become 16 tokens as wide as the starter model's."""
    inner, side, patch = 32, 56, 14
    layers = [
        (f"v.blk.{layer}.{name}", dims, 0)
        for layer in range(2)
        for name, dims in (
            *((f"attn_{one}.weight", (inner, inner)) for one in ("q", "k", "v", "out")),
            *((f"ln{one}.{part}", (inner,)) for one in (1, 2) for part in ("weight", "bias")),
            ("ffn_up.weight", (inner, 2 * inner)),
            ("ffn_up.bias", (2 * inner,)),
            ("ffn_down.weight", (2 * inner, inner)),
            ("ffn_down.bias", (inner,)),
        )
    ]
    tensors = (
        ("v.patch_embd.weight", (patch, patch, 3, inner), 0),
        ("v.position_embd.weight", (inner, (side // patch) ** 2), 0),
        *layers,
        ("mm.0.weight", (inner, inner), 0),
        ("mm.0.bias", (inner,), 0),
        ("mm.2.weight", (inner, width), 0),
        ("mm.2.bias", (width,), 0),
    )
    said = {
        "general.type": "mmproj",
        "general.architecture": "clip",
        "general.name": "Tiny Eyes",
        "clip.has_vision_encoder": True,
        "clip.projector_type": style,
        "clip.use_gelu": True,
        "clip.vision.image_size": side,
        "clip.vision.patch_size": patch,
        "clip.vision.embedding_length": inner,
        "clip.vision.feed_forward_length": 2 * inner,
        "clip.vision.projection_dim": width,
        "clip.vision.block_count": 2,
        "clip.vision.attention.head_count": 2,
        "clip.vision.attention.layer_norm_epsilon": 1e-5,
        "clip.vision.image_mean": _floats(0.5, 0.5, 0.5),
        "clip.vision.image_std": _floats(0.25, 0.25, 0.25),
        **{name.replace("__", "."): given for name, given in keys.items()},
    }
    values = (np.random.default_rng(2).standard_normal(n_values_bytes(tensors) // 4) * 0.3).astype("<f4")
    path.write_bytes(head_of({name: given for name, given in said.items() if given != ""}, tensors) + values.tobytes())
    return path


def _floats(*given: float) -> bytes:
    return struct.pack(f"<IIQ{len(given)}f", ARRAY, F32, len(given), *given)
