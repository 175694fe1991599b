"""Binance's spot REST API over the simulated market: market data, the weight of requests, and its refusals."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from backend.domain.bars import DAY_NS, MINUTE_NS, SECOND_NS
from backend.simulator.answers import Answer, Call, json_answer
from backend.simulator.binance_text import CUTS, MS_NS, Words
from backend.simulator.market import Listing, VenueClock
from backend.simulator.tape import Prints

WEIGHT_MAX: Final = 6000  # a minute
_FAR_NS: Final = 1 << 62
_WEIGHTS: Final = {
    "ping": 1,
    "time": 1,
    "exchangeInfo": 20,
    "trades": 25,
    "historicalTrades": 25,
    "aggTrades": 4,
    "klines": 2,
    "depth": 5,
    "ticker/price": 2,
    "ticker/bookTicker": 2,
    "ticker/24hr": 2,
}
_LIMITS: Final = {"trades": (500, 1000), "historicalTrades": (500, 1000), "aggTrades": (500, 1000), "klines": (500, 1000)}
_NUMBER: Final = re.compile(r"[0-9]{1,20}")


class _Refused(Exception):
    """A request that the API refuses, with its code and words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class BinanceRest:
    """Answers ``/api/v3/...``; ``weight_max`` is how much one client may ask in a minute."""

    def __init__(self, clock: VenueClock, listings: Mapping[str, Listing], words: Mapping[str, Words]) -> None:
        self.weight_max = WEIGHT_MAX
        self._clock = clock
        self._listings = listings
        self._words = words
        self._minute = 0
        self._weight = 0
        self._answers = {
            "ping": lambda _query: {},
            "time": lambda _query: {"serverTime": clock.now_ns() // MS_NS},
            "exchangeInfo": self._listed,
            "trades": self._trades,
            "historicalTrades": self._trades,
            "aggTrades": self._aggregates,
            "klines": self._bars,
            "depth": self._depth,
            "ticker/price": self._prices,
            "ticker/bookTicker": self._bests,
            "ticker/24hr": self._days,
        }

    def answer(self, call: Call) -> Answer:
        """The answer, with the weight used so far in its headers."""
        name = call.path.removeprefix("/api/v3/")
        if name not in self._answers or not call.path.startswith("/api/v3/"):
            return Answer(b"<html><body><h2>404 Not found</h2></body></html>", 404, "text/html")
        minute = self._clock.now_ns() // MINUTE_NS
        if minute != self._minute:
            self._minute, self._weight = minute, 0
        self._weight += _WEIGHTS[name]
        used = {"X-MBX-USED-WEIGHT": str(self._weight), "X-MBX-USED-WEIGHT-1M": str(self._weight)}
        if self._weight > self.weight_max:
            left_s = ((minute + 1) * MINUTE_NS - self._clock.now_ns()) // SECOND_NS + 1
            return self.too_many(429, left_s)
        try:
            return json_answer(self._answers[name](call.query), headers=used)
        except _Refused as e:
            return json_answer({"code": e.code, "msg": str(e)}, 400, used)

    def too_many(self, status: int, retry_after_s: int) -> Answer:
        """The refusal of a request over the limit: 429, or 418 while banned."""
        words = f"Too much request weight used; current limit is {self.weight_max} request weight per 1 MINUTE."
        if status == 418:
            until_ms = self._clock.now_ns() // MS_NS + 1000 * retry_after_s
            words = f"Way too much request weight used; IP banned until {until_ms}. Please use WebSocket Streams for live updates."
        return json_answer({"code": -1003, "msg": words}, status, {"Retry-After": str(retry_after_s)})

    # --- parameters -------------------------------------------------------------------------------------------------

    def _one(self, query: Mapping[str, str]) -> Listing:
        code = query.get("symbol", "")
        if not code:
            raise _Refused(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        if not re.fullmatch(r"[A-Z0-9_.-]{1,20}", code):
            raise _Refused(-1100, "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'.")
        if code not in self._listings:
            raise _Refused(-1121, "Invalid symbol.")
        return self._listings[code]

    def _some(self, query: Mapping[str, str]) -> tuple[list[Listing], bool]:
        """The asked instruments, and whether it was one alone."""
        if "symbol" in query:
            return [self._one(query)], True
        if "symbols" not in query:
            return list(self._listings.values()), False
        try:
            codes = msgspec.json.decode(query["symbols"], type=list[str])
        except msgspec.MsgspecError as e:
            raise _Refused(-1100, "Illegal characters found in parameter 'symbols'.") from e
        return [self._one({"symbol": code}) for code in codes], False

    def _limit(self, query: Mapping[str, str], usual: int, most: int) -> int:
        limit = _whole(query, "limit")
        if limit is not None and limit < 1:
            raise _Refused(-1130, "Data sent for parameter 'limit' is not valid.")
        return min(usual if limit is None else limit, most)

    # --- answers ----------------------------------------------------------------------------------------------------

    def _listed(self, query: Mapping[str, str]) -> dict[str, Any]:
        return {
            "timezone": "UTC",
            "serverTime": self._clock.now_ns() // MS_NS,
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": self.weight_max},
                {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61_000},
            ],
            "exchangeFilters": [],
            "symbols": [_listed_row(self._words[each.listed.code]) for each in self._some(query)[0]],
        }

    def _trades(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        listing = self._one(query)
        limit, from_id = self._limit(query, 500, 1000), _whole(query, "fromId")
        from_id = listing.tape.next_id - limit if from_id is None else max(from_id, listing.tape.first_id)
        return self._words[listing.listed.code].trade_rows(listing.tape.between(from_id, from_id + limit))

    def _aggregates(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        listing = self._one(query)
        limit, first = self._limit(query, 500, 1000), _whole(query, "fromId")
        start, end = _whole(query, "startTime"), _whole(query, "endTime")
        if first is not None and (start is not None or end is not None):
            raise _Refused(-1128, "Combination of optional parameters invalid.")
        tape = listing.tape
        until = tape.next_id if end is None else tape.id_at((end + 1) * MS_NS)
        if first is None and start is None:
            newest = tape.between(until - 1, until)
            first = int(newest.order[0]) - limit + 1 if len(newest) else 0
        begin = tape.id_of_order(first) if first is not None else tape.id_at((start or 0) * MS_NS)
        first_order = tape.between(begin, begin + 1).order
        if not len(first_order):
            return []
        prints: Prints = tape.between(begin, min(until, tape.id_of_order(int(first_order[0]) + limit)))
        return self._words[listing.listed.code].aggregates(prints)

    def _bars(self, query: Mapping[str, str]) -> list[list[Any]]:
        listing = self._one(query)
        if "interval" not in query:
            raise _Refused(-1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.")
        if query["interval"] not in CUTS:
            raise _Refused(-1120, "Invalid interval.")
        cut, limit = CUTS[query["interval"]], self._limit(query, 500, 1000)
        start, end = _whole(query, "startTime"), _whole(query, "endTime")
        length_ns = (cut.period_ns or 31 * DAY_NS) * limit
        end_ns = min(_FAR_NS if end is None else end * MS_NS + 1, self._clock.now_ns() + 1)
        if start is None:
            bars = listing.bars(cut, end_ns - length_ns, end_ns)[-limit:]
        else:
            start_ns = max(start * MS_NS, listing.minutes.first_ns)
            bars = listing.bars(cut, start_ns, min(end_ns, start_ns + length_ns))[:limit]
        return [self._words[listing.listed.code].bar_row(bar) for bar in bars]

    def _depth(self, query: Mapping[str, str]) -> dict[str, Any]:
        listing = self._one(query)
        return self._words[listing.listed.code].depth(listing, self._limit(query, 100, 5000))

    def _prices(self, query: Mapping[str, str]) -> Any:
        listings, is_one = self._some(query)
        rows = [{"symbol": each.listed.code, "price": self._last_price(each)} for each in listings]
        return rows[0] if is_one else rows

    def _bests(self, query: Mapping[str, str]) -> Any:
        listings, is_one = self._some(query)
        rows = [_best_row(self._words[each.listed.code], each) for each in listings]
        return rows[0] if is_one else rows

    def _days(self, query: Mapping[str, str]) -> Any:
        listings, is_one = self._some(query)
        now_ns = self._clock.now_ns()
        rows = [_day_row(self._words[each.listed.code], each, now_ns) for each in listings]
        return rows[0] if is_one else rows

    def _last_price(self, listing: Listing) -> str:
        return self._words[listing.listed.code].price(
            listing.minutes.span(listing.minutes.end_ns - 1, listing.minutes.end_ns).close
        )


def _whole(query: Mapping[str, str], name: str) -> int | None:
    if name not in query:
        return None
    if not _NUMBER.fullmatch(query[name]):
        raise _Refused(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
    return int(query[name])


def _best_row(words: Words, listing: Listing) -> dict[str, str]:
    best = words.best(listing.book.best)
    names = {"symbol": "s", "bidPrice": "b", "bidQty": "B", "askPrice": "a", "askQty": "A"}
    return {name: best[short] for name, short in names.items()}


def _day_row(words: Words, listing: Listing, now_ns: int) -> dict[str, Any]:
    day, tape = listing.minutes.span(now_ns - DAY_NS, now_ns), listing.tape
    last = tape.between(tape.next_id - 1, tape.next_id)
    digits = 10**words.listed.price_decimals
    return _best_row(words, listing) | {
        "priceChange": f"{(day.close - day.open) / digits:.8f}",
        "priceChangePercent": f"{100 * (day.close / day.open - 1):.3f}",
        "weightedAvgPrice": f"{day.value / max(day.lots, 1) / digits:.8f}",
        "prevClosePrice": words.price(day.open),
        "lastPrice": words.price(day.close),
        "lastQty": words.lots(int(last.lots[0]) if len(last) else 0),
        "openPrice": words.price(day.open),
        "highPrice": words.price(day.high),
        "lowPrice": words.price(day.low),
        "volume": words.lots(day.lots),
        "quoteVolume": words.value(day.value),
        "openTime": (now_ns - DAY_NS) // MS_NS,
        "closeTime": now_ns // MS_NS,
        "firstId": tape.first_id,
        "lastId": tape.next_id - 1,
        "count": day.n_trades,
    }


def _listed_row(words: Words) -> dict[str, Any]:
    listed = words.listed
    step = {"stepSize": words.lots(1), "minQty": words.lots(1), "maxQty": "9000.00000000"}
    return {
        "symbol": listed.code,
        "status": "TRADING",
        "baseAsset": listed.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listed.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": words.price(1), "maxPrice": "1000000.00000000", "tickSize": words.price(1)},
            {"filterType": "LOT_SIZE", **step},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True},
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
    }
