"""A LoRA adapter put into a loaded model of llama-cpp-python, by its own interface below the package's classes.

The package's ``lora_path`` would switch the mapping of the model's file off (ai.md §2.3); the interface below it does not.
"""

import ctypes
from pathlib import Path
from typing import Any

from backend.assistant.engines.gguf import GgufHeader
from backend.assistant.engines.gguf_adapter import parse_adapter
from backend.assistant.engines.llama_library import LlamaLibrary
from backend.errors import InvalidInput


def check_adapter(adapter: Path, model: GgufHeader) -> None:
    """Raise InvalidInput for a file that is no adapter, or one of another architecture than the model's."""
    head = parse_adapter(adapter)
    if head.architecture != model.architecture:
        raise _foreign(adapter, model.name, f"it was made for {head.architecture}, not for {model.architecture}")


def put_adapter(library: LlamaLibrary, llama: Any, adapter: Path) -> None:
    """Let the adapter work with the model's context; it is freed with the model. Raises InvalidInput where it does not fit."""
    low = library.low
    made = low.llama_adapter_lora_init(llama.model, str(adapter).encode())
    if not made:
        said = "; ".join(list(library.lines)[-2:])
        raise _foreign(adapter, "this model", said or "its parts do not fit")
    adapters, scales = (low.llama_adapter_lora_p_ctypes * 1)(made), (ctypes.c_float * 1)(1.0)
    if low.llama_set_adapters_lora(llama.ctx, adapters, 1, scales) != 0:
        raise _foreign(adapter, "this model", "the engine did not take it")


def _foreign(adapter: Path, model: str, why: str) -> InvalidInput:
    return InvalidInput(
        f"The adapter {adapter.name} does not go with {model}: {why}.",
        hint="Choose one that was made for it.",
        code="models.adapter",
    )
