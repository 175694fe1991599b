"""The live engine and what it needs of history: alerts enter and leave it, levels from outside follow their drawings and splits."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from backend.alerts.alert import (
    Alert,
    TimeCondition,
)
from backend.alerts.compiling import compile_rule, leaves_of
from backend.alerts.engine import AlertEngine
from backend.alerts.followed_series import FollowedSeries
from backend.alerts.gaps import Pause, look_into
from backend.alerts.level import Level
from backend.alerts.market_facts import Facts, MarketFacts, levels_of, missing_words, plain_levels, scaled_levels
from backend.alerts.needs import count_seen, needed_from, needs_history, seen_of, series_of, warm
from backend.alerts.rules import Turned
from backend.alerts.seen import Seen, save_seen, unseen_walk
from backend.alerts.standing import Sight
from backend.alerts.store import StateChange, StoredAlert
from backend.alerts.unfinished import finish_bar, finish_with_trades
from backend.clock import Clock
from backend.domain.bars import BarArrays, Series
from backend.domain.instruments import InstrumentId
from backend.domain.ticks import TradeArrays
from backend.errors import CorruptData
from backend.market.live_change import LiveChange
from backend.market.trade_bars import made_of_trades

log = logging.getLogger(__name__)

_NO_TRADES: Final = TradeArrays.empty()
_SLICE: Final = 512  # bars looked at in one go before others have their turn


class Watch:
    """One for the present. Everything happens on the engine thread; what it finds is returned, never told."""

    def __init__(self, facts: MarketFacts, clock: Clock) -> None:
        self._loader = facts
        self._clock = clock
        self._engine = AlertEngine()
        self._series: dict[Series, FollowedSeries] = {}
        self._of: dict[InstrumentId, tuple[FollowedSeries, ...]] = {}
        self._at: dict[str, FollowedSeries] = {}
        self._facts: dict[InstrumentId, Facts] = {}
        self._has_bars: dict[Series, bool] = {}
        self._levels: dict[str, dict[int, Level]] = {}  # for the look every five seconds, until they move
        self._loading = asyncio.Lock()

    @property
    def wanted(self) -> frozenset[Series]:
        """Series whose bars must be made live."""
        return frozenset(
            series
            for series, watch in self._series.items()
            if any(not isinstance(leaf, TimeCondition) for alert in watch.alerts.values() for leaf in leaves_of(alert.condition))
        )

    @property
    def instruments(self) -> tuple[InstrumentId, ...]:
        """Instruments that are watched."""
        return tuple(self._of)

    def __contains__(self, alert_id: str) -> bool:
        return alert_id in self._at

    async def facts_of(self, instrument: InstrumentId) -> Facts:
        """What is known of an instrument. Raises NotFound, CorruptData."""
        if instrument not in self._facts:
            self._facts[instrument] = await self._loader.load(instrument, self._clock.now_ns())
        return self._facts[instrument]

    def due(self, now_ns: int) -> tuple[InstrumentId, ...]:
        """Instruments of which something has changed by itself: a session has opened, a split has come."""
        return tuple(instrument for instrument in self._of if self._facts[instrument].next_ns <= now_ns)

    # --- alerts enter and leave ---------------------------------------------------------------------------------------

    async def enter(self, stored: StoredAlert, armed_ns: int) -> None:
        """Watch an alert from now on; one with a state goes on from it."""
        async with self._loading:
            watch, facts, bars = await self._open(series_of(stored.alert), (stored,))
            self._put(watch, stored.alert, Seen(armed_ns))
            watch.place(facts.anchor_map(watch.series.spec), bars.event_ns)
            self._engine.prime(watch.series, bars, facts.sessions)
            self._restore(watch, stored, facts)

    async def resume(self, series: Series, stored: Sequence[StoredAlert]) -> list[Turned]:
        """Watch the alerts of a series where the last run left them; what came meanwhile is looked at, late."""
        async with self._loading:
            watch, facts, bars = await self._open(series, stored)
            n_seen = len(bars)
            for one in stored:
                seen = seen_of(one)
                n_seen = min(n_seen, count_seen(bars, one, seen, facts))
                self._put(watch, one.alert, seen if seen.armed_ns else Seen(one.alert.created_ns))
                if one.state and seen.last_ns:
                    watch.unfinished.append(seen)
            watch.place(facts.anchor_map(series.spec), bars.event_ns)
            self._engine.prime(series, bars[:n_seen], facts.sessions)
            for one in stored:
                self._restore(watch, one, facts, n_back=len(bars) - n_seen + 4)
            found = await self._look_at_trades(watch, facts)
            for start in range(n_seen, len(bars), _SLICE):
                found += self.evaluate_bars(series, bars[start : start + _SLICE], is_late=True)
                await asyncio.sleep(0)
            return found

    def leave(self, alert_id: str) -> None:
        """Watch an alert no more; nothing happens where it is not watched."""
        watch = self._at.pop(alert_id, None)
        if watch is None:
            return
        self._engine.remove(alert_id)
        self._levels.pop(alert_id, None)
        del watch.alerts[alert_id], watch.base[alert_id]
        if not watch.alerts:
            del self._series[watch.series]
            self._index(watch.series.instrument)

    # --- the present --------------------------------------------------------------------------------------------------

    def evaluate(self, change: LiveChange) -> list[Turned]:
        """What a change makes fire."""
        watches = self._of.get(change.instrument)
        if watches is None:
            return []
        turned: list[Turned] = []
        begun: list[Pause] = []
        for watch in watches:
            if watch.needs_other_levels(change):
                self._tell_levels(watch)
            if watch.unfinished and len(change.trades):
                turned += finish_bar(self._engine, watch, change)
            if watch.may_follow_a_pause(change):
                begun.append(watch.begin_pause(change, {alert_id: self._engine.state(alert_id) for alert_id in watch.alerts}))
        now = self._engine.evaluate(change)
        for pause in begun:
            pause.fired.update(one.alert_id for one in now)
        for watch in watches:
            watch.note(change)
        return turned + now

    async def look_back(self, series: Series, bars: BarArrays) -> list[Turned]:
        """What complete bars that came without their trades make fire, also where live trades have come before them."""
        watch = self._series.get(series)
        if watch is None or not len(bars):
            return []
        if not watch.last_ns:
            return self.evaluate_bars(series, bars, is_late=True)
        found: list[Turned] = []
        async with self._loading:
            for pause in [one for one in watch.pauses if one.covers(bars)]:
                stored = [StoredAlert(alert, seen=save_seen(watch.base[alert.id])) for alert in watch.alerts.values()]
                _, facts, history = await self._open(series, stored)
                alerts = dict(watch.alerts)
                found += await asyncio.to_thread(look_into, pause, alerts, series, facts, history)
                if pause in watch.pauses:
                    watch.pauses.remove(pause)
            newer = bars[int(np.searchsorted(bars.event_ns, watch.newest_ns, side="right")) :]
            if not made_of_trades(series.spec):  # those were not told while the recorded trades were read
                newer = newer[int(np.searchsorted(newer.event_ns, watch.last_ns, side="right")) :]
        return [one for one in found if one.alert_id in self._at] + self.evaluate_bars(series, newer, is_late=True)

    def evaluate_bars(self, series: Series, bars: BarArrays, *, is_late: bool) -> list[Turned]:
        """What complete bars that came without their trades make fire."""
        watch = self._series.get(series)
        if watch is None or not len(bars):
            return []
        found: list[Turned] = []
        unfinished, watch.unfinished = watch.unfinished, []
        for seen in sorted(set(unfinished), key=lambda one: one.last_ns):
            row = int(np.searchsorted(bars.event_ns, seen.label))
            if row < len(bars):
                walk = unseen_walk(series.instrument, seen, bars.bar(row), self._clock.now_ns())
                found += self._engine.evaluate(walk) if walk is not None else []
        change = LiveChange(series.instrument, self._clock.now_ns(), _NO_TRADES, {series.spec: bars}, {}, is_late)
        if watch.needs_other_levels(change):
            self._tell_levels(watch, n_back=len(bars) + 4)
        found += self._engine.evaluate_bars(series, bars, is_late=is_late)
        watch.note(change)
        return found

    def tick_time(self, now_ns: int) -> list[Turned]:
        """What the time that has come makes fire."""
        return self._engine.tick_time(now_ns)

    def figures(self, alert_id: str) -> tuple[float, float]:
        """Both sides of the alert's first comparison."""
        return self._engine.figures(alert_id)

    def alert(self, alert_id: str) -> Alert:
        """The alert as it is watched."""
        return self._at[alert_id].alerts[alert_id]

    def remembered(self, alert_id: str) -> StateChange:
        """What must be kept of an alert so that a restart goes on where it is now."""
        return StateChange(alert_id, self._engine.state(alert_id), save_seen(self._at[alert_id].seen_of(alert_id)))

    def levels_at(self, alert_id: str, event_ns: int) -> dict[int, float]:
        """The level of each comparison of the price at one instant, by its place, found without the engine."""
        levels = self._levels.get(alert_id)
        if levels is None:
            watch = self._at[alert_id]
            alert, facts = watch.alerts[alert_id], self._facts[watch.series.instrument]
            levels = levels_of(alert, facts, watch.rows) | plain_levels(alert) | scaled_levels(alert, facts)
            self._levels[alert_id] = levels
        return {place: level.at(event_ns) for place, level in levels.items()}

    def take_changed(self) -> tuple[str, ...]:
        """Alerts whose series moved since this was last asked."""
        found: list[str] = []
        for watch in self._series.values():
            if watch.is_changed:
                watch.is_changed = False
                found += watch.alerts
        return tuple(found)

    def sights(self) -> Iterator[tuple[str, Sight]]:
        """What each alert can see."""
        for series, watch in self._series.items():
            facts = self._facts[series.instrument]
            for alert_id, alert in watch.alerts.items():
                has_bars = self._has_bars.get(series, False) or watch.n_bars > 0
                yield alert_id, Sight(missing_words(alert, facts, has_bars=has_bars), facts.sessions)

    # --- when what is known changes -----------------------------------------------------------------------------------

    def is_rewritten(self, instrument: InstrumentId, from_ns: int) -> bool:
        """Whether a change of stored bars from ``from_ns`` on lies behind the newest bar of a series that is watched."""
        return any(from_ns < watch.newest_ns for watch in self._of.get(instrument, ()))

    async def catch_up(self, instrument: InstrumentId) -> list[Turned]:
        """Look at stored bars that came without trades, as an import brings them."""
        found: list[Turned] = []
        async with self._loading:
            facts = await self.facts_of(instrument)
            for watch in self._of.get(instrument, ()):
                from_ns = watch.newest_ns + 1 if watch.newest_ns > 0 else None
                bars = await self._loader.bars(watch.series, facts, from_ns=from_ns, as_of_ns=self._clock.now_ns())
                newer = bars[int(np.searchsorted(bars.event_ns, watch.newest_ns, side="right")) :]
                self._has_bars[watch.series] = self._has_bars.get(watch.series, False) or len(newer) > 0
                found += self.evaluate_bars(watch.series, newer, is_late=True)
        return found

    async def reload(self, instrument: InstrumentId) -> None:
        """Take up what has changed of an instrument: drawings, splits, closes, stored bars."""
        async with self._loading:
            facts = await self._loader.load(instrument, self._clock.now_ns())
            self._facts[instrument] = facts
            for watch in self._of.get(instrument, ()):
                stored = [StoredAlert(alert) for alert in watch.alerts.values()]
                _, _, bars = await self._open(watch.series, stored)
                stored = [StoredAlert(alert, self._engine.state(alert.id)) for alert in watch.alerts.values()]
                for one in stored:
                    self._engine.remove(one.alert.id)
                for one in stored:
                    self._put(watch, one.alert, watch.base[one.alert.id])
                watch.place(facts.anchor_map(watch.series.spec), bars.event_ns)
                self._engine.prime(watch.series, bars, facts.sessions)
                for one in stored:
                    self._restore(watch, one, facts)

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _look_at_trades(self, watch: FollowedSeries, facts: Facts) -> list[Turned]:
        """What recorded trades make fire that the last run did not look at, exactly as they came."""
        if not watch.unfinished or not watch.series.spec.is_intraday:
            return []
        trades = await self._loader.trades(watch.series.instrument, min(seen.last_ns for seen in watch.unfinished))
        return finish_with_trades(self._engine, watch, trades, facts.sessions)

    async def _open(self, series: Series, stored: Sequence[StoredAlert]) -> tuple[FollowedSeries, Facts, BarArrays]:
        """The watch of a series, its instrument's facts, and the complete bars that these alerts need, up to the newest."""
        facts = await self.facts_of(series.instrument)
        watch = self._series.get(series)
        if watch is None:
            watch = self._series[series] = FollowedSeries(series)
            self._index(series.instrument)
        now_ns = self._clock.now_ns()
        watch.arrived = []
        try:
            from_ns = min((needed_from(one, now_ns) for one in stored), default=now_ns)
            bars = await self._loader.bars(series, facts, from_ns=from_ns if from_ns > 0 else None, as_of_ns=now_ns)
            if any(needs_history(one.alert) for one in stored):
                await asyncio.to_thread(warm, [one.alert for one in stored], series, bars[-1:], facts)
            bars = watch.with_arrived(bars)
        finally:
            watch.arrived = None
        self._has_bars[series] = len(bars) > 0
        if len(bars):
            watch.newest_ns = max(watch.newest_ns, int(bars.event_ns[-1]))
        return watch, facts, bars

    def _put(self, watch: FollowedSeries, alert: Alert, seen: Seen) -> None:
        self._engine.put(compile_rule(alert, from_ns=seen.armed_ns))
        watch.alerts[alert.id], watch.base[alert.id], self._at[alert.id] = alert, seen, watch

    def _restore(self, watch: FollowedSeries, stored: StoredAlert, facts: Facts, n_back: int = 4) -> None:
        """Bring an alert's memory back, then move its levels to where they are now."""
        alert = stored.alert
        if stored.state:
            try:
                self._engine.restore(alert.id, stored.state)
            except CorruptData as error:  # armed afresh: better a firing twice than an alert that stays silent
                log.warning("Alert %s is armed afresh: %s", alert.id, error)
        for place, level in scaled_levels(alert, facts).items():
            self._engine.set_level(alert.id, place, level, keeps_side=True)
        self._tell_levels(watch, (alert.id,), n_back)

    def _tell_levels(self, watch: FollowedSeries, only: Iterable[str] | None = None, n_back: int = 4) -> None:
        facts = self._facts[watch.series.instrument]
        for alert_id in watch.alerts if only is None else only:
            self._levels.pop(alert_id, None)
            for place, level in levels_of(watch.alerts[alert_id], facts, watch.rows, n_back).items():
                self._engine.set_level(alert_id, place, level)

    def _index(self, instrument: InstrumentId) -> None:
        watches = tuple(watch for watch in self._series.values() if watch.series.instrument == instrument)
        if watches:
            self._of[instrument] = watches
        else:
            self._of.pop(instrument, None)
            self._facts.pop(instrument, None)
