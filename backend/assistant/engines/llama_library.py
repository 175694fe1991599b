"""llama-cpp-python, imported where it is first needed, kept quiet, watched while it loads, and stopped from any thread."""

import ctypes
import functools
import importlib
import importlib.metadata
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from backend.errors import Unavailable

NAME = "llama-cpp-python"
N_LINES_KEPT = 30
COMPLAINTS = (3, 4)  # warnings and errors by ggml.h; the package's own table is of an older one

# The package's functions are replaced while a model loads, and restored: one load at a time.
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class LlamaLibrary:
    """The package's modules: its classes, and the functions of llama.h below them. ``lines`` are its latest complaints."""

    high: Any
    low: Any
    internals: Any
    formats: Any
    version: str
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=N_LINES_KEPT))
    kept: list[Any] = field(default_factory=list)

    @property
    def stamp(self) -> str:
        """Name and version, as kept states are stamped with."""
        return f"{NAME} {self.version}"


@functools.cache
def open_library() -> LlamaLibrary:
    """The library, loaded once in a process. Raises Unavailable where it is not installed or does not run here."""
    try:
        high, low, internals, formats = (
            importlib.import_module(f"llama_cpp.{name}") for name in ("llama", "llama_cpp", "_internals", "llama_chat_format")
        )
        version = importlib.metadata.version("llama_cpp_python")
    except (ImportError, OSError, RuntimeError) as error:  # not installed; built for another processor; no shared library
        raise Unavailable(
            f"{NAME} cannot be used here: {error}", hint="Run `python3 dev.py` to build it.", code="engine.not_installed"
        ) from error
    library = LlamaLibrary(high, low, internals, formats, version)
    _listen(library)
    low.llama_backend_init()
    return library


def _listen(library: LlamaLibrary) -> None:
    """Keep what the library complains of instead of printing it."""

    def heard(level: int, text: bytes, _data: Any) -> None:
        if level in COMPLAINTS and (said := text.decode("utf-8", "replace").strip()):
            library.lines.append(said)

    callback = library.low.llama_log_callback(heard)
    library.kept.append(callback)  # called for as long as the process lives
    library.low.llama_log_set(callback, ctypes.c_void_p(0))


@contextmanager
def watching_load(library: LlamaLibrary, on_progress: Callable[[float], bool]) -> Iterator[None]:
    """While inside, a model that loads tells how far it is, 0 to 1, and gives up where the answer is False.

    The package has no way to ask for this, so the function that it takes its parameters from is replaced and put back. It
    would also send the whole process's standard output to nowhere while it loads: another thread's words, and a command's.
    """
    low = library.low
    progress = low.llama_progress_callback(lambda done, _data: on_progress(done))
    default_params = low.llama_model_default_params

    def watched_params() -> Any:
        params = default_params()
        params.progress_callback = progress
        return params

    with _loading:
        library.lines.clear()
        silencers = [(module, module.suppress_stdout_stderr) for module in (library.high, library.internals)]
        low.llama_model_default_params = watched_params
        for module, _ in silencers:
            module.suppress_stdout_stderr = lambda **_options: nullcontext()
        try:
            yield
        finally:
            low.llama_model_default_params = default_params
            for module, silencer in silencers:
                module.suppress_stdout_stderr = silencer


class AbortSwitch:
    """Ends a computation within a few milliseconds, from any thread, without the interpreter's lock.

    The library asks a C function between the steps of its graph whether to go on. That function is libc's own ``strlen`` over
    a text of at most one character: pressing makes it one character long. Graphics cards do not ask; there, and where there is
    no such function, whoever computes asks ``is_pressed`` between batches.
    """

    def __init__(self, library: LlamaLibrary) -> None:
        self._text = ctypes.create_string_buffer(2)
        self._low = library.low
        self._function = _find_strlen(library.low)

    def connect(self, context: Any) -> None:
        """Have this context ask."""
        if self._function is not None:
            self._low.llama_set_abort_callback(context, self._function, ctypes.cast(self._text, ctypes.c_void_p))

    def press(self) -> None:
        """End what computes."""
        self._text[0] = b"\x01"

    def release(self) -> None:
        """Let the next computation run."""
        self._text[0] = b"\x00"

    def is_pressed(self) -> bool:
        """Whether what computes is to end."""
        return self._text[0] != b"\x00"


def _find_strlen(low: Any) -> Any:
    try:
        libc = ctypes.CDLL("msvcrt" if os.name == "nt" else None)
        return ctypes.cast(libc.strlen, low.ggml_abort_callback)
    except (OSError, AttributeError):
        return None
