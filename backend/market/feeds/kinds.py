"""The kinds of feeds there are: what each needs to be set up, and where its client lies."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from backend.clock import Clock
from backend.errors import InvalidInput
from backend.market.feeds.config import FeedConfig
from backend.market.feeds.feed import Feed


@dataclass(frozen=True, slots=True)
class FeedOption:
    """A choice that a kind of feed offers; ``choices`` empty takes any text."""

    name: str
    title: str
    default: str = ""
    choices: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class FeedKind:
    """One kind of feed.

    module, client : where its class lies, imported at its first use
    secrets : names of the keys it needs; they are kept apart from the configuration
    """

    kind: str
    title: str
    description: str
    module: str
    client: str
    secrets: tuple[str, ...] = ()
    options: tuple[FeedOption, ...] = ()

    @property
    def urls(self) -> tuple[str, str]:
        """The venue's own addresses: of its stream, and of its REST service."""
        part = self._part()
        return str(part.DEFAULT_STREAM_URL), str(part.DEFAULT_REST_URL)

    def check(self, config: FeedConfig) -> None:
        """Refuse options that cannot be. Raises InvalidInput."""
        for name in config.options:
            if name not in {option.name for option in self.options}:
                known = ", ".join(option.name for option in self.options) or "none"
                raise InvalidInput(f"{self.title} has no option {name!r}.", hint=f"There are: {known}.", code="feed.option")
        self._part().check_options(config.options)

    def make(self, config: FeedConfig, clock: Clock, secret: Callable[[str], str | None]) -> Feed:
        """The client; it does nothing until its batches are asked for."""
        made: Feed = getattr(self._part(), self.client)(config, clock, secret)
        return made

    def _part(self) -> Any:
        return importlib.import_module(f"backend.market.feeds.{self.module}")


_POLLING: Final = (
    FeedOption("preset", "Ready source", "", ("", "coinbase", "bitstamp", "finnhub"), "Fills in all but the instruments."),
    FeedOption(
        "instruments",
        "Instruments",
        description="Separated by commas; with the source's name of it where that differs: EURUSD.FX=EUR-USD.",
    ),
    FeedOption(
        "url", "Address", description="May hold {symbol}, {code} and {secret:key}, as in https://host/quote?symbol={symbol}."
    ),
    FeedOption("headers", "Headers", description="One a line, as in X-Api-Key: {secret:key}."),
    FeedOption("format", "Answers come as", "json", ("json", "csv")),
    FeedOption("price", "Price", description="Where it stands: a path such as data.quotes[0].last, or the name of a column."),
    FeedOption("bid", "Bid", description="Where it stands; the same for those below."),
    FeedOption("ask", "Ask"),
    FeedOption("bid_size", "Size at the bid"),
    FeedOption("ask_size", "Size at the ask"),
    FeedOption("volume", "Volume so far", description="A counter of what was traded; what it grows by is the volume of bars."),
    FeedOption("time", "Time", description="Where it stands; empty takes the time of asking."),
    FeedOption("time_unit", "Times are in", "iso", ("iso", "s", "ms", "us", "ns")),
    FeedOption("interval_s", "Seconds between two looks", "5"),
    FeedOption("delay_s", "Seconds that prices are late", "0"),
)

_ALL: Final = (
    FeedKind(
        "binance",
        "Binance",
        "Spot trades, quotes, books and bars of the largest crypto venue. Free, without a key.",
        "binance",
        "BinanceFeed",
    ),
    FeedKind(
        "kraken",
        "Kraken",
        "Spot trades, quotes, books and bars in dollars and euros. Free, without a key.",
        "kraken",
        "KrakenFeed",
    ),
    FeedKind(
        "alpaca",
        "Alpaca",
        "Trades, quotes and bars of US stocks. Needs the key of a free account.",
        "alpaca",
        "AlpacaFeed",
        secrets=("key", "secret"),
        options=(
            FeedOption(
                "plan",
                "Data plan",
                "iex",
                ("iex", "sip", "delayed_sip", "test"),
                "iex is free and shows one exchange; sip shows all of them and is paid; delayed_sip is 15 minutes late.",
            ),
        ),
    ),
    FeedKind(
        "polling",
        "Quotes by REST",
        "Looks at prices of any plain web service every few seconds: for what has no stream.",
        "polling",
        "PollingFeed",
        secrets=("key",),
        options=_POLLING,
    ),
)

KINDS: Final[Mapping[str, FeedKind]] = MappingProxyType({kind.kind: kind for kind in _ALL})


def kind_of(config: FeedConfig) -> FeedKind:
    """The kind of a configured feed. Raises InvalidInput for one that this program does not have."""
    kind = KINDS.get(config.kind)
    if kind is None:
        raise InvalidInput(f"There is no kind of feed {config.kind!r}.", hint=f"There are: {', '.join(KINDS)}.", code="feed.kind")
    return kind
