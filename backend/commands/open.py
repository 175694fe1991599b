"""`trii open` where a window is open already: raise it."""

import argparse

from backend.commands.context import CommandContext
from backend.errors import Conflict
from backend.events import WindowRequested


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Ask the window to come up, and to show the instrument if one was named."""
    if getattr(arguments, "safe", False):
        raise Conflict(
            "The window is open already, and safe mode is for a start.", hint="Close the window first.", code="window.open"
        )
    what = ""
    if getattr(arguments, "instrument", None):
        what = str((await context.backend.catalog.resolve(arguments.instrument)).id)
    context.backend.bus.publish(WindowRequested(what))
    if context.as_json:
        await context.put_json({"raised": True, "instrument": what or None})
    return 0
