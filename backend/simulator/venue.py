"""The simulated venue as one object: a seeded market, its servers on loopback, and the pulse that moves them."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from backend.clock import Clock
from backend.domain.bars import SECOND_NS
from backend.simulator.alpaca import FIELDS as ALPACA_FIELDS
from backend.simulator.alpaca import AlpacaConfig, AlpacaVenue
from backend.simulator.binance import FIELDS as BINANCE_FIELDS
from backend.simulator.binance import BinanceVenue
from backend.simulator.faults import Faults
from backend.simulator.kraken import FIELDS as KRAKEN_FIELDS
from backend.simulator.kraken import KrakenVenue
from backend.simulator.listed import ALPACA_LISTED, BINANCE_LISTED, KRAKEN_LISTED, Listed
from backend.simulator.market import Market, MarketConfig
from backend.simulator.mishaps import Mishaps, Target
from backend.simulator.quotes import FIELDS as QUOTE_FIELDS
from backend.simulator.quotes import PlainQuotes
from backend.simulator.serving import VenueServer
from backend.simulator.walk import STEP_NS
from backend.tasks import TaskOwner

_MARGIN_S: Final = 0.0002


@dataclass(frozen=True, slots=True)
class VenueConfig:
    """What is simulated: the market, what each venue lists of it, and how the servers behave.

    ports : of servers by name, where they are not to be chosen by the system
    mishaps_per_minute : faults that happen by themselves, drawn from the market's seed
    ping_s : between a venue's pings; session_s : how long a conversation may last; pulse_s : between looks at the clock, at most
    """

    market: MarketConfig = field(default_factory=MarketConfig)
    binance: tuple[Listed, ...] = BINANCE_LISTED
    kraken: tuple[Listed, ...] = KRAKEN_LISTED
    alpaca: tuple[Listed, ...] = ALPACA_LISTED
    account: AlpacaConfig = field(default_factory=AlpacaConfig)
    ports: Mapping[str, int] = field(default_factory=dict)
    ping_s: float = 20.0
    session_s: float = 86_400.0
    pulse_s: float = 0.02
    mishaps_per_minute: float = 0.0


class SimulatedVenue:
    """Serves every venue while its ``async with`` block runs; all of them show one market.

    A code that two venues list is one instrument. ``listeners`` hear of each mishap in words.
    """

    def __init__(self, config: VenueConfig, clock: Clock) -> None:
        self.config = config
        listed = {each.code: each for each in (*config.alpaca, *config.kraken, *config.binance)}
        self.market = Market(tuple(listed.values()), config.market, clock)
        life = {"ping_s": config.ping_s, "session_s": config.session_s}
        self.binance = BinanceVenue(self.market, _codes(config.binance), Faults(BINANCE_FIELDS, clock), **life)
        self.kraken = KrakenVenue(self.market, _codes(config.kraken), Faults(KRAKEN_FIELDS, clock), **life)
        self.alpaca = AlpacaVenue(self.market, _codes(config.alpaca), Faults(ALPACA_FIELDS, clock), config.account, life)
        self.quotes = PlainQuotes(self.market, Faults(QUOTE_FIELDS, clock))
        self.servers: tuple[VenueServer, ...] = (self.binance, self.kraken, self.alpaca, self.quotes)
        self.listeners: list[Callable[[str], None]] = []
        targets = [Target(server.name, server.faults, server.refuse_next) for server in self.servers]
        self.mishaps = Mishaps(targets, self.market, config.market.seed, config.mishaps_per_minute, self._tell)
        self._tasks = TaskOwner("simulated venue")
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with self._stack as stack:
            for server in self.servers:
                await server.start(self.config.ports.get(server.name, 0))
                stack.push_async_callback(server.stop)
            await stack.enter_async_context(self._tasks)
            self._tasks.start("pulse", self._beat())
            if self.config.mishaps_per_minute:
                self._tasks.start("mishaps", self.mishaps.run())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    def pulse(self) -> None:
        """Let everything happen that is over by now, and send it."""
        for movement in self.market.advance():
            self.binance.publish(movement)
            self.kraken.publish(movement)
            self.alpaca.publish(movement)

    def _tell(self, words: str) -> None:
        for listener in self.listeners:
            listener(words)

    async def _beat(self) -> None:
        while True:
            self.pulse()
            to_next_s = (STEP_NS - self.market.clock.now_ns() % STEP_NS) / SECOND_NS  # what a step did goes out as it ends
            await asyncio.sleep(min(self.config.pulse_s, to_next_s + _MARGIN_S))


def _codes(listed: tuple[Listed, ...]) -> tuple[str, ...]:
    return tuple(each.code for each in listed)
