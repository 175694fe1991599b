"""The HTTP API: where it bends, how late it is at 70 % of that, and what it costs beside the same answer of a bare route (P17)."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np

from tests.benchmarks._fanout_load import cpu_s_of
from tests.benchmarks._fanout_peers import free_port, running
from tests.benchmarks._sync_house import sync_house

LINES: Final = 8
BARE: Final = """
import sys, uvicorn
from litestar import Litestar, get
PAGE = {"t": "ev", "r": "r", "e": 1, "from": 1, "to": 1, "h": "h" * 43, "ev": [{"s": 1, "id": "i" * 36, "a": "a" * 36,
        "d": "d" * 36, "k": "room.create", "ts": 1790000000000, "bh": "b" * 43, "b": "x" * 3000, "n": "n" * 22}]}
@get("/v1/rooms/{room:str}/events")
async def events(room: str, after: int = 0, limit: int = 1) -> dict:
    return PAGE
uvicorn.run(Litestar([events], openapi_config=None), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


async def compare_http(folder: Path, seconds: float) -> None:
    """Both sides, one after the other, and the ratio."""
    print("\nP17: GET a page of one event; the knee is what 8 connections that never wait get\n")
    print("| server | knee requests/s | CPU µs each | p50 / p95 / p99 ms at 70 % |\n|---|--:|--:|---|")
    async with sync_house(folder, 1) as house:
        headers = "\r\n".join(f"{name}: {value}" for name, value in house.members[0].headers.items())
        path = f"/v1/rooms/{house.room}/events?after=0&limit=1"
        ours = await _show("TRII sync", house.server.port, house.server.pid, path, headers, seconds)
    port = free_port()
    with running([sys.executable, "-c", BARE, str(port)], port) as process:
        bare = await _show("bare Litestar route", port, process.pid, "/v1/rooms/r/events?after=0&limit=1", "X: y", seconds)
    print(f"\n   ours / bare: {ours / bare:.2f} times the CPU a request (goal: at most 2)")


async def _show(name: str, port: int, pid: int, path: str, headers: str, seconds: float) -> float:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n\r\n".encode()
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(LINES)]
    await asyncio.gather(*(_ask(line, request) for line in lines))
    cpu_s, n, end_s = cpu_s_of(pid), 0, time.perf_counter() + seconds / 2

    async def flat_out(line: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> int:
        n_done = 0
        while time.perf_counter() < end_s:
            await _ask(line, request)
            n_done += 1
        return n_done

    n = sum(await asyncio.gather(*(flat_out(line) for line in lines)))
    each_us = 1e6 * (cpu_s_of(pid) - cpu_s) / n
    knee = n / (seconds / 2)
    late_ms = await _paced(lines, request, 0.7 * knee, seconds / 2)
    p50, p95, p99 = np.percentile(late_ms, (50, 95, 99))
    print(f"| {name} | {knee:,.0f} | {each_us:.0f} | {p50:.1f} / {p95:.1f} / {p99:.1f} |", flush=True)
    for _, writer in lines:
        writer.close()
    return each_us


async def _paced(lines: list, request: bytes, rate: float, seconds: float) -> list[float]:
    """Requests at due times; how late each answer was, from when it was due."""
    start_s, n_total, taken = time.perf_counter() + 0.05, round(rate * seconds), iter(range(round(rate * seconds)))
    late_ms: list[float] = []

    async def work(line: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        for at in taken:
            due_s = start_s + at / rate
            if (wait_s := due_s - time.perf_counter()) > 0:
                await asyncio.sleep(wait_s)
            await _ask(line, request)
            late_ms.append(1_000 * (time.perf_counter() - due_s))

    await asyncio.gather(*(work(line) for line in lines))
    assert len(late_ms) == n_total
    return late_ms


async def _ask(line: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes) -> None:
    reader, writer = line
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head[:300]
    size = next(int(row[15:]) for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:"))
    await reader.readexactly(size)
