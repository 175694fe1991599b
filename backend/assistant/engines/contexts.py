"""How long a context a model gets: as long as it was trained for, bounded by use and by the memory that is free."""

import psutil

from backend.assistant.engines.engine import LoadOptions
from backend.assistant.engines.gguf import GgufHeader
from backend.errors import InvalidInput, Unavailable

N_CTX_UNASKED = 8192
N_CTX_EMBEDDING = 2048
N_CTX_LEAST = 512
STEP = 256
# The rest is for buffers of the computation, and for everything else that runs here.
SHARE_OF_FREE = 0.8


def choose_n_ctx(header: GgufHeader, options: LoadOptions, free_bytes: int) -> int:
    """Tokens of context: what was asked for, at most what the model was trained for and what fits into memory.

    free_bytes : of main memory; layers on a graphics card are taken to need none of it
    Raises Unavailable where not even a short context fits, InvalidInput for a length that is none.
    """
    if options.n_ctx < 0:
        raise InvalidInput(f"A context of {options.n_ctx} tokens is none.", hint="Give 0 to have it chosen.", code="engine.n_ctx")
    usual = N_CTX_EMBEDDING if options.is_embedding else N_CTX_UNASKED
    wanted = min(options.n_ctx or usual, header.n_ctx_train or usual)
    n_fitting = _n_fitting(header, options, free_bytes)
    if n_fitting < min(wanted, N_CTX_LEAST):
        raise Unavailable(
            f"{header.name} needs {_gb(header.n_bytes)} and room for a conversation; {_gb(free_bytes)} of memory are free.",
            hint="Close other programs, or choose a smaller model.",
            code="engine.memory",
        )
    return wanted if n_fitting >= wanted else max(n_fitting // STEP * STEP, min(wanted, N_CTX_LEAST))


def free_memory_bytes() -> int:
    """Main memory that programs can still get."""
    return int(psutil.virtual_memory().available)


def _n_fitting(header: GgufHeader, options: LoadOptions, free_bytes: int) -> int:
    is_on_card = (options.n_gpu_layers or 0) != 0
    spare = int(free_bytes * SHARE_OF_FREE) - (0 if is_on_card else header.n_bytes)
    return max(0, spare) // max(1, header.kv_bytes_per_token)


def _gb(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB"
