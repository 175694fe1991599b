"""Runs command lines on open stores, for this process's own terminal and for those of forwarded commands alike."""

import importlib
import logging
from argparse import Namespace
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from types import ModuleType

from backend.app import Backend
from backend.commands.context import CommandContext
from backend.commands.failures import exit_code, explain, wants_json
from backend.commands.home_context import HomeContext
from backend.commands.parser import Parser
from backend.commands.picture import ChartRenderer
from backend.commands.request import RunRequest
from backend.commands.table import BY_NAME, Needs, build_parser
from backend.commands.terminal import Terminal
from backend.storage.paths import Home

log = logging.getLogger(__name__)


class CommandRunner:
    """Carries out command lines on ``backend``; hand one to ``backend.api.local.serve``.

    renderer : draws for `trii screenshot`; None where this process cannot
    """

    def __init__(self, backend: Backend, renderer: ChartRenderer | None = None) -> None:
        self._backend = backend
        self._renderer = renderer

    @cached_property
    def _parser(self) -> Parser:
        """Made for the first command: most windows carry out none, and hundreds of parsers take their start 60 ms."""
        return build_parser()

    async def __call__(self, request: RunRequest, terminal: Terminal) -> int:
        """The exit code of ``request``; its errors are told on ``terminal``."""
        as_json = wants_json(request.argv)
        try:
            arguments = self._parser.read(request.argv)
            context = CommandContext(
                self._backend.home, terminal, Path(request.cwd), bool(arguments.json), self._backend, self._renderer
            )
            run: Callable[[CommandContext, Namespace], Awaitable[int]] = _load(arguments.command or "open").run
            return await run(context, arguments)
        except BrokenPipeError:
            return 0  # the reader has seen enough
        except Exception as e:  # noqa: BLE001 - the top of a command: every failure becomes words and a code
            return await _tell(e, terminal, as_json=as_json)


async def run_closed(request: RunRequest, home: Home, terminal: Terminal) -> int:
    """Carry out a command that needs no open stores on the home that this process owns; the exit code."""
    as_json = wants_json(request.argv)
    try:
        arguments = build_parser().read(request.argv)
        context = HomeContext(home, terminal, Path(request.cwd), bool(arguments.json))
        run: Callable[[HomeContext, Namespace], Awaitable[int]] = _load(arguments.command).run_closed
        return await run(context, arguments)
    except BrokenPipeError:
        return 0
    except Exception as e:  # noqa: BLE001 - the top of a command: every failure becomes words and a code
        return await _tell(e, terminal, as_json=as_json)


def needs_of(request: RunRequest) -> Needs:
    """What the command of ``request``, a readable one, works on."""
    return BY_NAME[build_parser().read(request.argv).command or "open"].needs


def _load(name: str) -> ModuleType:
    return importlib.import_module(f"backend.commands.{BY_NAME[name].module}")


async def _tell(error: Exception, terminal: Terminal, *, as_json: bool) -> int:
    if exit_code(error) == 1:
        log.error("A command failed.", exc_info=error)
    facts = terminal.facts
    try:
        await terminal.tell(explain(error, as_json=as_json, has_colour=facts.has_colour and facts.err_is_tty))
    except BrokenPipeError:
        log.info("Nobody heard about: %s", error)
    return exit_code(error)
