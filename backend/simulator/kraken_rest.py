"""Kraken's public REST API over the simulated market; failures are answered with status 200 and a list of errors."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import numpy as np

from backend.domain.bars import DAY_NS, SECOND_NS
from backend.simulator.answers import Answer, Call, json_answer
from backend.simulator.kraken_text import CUTS, Words, decimal
from backend.simulator.market import Listing, VenueClock
from backend.simulator.stamps import rfc3339
from backend.simulator.tape import Prints

_N_BARS_MAX: Final = 720  # whatever is asked for
_N_TRADES_MAX: Final = 1000
_PATH: Final = "/0/public/"


class _Refused(Exception):
    """A request that Kraken refuses, by its name of the error."""


class KrakenRest:
    """Answers ``/0/public/...``."""

    def __init__(self, clock: VenueClock, listings: Mapping[str, Listing], words: Mapping[str, Words]) -> None:
        self._clock = clock
        self._by_name = {name: (words[code], listing) for code, listing in listings.items() for name in words[code].names}
        self._answers = {
            "Time": self._time,
            "SystemStatus": lambda _query: {"status": "online", "timestamp": rfc3339(clock.now_ns(), 0)},
            "AssetPairs": self._pairs,
            "Ticker": self._days,
            "OHLC": self._bars,
            "Depth": self._depth,
            "Trades": self._trades,
        }

    def answer(self, call: Call) -> Answer:
        """The answer: ``{"error": [], "result": ...}``."""
        find = self._answers.get(call.path.removeprefix(_PATH)) if call.path.startswith(_PATH) else None
        if find is None:
            return json_answer({"error": ["EGeneral:Unknown method"]})
        try:
            return json_answer({"error": [], "result": find(call.query)})
        except _Refused as e:
            return json_answer({"error": [str(e)]})

    def too_many(self, status: int, retry_after_s: int) -> Answer:
        """The refusal of a request over the limit."""
        return json_answer({"error": ["EGeneral:Too many requests"]}, status, {"Retry-After": str(retry_after_s)})

    # --- parameters -------------------------------------------------------------------------------------------------

    def _one(self, query: Mapping[str, str]) -> tuple[Words, Listing]:
        if not query.get("pair"):
            raise _Refused("EGeneral:Invalid arguments")
        found = self._by_name.get(query["pair"].upper())
        if found is None:
            raise _Refused("EQuery:Unknown asset pair")
        return found

    def _some(self, query: Mapping[str, str]) -> dict[str, tuple[Words, Listing]]:
        named = query.get("pair")
        asked = [self._one({"pair": name}) for name in named.split(",")] if named else self._by_name.values()
        return {words.key: (words, listing) for words, listing in asked}

    # --- answers ----------------------------------------------------------------------------------------------------

    def _time(self, _query: Mapping[str, str]) -> dict[str, Any]:
        second = self._clock.now_ns() // SECOND_NS
        return {"unixtime": second, "rfc1123": datetime.fromtimestamp(second, UTC).strftime("%a, %d %b %y %H:%M:%S +0000")}

    def _pairs(self, query: Mapping[str, str]) -> dict[str, Any]:
        return {key: _pair_row(words) for key, (words, _) in self._some(query).items()}

    def _bars(self, query: Mapping[str, str]) -> dict[str, Any]:
        words, listing = self._one(query)
        cut = CUTS.get(_whole(query, "interval", 1))
        if cut is None:
            raise _Refused("EGeneral:Invalid arguments:interval")
        now_ns = self._clock.now_ns()
        first_ns = cut.start_of(now_ns) - (_N_BARS_MAX - 1) * cut.period_ns
        bars = listing.bars(cut, max(first_ns, _whole(query, "since", 0) * SECOND_NS), now_ns + 1)
        rows = [
            [
                bar.start_ns // SECOND_NS,
                *(words.price(each) for each in bar[2:6]),
                words.vwap(bar) if bar.n_trades else words.price(0),
                words.lots(bar.lots),
                bar.n_trades,
            ]
            for bar in bars
        ]
        return {words.key: rows, "last": (cut.start_of(now_ns) - cut.period_ns) // SECOND_NS}

    def _trades(self, query: Mapping[str, str]) -> dict[str, Any]:
        words, listing = self._one(query)
        count = min(max(_whole(query, "count", _N_TRADES_MAX), 1), _N_TRADES_MAX)
        tape = listing.tape
        from_id = tape.id_at(_since_ns(query["since"]) + 1) if "since" in query else tape.next_id - count
        prints = _whole_orders(tape.between(from_id, from_id + count + 1), count)
        rows = [
            [
                decimal(int(prints.price[row]) * 10 ** (5 - words.listed.price_decimals), 5),
                words.lots(int(prints.lots[row])),
                msgspec.Raw(decimal(int(prints.event_ns[row]) // 100, 7).encode()),
                "b" if prints.is_buyer[row] else "s",
                "m" if int(prints.lots[row]) % 3 else "l",
                "",
                prints.first_id + row,
            ]
            for row in range(len(prints))
        ]
        last_ns = int(prints.event_ns[-1]) if rows else _since_ns(query.get("since", "0"))
        return {words.key: rows, "last": str(last_ns)}

    def _depth(self, query: Mapping[str, str]) -> dict[str, Any]:
        words, listing = self._one(query)
        bids, asks = listing.book.levels(min(max(_whole(query, "count", 100), 1), 500))
        second = self._clock.now_ns() // SECOND_NS
        sides = {
            name: [[_five(words, price), f"{max(lots / 10**words.listed.lot_decimals, 0.001):.3f}", second] for price, lots in side]
            for name, side in (("asks", asks), ("bids", bids))
        }
        return {words.key: sides}

    def _days(self, query: Mapping[str, str]) -> dict[str, Any]:
        now_ns = self._clock.now_ns()
        return {key: _day_row(words, listing, now_ns) for key, (words, listing) in self._some(query).items()}


def _whole_orders(prints: Prints, count: int) -> Prints:
    """At most ``count`` of them, cut where the time changes, so that asking from the last one's time misses none."""
    if len(prints) <= count:
        return prints
    same = int(np.searchsorted(prints.event_ns, prints.event_ns[count]))
    return prints.head(same or count)


