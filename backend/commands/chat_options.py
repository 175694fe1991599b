"""The options of `trii team` and `trii chat`."""

import argparse
from pathlib import Path

from backend.commands.options import add_global
from backend.commands.parser import Parser, Subparsers, sentence

_SERVER = "its name, address or id, from 'trii team list'"
_ROOM = "its name or id, or @handle for the room of you and a colleague"
_PASSWORD = "a file that holds the password; - for standard input; asked for otherwise"  # noqa: S105 - words of help


def add_team(parser: Parser) -> None:
    """Sub-commands of `trii team`."""
    actions = parser.add_below("ACTION", required=True)
    _action(actions, "list", "list servers and how this computer stands with each")
    join = _action(actions, "join", "make an account on a server by an invite link, and sign in")
    join.add_argument("link", metavar="LINK", help="as trii://join?server=...")
    join.add_argument("--email", metavar="ADDRESS", required=True, help="your address")
    join.add_argument("--name", metavar="TEXT", required=True, help="what your colleagues call you")
    join.add_argument("--password-file", metavar="FILE", help=_PASSWORD)
    enter = _action(actions, "sign-in", "sign in to a server again, or on another computer")
    enter.add_argument("server", metavar="SERVER", help=f"{_SERVER}; or an invite link, or an address as https://host:8443")
    enter.add_argument("--email", metavar="ADDRESS", help="your address; the one used last otherwise")
    enter.add_argument("--password-file", metavar="FILE", help=_PASSWORD)
    enter.add_argument("--code", metavar="CODE", default="", help="of your authenticator; asked for where it is needed")
    leave = _action(actions, "sign-out", "sign out of a server; what is on this computer stays readable")
    leave.add_argument("server", metavar="SERVER", help=_SERVER)
    leave.add_argument("--everywhere", action="store_true", help="end the sessions of all your devices")
    leave.add_argument("--wipe", action="store_true", help="remove rooms, messages and files from this computer, unsent words too")
    _action(actions, "forget", "sign out and remove a server with everything of it from this computer").add_argument(
        "server", metavar="SERVER", help=_SERVER
    )
    invite = _action(actions, "invite", "make a link by which people join a server")
    invite.add_argument("server", metavar="SERVER", help=_SERVER)
    invite.add_argument("--role", metavar="ROLE", default="member", help="admin, moderator, trader, member, guest, ... (member)")
    invite.add_argument("--uses", metavar="N", type=_count, default=1, help="how many people may use it (1)")
    invite.add_argument("--days", metavar="N", type=_count, default=7, help="how long it is good (7)")


def add_chat(parser: Parser) -> None:
    """Sub-commands of `trii chat`."""
    actions = parser.add_below("ACTION", required=True)
    rooms = _action(actions, "rooms", "list rooms, with what is unread")
    rooms.add_argument("--server", metavar="SERVER", help=f"only of this one: {_SERVER}")
    send = _action(actions, "send", "say something; it is kept and sent as soon as the server can be reached")
    send.add_argument("room", metavar="ROOM", help=_ROOM)
    send.add_argument("text", metavar="TEXT", nargs="?", help="the message; standard input otherwise")
    send.add_argument("--file", metavar="FILE", type=Path, action="append", default=[], help="attach it; may be given again")
    send.add_argument("--wait", metavar="S", type=_seconds, default=10.0, help="at most so long until the server has it (10)")
    read = _action(actions, "read", "show what is said in a room")
    read.add_argument("room", metavar="ROOM", help=_ROOM)
    read.add_argument("--last", metavar="N", type=_count, default=20, help="how many messages (20)")
    search = _action(actions, "search", "find messages on this computer, the best first")
    search.add_argument("text", metavar="TEXT", help="words that a message must hold; the last may be a beginning")
    search.add_argument("--room", metavar="ROOM", help=f"only there: {_ROOM}")
    search.add_argument("--instrument", metavar="ID", default="", help="only messages that point at it, as AAPL.XNAS")
    search.add_argument("--last", metavar="N", type=_count, default=20, help="at most so many (20)")


def _action(actions: Subparsers, name: str, summary: str) -> Parser:
    parser = actions.add_parser(name, help=summary, description=sentence(summary))
    parser.set_defaults(parser=parser)
    add_global(parser)
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 500:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 500")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 3600.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 3600")
    return value
