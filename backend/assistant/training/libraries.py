"""The libraries that training needs beside the program's own; large, and imported where they are first needed."""

import functools
import importlib
import os
from dataclasses import dataclass
from typing import Any, Final

from backend.errors import Unavailable

_NAMES: Final = ("torch", "transformers", "peft", "gguf")


@dataclass(frozen=True, slots=True)
class Libraries:
    """PyTorch, Transformers, PEFT and gguf."""

    torch: Any
    transformers: Any
    peft: Any
    gguf: Any


@functools.cache
def open_libraries() -> Libraries:
    """The libraries. Raises Unavailable where one is not installed."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # the model is a file here; nothing is asked of anyone
    os.environ["TQDM_DISABLE"] = "1"  # the command has a bar of its own
    try:
        libraries = Libraries(*(importlib.import_module(name) for name in _NAMES))
    except (ImportError, OSError) as error:
        raise Unavailable(
            f"Training needs PyTorch, Transformers, PEFT and gguf, which are not all there: {error}.",
            hint="Add them with `python3 dev.py trainer`, or install trii-desktop[train].",
            code="training.not_installed",
        ) from error
    libraries.transformers.utils.logging.set_verbosity_error()
    importlib.import_module("tqdm").tqdm.monitor_interval = 0  # nor a thread that watches bars
    return libraries
