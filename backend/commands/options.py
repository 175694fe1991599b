"""The options of each command, and how their words are read where the command line alone decides."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.commands.looks import CHART_TYPES, DIRECTIONS, SCALES, THEMES, ZONE_WORDS
from backend.commands.parser import Parser, Subparsers, sentence

MODES: Final = ("fast", "deep", "analysis", "search")  # of the assistant, which the command line does not load
_SIZE: Final = re.compile(r"(\d{1,5})x(\d{1,5})")
_WHEN: Final = "2024, 2024-01, 2024-01-31 or 2024-01-31T15:30, in the instrument's time zone unless +02:00 or Z follows"


def add_global(parser: Parser) -> None:
    """Options that may stand before and after the command."""
    group = parser.add_argument_group("everywhere")
    group.add_argument("--home", metavar="DIR", type=Path, default=argparse.SUPPRESS, help="the folder of all files")
    group.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="results and errors as JSON")


def add_open(parser: Parser) -> None:
    """Options of `trii open`."""
    parser.add_argument("instrument", nargs="?", metavar="INSTRUMENT", help="what to show, as AAPL or AAPL.XNAS")
    parser.add_argument(
        "--safe", action="store_true", help="the default workspace, without plugins and indicators; nothing of it is kept"
    )


def add_tour(parser: Parser) -> None:
    """Options of `trii tour`."""
    parser.add_argument("--out", metavar="FILE.png", type=Path, default=Path("trii-tour.png"), help="the picture (trii-tour.png)")


def add_import(parser: Parser) -> None:
    """Options of `trii import`."""
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", type=Path, help="files (CSV, Parquet, Arrow, JSON, XLSX, zip, gz), folders"
    )
    parser.add_argument("--dry-run", action="store_true", help="show how each table would be read, and import nothing")
    what = parser.add_argument_group("what the bars are, instead of detecting it")
    what.add_argument("--instrument", metavar="ID", help="as AAPL.XNAS")
    what.add_argument("--interval", metavar="1d", help="as 1m, 4h, 1d, 1w, 1mo")
    what.add_argument("--timezone", metavar="ZONE", help="of times without one: Europe/Berlin, UTC, +02:00")
    what.add_argument("--stamp", choices=("open", "close"), help="whether a time is that of the bar's opening or its close")
    what.add_argument("--symbol", metavar="WORD", help="take only this instrument of a file that holds several")
    what.add_argument(
        "--kind", metavar="KIND", help="of a new instrument: stock, fund, index, forex, crypto, commodity, future, rate"
    )
    what.add_argument("--currency", metavar="USD", help="of a new instrument")
    what.add_argument("--calendar", metavar="NAME", help="of a new instrument: XNYS, 24/7, FX, ...")
    what.add_argument("--name", metavar="TEXT", help="of a new instrument")
    how = parser.add_argument_group("how the file is written, instead of detecting it")
    how.add_argument("--delimiter", metavar="CHAR", help="between values; 'tab' for a tab")
    how.add_argument("--decimal", choices=(".", ","), help="the decimal mark")
    how.add_argument("--thousands", metavar="CHAR", help="the thousands mark; '' for none")
    how.add_argument("--encoding", metavar="NAME", help="as utf-8 or cp1252")
    how.add_argument("--header-row", metavar="N", type=_count_from(0), help="line of the column names, 0 for none")
    how.add_argument("--date-order", choices=("ymd", "dmy", "mdy"), help="order of day, month and year in dates of numbers")
    how.add_argument("--time-form", choices=("text", "s", "ms", "us", "ns", "excel"), help="text, or a count since 1970 in a unit")
    how.add_argument(
        "--column",
        metavar="ROLE=NAME",
        action="append",
        type=_column,
        default=[],
        help="as close=Kurs or time=#1; ROLE= for not in the file. Roles: time, clock, open, high, low, close, volume, "
        "adjusted, dividend, split, symbol, interval",
    )
    parser.add_argument(
        "--rows", metavar="N", type=_count_from(0), default=10, help="listed rows a file; all lie in the report (10)"
    )


def add_instruments(parser: Parser) -> None:
    """Options of `trii instruments`."""
    parser.add_argument("query", nargs="?", metavar="QUERY", help="part of a code or a name")
    parser.add_argument("--limit", metavar="N", type=_count_from(1), default=50, help="at most so many when searching (50)")


def add_bars(parser: Parser) -> None:
    """Options of `trii bars`."""
    parser.add_argument("instrument", metavar="INSTRUMENT", help="as AAPL or AAPL.XNAS")
    _add_range(parser)
    parser.add_argument("--last", metavar="N", type=_count_from(1), help="only the newest N of them")
    _add_adjusted(parser)
    parser.add_argument("--source", metavar="NAME", help="only what came from there: import, sample, ...")
    parser.add_argument("--csv", action="store_true", help="as CSV on standard output")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write a file: .csv, .parquet or .json")


def add_bar(parser: Parser) -> None:
    """Sub-commands of `trii bar`."""
    actions = parser.add_below("ACTION", required=True)
    change = _action(actions, "set", "correct values of one bar; values not given stay")
    _add_place(change)
    for field in ("open", "high", "low", "close", "volume"):
        change.add_argument(f"--{field}", metavar="X", type=_number, help=f"the new {field}")
    _add_place(_action(actions, "delete", "delete one bar"))
    undo = _action(actions, "undo", "undo an edit")
    undo.add_argument("edit", metavar="EDIT", type=_count_from(1), help="its number, from 'trii bar log'")
    log = _action(actions, "log", "list edits, newest first")
    log.add_argument("instrument", metavar="INSTRUMENT", help="as AAPL or AAPL.XNAS")
    log.add_argument("--interval", metavar="1d", help="only of these bars")


def add_revisions(parser: Parser) -> None:
    """Sub-commands of `trii revisions`."""
    actions = parser.add_below("ACTION", required=True)
    show = _action(actions, "list", "list replaced values, newest first")
    show.add_argument("instrument", nargs="?", metavar="INSTRUMENT", help="only of this one")
    restore = _action(actions, "restore", "bring the values of a revision back")
    restore.add_argument("revision", metavar="REVISION", type=_count_from(1), help="its number, from 'trii revisions list'")


def add_indicators(parser: Parser) -> None:
    """Sub-commands of `trii indicators`."""
    actions = parser.add_below("ACTION", required=True)
    show = _action(actions, "list", "list indicators, all or those that match")
    show.add_argument("query", nargs="?", metavar="WORDS", help="as one would type: average, rsi, bands")
    one = _action(actions, "show", "tell what an indicator is")
    one.add_argument("name", metavar="NAME", help="as sma, or TA-Lib's BBANDS")
    made = _action(actions, "compute", "its values over the bars of an instrument")
    made.add_argument("name", metavar="NAME", help="as sma, or TA-Lib's BBANDS")
    made.add_argument("instrument", metavar="INSTRUMENT", help="as AAPL or AAPL.XNAS")
    made.add_argument("--set", metavar="NAME=X", action="append", help="a parameter, as period=50; more than once for several")
    made.add_argument("--price", metavar="FIELD", help="what it reads: close, open, high, low, hl2, hlc3, ohlc4, hlcc4, volume")
    _add_range(made)
    made.add_argument("--last", metavar="N", type=_count_from(1), help="only the newest N of them")
    _add_adjusted(made)
    made.add_argument("--source", metavar="NAME", help="only bars that came from there: import, sample, ...")


def add_analyse(parser: Parser) -> None:
    """Options of `trii analyse`."""
    parser.add_argument("instrument", metavar="INSTRUMENT", help="as AAPL or AAPL.XNAS")
    parser.add_argument("--interval", metavar="1d", help="as 1m, 4h, 1d, 1w, 1mo; without it days, else what is stored")
    parser.add_argument("--as-of", metavar="TIME", help=f"only what was known then: {_WHEN}")
    parser.add_argument("--no-model", action="store_true", help="plain wording by code, asking no model")
    parser.add_argument("--patient", action="store_true", help="let a model word it as long as it takes, not 3 s in all")


def add_jobs(parser: Parser) -> None:
    """Sub-commands of `trii jobs`."""
    actions = parser.add_below("ACTION", required=True)
    _action(actions, "list", "list the newest jobs, newest first")
    for name, words in (("retry", "let a failed or cancelled job run again"), ("cancel", "stop a job that waits or runs")):
        action = _action(actions, name, words)
        action.add_argument("job", metavar="JOB", type=_count_from(1), help="its number, from 'trii jobs list'")


def add_feeds(parser: Parser) -> None:
    """Sub-commands of `trii feeds`."""
    actions = parser.add_below("ACTION", required=True)
    _action(actions, "list", "list the feeds that are set up, and how each is doing")
    _action(actions, "kinds", "list the kinds of feeds there are, and what each needs")
    add = _action(actions, "add", "set a feed up; its keys are asked for")
    add.add_argument("kind", metavar="KIND", help="from 'trii feeds kinds'")
    add.add_argument("--name", metavar="NAME", help="its own name, where there are several of a kind")
    add.add_argument("--stream-url", metavar="URL", help="of the stream, instead of the venue's own")
    add.add_argument("--rest-url", metavar="URL", help="of the REST service, instead of the venue's own")
    add.add_argument("--option", metavar="NAME=VALUE", action="append", help="as plan=iex; may be given several times")
    add.add_argument("--secrets-file", metavar="FILE", help="read the keys from a file, a line each, - for standard input")
    add.add_argument("--test", dest="try_first", action="store_true", help="connect first, and keep nothing where that fails")
    for name, words in (
        ("test", "connect to a feed and say how far it came"),
        ("on", "turn a feed on"),
        ("off", "turn a feed off"),
        ("remove", "forget a feed and its keys"),
    ):
        _action(actions, name, words).add_argument("name", metavar="NAME", help="from 'trii feeds list'")


def add_channels(parser: Parser) -> None:
    """Sub-commands of `trii channels`."""
    actions = parser.add_below("ACTION", required=True)
    _action(actions, "list", "list channels, with masked addresses")
    add = _action(actions, "add", "add a channel, or change the one of this name; what is not given stays")
    add.add_argument("name", metavar="NAME", help="of your choice, as phone")
    add.add_argument(
        "--address-file", metavar="FILE", help="read the address from a file, - for standard input; it is asked for otherwise"
    )
    add.add_argument("--rate", metavar="N/MINUTES", type=_rate, help="at most N messages in so many minutes (10/10)")
    add.add_argument("--roll-up", metavar="SECONDS", type=_number, help="alerts within so many seconds go in one message (20)")
    add.add_argument("--zone", metavar="ZONE", type=_zone_name, help="of quiet hours and of times in messages (UTC)")
    quiet = add.add_argument_group("quiet hours")
    quiet.add_argument(
        "--quiet", metavar="RANGE", action="append", help="as 22:00-07:00 or 'mon-fri 22:00-07:00'; more than once, none for none"
    )
    quiet.add_argument("--then", choices=("hold", "drop"), help="hold messages until they end, or record and not send (hold)")
    quiet.add_argument("--urgent", choices=("pass", "wait"), help="whether urgent alerts pass (pass)")
    for name, words in (
        ("remove", "forget a channel and its address"),
        ("test", "send a test message now, and say what failed"),
        ("on", "turn a channel on"),
        ("off", "turn a channel off; what waits for it is let go"),
    ):
        _action(actions, name, words).add_argument("name", metavar="NAME", help="from 'trii channels list'")
    log = _action(actions, "log", "list deliveries, newest first")
    log.add_argument("name", nargs="?", metavar="NAME", help="only of this channel")
    log.add_argument("--last", metavar="N", type=_count_from(1), default=50, help="only the newest N of them (50)")
    log.add_argument("--attempts", action="store_true", help="with every attempt")
    retry = _action(actions, "retry", "send a failed or dead delivery again, now")
    retry.add_argument("delivery", metavar="DELIVERY", type=_count_from(1), help="its number, from 'trii channels log'")


def add_ask(parser: Parser) -> None:
    """Arguments of `trii ask`."""
    parser.add_argument("question", nargs="+", metavar="QUESTION", help="in plain words; quotes are not needed")
    parser.add_argument("--mode", choices=("auto", *MODES), default="auto", help="how it is answered (auto: as the question wants)")
    parser.add_argument("--instrument", metavar="INSTRUMENT", help="what the question is about, as AAPL")
    parser.add_argument("--conversation", metavar="ID", help="go on with an earlier conversation")


def add_screenshot(parser: Parser) -> None:
    """Options of `trii screenshot`."""
    parser.add_argument("instrument", nargs="?", metavar="INSTRUMENT", help="as AAPL; else the first one that has bars")
    parser.add_argument("--out", metavar="FILE.png", type=Path, required=True, help="the picture to write")
    parser.add_argument("--theme", choices=THEMES, default="dark", help="colours (dark)")
    parser.add_argument("--colours", choices=DIRECTIONS, default="own", help="of rising and falling (own: those of the theme)")
    parser.add_argument("--size", metavar="WxH", type=_size, default=(1600, 900), help="in pixels (1600x900)")
    _add_range(parser)
    parser.add_argument("--last", metavar="N", type=_count_from(1), help="only the newest N bars (250 when no range is given)")
    _add_adjusted(parser)
    parser.add_argument("--state", metavar="FILE", type=Path, help="a saved chart; the other options come on top")
    parser.add_argument("--type", choices=CHART_TYPES, help="how bars are drawn (auto)")
    parser.add_argument("--scale", choices=SCALES, help="how prices are laid out (linear)")
    parser.add_argument("--inverted", action="store_true", help="upside down")
    parser.add_argument(
        "--indicator",
        metavar="NAME[:VALUES]",
        action="append",
        default=[],
        help="as ema:20 or macd:fast=8,slow=21 or rsi:14,source=hl2; may be given again",
    )
    parser.add_argument("--compare", metavar="INSTRUMENT", action="append", default=[], help="lay another one over it")
    parser.add_argument("--zone", metavar="ZONE", type=_zone, help="of times: exchange, local, or as Europe/Berlin (exchange)")
    parser.add_argument("--no-volume", action="store_true", help="without volumes")


def add_backup(parser: Parser) -> None:
    """Options of `trii backup`."""
    parser.add_argument("file", nargs="?", metavar="FILE", type=Path, help="the archive to write; else one in the home's backups")


def add_restore(parser: Parser) -> None:
    """Options of `trii restore`."""
    parser.add_argument("file", metavar="FILE", type=Path, help="an archive written by 'trii backup'")
    _add_phrase(parser)
    parser.add_argument("--replace", action="store_true", help="also where the home already holds something, which is set aside")


def add_recovery(parser: Parser) -> None:
    """Sub-commands of `trii recovery`."""
    actions = parser.add_below("ACTION", required=True)
    _action(actions, "show", "show the 24 words that bring everything back; write them on paper")
    _add_phrase(_action(actions, "restore", "restore a lost key from the phrase"))
    passphrase = _action(actions, "passphrase", "keep the key in a vault under a passphrase")
    passphrase.add_argument(
        "--passphrase-file", metavar="FILE", help="read it from a file, - for standard input, instead of asking"
    )


def add_doctor(parser: Parser) -> None:
    """Options of `trii doctor`."""
    parser.add_argument("--quick", action="store_true", help="leave out what reads every stored byte")


def add_venue(parser: Parser) -> None:
    """Options of `trii venue`."""
    parser.add_argument("--seed", metavar="N", type=_count_from(0), default=1, help="another market for each number (1)")
    parser.add_argument("--rate", metavar="N", type=_count_from(0), default=30, help="trades a second, all instruments (30)")
    parser.add_argument("--faults", action="store_true", help="let connections break and messages be lost or wrong, now and then")
    parser.add_argument("--port", metavar="N", type=_port, help="of the first server, the others follow it; else free ones")


def add_train(parser: Parser) -> None:
    """Options of `trii train`."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="the model's .gguf file; 'trii models show' tells where it lies")
    parser.add_argument("examples", metavar="EXAMPLES", type=Path, help="conversations, one a line of JSON, as they should go")
    parser.add_argument("adapter", metavar="ADAPTER", type=Path, help="the .gguf file to write")
    parser.add_argument("--rank", metavar="N", type=_count_from(1), default=8, help="width of its matrices (8)")
    parser.add_argument("--epochs", metavar="N", type=_count_from(1), default=3, help="how often each example is gone through (3)")
    parser.add_argument("--rate", metavar="X", type=float, default=2e-4, help="greatest step of learning (0.0002)")
    parser.add_argument(
        "--length", metavar="N", type=_count_from(1), default=1_024, help="longest prompt with its answer, in tokens (1024)"
    )
    parser.add_argument("--seed", metavar="N", type=_count_from(0), default=1, help="the same gives the same adapter (1)")


