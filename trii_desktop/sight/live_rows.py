"""How the instruments of a list stand, and their quotes, as one value: rows compare it with the one before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from backend.domain.instruments import InstrumentId
from backend.domain.ticks import Quote
from backend.market.feeds.live_row import LiveSnapshot
from trii_desktop.sight.freshness import Sight, Standing

_NO_FEED: Final = Standing()


@dataclass(frozen=True, slots=True)
class LiveRows:
    """Standings and quotes by instrument; those that no feed serves are left out."""

    standings: Mapping[InstrumentId, Standing] = field(default_factory=dict)
    quotes: Mapping[InstrumentId, Quote | None] = field(default_factory=dict)

    def standing(self, instrument: InstrumentId) -> Standing:
        """How it stands."""
        return self.standings.get(instrument, _NO_FEED)

    def quoted(self, instrument: InstrumentId, *, is_bid: bool) -> float:
        """The best bid or ask; NaN where there is none."""
        quote = self.quotes.get(instrument)
        return float("nan") if quote is None else quote.bid if is_bid else quote.ask

    def differs(self, other: "LiveRows", instrument: InstrumentId) -> bool:
        """Whether its row is to be painted another way."""
        mine, before = self.standing(instrument), other.standing(instrument)
        is_quoted_alike = self.quotes.get(instrument) is other.quotes.get(instrument)
        return mine.freshness != before.freshness or not is_quoted_alike


def live_rows(sight: Sight, instruments: Iterable[InstrumentId]) -> LiveRows:
    """How ``instruments`` stand now."""
    snapshot: LiveSnapshot = sight.source.snapshot()
    served = [instrument for instrument in instruments if instrument in snapshot.rows]
    return LiveRows({i: sight.standing(i) for i in served}, {i: snapshot.rows[i].quote for i in served})
