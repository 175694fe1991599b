"""A plain quote service over the simulated market, for feeds that poll: JSON in several shapes, and CSV."""

from collections.abc import Mapping
from typing import Any, Final

from backend.domain.bars import DAY_NS, SECOND_NS
from backend.simulator.answers import Answer, Call, json_answer
from backend.simulator.bad_frames import FieldNames
from backend.simulator.faults import Faults
from backend.simulator.kraken_text import decimal
from backend.simulator.market import Listing, Market
from backend.simulator.serving import Client, VenueServer
from backend.simulator.stamps import rfc3339

FIELDS: Final = FieldNames(prices=frozenset(), sizes=frozenset(), pairs=(), unknown=b"{}")
_CSV: Final = "symbol,last,bid,ask,volume,time\n"


class PlainQuotes(VenueServer):
    """Answers ``/quote?symbol=`` and ``/quotes.csv?symbols=`` for every instrument of the market.

    ``shape`` of /quote: "nested" (usual), "flat" numbers with the time in milliseconds, or "list" of strings with seconds.
    """

    def __init__(self, market: Market, faults: Faults) -> None:
        super().__init__("quotes", faults)
        self._market = market

    @property
    def rest_url(self) -> str:
        """Where /quote follows."""
        return self.http_url

    def refusal(self, status: int, retry_after_s: int) -> Answer:
        """Over the limit."""
        return json_answer({"error": "slow down"}, status, {"Retry-After": str(retry_after_s)})

    def accepts(self, path: str) -> bool:
        """No conversation anywhere."""
        assert path
        return False

    def hear(self, client: Client, message: str | bytes) -> None:
        """Nobody is heard."""

    def answer(self, call: Call) -> Answer:
        """A quote, or several as CSV."""
        if call.path == "/quotes.csv":
            names = call.query.get("symbols", ",".join(self._market.listings))
            listings = [self._market.listings[name] for name in names.split(",") if name in self._market.listings]
            return Answer((_CSV + "".join(self._line(each) for each in listings)).encode(), 200, "text/csv; charset=utf-8")
        if call.path != "/quote":
            return json_answer({"error": "not found"}, 404)
        listing = self._market.listings.get(call.query.get("symbol", ""))
        if listing is None:
            return json_answer({"error": f"unknown symbol {call.query.get('symbol', '')}"}, 404)
        return json_answer(self._shape(listing, call.query))

    def _shape(self, listing: Listing, query: Mapping[str, str]) -> dict[str, Any]:
        last, bid, ask, volume, at_ns = self._figures(listing)
        code = listing.listed.code
        if query.get("shape") == "flat":
            numbers = {"last": float(last), "bid": float(bid), "ask": float(ask), "volume": float(volume)}
            return {"symbol": code, **numbers, "time": at_ns // 1_000_000}
        if query.get("shape") == "list":
            return {"status": "ok", "result": [{"s": code, "p": last, "v": volume, "t": at_ns // SECOND_NS}]}
        price = {"last": float(last), "bid": float(bid), "ask": float(ask)}
        quote = {"price": price, "volume": float(volume), "updated": rfc3339(at_ns, 3)}
        return {"data": {"symbol": code, "quote": quote}, "error": None}

    def _line(self, listing: Listing) -> str:
        last, bid, ask, volume, at_ns = self._figures(listing)
        return f"{listing.listed.code},{last},{bid},{ask},{volume},{rfc3339(at_ns, 0)}\n"

    def _figures(self, listing: Listing) -> tuple[str, str, str, str, int]:
        """Last price, best bid, best ask, volume of 24 hours, and when the last trade printed."""
        listed, at_ns, best = listing.listed, self._market.at_ns, listing.book.best
        day = listing.minutes.span(at_ns - DAY_NS, at_ns)
        newest = listing.tape.between(listing.tape.next_id - 1, listing.tape.next_id)
        last_ns = int(newest.event_ns[0]) if len(newest) else at_ns
        prices = [decimal(ticks, listed.price_decimals) for ticks in (day.close, best.bid, best.ask)]
        return prices[0], prices[1], prices[2], decimal(day.lots, listed.lot_decimals), last_ns