def _action(actions: Subparsers, name: str, summary: str) -> Parser:
    parser = actions.add_parser(name, help=summary, description=sentence(summary))
    parser.set_defaults(parser=parser)
    add_global(parser)
    return parser


def _add_place(parser: Parser) -> None:
    parser.add_argument("instrument", metavar="INSTRUMENT", help="as AAPL or AAPL.XNAS")
    parser.add_argument("time", metavar="TIME", help="the bar's time as 'trii bars' shows it")
    parser.add_argument("--interval", metavar="1d", help="which bars; needed when several are stored")
    parser.add_argument("--source", metavar="NAME", help="where the bar came from; needed when several have it")


def _add_range(parser: Parser) -> None:
    parser.add_argument("--interval", metavar="1d", help="as 1m, 4h, 1d, 1w, 1mo; else the stored one")
    parser.add_argument("--from", dest="from_", metavar="TIME", help=f"first: {_WHEN}")
    parser.add_argument("--to", metavar="TIME", help="last: a date is meant to its end, a time is not included")


def _add_adjusted(parser: Parser) -> None:
    parser.add_argument("--adjusted", action="store_true", help="adjusted for splits and dividends")
    parser.add_argument("--as-of", metavar="TIME", help="know nothing that came later, neither bars nor splits")


def _add_phrase(parser: Parser) -> None:
    parser.add_argument(
        "--phrase-file", metavar="FILE", help="read the recovery phrase from a file, - for standard input, not asking"
    )


def _count_from(least: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
        return int(text)

    return count


def _port(text: str) -> int:
    number = _count_from(1)(text)
    if number > 65_500:
        raise argparse.ArgumentTypeError(f"{text} is above 65500")
    return number


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if value - value != 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def _rate(text: str) -> tuple[int, float]:
    n, mark, minutes = text.partition("/")
    if not mark or not n.isascii() or not n.isdigit() or len(n) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a rate like 10/5")
    return int(n), _number(minutes)


def _size(text: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size like 1600x900")
    return int(match[1]), int(match[2])


def _zone(text: str) -> str:
    return text if text in ZONE_WORDS else _zone_name(text)


def _zone_name(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time zone like Europe/Berlin") from e


def _column(text: str) -> tuple[str, str]:
    role, mark, name = text.partition("=")
    if not mark or not role:
        raise argparse.ArgumentTypeError(f"{text!r} is not ROLE=NAME, as in close=Kurs")
    return role.lower(), name
