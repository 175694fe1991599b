"""Tries an unknown model in a throw-away process before it is let into any engine that is to live."""

import asyncio
import contextlib
import logging
import math
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil

from backend.assistant.engines import wire
from backend.assistant.engines.child_line import ChildLine, Patience
from backend.assistant.engines.engine import Done, Loaded, LoadOptions, Message, Request, Role
from backend.assistant.engines.gguf import GgufHeader, parse_header
from backend.assistant.engines.pictures import plain_png
from backend.errors import InvalidInput, TriiError, Unavailable
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

_N_CTX: Final = 512
_N_CTX_SEEING: Final = 4_096  # for as many parts as a model makes of a small picture
_N_TOKENS: Final = 4
_PICTURE: Final = (96, 64)  # pixels
_ROOM_BYTES: Final = 2 * 2**30  # beyond the file: context, work, libraries
_ADDRESS_ROOM_BYTES: Final = 16 * 2**30  # of addresses, which threads and allocators reserve and never use
_TIMEOUT_S: Final = 60.0
_READ_BYTES_PER_S: Final = 100e6  # hashed and loaded from a slow disk
_WATCH_EVERY_S: Final = 0.1
_PLACE: Final = "trial"
_ITS_OWN_FAULT: Final = frozenset({"engine.unforeseen", "engine.no_end"})
_GREETING: Final = (Message(Role.USER, "Say yes."),)


async def probe_model(path: Path, *, timeout_s: float = 0.0, session: str = "", room_bytes: int = _ROOM_BYTES) -> Loaded:
    """Load a model in a process that is thrown away, and have it generate a few tokens (or a vector).

    timeout_s : for all of it; 0 gives a minute, and longer to large files
    session : ``module:function`` that opens it; empty for the product's own
    room_bytes : memory it may take beyond the size of its file

    Raises InvalidInput, saying what happened, where it is no sound model or it crashes, hangs, or gives nothing;
    Unavailable where this machine has no engine or not the memory.
    """
    return await _probe(path, LoadOptions(), timeout_s, session, room_bytes)


async def probe_adapter(path: Path, adapter: Path, *, timeout_s: float = 0.0, session: str = "") -> Loaded:
    """The same of a model with an adapter. Raises what ``probe_model`` raises; what is refused then is the adapter."""
    return await _probe(path, LoadOptions(adapter=str(adapter)), timeout_s, session, _ROOM_BYTES)


async def probe_projector(path: Path, projector: Path, *, timeout_s: float = 0.0, session: str = "") -> Loaded:
    """The same of a model with a projector, which is shown a picture. Raises the same; what is refused then is the projector."""
    return await _probe(path, LoadOptions(projector=str(projector)), timeout_s, session, _ROOM_BYTES)


async def _probe(path: Path, additions: LoadOptions, timeout_s: float, session: str, room_bytes: int) -> Loaded:
    header = await asyncio.to_thread(parse_header, path)
    addition = additions.adapter or additions.projector
    tried = Path(addition) if addition else path
    room_bytes += 2 * await asyncio.to_thread(_size, addition)
    timeout_s = timeout_s or _TIMEOUT_S + header.n_bytes / _READ_BYTES_PER_S
    n_ctx = _N_CTX_SEEING if additions.projector else _N_CTX
    options = replace(additions, n_ctx=min(header.n_ctx_train or n_ctx, n_ctx), n_gpu_layers=0, is_embedding=header.is_embedding)
    with TemporaryDirectory(prefix="trii-trial-", ignore_cleanup_errors=True) as folder:
        async with TaskOwner("probe") as tasks:
            patience = Patience(start_s=timeout_s, beat_s=min(8.0, timeout_s), work_s=timeout_s, cancel_s=1.0, close_s=1.0)
            line = ChildLine(tasks, patience, _pass)
            watch = tasks.start("probe_memory", _watch(line, header.n_bytes + room_bytes))
            try:
                async with asyncio.timeout(timeout_s):
                    memory_bytes = header.n_bytes * 2 + room_bytes + _ADDRESS_ROOM_BYTES
                    await line.start(Path(folder), session=session, memory_bytes=memory_bytes)
                    return await _try(line, (path, tried), header, options)
            except TimeoutError:
                raise _refused(tried, f"it did not load and answer within {timeout_s:.0f} s") from None
            except Unavailable as e:
                if line.end_words:
                    raise _refused(tried, f"loading it ended the process: {line.end_words}{_said(line)}") from e
                if e.code in _ITS_OWN_FAULT:
                    raise _refused(tried, e.message) from e
                raise
            finally:
                watch.cancel()
                await line.close()


