"""Lists the graphics devices that llama.cpp sees, in a process of its own: drivers may crash, hang, or hold memory.

Run as ``python -m backend.assistant.engines.devices``: prints one JSON list of name, total and free bytes, of devices
that are no processor. Nothing is printed where no engine is installed that could use one.
"""

import contextlib
import ctypes
import importlib
import json
import os
from typing import Any, Final

_GPU_TYPES: Final = (1, 2)  # enum ggml_backend_dev_type: a graphics card, and one inside the processor
_N_MAX: Final = 64


def main() -> None:
    """Print what the first engine that can be imported sees."""
    target = os.dup(1)
    os.dup2(2, 1)  # what a driver prints is no device
    found: list[dict[str, Any]] = []
    for look in (_of_llama_cpp, _of_xllamacpp):
        with contextlib.suppress(ImportError, OSError, AttributeError, RuntimeError):
            found = look()
            break
    os.write(target, json.dumps(found[:_N_MAX]).encode())


def _of_llama_cpp() -> list[dict[str, Any]]:
    library = importlib.import_module("llama_cpp._ggml").libggml
    for name, result in (
        ("ggml_backend_dev_count", ctypes.c_size_t),
        ("ggml_backend_dev_get", ctypes.c_void_p),
        ("ggml_backend_dev_type", ctypes.c_int),
        ("ggml_backend_dev_description", ctypes.c_char_p),
    ):
        getattr(library, name).restype = result
    found = []
    for i in range(min(library.ggml_backend_dev_count(), _N_MAX)):
        device = ctypes.c_void_p(library.ggml_backend_dev_get(ctypes.c_size_t(i)))
        if library.ggml_backend_dev_type(device) in _GPU_TYPES:
            free, total = ctypes.c_size_t(), ctypes.c_size_t()
            library.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
            told: bytes = library.ggml_backend_dev_description(device) or b""
            found.append({"name": told.decode("utf-8", "replace"), "total_bytes": total.value, "free_bytes": free.value})
    return found


def _of_xllamacpp() -> list[dict[str, Any]]:
    devices = importlib.import_module("xllamacpp").get_device_info()
    return [
        {"name": str(each["description"]), "total_bytes": int(each["memory_total"]), "free_bytes": int(each["memory_free"])}
        for each in devices
        if int(each["type"]) in _GPU_TYPES
    ]


if __name__ == "__main__":
    main()
