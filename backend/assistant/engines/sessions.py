"""Opens a model in the first engine that is there: llama-cpp-python, else xllamacpp, which needs no compiler."""

from collections.abc import Callable
from pathlib import Path

from backend.assistant.engines.engine import LoadOptions, Progress
from backend.assistant.engines.llama_loading import open_llama
from backend.assistant.engines.session import Session
from backend.assistant.engines.xllama_loading import open_xllama
from backend.errors import Unavailable

NOT_INSTALLED = "engine.not_installed"

OpenSession = Callable[[Path, LoadOptions, Path, Progress | None], Session]


def open_session(path: Path, options: LoadOptions, prefixes: Path, on_progress: Progress | None = None) -> Session:
    """Load a model; the libraries are imported here and not before.

    prefixes : the folder in which states of prompt beginnings are kept
    Raises InvalidInput for a file that is no model, NotFound where there is none, Unavailable for lack of memory, where no
    engine is installed, and where ``on_progress`` ended the loading.
    """
    return open_with((open_llama, open_xllama), path, options, prefixes, on_progress)


def open_with(
    ways: tuple[OpenSession, ...], path: Path, options: LoadOptions, prefixes: Path, on_progress: Progress | None
) -> Session:
    """The same with the first of these engines that is installed."""
    missing: list[str] = []
    for way in ways:
        try:
            return way(path, options, prefixes, on_progress)
        except Unavailable as error:
            if error.code != NOT_INSTALLED:
                raise
            missing.append(error.message)
    raise Unavailable(
        " ".join(missing) or "There is no engine.",
        hint="Run `python3 dev.py` to set one up, or use an endpoint of your own (Settings, Assistant).",
        code=NOT_INSTALLED,
    )
