"""The simulated market in the words of Kraken's WebSocket v2: numbers with all their digits, times to the microsecond."""

import zlib
from collections.abc import Iterable
from typing import Final

from backend.domain.bars import DAY_NS, MINUTE_NS
from backend.simulator.bar_table import WEEK_ANCHOR_NS, Cut, VenueBar
from backend.simulator.book import Best
from backend.simulator.listed import Listed
from backend.simulator.stamps import rfc3339
from backend.simulator.tape import Prints

Levels = list[tuple[int, int]]
DEPTHS: Final = (10, 25, 100, 500, 1000)
CUTS: Final = {n: Cut(n * MINUTE_NS) for n in (1, 5, 15, 30, 60, 240, 1440, 21600)} | {10080: Cut(7 * DAY_NS, WEEK_ANCHOR_NS)}
_ASSETS: Final = {"BTC": "XXBT", "ETH": "XETH", "USD": "ZUSD", "EUR": "ZEUR"}
_OLD: Final = {"BTC": "XBT"}


def decimal(units: int, n_decimals: int) -> str:
    """``units`` of 10**-n_decimals as a decimal number with all its digits."""
    sign, units = "-" if units < 0 else "", abs(units)
    return f"{sign}{units // 10**n_decimals}.{units % 10**n_decimals:0{n_decimals}d}" if n_decimals else f"{sign}{units}"


def checksum(bids: Levels, asks: Levels) -> int:
    """CRC-32 of the ten best asks, then bids: digits of price and quantity without point and leading zeros."""
    return zlib.crc32("".join(f"{price}{lots}" for price, lots in (*asks[:10], *bids[:10])).encode())


class Words:
    """Renders what happens to one pair.

    pair : as "BTC/USD"; key, alternative, old_pair : how the REST API calls it: XXBTZUSD, XBTUSD, XBT/USD
    """

    def __init__(self, listed: Listed) -> None:
        self.listed = listed
        self.pair = f"{listed.base}/{listed.quote}"
        old = _OLD.get(listed.base, listed.base)
        self.key = _ASSETS.get(listed.base, listed.base) + _ASSETS.get(listed.quote, listed.quote)
        self.alternative, self.old_pair = f"{old}{listed.quote}", f"{old}/{listed.quote}"

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the REST API takes for it."""
        return self.key, self.alternative, self.old_pair, self.pair, self.pair.replace("/", "")

    def price(self, ticks: int) -> str:
        """With the pair's own decimals."""
        return decimal(ticks, self.listed.price_decimals)

    def lots(self, lots: int) -> str:
        """With the lot's own decimals."""
        return decimal(lots, self.listed.lot_decimals)

    def vwap(self, bar: VenueBar, n_more: int = 0) -> str:
        """Average price of a bar, ``n_more`` decimals finer than the pair's; its close where nothing traded."""
        scale = 10**n_more
        units = (bar.value * scale + bar.lots // 2) // bar.lots if bar.lots else bar.close * scale
        return decimal(units, self.listed.price_decimals + n_more)

    def trades(self, prints: Prints, kind: str) -> bytes:
        """One `trade` message of all of them."""
        rows = ",".join(
            f'{{"symbol":"{self.pair}","side":"{"buy" if is_buyer else "sell"}",'
            f'"price":{self.price(price)},"qty":{self.lots(lots)},'
            f'"ord_type":"{"market" if lots % 3 else "limit"}","trade_id":{number},"timestamp":"{rfc3339(at, 6)}"}}'
            for number, (at, price, lots, is_buyer) in enumerate(
                zip(prints.event_ns.tolist(), prints.price.tolist(), prints.lots.tolist(), prints.is_buyer.tolist(), strict=True),
                prints.first_id,
            )
        )
        return f'{{"channel":"trade","type":"{kind}","data":[{rows}]}}'.encode()

    def book(self, kind: str, sides: tuple[Levels, Levels], view: tuple[Levels, Levels], now_ns: int) -> bytes:
        """A `book` message of these levels; ``view`` is what the reader's book must be afterwards."""
        bids, asks = (self._levels(side) for side in sides)
        return (
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{self.pair}","bids":[{bids}],"asks":[{asks}],'
            f'"checksum":{checksum(*view)},"timestamp":"{rfc3339(now_ns, 6)}"}}]}}'
        ).encode()

    def day(self, kind: str, best: Best, day: VenueBar) -> bytes:
        """A `ticker` message: the best prices and the last 24 hours."""
        change = day.close - day.open
        return (
            f'{{"channel":"ticker","type":"{kind}","data":[{{"symbol":"{self.pair}","bid":{self.price(best.bid)},'
            f'"bid_qty":{self.lots(best.bid_lots)},"ask":{self.price(best.ask)},"ask_qty":{self.lots(best.ask_lots)},'
            f'"last":{self.price(day.close)},"volume":{self.lots(day.lots)},"vwap":{self.vwap(day)},"low":{self.price(day.low)},'
            f'"high":{self.price(day.high)},"change":{self.price(change)},"change_pct":{100 * change / day.open:.2f}}}]}}'
        ).encode()

    def bars(self, kind: str, bars: Iterable[VenueBar], minutes: int, now_ns: int) -> bytes:
        """An `ohlc` message."""
        rows = ",".join(
            f'{{"symbol":"{self.pair}","open":{self.price(bar.open)},"high":{self.price(bar.high)},"low":{self.price(bar.low)},'
            f'"close":{self.price(bar.close)},"trades":{bar.n_trades},"volume":{self.lots(bar.lots)},"vwap":{self.vwap(bar)},'
            f'"interval_begin":"{rfc3339(bar.start_ns, 9)}","interval":{minutes},"timestamp":"{rfc3339(bar.end_ns, 6)}"}}'
            for bar in bars
        )
        return f'{{"channel":"ohlc","type":"{kind}","timestamp":"{rfc3339(now_ns, 6)}","data":[{rows}]}}'.encode()

    def about(self) -> str:
        """The pair in an `instrument` message."""
        listed, step, lot = self.listed, self.price(1), self.lots(1)
        return (
            f'{{"symbol":"{self.pair}","base":"{listed.base}","quote":"{listed.quote}","status":"online",'
            f'"qty_precision":{listed.lot_decimals},"qty_increment":{lot},"price_precision":{listed.price_decimals},'
            f'"cost_precision":5,"marginable":false,"has_index":true,"cost_min":0.50,"tick_size":{step},"price_increment":{step},'
            f'"qty_min":0.00005000}}'
        )

    def _levels(self, levels: Levels) -> str:
        return ",".join(f'{{"price":{self.price(price)},"qty":{self.lots(lots)}}}' for price, lots in levels)


def render_instruments(words: Iterable[Words]) -> bytes:
    """The `instrument` snapshot of all pairs and their assets."""
    pairs = list(words)
    names = sorted({name for each in pairs for name in (each.listed.base, each.listed.quote)})
    assets = ",".join(
        f'{{"id":"{name}","status":"enabled","precision":10,"precision_display":5,"borrowable":false,"collateral_value":1.00}}'
        for name in names
    )
    rows = ",".join(each.about() for each in pairs)
    return f'{{"channel":"instrument","type":"snapshot","data":{{"assets":[{assets}],"pairs":[{rows}]}}}}'.encode()
