"""The alert engine: says which alerts fire for a batch of trades, bars or a moment. No I/O, no loop, no clock of its own.

**Looks.** A rule is looked at when one of its leaves may have changed, and only then can it fire.

- ``When.TICK``: leaves about the last price (against a level or a close before) are looked at with every trade, in order.
  Leaves about indicators and volumes are looked at once for each bar that a batch completes, at its end, then, if the batch has
  trades, once for the bar under way after all of them; their last price is the bar's close.
- ``When.CLOSE``: every leaf is looked at with each complete bar of the rule's series, at its end, and the last price is its close.
- A moment is true from the first ``tick_time`` at or after it, for good; its event time is the moment itself.
- Looks of one batch are in the order of time; the end of a bar comes before trades of that instant, the bar under way after all.

**Leaves.** ``> >= < <= ==`` are states. ``crosses_above`` is a pulse: true at the look where the value was at or below the level
at the last look at which both were known, and is above it now; ``crosses_below`` the other way round; ``crosses`` either. So
touching is no crossing, and leaving the level after touching it is one. Both sides are taken at their own time, so that a line
that rises through a price crosses it. Where either side is NaN or not there the leaf is unknown. Before a rule's first look, what
the engine saw last (the last trade, the newest primed bar) counts as its look before.

**Edges.** Joined by three-valued logic a rule is true, false or unknown. It fires at a look where it is true and where its last
known state, pulses left out, was not true; before the first look it was not true, so what is true already fires at once. An
edge is spent without a firing where its event time is at or after ``expires_ns``; within the cooldown after the last firing;
for ONCE_PER_BAR in the bar (of the rule's series) of the last firing; or while the rule waits for its value to come back. That
it does where ``rearm_pct`` is not 0, after each firing that a comparison turned (the first leaf that became true where the whole
did), until this leaf's value lies at least ``rearm_pct`` of the level beyond the level, on the side it came from; for ``==``, so
far away on any side. An edge in the look in which it comes back counts. ONCE rests after its first firing until it is put again.

**Order and repetition.** Trades older than the newest evaluated trade of the series do nothing, equal times do; bars that are not
newer than the newest evaluated bar do nothing. After ``restore`` a rule skips all up to the first trade, and the
first bar, that it had not seen.

**Back-filled bars** (``evaluate_bars``). Leaves that look at every trade walk open, the nearer extreme (the low, if both are as
near), the far extreme, close: at the bar's start, a third and two thirds of it, and its last nanosecond. Of a bar in which
trades were evaluated already, only the close is walked, for what came before its end may have fired.
"""

import dataclasses
import heapq
import itertools
import math
from typing import Final

from backend.alerts.level import Level
from backend.alerts.machine import FALSE, Machine
from backend.alerts.rows import Ticks, path_of
from backend.alerts.rules import Comparison, Moment, Rule, Turned
from backend.alerts.series_watch import SeriesWatch
from backend.domain.bars import BarArrays, Series
from backend.domain.instruments import InstrumentId
from backend.domain.sessions import SessionTable
from backend.errors import InvalidInput, NotFound
from backend.market.live_change import LiveChange

_NO_BARS: Final = BarArrays.empty()


