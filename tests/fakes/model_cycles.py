"""Loads, uses and unloads the starter model again and again, and prints by how many KiB the process has grown after each."""

import asyncio
import ctypes
import gc
import sys
import tempfile
from pathlib import Path

import psutil

from backend.assistant.engines.engine import LoadOptions, Message, Request, Role
from backend.assistant.engines.sessions import open_session
from backend.assistant.engines.thread_engine import ThreadEngine
from tests.fakes.starter_model import find_starter_model

N_SETTLING = 3  # what a first use allocates once


async def main(n_cycles: int) -> None:
    process = psutil.Process()
    engine = ThreadEngine(open_session, Path(tempfile.mkdtemp()))
    system = Message(Role.SYSTEM, "You are calm.")
    start = 0
    for cycle in range(n_cycles + N_SETTLING):
        await engine.load(find_starter_model(), LoadOptions(n_ctx=1024))
        await engine.warm([system], "fast")
        async for _piece in engine.generate(Request("1", (system, Message(Role.USER, "Hello?")), n_tokens_max=4)):
            pass
        await engine.unload()
        gc.collect()
        if sys.platform == "linux":
            ctypes.CDLL(None).malloc_trim(0)  # what is free but kept by the allocator is no growth
        now = process.memory_info().rss // 1024
        if cycle == N_SETTLING - 1:
            start = now
        elif cycle >= N_SETTLING:
            print(now - start, flush=True)
    await engine.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
