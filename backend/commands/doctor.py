"""`trii doctor`: look at program, machine, home and stores; exit code 1 when something keeps TRII from running."""

import argparse
import asyncio
from collections.abc import AsyncIterator

from backend.app import Backend, open_backend
from backend.commands.checkup_assistant import look_at_assistant
from backend.commands.checkup_machine import look_at_machine
from backend.commands.checkup_stores import look_at_stores
from backend.commands.context import CommandContext
from backend.commands.findings import Finding, ok, problem, tell_findings
from backend.commands.home_context import HomeContext
from backend.errors import TriiError
from backend.storage.key_record import load_record


async def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """On open stores."""
    findings = await asyncio.to_thread(lambda: list(look_at_machine(context.home)))
    findings += [finding async for finding in _look(context.backend, is_quick=bool(arguments.quick))]
    return await tell_findings(context, findings)


async def run_closed(context: HomeContext, arguments: argparse.Namespace) -> int:
    """On a home that nothing has open: it is opened for the look, if it holds anything."""
    findings = await asyncio.to_thread(lambda: list(look_at_machine(context.home)))
    findings += await _open_and_look(context, is_quick=bool(arguments.quick))
    return await tell_findings(context, findings)


async def _look(backend: Backend, *, is_quick: bool) -> AsyncIterator[Finding]:
    async for finding in look_at_stores(backend, is_quick=is_quick):
        yield finding
    if not is_quick:
        async for finding in look_at_assistant(backend):
            yield finding


async def _open_and_look(context: HomeContext, *, is_quick: bool) -> list[Finding]:
    if load_record(context.home) is None and not (context.home.ledgers / "money.db").exists():
        return [ok("stores", "There are none yet; they are made when something is first stored.")]
    loop = asyncio.get_running_loop()

    def ask(question: str) -> str | None:
        return asyncio.run_coroutine_threadsafe(context.terminal.ask(f"{question}: "), loop).result()

    try:
        async with open_backend(context.home, ask_passphrase=ask, watch=False) as backend:
            return [finding async for finding in _look(backend, is_quick=is_quick)]
    except TriiError as e:
        return [problem("stores", f"They cannot be opened: {e.message}", e.hint, code=e.code)]
