"""The simulated market in the words of Binance's spot API: prices and quantities are strings of eight decimals."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Int64s
from backend.simulator.bar_table import WEEK_ANCHOR_NS, Cut, VenueBar
from backend.simulator.book import Best, Change
from backend.simulator.listed import Listed
from backend.simulator.market import Listing
from backend.simulator.tape import Prints

MS_NS: Final = 1_000_000
_UNIT: Final = 10**8
_MINUTES: Final = {"m": MINUTE_NS, "h": HOUR_NS, "d": DAY_NS}
CUTS: Final = {
    "1s": Cut(SECOND_NS),
    **{f"{n}{unit}": Cut(n * _MINUTES[unit]) for n, unit in ((1, "m"), (3, "m"), (5, "m"), (15, "m"), (30, "m"))},
    **{f"{n}{unit}": Cut(n * _MINUTES[unit]) for n, unit in ((1, "h"), (2, "h"), (4, "h"), (6, "h"), (8, "h"), (12, "h"))},
    "1d": Cut(DAY_NS),
    "3d": Cut(3 * DAY_NS),
    "1w": Cut(7 * DAY_NS, WEEK_ANCHOR_NS),
    "1M": Cut(n_months=1),
}


class Words:
    """Renders what happens to one instrument."""

    def __init__(self, listed: Listed) -> None:
        self.listed = listed
        self._price = 10 ** (8 - listed.price_decimals)
        self._lot = 10 ** (8 - listed.lot_decimals)
        self._value = 10 ** (8 - listed.price_decimals - listed.lot_decimals)
        self._code = listed.code

    def price(self, ticks: int) -> str:
        """As "60000.01000000"."""
        return _decimal(ticks * self._price)

    def lots(self, lots: int) -> str:
        """A quantity of the base asset."""
        return _decimal(lots * self._lot)

    def value(self, value: int) -> str:
        """A quantity of the quote asset."""
        return _decimal(value * self._value)

    def trades(self, prints: Prints, event_ms: int) -> list[bytes]:
        """One `trade` event for each."""
        price, lots = self._price, self._lot
        head = f'{{"e":"trade","E":{event_ms},"s":"{self._code}","t":'
        rows = zip(
            (prints.event_ns // MS_NS).tolist(),
            (prints.price * price).tolist(),
            (prints.lots * lots).tolist(),
            prints.is_buyer.tolist(),
            strict=True,
        )
        return [
            (
                f'{head}{number},"p":"{p // _UNIT}.{p % _UNIT:08d}","q":"{q // _UNIT}.{q % _UNIT:08d}",'
                f'"T":{at},"m":{"false" if is_buyer else "true"},"M":true}}'
            ).encode()
            for number, (at, p, q, is_buyer) in enumerate(rows, prints.first_id)
        ]

    def trade_rows(self, prints: Prints) -> list[dict[str, Any]]:
        """As answered by `/api/v3/trades`."""
        return [
            {
                "id": prints.first_id + row,
                "price": self.price(int(prints.price[row])),
                "qty": self.lots(int(prints.lots[row])),
                "quoteQty": self.value(int(prints.price[row]) * int(prints.lots[row])),
                "time": int(prints.event_ns[row]) // MS_NS,
                "isBuyerMaker": not prints.is_buyer[row],
                "isBestMatch": True,
            }
            for row in range(len(prints))
        ]

    def aggregates(self, prints: Prints) -> list[dict[str, Any]]:
        """Fills of one order as one row each, as answered by `/api/v3/aggTrades`."""
        if not len(prints):
            return []
        begins: Int64s = np.flatnonzero(np.concatenate(([True], prints.order[1:] != prints.order[:-1])))
        lots = np.add.reduceat(prints.lots, begins).tolist()
        ends = (*begins[1:].tolist(), len(prints))
        return [
            {
                "a": int(prints.order[begin]),
                "p": self.price(int(prints.price[begin])),
                "q": self.lots(lots[row]),
                "f": prints.first_id + begin,
                "l": prints.first_id + ends[row] - 1,
                "T": int(prints.event_ns[begin]) // MS_NS,
                "m": not prints.is_buyer[begin],
                "M": True,
            }
            for row, begin in enumerate(begins.tolist())
        ]

    def best(self, best: Best) -> dict[str, Any]:
        """As sent by `bookTicker`."""
        return {
            "u": best.update,
            "s": self._code,
            "b": self.price(best.bid),
            "B": self.lots(best.bid_lots),
            "a": self.price(best.ask),
            "A": self.lots(best.ask_lots),
        }

    def levels(self, levels: Iterable[tuple[int, int]]) -> list[list[str]]:
        """[price, quantity] of each."""
        return [[self.price(price), self.lots(lots)] for price, lots in levels]

    def depth(self, listing: Listing, n: int) -> dict[str, Any]:
        """The ``n`` best levels of each side, and the number of the newest change."""
        bids, asks = listing.book.levels(n)
        return {"lastUpdateId": listing.book.update, "bids": self.levels(bids), "asks": self.levels(asks)}

    def difference(self, changes: Sequence[Change], last: int, event_ms: int) -> dict[str, Any]:
        """A `depthUpdate` of consecutive changes that ends with number ``last``; each level once, as it stands."""
        sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for change in changes:
            sides[0 if change.is_bid else 1][change.price] = change.lots
        return {
            "e": "depthUpdate",
            "E": event_ms,
            "s": self._code,
            "U": last - len(changes) + 1,
            "u": last,
            "b": self.levels(sorted(sides[0].items(), reverse=True)),
            "a": self.levels(sorted(sides[1].items())),
        }

    def bar_row(self, bar: VenueBar) -> list[Any]:
        """As answered by `/api/v3/klines`."""
        return [
            bar.start_ns // MS_NS,
            *(self.price(each) for each in bar[2:6]),
            self.lots(bar.lots),
            bar.end_ns // MS_NS - 1,
            self.value(bar.value),
            bar.n_trades,
            self.lots(bar.taken_lots),
            self.value(bar.taken_value),
            "0",
        ]

    def bar_event(self, bar: VenueBar, interval: str, listing: Listing, now_ns: int) -> dict[str, Any]:
        """A `kline` event; closed once ``now_ns`` has reached its end."""
        first, after = listing.tape.id_at(bar.start_ns), listing.tape.id_at(bar.end_ns)
        row = self.bar_row(bar)
        fields = dict(zip(("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B"), row, strict=True))
        ids = {"f": first, "L": after - 1} if bar.n_trades and after > first else {"f": -1, "L": -1}
        fields |= {"s": self._code, "i": interval, "x": now_ns >= bar.end_ns, **ids}
        return {"e": "kline", "E": now_ns // MS_NS, "s": self._code, "k": fields}

    def day_event(self, day: VenueBar, event_ms: int) -> dict[str, Any]:
        """A `24hrMiniTicker` event of the last 24 hours."""
        return {
            "e": "24hrMiniTicker",
            "E": event_ms,
            "s": self._code,
            "c": self.price(day.close),
            "o": self.price(day.open),
            "h": self.price(day.high),
            "l": self.price(day.low),
            "v": self.lots(day.lots),
            "q": self.value(day.value),
        }


def _decimal(units: int) -> str:
    return f"{units // _UNIT}.{units % _UNIT:08d}"
