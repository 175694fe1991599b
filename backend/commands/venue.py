"""`trii venue`: a simulated market on this machine, in the protocols of real venues."""

import argparse
import asyncio
import contextlib
import signal
from typing import Any, Final

from backend.clock import SystemClock
from backend.commands.home_context import HomeContext
from backend.commands.tables import TextColumn
from backend.exit_signals import on_signals
from backend.simulator.market import MarketConfig
from backend.simulator.venue import SimulatedVenue, VenueConfig
from backend.tasks import TaskOwner

MISHAPS_PER_MINUTE: Final = 6.0
_COLUMNS: Final = (TextColumn("venue"), TextColumn("stream"), TextColumn("REST"), TextColumn("instruments"))


async def run_alone(context: HomeContext, arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; 0 then. Raises Unavailable when a port is taken."""
    config = _config(arguments)
    stopping = asyncio.Event()
    told: asyncio.Queue[str] = asyncio.Queue()
    with on_signals(stopping.set, signal.SIGINT, signal.SIGTERM):
        async with SimulatedVenue(config, SystemClock()) as venue, TaskOwner("venue") as tasks:
            venue.listeners.append(told.put_nowait)
            await _introduce(context, venue, arguments)
            tasks.start("tell", _tell_on(context, told))
            await stopping.wait()
    return 0


def _config(arguments: argparse.Namespace) -> VenueConfig:
    names = ("binance", "kraken", "alpaca", "quotes")
    ports = {} if arguments.port is None else {name: arguments.port + row for row, name in enumerate(names)}
    return VenueConfig(
        market=MarketConfig(seed=arguments.seed, rate=float(arguments.rate)),
        ports=ports,
        mishaps_per_minute=MISHAPS_PER_MINUTE if arguments.faults else 0.0,
    )


async def _introduce(context: HomeContext, venue: SimulatedVenue, arguments: argparse.Namespace) -> None:
    rows = _addresses(venue)
    if context.as_json:
        await context.put_json({"seed": arguments.seed, "rate": arguments.rate, "faults": arguments.faults, "venues": rows})
        return
    n = len(venue.market.listings)
    await context.say(f"A simulated market: seed {arguments.seed}, {n} instruments, {arguments.rate} trades a second.\n")
    cells: list[tuple[str, ...]] = [
        (row["name"], row["stream_url"], row["rest_url"], ", ".join(row["instruments"])) for row in rows
    ]
    await context.put_table(_COLUMNS, cells)
    account = venue.config.account
    await context.say(f"\nalpaca asks for the key {account.key} and the secret {account.secret}.")
    await context.say(f"quotes answers {venue.quotes.rest_url}/quote?symbol=AAPL and {venue.quotes.rest_url}/quotes.csv")
    await context.say("In the workstation, set up a feed of that kind and give it these addresses. Stop with Ctrl-C.")


def _addresses(venue: SimulatedVenue) -> list[dict[str, Any]]:
    config, account = venue.config, venue.config.account
    codes = {"binance": config.binance, "kraken": config.kraken, "alpaca": config.alpaca}
    streams = {"binance": venue.binance.stream_url, "kraken": venue.kraken.stream_url, "alpaca": venue.alpaca.stream_url}
    keys = {"alpaca": {"key": account.key, "secret": account.secret}}
    return [
        {
            "name": server.name,
            "stream_url": streams.get(server.name, ""),
            "rest_url": server.http_url,
            "instruments": [each.code for each in codes.get(server.name, ())] or list(venue.market.listings),
            **keys.get(server.name, {}),
        }
        for server in venue.servers
    ]


async def _tell_on(context: HomeContext, told: "asyncio.Queue[str]") -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody hears; the venue goes on
        while True:
            await context.tell(await told.get())
