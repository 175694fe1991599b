"""The options of `trii alerts`."""

import argparse
import re
from pathlib import Path
from typing import Final

from backend.commands.options import add_global
from backend.commands.parser import Parser, Subparsers, sentence

_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)?")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_WHAT: Final = 'as "price > 180", "rsi(14) crosses below 30", "percent >= 5 and volume(20) > 2"'
_TIME: Final = "2026-11-21T15:30, in the instrument's time zone unless +02:00 or Z follows"


def add_alerts(parser: Parser) -> None:
    """Sub-commands of `trii alerts`."""
    actions = parser.add_below("ACTION", required=True)
    show = _action(actions, "list", "list alerts and how each stands")
    show.add_argument("instrument", nargs="?", metavar="INSTRUMENT", help="only of this one")
    add = _action(actions, "add", "watch an instrument for a condition")
    _add_condition(add)
    _add_terms(add)
    test = _action(actions, "test", "tell what an alert would have fired over stored bars; nothing is kept or sent")
    _add_condition(test)
    _add_terms(test)
    test.add_argument("--from", dest="from_", metavar="TIME", help="first: 2024, 2024-01, 2024-01-31 or 2024-01-31T15:30")
    test.add_argument("--to", metavar="TIME", help="last: a date is meant to its end, a time is not included")
    for name, words in (
        ("remove", "forget an alert; what it fired is kept"),
        ("enable", "switch an alert on, armed afresh"),
        ("disable", "switch an alert off"),
    ):
        _action(actions, name, words).add_argument("alert", metavar="ALERT", help="its id, or how that begins")
    history = _action(actions, "history", "list what fired, newest first")
    history.add_argument("alert", nargs="?", metavar="ALERT", help="only of this one")
    history.add_argument("--last", metavar="N", type=_count, default=50, help="how many (50)")
    out = _action(actions, "export", "write all alerts as JSON, to standard output or into a file")
    out.add_argument("--out", metavar="FILE", type=Path, help="the file to write")
    back = _action(actions, "import", "add the alerts of such a file; those that are there already stay as they are")
    back.add_argument("file", metavar="FILE", type=Path, help="as 'trii alerts export' wrote it")


def _add_condition(parser: Parser) -> None:
    parser.add_argument("instrument", metavar="INSTRUMENT", help="as AAPL or AAPL.XNAS")
    parser.add_argument("condition", nargs="?", metavar="CONDITION", help=_WHAT)
    parser.add_argument(
        "--conditions",
        metavar="JSON",
        help="""instead of it: '[{"type": "price", "operator": ">", "value": 180}]'""",
    )


def _add_terms(parser: Parser) -> None:
    say = parser.add_argument
    say("--name", metavar="TEXT", default="", help="what it is called")
    say("--interval", metavar="1m", default="1m", help="bars of indicators and volumes, and of --on close (1m)")
    say("--on", choices=("tick", "close"), default="tick", help="look with every tick, or when a bar is complete (tick)")
    say("--repeat", choices=("once", "bar", "always"), default="once", help="fire once, once a bar, every time (once)")
    say("--cooldown", metavar="5m", type=_span, default=0.0, help="after a firing nothing for so long: 30s, 5m, 2h, 1d")
    say("--rearm", metavar="PERCENT", type=float, default=0.0, help="of the level, to come back before it fires again")
    say("--expires", metavar="TIME", help=_TIME)
    say("--channel", metavar="NAME", action="append", default=[], help="tell it there too; may be given again")
    say("--sound", metavar="NAME", default="chime", help="'' for none (chime)")
    say("--note", metavar="TEXT", default="", help="said with each firing")


def _action(actions: Subparsers, name: str, summary: str) -> Parser:
    parser = actions.add_parser(name, help=summary, description=sentence(summary))
    parser.set_defaults(parser=parser)
    add_global(parser)
    return parser


def _span(text: str) -> float:
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 30s, 5m, 2h or 1d")
    return float(match[1]) * _SECONDS[match[2] or "s"]


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:10]) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 100000")
    return int(text)