def _whole(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name, str(usual))
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise _Refused("EGeneral:Invalid arguments")
    return int(text)


def _since_ns(text: str) -> int:
    """A count of nanoseconds, or of seconds where it is too small for that."""
    try:
        number = int(text) if text.isdigit() else round(float(text) * SECOND_NS)
    except (ValueError, OverflowError) as e:
        raise _Refused("EGeneral:Invalid arguments") from e
    return number * SECOND_NS if 0 < number < 10**12 else number


def _five(words: Words, ticks: int) -> str:
    return decimal(ticks * 10 ** (5 - words.listed.price_decimals), 5)


def _day_row(words: Words, listing: Listing, now_ns: int) -> dict[str, Any]:
    best = listing.book.best
    today = listing.minutes.span(now_ns - now_ns % DAY_NS, now_ns)
    day = listing.minutes.span(now_ns - DAY_NS, now_ns)
    last = listing.tape.between(listing.tape.next_id - 1, listing.tape.next_id)
    sides = {"a": (best.ask, best.ask_lots), "b": (best.bid, best.bid_lots)}
    rows: dict[str, Any] = {
        name: [
            _five(words, price),
            str(max(lots // 10**words.listed.lot_decimals, 1)),
            f"{lots / 10**words.listed.lot_decimals:.3f}",
        ]
        for name, (price, lots) in sides.items()
    }
    return rows | {
        "c": [_five(words, day.close), words.lots(int(last.lots[0]) if len(last) else 0)],
        "v": [words.lots(today.lots), words.lots(day.lots)],
        "p": [words.vwap(each, 5 - words.listed.price_decimals) for each in (today, day)],
        "t": [today.n_trades, day.n_trades],
        "l": [_five(words, today.low), _five(words, day.low)],
        "h": [_five(words, today.high), _five(words, day.high)],
        "o": _five(words, today.open),
    }


def _pair_row(words: Words) -> dict[str, Any]:
    listed = words.listed
    base, quote = words.key[:4], words.key[4:]
    return {
        "altname": words.alternative,
        "wsname": words.old_pair,
        "aclass_base": "currency",
        "base": base,
        "aclass_quote": "currency",
        "quote": quote,
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": listed.price_decimals,
        "lot_decimals": listed.lot_decimals,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": [[0, 0.4]],
        "fees_maker": [[0, 0.25]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.00005",
        "costmin": "0.5",
        "tick_size": words.price(1),
        "status": "online",
    }