class AlertEngine:
    """Rules, and where each stands. One thread at a time; events in, firings out."""

    def __init__(self) -> None:
        self._machines: dict[str, Machine] = {}
        self._watches: dict[Series, SeriesWatch] = {}
        self._by_instrument: dict[InstrumentId, list[SeriesWatch]] = {}
        self._moments: list[tuple[int, int, Machine, int]] = []
        self._count = itertools.count()

    def __len__(self) -> int:
        return len(self._machines)

    def put(self, rule: Rule) -> None:
        """Watch a rule from now on, as if it were new; one of the same id is forgotten. Raises InvalidInput, NotFound."""
        machine = Machine(rule)
        watch = self._watches.get(rule.series)
        if watch is None:
            watch = SeriesWatch(rule.series)
        watch.put(machine)
        if rule.series not in self._watches:
            self._watches[rule.series] = watch
            self._by_instrument.setdefault(rule.series.instrument, []).append(watch)
        # The new one first: what both read runs on.
        self.remove(rule.alert_id)
        self._machines[rule.alert_id] = machine
        self._wait_for_moments(machine)

    def remove(self, alert_id: str) -> None:
        """Watch it no more; nothing happens where it is not there."""
        machine = self._machines.pop(alert_id, None)
        if machine is not None:
            self._watches[machine.rule.series].drop(machine)

    def set_level(self, alert_id: str, leaf: int, level: Level, *, keeps_side: bool = False) -> None:
        """Give a leaf's level; the price seen last is on that side of it on which it lies, so that the change is no crossing.

        keeps_side : prices were rescaled together with the level, as by a split: the side stays what it was
        Raises NotFound, and InvalidInput for a leaf that is not compared with a level.
        """
        machine = self._machine(alert_id)
        found = machine.rule.leaves[leaf] if 0 <= leaf < len(machine.rule.leaves) else None
        if not isinstance(found, Comparison) or not isinstance(found.right, Level):
            raise InvalidInput(f"Part {leaf} of the alert is not compared with a level.", hint="Give another part's level.")
        self._watches[machine.rule.series].set_level(machine, leaf, level, keeps_side=keeps_side)

    def prime(self, series: Series, bars: BarArrays, sessions: SessionTable | None = None) -> None:
        """Take the complete bars of a series, from the first stored one on, into indicators that have not begun yet.

        Call it after ``put``, before bars are evaluated; without it indicators stay unknown. Rules do not look at these bars: those
        they have not seen (``unseen_from``) belong to ``evaluate_bars`` afterwards. May compile kernels: warm them before.
        sessions : of the instrument; without it UTC days stand for them and every bar has its nominal length
        """
        watch = self._watches.get(series)
        if watch is not None:
            watch.prime(bars, sessions)

    def unseen_from(self, series: Series) -> int | None:
        """The label of the newest bar that every restored rule of the series has seen; None where none was restored."""
        watch = self._watches.get(series)
        labels = [] if watch is None else [machine.after_label for machine in watch.machines if machine.is_restored]
        return min(labels, default=None)

    def evaluate(self, change: LiveChange) -> list[Turned]:
        """What fires, in the order of event times."""
        watches = self._by_instrument.get(change.instrument)
        if watches is None:
            return []
        trades, ticks = change.trades, None
        is_single = len(trades.event_ns) == 1 and not change.closed
        fired: list[Turned] = []
        for watch in watches:
            if is_single and watch.is_quiet(trades.event_ns.item(), trades.price.item(), change.forming):
                continue
            ticks = ticks or Ticks(trades.event_ns, trades.price, trades.event_ns)
            spec = watch.series.spec
            fired += watch.take(ticks, change.closed.get(spec, _NO_BARS), change.forming.get(spec))
        return _ordered(fired, is_late=change.is_late) if fired else fired

    def evaluate_bars(self, series: Series, bars: BarArrays, *, is_late: bool = True) -> list[Turned]:
        """What complete bars that came without their trades make fire, in the order of event times."""
        watch = self._watches.get(series)
        if watch is None or not len(bars):
            return []
        return _ordered(watch.take(path_of(bars, watch.values.ends(bars, None)), bars, None), is_late=is_late)

    def tick_time(self, now_ns: int) -> list[Turned]:
        """What moments at or before ``now_ns`` make fire. A clock that goes back changes nothing."""
        fired = []
        while self._moments and self._moments[0][0] <= now_ns:
            at_ns, _, machine, leaf = heapq.heappop(self._moments)
            if not self._waits(machine, leaf):
                continue
            watch = self._watches[machine.rule.series]
            turned = machine.begin(leaf, at_ns, watch.newest_label, watch.price)
            if turned is not None:
                fired.append(turned)
            if machine.is_resting:
                watch.drop(machine)
        return fired

    def state(self, alert_id: str) -> bytes:
        """Everything a rule remembers. Raises NotFound."""
        machine = self._machine(alert_id)
        watch = self._watches[machine.rule.series]
        watch.note(machine)
        return machine.kept(max(machine.after_ns, watch.tick_ns), max(machine.after_label, watch.values.label))

    def restore(self, alert_id: str, state: bytes) -> bool:
        """Go on from a kept state, after ``put``; False, and nothing changes, where it is of another expression.

        Raises NotFound, and CorruptData where it cannot be read.
        """
        machine = self._machine(alert_id)
        if not machine.restore(state):
            return False
        watch = self._watches[machine.rule.series]
        machine.skip_nothing_before(watch.tick_ns, watch.values.label)
        self._wait_for_moments(machine)
        if machine.is_resting:
            watch.drop(machine)
        return True

    def figures(self, alert_id: str) -> tuple[float, float]:
        """Both sides of the rule's first comparison as they stand, NaN where unknown. Raises NotFound."""
        machine = self._machine(alert_id)
        leaf = next((place for place, leaf in enumerate(machine.rule.leaves) if isinstance(leaf, Comparison)), None)
        return (math.nan, math.nan) if leaf is None else self._watches[machine.rule.series].figures(machine, leaf)

    def _machine(self, alert_id: str) -> Machine:
        machine = self._machines.get(alert_id)
        if machine is None:
            raise NotFound(f"There is no alert {alert_id!r}.", hint="It may have been removed.")
        return machine

    def _waits(self, machine: Machine, leaf: int) -> bool:
        is_there = self._machines.get(machine.rule.alert_id) is machine
        return is_there and not machine.is_resting and machine.truths[leaf] == FALSE

    def _wait_for_moments(self, machine: Machine) -> None:
        for place, leaf in enumerate(machine.rule.leaves):
            if isinstance(leaf, Moment):
                heapq.heappush(self._moments, (leaf.at_ns, next(self._count), machine, place))


def _ordered(fired: list[Turned], *, is_late: bool) -> list[Turned]:
    fired.sort(key=lambda turned: turned.event_ns)
    return [dataclasses.replace(turned, is_late=True) for turned in fired] if is_late else fired
