"""What a GGUF file says of the adapter in it: the head alone, in bounds, before any engine sees it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.assistant.engines.gguf_bytes import Head, Tensor, load_head
from backend.errors import InvalidInput

_RANK_MAX: Final = 4_096
_PART: Final = re.compile(r"(?P<base>[\w.]{1,60})\.lora_(?P<side>[ab])")


@dataclass(frozen=True, slots=True)
class AdapterHeader:
    """An adapter as its file describes it. ``rank`` is the highest of its pairs; ``alpha`` scales it, 0 where that is not said."""

    name: str
    architecture: str
    rank: int
    alpha: float
    n_pairs: int
    n_parameters: int
    n_bytes: int
    licence: str


def parse_adapter(path: Path) -> AdapterHeader:
    """Read the head of a LoRA adapter. Raises InvalidInput, with the reason, for whatever is not one whole, sound adapter."""
    head = load_head(path)
    kind, style = head.words("general.type"), head.words("adapter.type")
    if kind != "adapter" or style != "lora":
        raise _refused(path, "it holds a model, not an adapter" if kind in ("", "model") else f"it holds {style or kind}, no LoRA")
    if "adapter.alora.invocation_tokens" in head.keys:
        raise _refused(path, "it works only behind words of its own, which are not supported here")
    architecture = head.words("general.architecture")
    if not architecture:
        raise _refused(path, "it does not say of which architecture its model is")
    alpha = head.keys.get("adapter.lora.alpha", 0.0)
    return AdapterHeader(
        name=head.name(path),
        architecture=architecture,
        rank=_rank(path, head),
        alpha=float(alpha) if isinstance(alpha, int | float) else 0.0,
        n_pairs=len(head.tensors) // 2,
        n_parameters=sum(tensor.n_values for tensor in head.tensors),
        n_bytes=head.n_bytes,
        licence=head.words("general.license"),
    )


def _rank(path: Path, head: Head) -> int:
    """The highest rank; every part must have its other half, of the same rank."""
    halves: dict[str, dict[str, Tensor]] = {}
    for tensor in head.tensors:
        match = _PART.fullmatch(tensor.name)
        if match is None:
            raise _refused(path, f"its part {tensor.name[:60]!r} is none of a LoRA")
        halves.setdefault(match["base"], {})[match["side"]] = tensor
    ranks = [0]
    for base, sides in halves.items():
        if set(sides) != {"a", "b"} or any(len(one.dims) != 2 for one in sides.values()):
            raise _refused(path, f"of {base} it holds one half")
        ranks.append(sides["a"].dims[1])
        if not 0 < ranks[-1] <= _RANK_MAX or sides["b"].dims[0] != ranks[-1]:
            raise _refused(path, f"the halves of {base} do not fit each other")
    if len(ranks) == 1:
        raise _refused(path, "it holds no weights")
    return max(ranks)


def _refused(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"The file {path.name} is not an adapter that can be used: {why}.",
        hint="Choose a LoRA adapter in a GGUF file, made for this model.",
        code="models.adapter",
    )
