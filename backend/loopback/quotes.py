"""The newest figures of an instrument in one value: what is stored and what feeds bring."""

import asyncio
import math
from dataclasses import dataclass, field
from typing import Final

import msgspec

from backend.alerts.founding import format_moment
from backend.clock import Clock
from backend.domain.bars import SECOND_NS
from backend.domain.instruments import InstrumentId
from backend.errors import NotFound
from backend.live.live import Live
from backend.watchlists.board import QuoteBoard, QuoteRow

TTL_NS: Final = SECOND_NS
_KEPT_MAX: Final = 4096
NAN: Final = float("nan")


class QuoteView(msgspec.Struct, frozen=True, rename={"change_pct": "changePct"}):
    """A quote as scripts read it; what is unknown is null.

    change, change_pct : against the previous session's close, splits taken out
    volume : of the newest session
    timestamp : of the newest trade, or the label of the newest bar where none came live
    age_s : since the last sign of life of what serves it, null where nothing does; is_stale : do not trade on it
    """

    symbol: str
    price: float
    change: float
    change_pct: float
    volume: float
    timestamp: str
    bid: float = NAN
    ask: float = NAN
    age_s: float | None = None
    is_stale: bool = True


@dataclass(slots=True)
class _Kept:
    """The stored figures of one instrument; ``computing`` is held by whoever reads them."""

    row: QuoteRow | None = None
    read_ns: int = 0
    computing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Quotes:
    """Stored figures are read at most once a second and instrument, however many ask at once; live prices come on top."""

    def __init__(self, board: QuoteBoard, live: Live, clock: Clock) -> None:
        self._board = board
        self._live = live
        self._clock = clock
        self._kept: dict[InstrumentId, _Kept] = {}

    async def get(self, instrument: InstrumentId) -> QuoteView:
        """The newest figures. Raises NotFound for an unknown instrument, and where nothing of it is known."""
        row = await self._stored(instrument)
        live, now_ns = self._live.snapshot(), self._clock.now_ns()
        one = live.rows.get(instrument)
        price, at_ns = row.last, row.event_ns
        if one is not None and one.last_ns and math.isfinite(one.last):
            price, at_ns = one.last, one.last_ns
        if not math.isfinite(price):
            raise NotFound(
                f"No price of {instrument} is known.", hint="Import bars, or turn on a feed that serves it.", code="quote.none"
            )
        before = row.last - row.change
        change = round(price - before, 10)
        percent = 100 * change / abs(before) if before else NAN
        age_s = live.age_s(instrument, now_ns)
        return QuoteView(
            symbol=str(instrument),
            price=price,
            change=change,
            change_pct=percent,
            volume=row.volume,
            timestamp=format_moment(at_ns),
            bid=one.quote.bid if one is not None and one.quote is not None else NAN,
            ask=one.quote.ask if one is not None and one.quote is not None else NAN,
            age_s=age_s if age_s is not None and math.isfinite(age_s) else None,
            is_stale=age_s is None or live.is_stale(instrument, now_ns),
        )

    async def _stored(self, instrument: InstrumentId) -> QuoteRow:
        kept = self._kept.get(instrument)
        if kept is None:
            self._drop_old()
            kept = self._kept[instrument] = _Kept()
        async with kept.computing:
            now_ns = self._clock.monotonic_ns()
            if kept.row is None or now_ns - kept.read_ns >= TTL_NS:
                kept.row, kept.read_ns = await self._board.compute_row(instrument), now_ns
            return kept.row

    def _drop_old(self) -> None:
        if len(self._kept) >= _KEPT_MAX:
            idle = [name for name, kept in self._kept.items() if not kept.computing.locked()]
            for name in idle[: _KEPT_MAX // 2]:
                del self._kept[name]
