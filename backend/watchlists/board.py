"""The latest figures of watched instruments: one immutable table that screens read once a frame."""

import asyncio
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np

from backend.bus import Bus, Subscription
from backend.domain.actions import Split
from backend.domain.bars import DAY_NS, BarArrays, BarSpec, Series
from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind
from backend.errors import TriiError
from backend.events import BarsChanged, FiguresChanged, ReplayMoved
from backend.market.action_log import ActionLog
from backend.market.adjust import adjust_bars, compute_factors
from backend.market.catalog import Catalog
from backend.market.history import History
from backend.storage.market_store import MarketStore
from backend.tasks import TaskOwner

log = logging.getLogger(__name__)

_DAILY: Final = BarSpec.parse("1d")
_LOOK_BACK_NS: Final = 50 * DAY_NS
N_TREND: Final = 30
_COALESCE_S: Final = 0.05
_REPLAY_S: Final = 0.25  # a replay moves for every instrument at once
_AHEAD_NS: Final = 3 * DAY_NS  # no session opens so long before its label
_N_QUOTED: Final = 20
_N_SIGNIFICANT: Final = 6
_IN_HUNDREDTHS: Final = {InstrumentKind.STOCK, InstrumentKind.FUND, InstrumentKind.INDEX}
DECIMALS_MIN: Final = 2
DECIMALS_MAX: Final = 8
NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """The latest figures of one instrument; NaN where unknown.

    last : the newest close
    change : against the previous session's close, splits taken out; ``change_pct`` the same in percent
    volume : of the newest session
    event_ns : label of the newest bar, 0 without bars
    decimals : digits after the point with which the instrument is quoted
    trend : the newest closes, up to 30, oldest first, splits taken out
    """

    instrument: InstrumentId
    name: str = ""
    last: float = NAN
    change: float = NAN
    change_pct: float = NAN
    volume: float = NAN
    event_ns: int = 0
    decimals: int = DECIMALS_MIN
    trend: tuple[float, ...] = ()


class LastTrade(NamedTuple):
    """The price of a trade, and when it happened (UTC ns)."""

    price: float
    event_ns: int


@dataclass(frozen=True, slots=True)
class BoardSnapshot:
    """Every watched instrument's row; ``version`` grows with each change."""

    version: int
    rows: Mapping[InstrumentId, QuoteRow]


