"""``trii-sync serve`` as a process of its own, made to be killed, and the people who are on it.

Run as ``python -m tests.fakes.sync_process DATA PORT DATABASE http|https``: the command itself, without limits of speed.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec

from sync_server.cli import serving
from sync_server.cli.terms import Command
from sync_server.config import Config
from tests.fakes.sync_server import Member, join, served

START_S = 120.0  # a machine at work may be slow


class SyncProcess:
    """The server over ``data``, always on the same ``port``. ``is_plain``: without TLS."""

    def __init__(self, data: Path, port: int, database: str = "", *, is_plain: bool = True) -> None:
        self.port = port
        self._scheme = "http" if is_plain else "https"
        self._command = [sys.executable, "-m", "tests.fakes.sync_process", str(data), str(port), database, self._scheme]
        self._process: subprocess.Popen[bytes] | None = None
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Come up and answer. Raises RuntimeError with its words where it does not."""
        self._process = subprocess.Popen(  # noqa: ASYNC220 - starting it takes no time, waiting for it does
            self._command, stdout=self._words, stderr=self._words
        )
        end_s = asyncio.get_running_loop().time() + START_S
        # Only whether it answers is asked: its certificate is its own.
        async with httpx.AsyncClient(trust_env=False, timeout=2, verify=False) as client:
            while True:
                try:
                    if (await client.get(f"{self._scheme}://127.0.0.1:{self.port}/healthz")).is_success:
                        return
                except httpx.HTTPError:
                    pass
                if self._process.poll() is not None or asyncio.get_running_loop().time() > end_s:
                    raise RuntimeError(f"The server did not come up: {self.said()}")
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL, now."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def said(self) -> str:
        """Everything that it printed."""
        self._words.seek(0)
        return self._words.read().decode(errors="replace")[-2_000:]

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self.kill()
        self._words.close()


async def people_on(folder: Path, n: int, database: str = "") -> tuple[Member, ...]:
    """A server's data under ``folder``/server with ``n`` people, the first of them its owner; their tokens outlive a test."""
    async with served(folder, database=database) as house:
        code = await house.code(uses=n)
        return (house.admin, *[await join(house.server, f"P{at}", code) for at in range(1, n)])


async def serve_unlimited(command: Command) -> int:
    """The command ``serve``, without limits of speed."""
    return await serving.serve(
        Command(msgspec.structs.replace(command.config, has_limits=False), command.asked, command.out, command.err)
    )


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop that ``trii-sync`` takes: of uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def main() -> int:
    """The command line, as somebody would type it."""
    data, port, database, scheme = sys.argv[1:]
    config = Config(data=Path(data), port=int(port), is_plain=scheme == "http", database=database, retry_ms=(50, 500))
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        return int(runner.run(serve_unlimited(Command(config, argparse.Namespace(), sys.stdout, sys.stderr))))


if __name__ == "__main__":
    sys.exit(main())
