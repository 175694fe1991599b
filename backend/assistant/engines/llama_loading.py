"""Loads a model into llama-cpp-python with every default that would surprise set by name, and says why where it cannot."""

import importlib
import time
from pathlib import Path
from typing import Any

from backend.assistant.engines.contexts import choose_n_ctx, free_memory_bytes
from backend.assistant.engines.engine import Loaded, LoadOptions, Progress
from backend.assistant.engines.fingerprints import compute_fingerprints
from backend.assistant.engines.gguf import GgufHeader, parse_header
from backend.assistant.engines.gguf_projector import check_projector
from backend.assistant.engines.llama_adapter import check_adapter, put_adapter
from backend.assistant.engines.llama_eyes import LlamaEyes
from backend.assistant.engines.llama_library import LlamaLibrary, open_library, watching_load
from backend.assistant.engines.llama_session import LlamaSession
from backend.assistant.engines.threads import choose_n_threads, count_cores
from backend.assistant.engines.wording import load_cancelled
from backend.errors import InvalidInput, TriiError, Unavailable

MEMORY_WORDS = ("alloc", "out of memory", "cannot allocate", "mmap failed")
N_BATCH_SEEING = 512  # some models must look at all of a picture in one batch; stops are heard within one
_LOAD_ERRORS = (ValueError, RuntimeError, TypeError, LookupError, AttributeError, AssertionError, OSError, MemoryError)


def open_llama(path: Path, options: LoadOptions, prefixes: Path, on_progress: Progress | None = None) -> LlamaSession:
    """Load a model.

    Raises InvalidInput for a file that is no model, or an adapter or projector that is none of this one, Unavailable for lack of
    memory, a library that is not installed, and a loading that ``on_progress`` ended.
    """
    started_s = time.perf_counter()
    library = open_library()
    header = parse_header(path)
    watch = _Watch(on_progress)
    adapter, projector = (Path(one) if one else None for one in (options.adapter, options.projector))
    if adapter is not None:
        check_adapter(adapter, header)
    if projector is not None:
        check_projector(projector, header)
    additions = [one for one in (adapter, projector) if one is not None]
    sha256 = compute_fingerprints(path, additions, prefixes, watch.is_wanted)
    n_ctx = choose_n_ctx(header, options, free_memory_bytes())
    n_threads = options.n_threads or choose_n_threads(count_cores())
    llama = _load(library, path, header, _arguments(library, header, options, n_ctx, n_threads), watch)
    eyes: LlamaEyes | None = None
    try:
        if adapter is not None:
            put_adapter(library, llama, adapter)
        if projector is not None:
            on_card = _n_on_card(library, header, options) > 0
            eyes = LlamaEyes(library, llama, projector, n_threads=n_threads, uses_gpu=on_card)
        loaded = Loaded(
            name=header.name,
            path=str(path),
            sha256=sha256,
            n_ctx=n_ctx,
            n_vocab=llama.n_vocab(),
            n_gpu_layers=_n_on_card(library, header, options),
            n_threads=n_threads,
            n_bytes=header.n_bytes,
            has_template=bool(header.template),
            place="this process",
            load_s=time.perf_counter() - started_s,
            sees=eyes is not None,
        )
        session = LlamaSession(library, llama, loaded, options, (prefixes, eyes))
        if not watch.tell(1.0):
            raise load_cancelled(header.name)
    except TriiError:
        if eyes is not None:
            eyes.close()
        llama.close()
        raise
    return session


class _Watch:
    """Tells how far a loading is, and remembers that it was ended."""

    def __init__(self, on_progress: Progress | None) -> None:
        self._on_progress = on_progress
        self.is_ended = False

    def tell(self, done: float) -> bool:
        if not self.is_ended and self._on_progress is not None:
            self.is_ended = self._on_progress(done) is False
        return not self.is_ended

    def is_wanted(self) -> bool:
        return self.tell(0.0)


def _arguments(library: LlamaLibrary, header: GgufHeader, options: LoadOptions, n_ctx: int, n_threads: int) -> dict[str, Any]:
    """What ``Llama`` is made with; its own defaults are a context of 512, all cores for reading, and a lot of printing."""
    wanted = max(options.n_batch, N_BATCH_SEEING) if options.projector else options.n_batch
    n_batch = n_ctx if options.is_embedding else max(1, min(wanted, n_ctx))
    arguments = {
        "n_ctx": n_ctx,
        "n_batch": n_batch,
        "n_ubatch": n_batch,  # larger batches than this end the process
        "n_threads": n_threads,
        "n_threads_batch": n_threads,
        "n_gpu_layers": options.n_gpu_layers or 0,
        "use_mmap": True,
        "embedding": options.is_embedding,
        "flash_attn": False,  # off is what the library makes of it; on a processor it writes more slowly (decision 0214)
        "swa_full": True,  # a sliding window that forgets cannot go back to a shared beginning
        "verbose": False,
    }
    if options.is_embedding and not header.is_embedding:
        arguments["pooling_type"] = library.low.LLAMA_POOLING_TYPE_MEAN
    return arguments


def _load(library: LlamaLibrary, path: Path, header: GgufHeader, arguments: dict[str, Any], watch: _Watch) -> Any:
    errors: tuple[type[Exception], ...] = (*_LOAD_ERRORS, *_template_errors())
    with watching_load(library, watch.tell):
        try:
            return library.high.Llama(str(path), **arguments)
        except errors as error:
            raise _why(library, header, watch, error) from error


def _template_errors() -> tuple[type[Exception], ...]:
    """What a chat template in the file may raise: the package compiles it while it loads."""
    return (importlib.import_module("jinja2").TemplateError,)


def _why(library: LlamaLibrary, header: GgufHeader, watch: _Watch, error: Exception) -> TriiError:
    if watch.is_ended:
        return load_cancelled(header.name)
    said = "; ".join(list(library.lines)[-3:]) or str(error)
    if isinstance(error, MemoryError) or any(word in said.lower() for word in MEMORY_WORDS):
        return Unavailable(
            f"There is not enough memory for {header.name}: {said}.",
            hint="Close other programs, choose a smaller model or a shorter context.",
            code="engine.memory",
        )
    return InvalidInput(
        f"{header.name} cannot be loaded: {said}.",
        hint="The file may be damaged, or made for a newer version.",
        code="engine.no_model",
    )


def _n_on_card(library: LlamaLibrary, header: GgufHeader, options: LoadOptions) -> int:
    if not library.low.llama_supports_gpu_offload():
        return 0
    wanted = options.n_gpu_layers or 0
    return header.n_layers + 1 if wanted < 0 else min(wanted, header.n_layers + 1)