class QuoteBoard:
    """Keeps the rows of the watched instruments current, or as they were at the moment of a replay while one runs.

    All methods but ``snapshot`` belong to the engine thread.
    last_trade : the newest live trade of an instrument, where it is followed; the composition root sets it
    """

    def __init__(self, store: MarketStore, history: History, catalog: Catalog, actions: ActionLog, bus: Bus) -> None:
        self._store = store
        self._history = history
        self._catalog = catalog
        self._actions = actions
        self._bus = bus
        self._watched: frozenset[InstrumentId] = frozenset()
        self._dirty: dict[InstrumentId, None] = {}
        self._replayed_ns: int | None = None
        self._wake = asyncio.Event()
        self.last_trade: Callable[[InstrumentId], LastTrade | None] = lambda _: None
        self._snapshot = BoardSnapshot(0, MappingProxyType({}))

    async def run(self) -> None:
        """Recompute rows as their bars change, until cancelled."""
        subscriptions: list[Subscription[Any]] = [
            self._bus.subscribe(BarsChanged, self._bars_changed),
            self._bus.subscribe(ReplayMoved, self._replay_moved),
        ]
        try:
            while True:
                await self._wake.wait()
                await asyncio.sleep(_COALESCE_S if self._replayed_ns is None else _REPLAY_S)
                self._wake.clear()
                dirty, self._dirty = tuple(self._dirty), {}
                await self._recompute(dirty)
        finally:
            for subscription in subscriptions:
                subscription.close()

    def start(self, tasks: TaskOwner) -> None:
        """Run in the background, owned by ``tasks``."""
        tasks.start("quote board", self.run())

    def watch(self, instruments: Iterable[InstrumentId]) -> None:
        """Keep exactly ``instruments`` current from now on; new ones appear shortly after."""
        wanted = dict.fromkeys(instruments)
        fresh = [i for i in wanted if i not in self._watched]
        self._watched = frozenset(wanted)
        self._show({i: row for i, row in self._snapshot.rows.items() if i in self._watched})
        self._mark(fresh)

    def touch(self, instruments: Iterable[InstrumentId]) -> None:
        """Look at these again soon: live bars of them have come."""
        self._mark([one for one in instruments if one in self._watched])

    def snapshot(self) -> BoardSnapshot:
        """The rows as they are now; safe from any thread."""
        return self._snapshot

    async def compute_row(self, instrument: InstrumentId) -> QuoteRow:
        """The figures of any instrument, watched or not, as of now. Raises NotFound."""
        return await self._row(instrument, None)

    def _bars_changed(self, event: BarsChanged) -> None:
        if event.series.instrument in self._watched:
            self._mark((event.series.instrument,))

    def _replay_moved(self, event: ReplayMoved) -> None:
        if event.now_ns != self._replayed_ns:
            self._replayed_ns = event.now_ns
            self._mark(self._watched)

    def _mark(self, instruments: Iterable[InstrumentId]) -> None:
        self._dirty.update(dict.fromkeys(instruments))
        if self._dirty:
            self._wake.set()

    async def _recompute(self, instruments: tuple[InstrumentId, ...]) -> None:
        rows: dict[InstrumentId, QuoteRow] = {}
        for instrument in instruments:
            try:
                rows[instrument] = await self._row(instrument, self._replayed_ns)
            except TriiError as error:
                log.info("No figures of %s: %s", instrument, error)
                rows[instrument] = QuoteRow(instrument)
        self._show({i: r for i, r in (dict(self._snapshot.rows) | rows).items() if i in self._watched})

    def _show(self, rows: dict[InstrumentId, QuoteRow]) -> None:
        self._snapshot = BoardSnapshot(self._snapshot.version + 1, MappingProxyType(rows))
        self._bus.publish(FiguresChanged(self._snapshot.version))

    async def _row(self, instrument: InstrumentId, now_ns: int | None) -> QuoteRow:
        known = await self._catalog.get(instrument)
        newest_ns = max((stored.last_ns for stored in await self._store.series(instrument)), default=0)
        bars = await self._bars(instrument, newest_ns if now_ns is None else min(now_ns, newest_ns), now_ns)
        if not len(bars):
            return QuoteRow(instrument, known.name)
        decimals = quoted_decimals(known, bars.close[-_N_QUOTED:].tolist())
        splits = await self._splits(instrument, now_ns, int(bars.event_ns[-1]))
        if splits:
            bars = adjust_bars(bars, compute_factors(splits, bars.event_ns, bars.close))
        last = float(bars.close[-1])
        before = float(bars.close[-2]) if len(bars) > 1 else NAN
        trade = self.last_trade(instrument) if now_ns is None else None
        if trade is not None and trade.event_ns >= await self._complete_ns(instrument, int(bars.event_ns[-1])):
            last, before = trade.price, last  # after the close of the newest session that bars tell of
        change = last - before
        percent = 100 * change / abs(before) if before else NAN
        trend = tuple(bars.close[-N_TREND:].tolist())
        figures = (last, change, percent, float(bars.volume[-1]), int(bars.event_ns[-1]))
        return QuoteRow(instrument, known.name, *figures, decimals, trend)

    async def _complete_ns(self, instrument: InstrumentId, label_ns: int) -> int:
        series = Series(instrument, _DAILY)
        return int((await self._history.known(series, np.array([label_ns], np.int64)))[0])

    async def _splits(self, instrument: InstrumentId, now_ns: int | None, newest_ns: int) -> list[Split]:
        splits = [a for a in await self._actions.list(instrument) if isinstance(a, Split)]
        if now_ns is None or not splits:
            return [split for split in splits if split.ex_ns <= newest_ns]  # one that is announced has changed no price yet
        opens = (await self._history.sessions_of(instrument)).opens_of(np.array([split.ex_ns for split in splits], np.int64))
        return [split for split, open_ns in zip(splits, opens.tolist(), strict=True) if open_ns <= now_ns]

    async def _bars(self, instrument: InstrumentId, newest_ns: int, now_ns: int | None) -> BarArrays:
        specs = await self._history.specs(instrument)
        if not specs:
            return BarArrays.empty()
        series = Series(instrument, _DAILY if _DAILY in specs else specs[0])
        to_ns = None if now_ns is None else now_ns + _AHEAD_NS
        bars = await self._history.bars(series, from_ns=newest_ns - _LOOK_BACK_NS, to_ns=to_ns, as_of_ns=now_ns)
        return bars if len(bars) > 1 else await self._history.bars(series, to_ns=to_ns, as_of_ns=now_ns)


def quoted_decimals(instrument: Instrument, prices: list[float]) -> int:
    """Digits after the point with which an instrument is quoted: its price step's, else those its newest ``prices`` need.

    Stocks, funds and indexes above 1 are quoted in hundredths, whatever a computed file says; others show up to six
    significant digits.
    """
    size = max((abs(price) for price in prices), default=0.0)
    step = instrument.step_at(Decimal(repr(size)))
    if step is not None:
        return max(0, -int(step.normalize().as_tuple().exponent))
    if instrument.kind in _IN_HUNDREDTHS and size >= 1:
        return DECIMALS_MIN
    longest = max(DECIMALS_MIN, min(DECIMALS_MAX, _N_SIGNIFICANT - 1 - math.floor(math.log10(size)))) if size else DECIMALS_MIN
    for decimals in range(DECIMALS_MIN, longest):
        if all(abs(round(price, decimals) - price) <= 1e-12 * max(1.0, abs(price)) for price in prices):
            return decimals
    return longest
