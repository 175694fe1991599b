"""What ``trii-sync`` understands, and how each refusal is told."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TextIO

from sync_server.accounts.values import InvitationTerms
from sync_server.actor import Role
from sync_server.cli import erasing, keeping, people, serving
from sync_server.cli.terms import Command
from sync_server.config import PORT, Config
from sync_server.errors import Refused

OK, FAILED, WRONG = 0, 1, 2
_ROLES: Final = tuple(str(role) for role in Role if role is not Role.BOT)

Run = Callable[[Command], Awaitable[int]]


def run(arguments: Sequence[str], out: TextIO, err: TextIO) -> int:
    """Run one command; 0 when it did what was asked, 1 when it could not, 2 for words that are not understood."""
    try:
        asked = _parser().parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0) and WRONG
    logging.basicConfig(stream=err, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        command = Command(_config(asked), asked, out, err)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return int(runner.run(asked.run(command)))
    except Refused as refused:
        print(f"{refused.why} {refused.hint}".strip(), file=err)
    except OSError as error:
        print(f"This could not be done: {error}.", file=err)
    except KeyboardInterrupt:
        print("Stopped.", file=err)
    return FAILED


def default_data() -> Path:
    """Where a server keeps its things when nobody says: TRII_SYNC_DATA, or the user's folder for data."""
    said = os.environ.get("TRII_SYNC_DATA")
    if said:
        return Path(said)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "trii-sync"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "trii-sync"


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop of uvloop where it is installed, else the loop of the standard library."""
    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


def _config(asked: argparse.Namespace) -> Config:
    said = {name: getattr(asked, name) for name in Config.__struct_fields__ if getattr(asked, name, None) is not None}
    said.pop("data")
    return serving.set_up(asked.data, said, is_new=asked.run is serving.serve)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="trii-sync", description="The meeting point of several TRII desktops.")
    commands = parser.add_subparsers(required=True, metavar="command")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data", type=Path, default=default_data(), help="folder of the server's data (default: %(default)s)")
    shared.add_argument("--database", help="postgresql://user@host/name instead of SQLite in the data folder")

    def add(name: str, what: str, doing: Run) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what, parents=[shared])
        command.set_defaults(run=doing)
        return command

    _add_serve(add("serve", "Start the server; the first start prints the link to join with.", serving.serve))
    _add_people(add)
    _add_keeping(add)
    return parser


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", help="address to listen on (default: all; with --plain this machine alone)")
    serve.add_argument("--port", type=int, help=f"port to listen on (default: {PORT}; 0 takes a free one)")
    serve.add_argument("--plain", dest="is_plain", action="store_true", default=None, help="no TLS: behind a proxy on this machine")
    serve.add_argument("--public", dest="public_url", metavar="URL", help="how others reach it, such as https://sync.example.com")
    serve.add_argument("--origin", dest="origins", action="append", metavar="URL", help="a web page that may connect; repeatable")
    serve.add_argument("--name", dest="org", help="name of the organisation, at the first start")


def _add_people(add: Callable[[str, str, Run], argparse.ArgumentParser]) -> None:
    invite = add("invite", "Print a link with which somebody joins.", people.invite)
    invite.add_argument("--role", choices=_ROLES, default=str(Role.MEMBER))
    invite.add_argument("--uses", type=int, default=InvitationTerms().uses, help="how many people may use it")
    invite.add_argument("--days", type=int, default=InvitationTerms().days, help="for how many days")
    invite.add_argument("--public", dest="public_url", metavar="URL", help="address to put into the link")
    _org(invite)
    user = add("user", "List people; change a role, disable, enable, or make a code for a new password.", people.user)
    user.add_argument("deed", choices=("list", "role", "disable", "enable", "reset"), nargs="?", default="list")
    user.add_argument("email", nargs="?", default="")
    user.add_argument("role", choices=_ROLES, nargs="?")
    _org(user)
    org = add("org", "List organisations, or add one.", people.org)
    org.add_argument("deed", choices=("list", "add"), nargs="?", default="list")
    org.add_argument("title", nargs="?", default="", metavar="name")
    org.add_argument("--public", dest="public_url", metavar="URL", help="address to put into the link")
    erasures = add("erasures", "List requests to erase what a person wrote, ask for one, withdraw it.", erasing.erasures)
    erasures.add_argument("deed", choices=("list", "ask", "withdraw"), nargs="?", default="list")
    erasures.add_argument("target", nargs="?", default="", help="the person's address, or the request's id")
    erasures.add_argument("--why", default="", help="the reason, for the audit log")
    _org(erasures)
    recover = add("recover-admin", "Print a link for one more owner, where none can sign in any more.", people.recover_admin)
    recover.add_argument("--public", dest="public_url", metavar="URL", help="address to put into the link")
    _org(recover)


def _org(command: argparse.ArgumentParser) -> None:
    command.add_argument("--org", dest="of", default="", metavar="NAME", help="which organisation, where there are several")


def _add_keeping(add: Callable[[str, str, Run], argparse.ArgumentParser]) -> None:
    backup = add("backup", "Write an encrypted backup, also while the server runs.", keeping.backup)
    backup.add_argument("target", type=Path, help="a new file, or a folder")
    backup.add_argument("--make-key", type=Path, metavar="FILE", help="make a recovery key, write it here and use it")
    add("scrub", "Leave no byte of erased words in the database's files: PostgreSQL's tables are written anew.", keeping.scrub)
    restore = add("restore", "Bring the server back from a backup; it must not run.", keeping.restore)
    restore.add_argument("backup", type=Path)
    verify = add("verify", "Verify the audit log, or a backup.", keeping.verify)
    verify.add_argument("backup", type=Path, nargs="?")
    for command in (backup, restore, verify):
        command.add_argument("--key", type=Path, metavar="FILE", help="file with the recovery key, instead of a passphrase")
