"""How fresh what is shown of an instrument is, in the words that charts, rows and docks share."""

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from backend.domain.bars import SECOND_NS
from backend.domain.depth import Depth
from backend.domain.instruments import InstrumentId
from backend.live.tape import TapeRows
from backend.market.feeds.feed import FeedState
from backend.market.feeds.live_row import LiveSnapshot
from trii_desktop.charts.wording import Worth
from trii_desktop.widgets.numbers import format_seconds

TRADING_NS: Final = 60 * SECOND_NS  # what traded within a minute is traded, whatever the calendar says of the early hours
_MINUTE_S: Final = 60


class Tape(Protocol):
    """The newest trades of one instrument, read from any thread; ``version`` grows with every change, ``n_trades`` with trades."""

    @property
    def version(self) -> int:
        """Another one whenever there are other trades."""
        ...

    @property
    def n_trades(self) -> int:
        """How many came since it was begun; it may hold fewer."""
        ...

    def rows(self, n_max: int) -> TapeRows:
        """The newest ones, oldest first, each with its number and whether it was fetched afterwards."""
        ...


class LiveSource(Protocol):
    """What is read of the live market, from any thread."""

    def snapshot(self) -> LiveSnapshot:
        """Every feed and instrument that is followed."""
        ...

    def tape(self, instrument: InstrumentId) -> Tape | None:
        """The newest trades; None where nothing follows it."""
        ...

    def depth(self, instrument: InstrumentId) -> Depth | None:
        """The newest book; None where there is none."""
        ...


class Freshness(enum.StrEnum):
    """What a shown price is worth."""

    NONE = "none"  # no feed serves it
    CONNECTING = "connecting"
    LIVE = "live"
    DELAYED = "delayed"  # the source says by how much
    STALE = "stale"  # may not be what is traded
    CLOSED = "closed"  # by the calendar: nothing is traded


@dataclass(frozen=True, slots=True)
class Standing:
    """How an instrument stands.

    age_s : since the last sign of life; infinite before the first
    delay_s : by which the source is late by its own words
    words : what the feed says of its trouble
    """

    freshness: Freshness = Freshness.NONE
    feed: str = ""
    age_s: float = math.inf
    delay_s: float = 0.0
    words: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether what is shown may not be what is traded: it is drawn grey."""
        return self.freshness in (Freshness.STALE, Freshness.CONNECTING)

    @property
    def badge(self) -> str:
        """A few letters for a corner: ``LIVE 0.2 s``; empty where no feed serves it."""
        match self.freshness:
            case Freshness.NONE:
                return ""
            case Freshness.LIVE:
                return f"LIVE {format_age(self.age_s)}"
            case Freshness.DELAYED:
                return f"DELAYED {_delay(self.delay_s)}"
            case Freshness.STALE:
                return f"STALE {format_age(self.age_s)}" if math.isfinite(self.age_s) else "NO PRICE YET"
            case _:
                return self.freshness.upper()

    @property
    def tip(self) -> str:
        """One sentence: who serves it, and how long ago it was heard; empty where no feed serves it."""
        name, age = feed_title(self.feed), format_age(self.age_s)
        match self.freshness:
            case Freshness.NONE:
                return ""
            case Freshness.LIVE:
                return f"{name}, {age} ago"
            case Freshness.DELAYED:
                return f"{name}, delayed by {_delay(self.delay_s)}, heard {age} ago"
            case Freshness.STALE:
                said = f"{name}: stale for {age}" if math.isfinite(self.age_s) else f"{name}: no price yet"
                return f"{said}. {self.words}" if self.words else said
            case Freshness.CLOSED:
                heard = f", {name} heard {age} ago" if math.isfinite(self.age_s) else f", {name}"
                return f"The market is closed{heard}"
            case _:
                return f"{name} is connecting"


@dataclass(frozen=True, slots=True)
class Sight:
    """What windows read of the live market, and how they judge it.

    is_open : whether an instrument's market is open by its calendar; None while that is not known
    """

    source: LiveSource
    now_ns: Callable[[], int]
    is_open: Callable[[InstrumentId], bool | None] = lambda _instrument: None

    def standing(self, instrument: InstrumentId) -> Standing:
        """How ``instrument`` stands now."""
        return standing_of(self.source.snapshot(), instrument, self.now_ns(), is_open=self.is_open(instrument))


def worth_of(standing: Standing) -> Worth:
    """The same in a chart's words."""
    return Worth(standing.badge, standing.is_doubtful, standing.tip)


def standing_of(snapshot: LiveSnapshot, instrument: InstrumentId, now_ns: int, *, is_open: bool | None) -> Standing:
    """How ``instrument`` stands at ``now_ns``; a market that is shut is closed and not stale."""
    row, age_s = snapshot.rows.get(instrument), snapshot.age_s(instrument, now_ns)
    if row is None or age_s is None:
        return Standing()
    status = snapshot.feeds[row.feed]
    if is_open is False and now_ns - row.last_ns > TRADING_NS:
        freshness = Freshness.CLOSED
    elif status.state is FeedState.CONNECTING and not math.isfinite(age_s):
        freshness = Freshness.CONNECTING
    elif snapshot.is_stale(instrument, now_ns) or not math.isfinite(age_s):
        freshness = Freshness.STALE
    else:
        freshness = Freshness.DELAYED if status.delay_s else Freshness.LIVE
    return Standing(freshness, row.feed, age_s, status.delay_s, status.words)


def feed_title(name: str) -> str:
    """A feed's name as a sentence begins."""
    return name[:1].upper() + name[1:]


def format_age(age_s: float) -> str:
    """``0.2 s``, ``42 s``, ``2 min 05 s``; a word where nothing was heard."""
    if not math.isfinite(age_s):
        return "never"
    return f"{age_s:.1f} s" if age_s < 9.95 else format_seconds(age_s)


def _delay(delay_s: float) -> str:
    whole = round(delay_s)
    return f"{whole // _MINUTE_S} min" if whole >= _MINUTE_S and whole % _MINUTE_S == 0 else format_seconds(delay_s)
