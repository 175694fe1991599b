"""The command line: reads it, finds who owns the home, and runs the command there or here."""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

from backend import __version__
from backend.api.remote import NotServed, connect
from backend.commands.failures import INTERRUPTED, exit_code, explain, wants_json
from backend.commands.request import RunRequest
from backend.commands.streams import Streams
from backend.commands.table import BY_NAME, Command, Needs, build_parser
from backend.errors import Conflict, InvalidInput, NotFound, TriiError, Unavailable
from backend.storage.ownership import OwnerNote, Ownership, claim, read_owner
from backend.storage.paths import Home, find_home

WINDOW: Final = "window"
HEADLESS: Final = "headless"
PATIENCE_S: Final = 60.0  # for an owner that opens its stores, or a command that a window has to wait for
SILENCE_S: Final = 1.0
POLL_S: Final = 0.02


class Desktop(Protocol):
    """What only the windows can do; nothing of theirs is imported before it is asked for."""

    def run_window(self, ownership: Ownership, arguments: argparse.Namespace) -> int:
        """Open the window on an owned home and return the exit code once it is closed."""
        ...

    def make_renderer(self) -> Any:
        """A ChartRenderer for a process without windows; its module loads arrays, so the type is named there."""
        ...

    def run_tour(self, arguments: argparse.Namespace) -> int:
        """Draw a chart without showing a window, save it and report."""
        ...


def run(argv: Sequence[str], desktop: Desktop) -> int:
    """Carry out one command line; the exit code."""
    streams = Streams.of_process()
    as_json = wants_json(tuple(argv))
    try:
        return _run(tuple(argv), streams, desktop)
    except BrokenPipeError:
        _close_quietly()
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as e:  # the top of the command line: every failure becomes words and a code
        if not isinstance(e, TriiError) and os.environ.get("TRII_DEBUG"):
            raise
        with contextlib.suppress(BrokenPipeError):
            streams.tell(explain(e, as_json=as_json, has_colour=streams.facts.has_colour and streams.facts.err_is_tty))
        return exit_code(e)


def _run(argv: tuple[str, ...], streams: Streams, desktop: Desktop) -> int:
    arguments = build_parser().read(argv)
    home = find_home(arguments.home)
    if arguments.headless:
        return _run_headless(home, arguments, streams, desktop)
    command = BY_NAME[arguments.command or "open"]
    if command.name == "tour":
        return desktop.run_tour(arguments)
    request = RunRequest(argv, _current_folder(), streams.facts)
    if command.needs is Needs.NOTHING:
        from backend.api import alone  # noqa: PLC0415 - loops and servers are imported only where they run

        return alone.run_alone(home, request, streams)
    owned = _claim_or_forward(home, command, request, streams)
    if isinstance(owned, int):
        return owned
    with owned as ownership:
        if command.needs is Needs.WINDOW:
            return desktop.run_window(ownership, arguments)
        return _run_here(ownership, request, streams, desktop)


def _claim_or_forward(home: Home, command: Command, request: RunRequest, streams: Streams) -> Ownership | int:
    """The home, or the exit code of the command as its owner carried it out."""
    role = WINDOW if command.needs is Needs.WINDOW else command.name
    began, has_told = time.monotonic(), False
    while True:
        ownership = claim(home, role=role, version=__version__)
        if ownership is not None:
            return ownership
        note = read_owner(home)
        code = None if note is None else _try_forward(note, command, request, streams)
        if code is not None:
            return code
        waited_s = time.monotonic() - began
        if waited_s > PATIENCE_S:
            raise _unresponsive(home, note)
        if waited_s > SILENCE_S and not has_told and streams.facts.err_is_tty:
            streams.tell(f"Waiting for {_describe(note)} ...\n".encode())
            has_told = True
        time.sleep(POLL_S)


def _try_forward(note: OwnerNote, command: Command, request: RunRequest, streams: Streams) -> int | None:
    """The exit code, or None to try again: the owner is opening its stores, ending, or has to end first."""
    if command.needs is Needs.HOME:
        raise Conflict(
            f"{command.name} needs a home that nothing has open, and {_describe(note)} has it open.",
            hint="Close it, then try again.",
            code="home.owned",
        )
    if command.needs is Needs.WINDOW and note.role == HEADLESS:
        raise Conflict(
            f"{_describe(note)} has this home open without a window.", hint="Stop it, then open the window.", code="home.owned"
        )
    if not note.port or (command.needs is Needs.WINDOW and note.role != WINDOW):
        return None
    try:
        with connect(note, version=__version__) as remote:
            return remote.run(request, streams)
    except NotServed:
        return None


def _describe(note: OwnerNote | None) -> str:
    if note is None:
        return "another process"
    what = {WINDOW: "the window of TRII", HEADLESS: "TRII without a window"}.get(note.role, f"'trii {note.role}'")
    return f"{what} (process {note.pid})"


def _unresponsive(home: Home, note: OwnerNote | None) -> Unavailable:
    return Unavailable(
        f"{_describe(note)} has {home.root} open and has not answered for {PATIENCE_S:.0f} s.",
        hint="Wait until it is done, or end it, then try again.",
        code="home.busy",
    )


def _current_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a string travels
    except FileNotFoundError as e:
        raise NotFound("The current folder has been deleted.", hint="Change into another one.", code="cwd.gone") from e


def _run_here(ownership: Ownership, request: RunRequest, streams: Streams, desktop: Desktop) -> int:
    from backend.api import owner  # noqa: PLC0415 - the stores are imported only where they are opened

    return owner.run_command(ownership, request, streams, desktop.make_renderer())


def _run_headless(home: Home, arguments: argparse.Namespace, streams: Streams, desktop: Desktop) -> int:
    if arguments.command:
        raise InvalidInput("--headless stands alone.", hint="Start 'trii --headless', then use commands beside it.", code="usage")
    ownership = claim(home, role=HEADLESS, version=__version__)
    if ownership is None:
        raise Conflict(
            f"{_describe(read_owner(home))} has {home.root} open.",
            hint="Close it first; it serves commands already.",
            code="home.owned",
        )
    with ownership:
        from backend.api import owner  # noqa: PLC0415 - the stores are imported only where they are opened

        return owner.run_headless(ownership, streams, desktop.make_renderer())


def _close_quietly() -> None:
    """Lead standard output nowhere, so that nothing complains about the closed pipe at exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
