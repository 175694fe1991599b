"""Every command of `trii`: its words, its help, what it needs, and the module that carries it out."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backend import __version__
from backend.commands import options
from backend.commands.alert_options import add_alerts
from backend.commands.chat_options import add_chat, add_team
from backend.commands.model_options import add_models
from backend.commands.parser import Parser, Subparsers, sentence

REFERENCE_WIDTH: Final = 100
DESCRIPTION: Final = "TRII Desktop: a native, local-first trading workstation. Without a command, its window opens."
EPILOG: Final = """\
examples:
  trii                                          open the window
  trii import ~/data/AAPL.csv --instrument AAPL.XNAS
  trii bars AAPL --interval 1w --from 2024 --out aapl.parquet
  trii bars AAPL --last 5 --json

exit codes:
  0 done   1 failed   2 wrong command line   3 not found   4 input refused
  5 unavailable, may succeed later   6 conflict   7 corrupt data   130 interrupted

While the window is open, commands are carried out by it. Every file lies in one home folder:
--home DIR, else TRII_HOME, else the system's folder for user data."""


class Needs(enum.Enum):
    """What a command works on."""

    WINDOW = enum.auto()  # the desktop carries it out, in a process of its own
    BACKEND = enum.auto()  # open stores, this process's own or those of the home's owner
    HOME = enum.auto()  # a home that nothing else has open
    EITHER = enum.auto()  # stores where a process has them open, else the closed home
    NOTHING = enum.auto()  # no home at all


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``module`` has ``run(context, arguments)``, ``run_closed`` on a closed home, or ``run_alone`` on none."""

    name: str
    summary: str
    module: str
    needs: Needs
    add_arguments: Callable[[Parser], None] | None
    examples: tuple[str, ...] = ()


COMMANDS: Final = (
    Command(
        "open",
        "open the window, or raise the one that is open",
        "open",
        Needs.WINDOW,
        options.add_open,
        ("trii open", "trii open AAPL.XNAS"),
    ),
    Command(
        "tour",
        "draw a chart of the samples without showing a window, save it and report",
        "tour",
        Needs.WINDOW,
        options.add_tour,
        ("trii tour", "trii tour --out picture.png"),
    ),
    Command(
        "import",
        "import bars from files and folders",
        "importing",
        Needs.BACKEND,
        options.add_import,
        (
            "trii import prices.csv --instrument AAPL.XNAS",
            "trii import export.zip folder/ --timezone Europe/Berlin",
            "trii import odd.txt --dry-run",
            "trii import odd.txt --delimiter ';' --decimal , --column close=Kurs --date-order dmy",
        ),
    ),
    Command(
        "instruments",
        "list stored instruments and what there is of each",
        "instruments",
        Needs.BACKEND,
        options.add_instruments,
        ("trii instruments", "trii instruments apple --json"),
    ),
    Command(
        "bars",
        "show or export bars of one instrument",
        "bars",
        Needs.BACKEND,
        options.add_bars,
        (
            "trii bars AAPL --last 10",
            "trii bars EURUSD.FX --interval 4h --from 2024-01 --to 2024-03",
            "trii bars AAPL.XNAS --adjusted --as-of 2020-06-30 --out aapl.csv",
        ),
    ),
    Command(
        "bar",
        "correct or delete one bar, undo that, list such edits",
        "bar",
        Needs.BACKEND,
        options.add_bar,
        (
            "trii bar set AAPL 2024-01-05 --close 181.18",
            "trii bar delete EURUSD.FX 2024-01-05T09:00 --interval 1h",
            "trii bar log AAPL",
            "trii bar undo 7",
        ),
    ),
    Command(
        "revisions",
        "list what imports replaced, and restore it",
        "revisions",
        Needs.BACKEND,
        options.add_revisions,
        ("trii revisions list AAPL", "trii revisions restore 3"),
    ),
    Command(
        "indicators",
        "list indicators, and compute them over bars",
        "indicators",
        Needs.BACKEND,
        options.add_indicators,
        (
            "trii indicators list average",
            "trii indicators compute rsi AAPL --last 5",
            "trii indicators compute sma AAPL --set period=50",
        ),
    ),
    Command(
        "analyse",
        "analyse an instrument in five sections, from facts that code computed",
        "analyse",
        Needs.BACKEND,
        options.add_analyse,
        ("trii analyse AAPL", "trii analyse EURUSD.FX --interval 4h", "trii analyse AAPL --as-of 2012-06-29 --json"),
    ),
    Command(
        "jobs",
        "list what runs in the background, try failed work again, cancel it",
        "jobs",
        Needs.BACKEND,
        options.add_jobs,
        ("trii jobs list", "trii jobs retry 7"),
    ),
    Command(
        "channels",
        "send alerts to a phone, a mailbox or a server; see what was sent",
        "channels",
        Needs.BACKEND,
        options.add_channels,
        (
            "trii channels add phone",
            "trii channels add mail --address-file - < address.txt",
            "trii channels add phone --quiet 22:00-07:00 --zone Europe/Berlin --rate 6/10",
            "trii channels test phone",
            "trii channels log",
        ),
    ),
    Command(
        "samples",
        "load the sample instruments that come with the program",
        "samples",
        Needs.BACKEND,
        None,
        ("trii samples",),
    ),
    Command(
        "feeds",
        "set up live data of venues",
        "feeds",
        Needs.BACKEND,
        options.add_feeds,
        ("trii feeds add binance", "trii feeds add alpaca --option plan=iex --test", "trii feeds list"),
    ),
    Command(
        "alerts",
        "watch instruments for conditions, and list what fired",
        "alerts",
        Needs.BACKEND,
        add_alerts,
        (
            'trii alerts add AAPL "price > 180" --channel phone',
            'trii alerts add AAPL "rsi(14) crosses below 30" --interval 1h --on close --repeat always',
            'trii alerts test AAPL "price crosses above sma(200)" --interval 1d --repeat always --from 2020',
            "trii alerts list",
            "trii alerts history --last 10",
        ),
    ),
    Command(
        "ask",
        "ask the assistant of this computer",
        "ask",
        Needs.BACKEND,
        options.add_ask,
        (
            'trii ask "how many days did AAPL close above its 50-day average in 2012"',
            'trii ask --mode search "trend line"',
            "trii ask --mode analysis AAPL",
        ),
    ),
    Command(
        "models",
        "take models of the assistant in, try them on this machine, choose them for modes",
        "models",
        Needs.BACKEND,
        add_models,
        (
            "trii models list",
            "trii models add ~/Downloads/model.gguf",
            "trii models download https://models.example/model.gguf --sha256 HASH",
            "trii models test MODEL --mode fast",
            "trii models use fast MODEL",
        ),
    ),
    Command(
        "team",
        "join a sync server, sign in and out, invite people",
        "team",
        Needs.BACKEND,
        add_team,
        (
            "trii team join 'trii://join?server=...' --email ann@example.com --name Ann",
            "trii team list",
            "trii team invite 'The desk' --days 3",
            "trii team sign-out 'The desk'",
        ),
    ),
    Command(
        "chat",
        "list rooms, send messages, read and search them",
        "chat",
        Needs.BACKEND,
        add_chat,
        (
            "trii chat rooms",
            "trii chat send Energy 'Crude is up.'",
            "trii chat read Energy --last 5",
            "trii chat search crude --json",
        ),
    ),
    Command(
        "screenshot",
        "draw a chart into a PNG file",
        "screenshot",
        Needs.BACKEND,
        options.add_screenshot,
        (
            "trii screenshot AAPL --out aapl.png",
            "trii screenshot AAPL --indicator ema:50 --indicator rsi --scale log --out a.png",
        ),
    ),
    Command(
        "backup",
        "write everything into one encrypted file",
        "backup",
        Needs.BACKEND,
        options.add_backup,
        ("trii backup", "trii backup /media/stick/trii.backup"),
    ),
    Command(
        "restore",
        "bring a backup back, also on a new machine",
        "restore",
        Needs.HOME,
        options.add_restore,
        ("trii restore trii.backup", "trii restore trii.backup --phrase-file - < phrase.txt"),
    ),
    Command(
        "recovery",
        "show the recovery phrase, restore the key from it, set a passphrase",
        "recovery",
        Needs.EITHER,
        options.add_recovery,
        ("trii recovery show", "trii recovery restore", "trii recovery passphrase"),
    ),
    Command(
        "doctor",
        "check program, machine, home and stores",
        "doctor",
        Needs.EITHER,
        options.add_doctor,
        ("trii doctor", "trii doctor --json"),
    ),
    Command(
        "venue",
        "serve a simulated market on this machine in the protocols of real venues, until stopped",
        "venue",
        Needs.NOTHING,
        options.add_venue,
        ("trii venue", "trii venue --rate 5000 --seed 7", "trii venue --faults --port 9000"),
    ),
    Command(
        "train",
        "fit a LoRA adapter to a local model by examples of how it should answer",
        "train",
        Needs.NOTHING,
        options.add_train,
        (
            "trii train model.gguf examples.jsonl manner.gguf",
            "trii train model.gguf examples.jsonl manner.gguf --rank 16 --epochs 5",
        ),
    ),
)

BY_NAME: Final = {command.name: command for command in COMMANDS}


def build_parser() -> Parser:
    """The parser of everything."""
    parser = Parser(prog="trii", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"trii {__version__}")
    parser.add_argument("--headless", action="store_true", help="run without a window until stopped, and serve commands")
    parser.set_defaults(home=None, json=False)
    options.add_global(parser)
    commands = parser.add_below("COMMAND", title="commands")
    for command in COMMANDS:
        _add(commands, command)
    return parser


def _add(commands: Subparsers, command: Command) -> None:
    epilog = "\n".join(("examples:", *(f"  {line}" for line in command.examples)))
    description = sentence(command.summary)
    parser = commands.add_parser(command.name, help=command.summary, description=description, epilog=epilog)
    parser.set_defaults(parser=parser)
    if command.add_arguments is not None:
        command.add_arguments(parser)
    options.add_global(parser)


def render_reference() -> str:
    """The text of docs/cli.md: the help of every command, 100 columns wide."""
    parser = build_parser()
    parts = ["# The command line\n", "Made from the program itself by `trii --help`; a test compares both.\n", _help_block(parser)]
    for name, below in parser.commands().items():
        parts.append(f"## trii {name}\n")
        parts.extend(_help_block(each) for each in (below, *below.commands().values()))
    return "\n".join(parts)


def _help_block(parser: Parser) -> str:
    parser.width = REFERENCE_WIDTH
    return f"```text\n{parser.format_help()}```\n"
