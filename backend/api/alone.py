"""A command that needs no home: it runs in this process until it is done or stopped."""

import asyncio
import importlib
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path

from backend.commands.home_context import HomeContext
from backend.commands.request import RunRequest
from backend.commands.stream_terminal import StreamTerminal
from backend.commands.streams import Streams
from backend.commands.table import BY_NAME, build_parser
from backend.storage.paths import Home


def run_alone(home: Home, request: RunRequest, streams: Streams) -> int:
    """The exit code; the home is named and not opened."""
    arguments = build_parser().read(request.argv)
    context = HomeContext(home, StreamTerminal(streams), Path(request.cwd), bool(arguments.json))
    run: Callable[[HomeContext, Namespace], Awaitable[int]] = importlib.import_module(
        f"backend.commands.{BY_NAME[arguments.command].module}"
    ).run_alone

    async def begin() -> int:
        return await run(context, arguments)

    return asyncio.run(begin())