async def _try(line: ChildLine, files: tuple[Path, Path], header: GgufHeader, options: LoadOptions) -> Loaded:
    """Load the model; ``files`` are its own and the one that is tried with it, or its own again."""
    path, tried = files
    reply = await line.call(lambda number: wire.Load(number, path=str(path), options=options))
    assert isinstance(reply, wire.LoadedNow)
    loaded = reply.loaded
    if loaded.n_vocab <= 0 or (header.n_vocab and loaded.n_vocab != header.n_vocab):
        raise _refused(path, f"its head tells of {header.n_vocab} tokens, but {loaded.n_vocab} were loaded")
    if header.is_embedding:
        await _try_vectors(line, path)
    else:
        await _try_text(line, tried, (plain_png(*_PICTURE),) if options.projector else ())
    return loaded


async def _try_text(line: ChildLine, path: Path, pictures: tuple[bytes, ...]) -> None:
    stream = line.begin(Request("trial", _GREETING, n_prefix=0, n_tokens_max=_N_TOKENS, mode=_PLACE, pictures=pictures))
    texts = []
    while not isinstance(piece := await stream.next(), Done):
        texts.append(piece.text)
    if piece.n_generated <= 0:
        raise _refused(path, "it generates nothing")
    if "".join(texts).count("\ufffd") > _N_TOKENS:
        raise _refused(path, "what it generates is no text")


async def _try_vectors(line: ChildLine, path: Path) -> None:
    reply = await line.call(lambda number: wire.Embed(number, texts=("yes", "no")))
    assert isinstance(reply, wire.Vectors)
    sizes = {len(vector) for vector in reply.vectors}
    if len(reply.vectors) != 2 or len(sizes) != 1 or 0 in sizes:
        raise _refused(path, "it gives no vectors")
    if not all(math.isfinite(value) for vector in reply.vectors for value in vector):
        raise _refused(path, "its vectors hold what is no number")


async def _watch(line: ChildLine, most_bytes: int) -> None:
    """End the child when it grows beyond what such a model may take, also where the system sets no limit."""
    while True:
        await asyncio.sleep(_WATCH_EVERY_S)
        with contextlib.suppress(psutil.Error):
            if line.is_alive and line.pid and psutil.Process(line.pid).memory_info().rss > most_bytes:
                line.kill(f"it took more than {most_bytes / 1e9:.1f} GB of memory")


def _size(addition: str) -> int:
    return Path(addition).stat().st_size if addition and Path(addition).is_file() else 0


def _said(line: ChildLine) -> str:
    """The library's own reason, where it gave one."""
    reasons = [words for words in line.last_words.splitlines() if "ASSERT" in words or "error" in words.lower()]
    return f" ({''.join(letter for letter in reasons[-1] if letter.isprintable())[:200]})" if reasons else ""


def _refused(path: Path, why: str) -> TriiError:
    return InvalidInput(
        f"{path.name} was tried in a process of its own and is not used: {why}.",
        hint="Choose another file, or load this one again if it may have been damaged on its way.",
        code="models.trial",
    )


def _pass(why: str) -> None:
    log.info("The trial of a model ended its process: %s", why)
