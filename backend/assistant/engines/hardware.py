"""What this machine has for models, measured, and how a model is loaded on it: context, layers on a graphics card, or a refusal."""

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import psutil

from backend.assistant.engines.child_line import scrubbed
from backend.assistant.engines.engine import LoadOptions
from backend.assistant.engines.gguf import GgufHeader
from backend.errors import Unavailable
from backend.settings_assistant import Assistant

log = logging.getLogger(__name__)

MIB: Final = 2**20
GIB: Final = 2**30
N_CTX_ON_GPU: Final = 8192
N_CTX_ON_PROCESSOR: Final = 4096  # its keys and values are touched when it is made; a processor reads more only in many seconds
N_CTX_LEAST: Final = 1024
_N_CTX_EMBEDDING: Final = 2048
_N_BATCH: Final = 128
_KEPT_FREE_BYTES: Final = 1 * GIB  # for everything else on this machine
_KEPT_FREE_SHARE: Final = 0.05
_GPU_KEPT_FREE_BYTES: Final = 512 * MIB
_ENGINE_BYTES: Final = 96 * MIB  # libraries, vocabulary, sampling
_ROOT: Final = Path(__file__).parents[3]
_DEVICES: Final = (sys.executable, "-m", "backend.assistant.engines.devices")
_NVIDIA: Final = ("nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits")
_DEVICES_TIMEOUT_S: Final = 20.0
_NVIDIA_TIMEOUT_S: Final = 5.0
_SAID_BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics device; ``is_usable``: whether the installed engine can compute on it."""

    name: str
    total_bytes: int
    free_bytes: int
    is_usable: bool = True


@dataclass(frozen=True, slots=True)
class Hardware:
    """What there is now; memory in bytes."""

    n_cores: int
    total_bytes: int
    available_bytes: int
    gpus: tuple[Gpu, ...] = ()

    @property
    def budget_bytes(self) -> int:
        """What a model may take of the memory, the rest of the machine considered."""
        return max(0, self.available_bytes - max(_KEPT_FREE_BYTES, int(self.total_bytes * _KEPT_FREE_SHARE)))

    @property
    def gpu(self) -> Gpu | None:
        """The device to compute on: of those that the engine can use, the one with the most free memory."""
        return max((gpu for gpu in self.gpus if gpu.is_usable), key=lambda gpu: gpu.free_bytes, default=None)


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """How a model is to be loaded, in figures and in words; bytes estimated."""

    options: LoadOptions
    words: str
    memory_bytes: int
    gpu_bytes: int = 0


class _Device(msgspec.Struct, frozen=True):
    name: str
    total_bytes: int
    free_bytes: int


def read_hardware() -> Hardware:
    """Measure this machine; blocks for as long as drivers take, at most some seconds."""
    memory = psutil.virtual_memory()
    return Hardware(
        n_cores=psutil.cpu_count(logical=False) or os.cpu_count() or 1,
        total_bytes=int(memory.total),
        available_bytes=int(memory.available),
        gpus=find_gpus(),
    )


def find_gpus(devices: Sequence[str] = _DEVICES, nvidia: Sequence[str] = _NVIDIA) -> tuple[Gpu, ...]:
    """Graphics devices as the engine sees them; else those of NVIDIA's own tool, which the engine then cannot use."""
    usable = parse_devices(_said_by(devices, _DEVICES_TIMEOUT_S))
    return usable or parse_nvidia(_said_by(nvidia, _NVIDIA_TIMEOUT_S))


def parse_devices(said: bytes) -> tuple[Gpu, ...]:
    """The list of ``engines.devices``; nothing where it is none."""
    try:
        found = msgspec.json.decode(said, type=list[_Device])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    return tuple(Gpu(each.name[:100], each.total_bytes, each.free_bytes) for each in found if each.total_bytes > 0)


