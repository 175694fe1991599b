"""How fresh the data of an instrument is, as a value that windows read once a frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Quote
from backend.market.feeds.feed import FeedState, FeedStatus

STALE_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One instrument that is followed.

    feed : name of the feed that serves it
    last_ns : event time of its newest trade; received_ns : when the newest thing of it, or a sign of life of its feed, came
    """

    feed: str
    last: float = float("nan")
    last_ns: int = 0
    received_ns: int = 0
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class LiveSnapshot:
    """Every feed and every instrument that one of them serves and somebody follows; read from any thread."""

    version: int = 0
    feeds: Mapping[str, FeedStatus] = field(default_factory=dict)
    rows: Mapping[InstrumentId, LiveRow] = field(default_factory=dict)

    def age_s(self, instrument: InstrumentId, now_ns: int) -> float | None:
        """Seconds since the last sign of life of what serves ``instrument``; None where nothing serves it."""
        row = self.rows.get(instrument)
        if row is None:
            return None
        heard_ns = max(row.received_ns, self.feeds[row.feed].received_ns)
        return max(0.0, (now_ns - heard_ns) / 1e9) if heard_ns else float("inf")

    def is_stale(self, instrument: InstrumentId, now_ns: int) -> bool:
        """Whether what is shown of ``instrument`` may not be what is traded: its feed is down, or silent for too long."""
        row, age_s = self.rows.get(instrument), self.age_s(instrument, now_ns)
        if row is None or age_s is None:
            return False
        status = self.feeds[row.feed]
        return status.state is not FeedState.LIVE or age_s > STALE_S + status.delay_s
