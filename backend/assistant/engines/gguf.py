"""What a GGUF file says of the model in it, read without any engine: the head alone, in bounds, nothing run or rendered."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.assistant.engines.gguf_bytes import TENSOR_TYPES, Head, Items, load_head, refused

_WHOLE_MAX: Final = 2**31
_N_HEADS_MAX: Final = 4096
_N_LAYERS_MAX: Final = 4096
_N_EMBD_MAX: Final = 2**20
_N_CTX_MAX: Final = 2**25
_KV_VALUE_BYTES: Final = 2  # half precision, as llama.cpp keeps keys and values unless told otherwise
_ENCODERS: Final = frozenset(
    {
        "bert",
        "modern-bert",
        "nomic-bert",
        "nomic-bert-moe",
        "neo-bert",
        "jina-bert-v2",
        "jina-bert-v3",
        "eurobert",
        "gemma-embedding",
        "llama-embed",
        "t5encoder",
    }
)
# enum llama_ftype of llama.h
_FILE_TYPES: Final = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4",
    39: "NVFP4",
    40: "Q1_0",
    41: "Q2_0",
}


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """A model as its file describes it; 0 and empty words where it does not say. Sizes in bytes.

    template : the chat template as text; it comes from a stranger and is rendered only in an engine's sandbox
    kv_bytes_per_token : what keys and values of one token take in half precision, an upper bound for sliding windows
    input_bytes : of the token embeddings, which stay with the processor however many layers a graphics card takes
    """

    version: int
    name: str
    architecture: str
    n_parameters: int
    quantisation: str
    n_ctx_train: int
    n_layers: int
    n_embd: int
    n_heads: int
    n_kv_heads: int
    key_length: int
    value_length: int
    n_vocab: int
    licence: str
    template: str
    is_embedding: bool
    kv_bytes_per_token: int
    n_tensors: int
    n_bytes: int
    input_bytes: int


def parse_header(path: Path) -> GgufHeader:
    """Read the header of a GGUF file. Raises InvalidInput, with the reason, for whatever is not one whole, sound model."""
    head = load_head(path)
    return _Reading(head, path.name).header()


class _Reading:
    """Turns keys of a head into what they mean for this architecture."""

    def __init__(self, head: Head, name: str) -> None:
        self._head = head
        self._file = name
        self._architecture = head.words("general.architecture")

    def header(self) -> GgufHeader:
        """The header; refuses what is a GGUF file but no whole model."""
        self._check_kind()
        head = self._head
        n_layers, n_embd = self._number("block_count", most=_N_LAYERS_MAX), self._number("embedding_length", most=_N_EMBD_MAX)
        n_heads = self._number("attention.head_count", most=_N_HEADS_MAX)
        per_head = n_embd // n_heads if n_heads else 0
        key_length = self._number("attention.key_length", most=_N_EMBD_MAX) or per_head
        value_length = self._number("attention.value_length", most=_N_EMBD_MAX) or per_head
        kv_heads = self._kv_heads(n_layers, n_heads)
        return GgufHeader(
            version=head.version,
            name=head.name(Path(self._file)),
            architecture=self._architecture,
            n_parameters=sum(tensor.n_values for tensor in head.tensors),
            quantisation=self._quantisation(),
            n_ctx_train=self._number("context_length", most=_N_CTX_MAX),
            n_layers=n_layers,
            n_embd=n_embd,
            n_heads=n_heads,
            n_kv_heads=max(kv_heads, default=0),
            key_length=key_length,
            value_length=value_length,
            n_vocab=self._n_vocab(),
            licence=head.words("general.license"),
            template=self._template(),
            is_embedding=self._is_embedding(),
            kv_bytes_per_token=sum(kv_heads) * (key_length + value_length) * _KV_VALUE_BYTES,
            n_tensors=len(head.tensors),
            n_bytes=head.n_bytes,
            input_bytes=sum(tensor.n_bytes for tensor in head.tensors if tensor.name == "token_embd.weight"),
        )

    def _check_kind(self) -> None:
        if self._architecture == "clip":
            raise refused(self._file, "it holds the eyes of a vision model; add it to that model as its projector")
        kind = self._head.words("general.type") or "model"
        if kind != "model":
            raise refused(self._file, f"it holds no model of its own but an addition to one ({kind})")
        if not self._architecture:
            raise refused(self._file, "it does not say of which architecture the model is")
        n_parts = self._whole("split.count")
        if n_parts > 1:
            raise refused(self._file, f"it is one of {n_parts} parts of a model; join them with llama-gguf-split first")
        if not self._head.tensors:
            raise refused(self._file, "it holds a vocabulary but no weights")
        if not self._number("block_count", most=_N_LAYERS_MAX) or not self._number("embedding_length", most=_N_EMBD_MAX):
            raise refused(self._file, "it does not say how many layers the model has, or how wide they are")

    def _template(self) -> str:
        found = self._head.keys.get("tokenizer.chat_template", "")
        return found if isinstance(found, str) else ""

    def _whole(self, key: str, most: int = _WHOLE_MAX) -> int:
        """A whole number of the head; 0 where there is none. Refuses what is negative or absurd."""
        found = self._head.keys.get(key, 0)
        if isinstance(found, bool) or not isinstance(found, int):
            return 0
        if not 0 <= found <= most:
            raise refused(self._file, f"it says {key[:80]} is {found}")
        return found

    def _number(self, key: str, most: int = _WHOLE_MAX) -> int:
        """A whole number of the model's architecture, the largest where each layer has its own."""
        return max(self._per_layer(key, most), default=0) or self._whole(f"{self._architecture}.{key}", most)

    def _per_layer(self, key: str, most: int) -> tuple[int, ...]:
        found = self._head.keys.get(f"{self._architecture}.{key}")
        if not isinstance(found, Items):
            return ()
        whole = tuple(int(number) for number in found.numbers if isinstance(number, int))
        if len(whole) != found.n or not all(0 <= number <= most for number in whole):
            raise refused(self._file, f"it says of {key} what cannot be")
        return whole

    def _kv_heads(self, n_layers: int, n_heads: int) -> tuple[int, ...]:
        """Heads of keys and values of each layer; layers of another kind have none."""
        per_layer = self._per_layer("attention.head_count_kv", _N_HEADS_MAX)
        if per_layer:
            return per_layer[:n_layers]
        own = self._per_layer("attention.head_count", _N_HEADS_MAX)
        one = self._whole(f"{self._architecture}.attention.head_count_kv", _N_HEADS_MAX)
        return own[:n_layers] if own and not one else (one or n_heads,) * n_layers

    def _n_vocab(self) -> int:
        tokens = self._head.keys.get("tokenizer.ggml.tokens")
        return tokens.n if isinstance(tokens, Items) else self._whole(f"{self._architecture}.vocab_size")

    def _quantisation(self) -> str:
        """As the file names it, else the type of most of its weights."""
        said = self._head.keys.get("general.file_type")
        if isinstance(said, int) and not isinstance(said, bool) and said % 1024 in _FILE_TYPES:
            return _FILE_TYPES[said % 1024]
        sizes: Counter[int] = Counter()
        for tensor in self._head.tensors:
            sizes[tensor.kind] += tensor.n_bytes
        return TENSOR_TYPES[sizes.most_common(1)[0][0]][0]

    def _is_embedding(self) -> bool:
        """Whether it gives vectors or ranks instead of text."""
        return self._architecture in _ENCODERS or self._whole(f"{self._architecture}.pooling_type") > 0
