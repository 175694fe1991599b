"""An adapter as a GGUF file, as llama.cpp reads it: pairs of matrices by the names of the weights that they add to."""

import contextlib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backend.errors import Conflict, Unavailable

Pair: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""``a`` of rank by what goes in, and ``b`` of what comes out by rank: the weight becomes W + alpha / rank * (b @ a)."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """What is written. ``pairs`` are by the GGUF name of their weight, as "blk.0.ffn_up.weight"."""

    name: str
    architecture: str
    base: str
    alpha: float
    pairs: Mapping[str, Pair]


def check_free(path: Path) -> None:
    """Raise Conflict where there is a file of this name."""
    if path.exists():
        raise Conflict(f"{path.name} is there already.", hint="Choose another name, or remove it.", code="training.there")


def write_adapter(path: Path, adapter: Adapter) -> None:
    """Write the file whole, or not at all. Raises Conflict where there is one, Unavailable for a disk that is full or refuses."""
    check_free(path)
    with _written(path) as part:
        gguf: Any = importlib.import_module("gguf")
        writer = gguf.GGUFWriter(part, adapter.architecture)
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_name(adapter.name)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, adapter.alpha)
        writer.add_base_model_count(1)
        writer.add_base_model_name(0, adapter.base)
        for name, (a, b) in sorted(adapter.pairs.items()):
            writer.add_tensor(f"{name}.lora_a", np.ascontiguousarray(a, np.float32))
            writer.add_tensor(f"{name}.lora_b", np.ascontiguousarray(b, np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


@contextlib.contextmanager
def _written(path: Path) -> Iterator[Path]:
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as e:
        raise Unavailable(
            f"{path.name} cannot be written: {e.strerror or e}.",
            hint="Free some space or choose another folder.",
            code="training.disk",
        ) from e
    finally:
        part.unlink(missing_ok=True)
