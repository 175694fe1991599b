"""What a feed is: the protocol every venue's client answers, and the values that it gives."""

import enum
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.depth import Depth
from backend.domain.instruments import Instrument, InstrumentId
from backend.domain.ticks import Quote, TradeArrays


@dataclass(frozen=True, slots=True)
class Gap:
    """Trades of [from_ns, to_ns) (event time) never came and cannot be had one by one; their bars may be fetched instead."""

    instrument: InstrumentId
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class TickBatch:
    """What one wake-up of a feed brought; empty where it was only a sign of life, which lets the clock close quiet bars.

    received_ns : when it was read, this machine's clock
    trades : every trade, of each instrument in the venue's order; none is ever left out or given twice
    quotes, depths : the newest of each instrument; those before it in the same wake-up are left out
    gaps : what is missing, told once, when the feed has given up fetching it as trades
    is_late : the trades happened earlier and were fetched afterwards, to close a gap; live ones follow in later batches
    """

    received_ns: int
    trades: Mapping[InstrumentId, TradeArrays] = field(default_factory=dict)
    quotes: Mapping[InstrumentId, Quote] = field(default_factory=dict)
    depths: Mapping[InstrumentId, Depth] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    is_late: bool = False


class FeedState(enum.StrEnum):
    """Where a feed stands."""

    OFF = "off"
    CONNECTING = "connecting"
    LIVE = "live"
    WAITING = "waiting"  # for the next attempt after a failure
    REFUSED = "refused"  # the venue turned us away (key, plan, region): a person must act


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How a feed is doing; times are UTC ns of this machine's clock, 0 where it has not come to that.

    words : why it waits or was refused, what next
    skew_ns : the venue's clock minus ours, by its server time or its newest ticks; 0 where unknown
    n_bad : frames and rows refused; n_gaps : breaks met (healed or not); n_reconnects : since the start
    delay_s : by how much the source says it is late (a delayed or polled one); 0 for a live one
    """

    state: FeedState = FeedState.OFF
    words: str = ""
    connected_ns: int = 0
    received_ns: int = 0
    skew_ns: int = 0
    n_trades: int = 0
    n_quotes: int = 0
    n_bad: int = 0
    n_gaps: int = 0
    n_reconnects: int = 0
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Wants:
    """What is asked of one instrument; trades always come."""

    quotes: bool = True
    depth: bool = False


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a feed can give.

    bar_specs : the specs that ``fetch_bars`` answers
    is_sampled : its trades are prices looked at now and then (polling), not prints of the market
    can_list : whether ``fetch_instruments`` gives everything it serves
    """

    quotes: bool = True
    depth: bool = False
    bar_specs: tuple[BarSpec, ...] = ()
    is_sampled: bool = False
    can_list: bool = False


class Feed(Protocol):
    """Market data of one venue. Lives on the engine's loop; made by a constructor that assigns, run by ``batches``."""

    @property
    def name(self) -> str:
        """The feed's name, which is also the source of what it stores: "binance", "alpaca"."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What it can give."""
        ...

    @property
    def status(self) -> FeedStatus:
        """How it is doing now."""
        ...

    def serves(self, instrument: InstrumentId) -> bool:
        """Whether this is where the instrument trades."""
        ...

    def want(self, wanted: Mapping[InstrumentId, Wants]) -> None:
        """Give exactly these from now on; takes effect while it runs, without losing what comes of those that stay."""
        ...

    def batches(self) -> AsyncIterator[TickBatch]:
        """Connect, and give batches until the generator is closed.

        Reconnects by itself, heals what it missed, and never raises for what the venue or the network does. While nobody
        asks for the next batch trades wait inside, at most ``WAITING_MAX``; beyond that the socket is not read, so that the
        venue feels it. Quotes and books that wait are replaced by newer ones.
        """
        ...

    async def fetch_bars(self, series: Series, from_ns: int, to_ns: int) -> BarArrays:
        """The venue's own complete bars with ``from_ns`` ≤ event_ns < ``to_ns``. Raises Unavailable, NotFound, InvalidInput."""
        ...

    async def fetch_trades(self, instrument: InstrumentId, from_ns: int, to_ns: int) -> TradeArrays | None:
        """The trades of a stretch of time, oldest first; None where the venue does not give them. Raises Unavailable."""
        ...

    async def fetch_instruments(self) -> tuple[Instrument, ...]:
        """Everything it serves; empty where it cannot list them. Raises Unavailable."""
        ...


WAITING_MAX: Final = 1_000_000
