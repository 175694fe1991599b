"""``trii-sync serve``: start, say how to join, run until told to stop."""

import asyncio
import contextlib
import ctypes
import signal
import sys
from pathlib import Path
from typing import Final

import msgspec

from sync_server.accounts.invitations import Invitations
from sync_server.cli.terms import Command, link_of
from sync_server.config import Config
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from sync_server.server import Server

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - a server of a team is reached by its desktops: TLS with a pinned key, by invitation alone
FILES_MAX: Final = 65_536
ARENAS_MAX: Final = 2  # of the system's allocator: one for the loop, one for the few threads beside it
_M_ARENA_MAX: Final = -8  # malloc.h
_SAID: Final = "served.json"  # how the server was last started, so that other commands make the right links
_KEPT: Final = ("host", "port", "is_plain", "public_url")


async def serve(command: Command) -> int:
    """Serve until SIGTERM or SIGINT; then tell devices when to come back, finish, and leave with 0."""
    stop = asyncio.Event()
    _on_signals(stop)
    allow_connections()
    bound_arenas()
    async with Server(command.config) as server:
        save_config(msgspec.structs.replace(command.config, port=server.port))
        await _greet(command, server, stop)
        await stop.wait()
        command.say("Stopping: devices are told to come back, what was taken is finished.")
    command.say("Stopped.")
    return 0


def allow_connections() -> None:
    """Let this process hold as many connections as the system lets it: each is an open file, and few are allowed unasked."""
    try:
        import resource  # noqa: PLC0415 - not on Windows, where there is no such limit
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, FILES_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a system may allow fewer than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def bound_arenas() -> None:
    """Let all threads share two arenas of glibc: with one for each, what a thread once freed is memory that no other can use."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # another C library, with ways of its own
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS_MAX)


async def first_code(invitations: Invitations, org: str, stop: asyncio.Event) -> str:
    """The code for the first owner, empty where there is one; asked for again while the database is away, up to ``stop``.

    The server serves already, and does not end because of its greeting.
    """
    while not stop.is_set():
        try:
            return await invitations.first_code(org)
        except Refused as refused:
            if not refused.after_ms:
                raise
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), refused.after_ms / 1000)
    return ""


async def _greet(command: Command, server: Server, stop: asyncio.Event) -> None:
    config = command.config
    command.say(f"TRII sync server of {server.org.name!r} listens at {server.url}")
    command.say(f"Data:     {config.data}" + (f" and {config.database.rpartition('@')[2]}" if config.database else ""))
    command.say("Identity: " + ("none (no TLS)" if config.is_plain else server.keys.pin))
    command.out.flush()
    code = await first_code(server.accounts.invitations, server.org.id, stop)
    if code:
        command.say()
        command.say("Nobody owns it yet. Join from the desktop with this link; it works once, for seven days:")
        command.say(f"  {link_of(config, server.keys, server.url, code)}")
    command.say()
    command.say(f"Invite others:  trii-sync invite --data {config.data}")
    command.say("Stop:           Ctrl+C")
    command.out.flush()


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT"):
        try:
            loop.add_signal_handler(getattr(signal, name), stop.set)
        except NotImplementedError:  # Windows
            signal.signal(getattr(signal, name), lambda *_: loop.call_soon_threadsafe(stop.set))


def set_up(data: Path, said: dict[str, object], *, is_new: bool) -> Config:
    """How a server is set up by what was ``said``: a new start by that alone, another command as it was last started."""
    kept: dict[str, object] = {}
    if not is_new:
        with contextlib.suppress(OSError, msgspec.DecodeError):
            kept = msgspec.json.decode((data / _SAID).read_bytes(), type=dict[str, object])
    known = {"host": "127.0.0.1" if said.get("is_plain") else EVERYWHERE} | {n: kept[n] for n in _KEPT if n in kept} | said
    try:
        return msgspec.convert(known | {"data": data}, Config)
    except msgspec.ValidationError as error:
        raise Refused(Code.BAD_BODY, f"The server cannot be set up so: {error}.") from error


def save_config(config: Config) -> None:
    """Remember how the server was started, so that other commands make links by which it is reached."""
    (config.data / _SAID).write_bytes(msgspec.json.encode({name: getattr(config, name) for name in _KEPT}))
