"""Loads a model into xllamacpp, for computers on which llama-cpp-python cannot be built."""

import time
from pathlib import Path
from typing import Any

from backend.assistant.engines.contexts import choose_n_ctx, free_memory_bytes
from backend.assistant.engines.engine import Loaded, LoadOptions, Progress
from backend.assistant.engines.fingerprints import compute_fingerprint
from backend.assistant.engines.gguf import GgufHeader, parse_header
from backend.assistant.engines.threads import choose_n_threads, count_cores
from backend.assistant.engines.wording import load_cancelled
from backend.assistant.engines.xllama_server import NAME, XllamaServer, open_xllamacpp
from backend.assistant.engines.xllama_session import XllamaSession
from backend.errors import InvalidInput, TriiError, Unavailable

# A stop is heard between batches only; larger ones read a little faster.
N_BATCH = 32


def open_xllama(path: Path, options: LoadOptions, prefixes: Path, on_progress: Progress | None = None) -> XllamaSession:
    """Load a model. The library tells nothing while it loads: ``on_progress`` hears beginning and end, and may end it there.

    Raises InvalidInput for a file that is no model, Unavailable for lack of memory, a library that is not installed, and a
    loading that was ended.
    """
    started_s = time.perf_counter()
    package, version = open_xllamacpp()
    header = parse_header(path)

    def is_wanted(done: float = 0.0) -> bool:
        return on_progress is None or on_progress(done) is not False

    for what in filter(None, (options.adapter and "adapter", options.projector and "projector")):
        raise Unavailable(
            f"This engine takes no {what}s.",
            hint=f"Set llama-cpp-python up, or remove the {what} in Models.",
            code=f"engine.{what}",
        )
    sha256 = compute_fingerprint(path, prefixes, is_wanted)
    n_ctx = choose_n_ctx(header, options, free_memory_bytes())
    n_threads = options.n_threads or choose_n_threads(count_cores())
    if not is_wanted():
        raise load_cancelled(header.name)
    prefixes.mkdir(parents=True, exist_ok=True)
    server = _open_server(package, _params(package, path, header, options, (n_ctx, n_threads)), header, prefixes)
    try:
        if not is_wanted(1.0):
            raise load_cancelled(header.name)
        loaded = Loaded(
            name=header.name,
            path=str(path),
            sha256=sha256,
            n_ctx=n_ctx,
            n_vocab=header.n_vocab,
            n_gpu_layers=max(0, options.n_gpu_layers or 0),
            n_threads=n_threads,
            n_bytes=header.n_bytes,
            has_template=bool(header.template),
            place="this process",
            load_s=time.perf_counter() - started_s,
        )
        return XllamaSession(server, loaded, options, header, (prefixes, f"{NAME} {version}"))
    except TriiError:
        server.close()
        raise


def _params(package: Any, path: Path, header: GgufHeader, options: LoadOptions, sizes: tuple[int, int]) -> Any:
    n_ctx, n_threads = sizes
    params = package.CommonParams()
    params.model.path = str(path)
    params.n_ctx = n_ctx
    params.n_batch = params.n_ubatch = n_ctx if options.is_embedding else min(N_BATCH, options.n_batch)
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = n_threads
    params.n_gpu_layers = options.n_gpu_layers or 0
    params.embedding = options.is_embedding
    if options.is_embedding and not header.is_embedding:
        params.pooling_type = package.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.swa_full = True
    params.fit_params = False  # it would choose a context of its own
    params.cache_ram_mib = 0  # eight gigabytes of old prompts, unless told otherwise
    params.cache_idle_slots = False
    params.warmup = False
    params.ui = False
    params.verbosity = -1
    return params


def _open_server(package: Any, params: Any, header: GgufHeader, prefixes: Path) -> XllamaServer:
    params.slot_save_path = f"{prefixes}/"
    try:
        return XllamaServer(package, params)
    except (RuntimeError, ValueError, OSError, MemoryError) as error:
        raise InvalidInput(
            f"{header.name} cannot be loaded: {str(error)[:300]}.",
            hint="The file may be damaged, made for a newer version, or too large for this computer.",
            code="engine.no_model",
        ) from error