def parse_nvidia(said: bytes) -> tuple[Gpu, ...]:
    """Lines of name, total and free MiB; what is not one is left out."""
    found = []
    for line in said.decode("utf-8", "replace").splitlines():
        name, _, figures = line.partition(",")
        total, _, free = figures.partition(",")
        if name.strip() and total.strip().isdecimal() and free.strip().isdecimal():
            found.append(Gpu(name.strip()[:100], int(total) * MIB, int(free) * MIB, is_usable=False))
    return tuple(found)


def plan_load(header: GgufHeader, n_bytes: int, hardware: Hardware, settings: Assistant, freed_bytes: int = 0) -> LoadPlan:
    """How to load this model here. Raises Unavailable, with the figures, where it does not fit.

    n_bytes : size of the file
    freed_bytes : what the model that is loaded now gives back before
    """
    budget = hardware.budget_bytes + freed_bytes
    gpu = hardware.gpu if settings.device == "auto" and header.n_layers else None
    most = _N_CTX_EMBEDDING if header.is_embedding else N_CTX_ON_GPU if gpu is not None else N_CTX_ON_PROCESSOR
    usual = min(header.n_ctx_train or most, most)
    least = min(usual, N_CTX_LEAST)
    n_ctx = usual
    while True:
        plan = _plan(header, n_bytes, n_ctx, gpu)
        if plan.memory_bytes <= budget:
            return _told(plan, header, gpu, usual)
        if n_ctx == least:
            break
        n_ctx = max(least, n_ctx // 2)
    raise Unavailable(
        f"{header.name} needs about {_size(plan.memory_bytes)} of memory with a context of {n_ctx} tokens; "
        f"{_size(budget)} of {_size(hardware.total_bytes)} are free for it.",
        hint="Close other programs, or choose a smaller model.",
        code="engine.memory",
    )


def _plan(header: GgufHeader, n_bytes: int, n_ctx: int, gpu: Gpu | None) -> LoadPlan:
    """Figures for this context. Layers on the device leave the memory; its libraries and the embeddings do not."""
    kv = header.kv_bytes_per_token * n_ctx
    working = _ENGINE_BYTES + _N_BATCH * 4 * (header.n_vocab + 16 * header.n_embd + max(1, header.n_heads) * n_ctx)
    n_layers = max(1, header.n_layers)
    layer = max(1, (n_bytes - header.input_bytes + kv) // n_layers)
    room = max(0, gpu.free_bytes - _GPU_KEPT_FREE_BYTES - working) if gpu is not None else 0
    n_on_gpu = min(n_layers, room // layer)
    on_gpu = n_on_gpu * layer
    n_gpu_layers = -1 if n_on_gpu == n_layers else int(n_on_gpu)
    options = LoadOptions(n_ctx=n_ctx, n_gpu_layers=n_gpu_layers, n_batch=_N_BATCH, is_embedding=header.is_embedding)
    return LoadPlan(options, "", n_bytes + kv + working - on_gpu, on_gpu + working if n_on_gpu else 0)


def _told(plan: LoadPlan, header: GgufHeader, gpu: Gpu | None, usual: int) -> LoadPlan:
    n = plan.options.n_gpu_layers
    if gpu is None or n == 0:
        place = "on the processor"
    else:
        layers = "all layers" if n == -1 else f"{n} of {header.n_layers} layers"
        place = f"{layers} on {gpu.name}"
    context = f"a context of {plan.options.n_ctx} tokens"
    if plan.options.n_ctx < usual:
        context += f" (memory does not hold {usual})"
    words = f"{place[0].upper()}{place[1:]}, {context}, about {_size(plan.memory_bytes)} of memory."
    return LoadPlan(plan.options, words, plan.memory_bytes, plan.gpu_bytes)


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def _said_by(command: Sequence[str], timeout_s: float) -> bytes:
    """What a program prints; nothing where it is not there, fails, or takes too long."""
    try:
        ended = subprocess.run(  # noqa: S603 - constants of this module, no shell
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout_s,
            check=False,
            cwd=_ROOT,
            env=scrubbed(os.environ),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired) as e:
        log.debug("%s told nothing: %s", command[0], e)
        return b""
    return ended.stdout[:_SAID_BYTES_MAX] if ended.returncode == 0 else b""
