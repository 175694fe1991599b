"""The simulated market in the words of Alpaca's market data v2 for stocks: numbers, times in RFC 3339 to the nanosecond.

Sizes of quotes are in shares.
"""

import re
from typing import Final

from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS
from backend.simulator.bar_table import Cut, VenueBar
from backend.simulator.book import Best
from backend.simulator.listed import Listed
from backend.simulator.stamps import rfc3339
from backend.simulator.tape import Prints

NEW_YORK: Final = "America/New_York"
_TIMEFRAME: Final = re.compile(r"(\d{1,2})(Min|T|Hour|H|Day|D|Week|W|Month|M)")
_MONTHS: Final = frozenset({1, 2, 3, 4, 6, 12})
_ODD: Final = ',"I"'  # an odd lot


def cut_of(timeframe: str) -> Cut | None:
    """How "5Min", "1Hour", "1Day", "1Week" or "3Month" cut time; None for what Alpaca does not know."""
    found = _TIMEFRAME.fullmatch(timeframe)
    if found is None:
        return None
    n, unit = int(found[1]), found[2]
    cuts = {
        "Min": Cut(n * MINUTE_NS) if 1 <= n <= 59 else None,
        "Hour": Cut(n * HOUR_NS) if 1 <= n <= 23 else None,
        "Day": Cut(DAY_NS, zone=NEW_YORK) if n == 1 else None,
        "Week": Cut(7 * DAY_NS, zone=NEW_YORK) if n == 1 else None,
        "Month": Cut(n_months=n, zone=NEW_YORK) if n in _MONTHS else None,
    }
    return cuts[{"T": "Min", "H": "Hour", "D": "Day", "W": "Week", "M": "Month"}.get(unit, unit)]


class Words:
    """Renders what happens to one stock; ``exchange`` is where all of its trades are said to print."""

    def __init__(self, listed: Listed, exchange: str = "V") -> None:
        self.listed = listed
        self._exchange = exchange

    def price(self, ticks: int) -> str:
        """A number without needless zeros."""
        digits = 10**self.listed.price_decimals
        text = f"{ticks // digits}.{ticks % digits:0{self.listed.price_decimals}d}"
        return text.rstrip("0").rstrip(".")

    def trades(self, prints: Prints) -> list[str]:
        """Fields of each trade, without the braces."""
        columns = prints.event_ns.tolist(), prints.price.tolist(), prints.lots.tolist()
        return [
            f'"i":{number},"x":"{self._exchange}","p":{self.price(price)},"s":{lots},"t":"{rfc3339(at, 9)}",'
            f'"c":["@"{_ODD if lots < 100 else ""}],"z":"C"'
            for number, (at, price, lots) in enumerate(zip(*columns, strict=True), prints.first_id)
        ]

    def quote(self, best: Best, at_ns: int) -> str:
        """Fields of a quote, without the braces."""
        return (
            f'"bx":"{self._exchange}","bp":{self.price(best.bid)},"bs":{best.bid_lots},'
            f'"ax":"{self._exchange}","ap":{self.price(best.ask)},"as":{best.ask_lots},"t":"{rfc3339(at_ns, 9)}","c":["R"],"z":"C"'
        )

    def bar(self, bar: VenueBar) -> str:
        """Fields of a bar, without the braces."""
        average = bar.value / bar.lots / 10**self.listed.price_decimals if bar.lots else 0.0
        return (
            f'"o":{self.price(bar.open)},"h":{self.price(bar.high)},"l":{self.price(bar.low)},"c":{self.price(bar.close)},'
            f'"v":{bar.lots},"n":{bar.n_trades},"vw":{average:.6f},"t":"{rfc3339(bar.start_ns, 0)}"'
        )
