"""The alert engine: says which alerts fire for a batch of trades, bars or a moment. No I/O, no loop, no clock of its own.

**Looks.** A rule is looked at when one of its leaves may have changed, and only then can it fire.

- ``When.TICK``: leaves about the last price (against a level or a close before) are looked at with every trade, in order.
  Leaves about indicators and volumes are looked at once for each bar that a batch completes, at its end, then, if the batch has
  trades, once for the bar under way after all of them; their last price is the bar's close.
- ``When.CLOSE``: every leaf is looked at with each complete bar of the rule's series, at its end, and the last price is its close.
- A moment is true from the first ``tick_time`` at or after it, for good; its event time is the moment itself.
- A look at a bar comes before the trades at or after the bar's end.

**Leaves.** ``> >= < <= ==`` are states. ``crosses_above`` is a pulse: true at the look where the value was at or below the level
at the last look at which both were known, and is above it now; ``crosses_below`` the other way round; ``crosses`` either. So
touching is no crossing, and leaving the level after touching it is one. Both sides are taken at their own time, so that a line
that rises through a price crosses it. Where either side is NaN or not there the leaf is unknown. Before a rule's first look, what
the engine saw last (the last trade, the newest primed bar) counts as its look before.

**Edges.** Joined by three-valued logic a rule is true, false or unknown. It fires at a look where it is true and where its last known
state, pulses left out, was not true; before the first look it was not true, so what is true already fires at once. An edge is
spent without a firing where its event time is at or after ``expires_ns``; within the cooldown after the last firing; for
ONCE_PER_BAR in the bar (of the rule's series) of the last firing; or while it waits to come back. It comes back, where ``rearm_pct``
is not 0, when the value of the leaf that turned it lies ``rearm_pct`` of the level beyond the level, on the other side; for ``==``
and for leaves that fired without a level, so far away on any side. ONCE rests after its first firing until it is put again.
Indicators compared with changing sides come back by ``rearm_pct`` of that side; moments never wait.

**Order and repetition.** Trades older than the newest evaluated trade of the series do nothing, equal times do; bars that are not
newer than the newest evaluated bar do nothing. After ``restore`` a rule skips trades and bars up to the last that it had seen.

**Back-filled bars** (``evaluate_bars``). Leaves that look at every trade walk open, the nearer extreme (the low, if both are as
near), the far extreme, close: at the bar's start, a third and two thirds of it, and its last nanosecond. Of a bar in which
trades were evaluated already, only the close is walked, for what came before its end may have fired.
"""

from backend.alerts.level import Level
from backend.alerts.rules import Rule, Turned
from backend.domain.bars import BarArrays, Series
from backend.domain.sessions import SessionTable
from backend.market.live_change import LiveChange


class AlertEngine:
    """Rules, and where each stands. One thread at a time; events in, firings out."""

    def put(self, rule: Rule) -> None:
        """Watch a rule from now on, as if it were new; one of the same id is forgotten."""
        raise NotImplementedError

    def remove(self, alert_id: str) -> None:
        """Watch it no more; nothing happens where it is not there."""
        raise NotImplementedError

    def set_level(self, alert_id: str, leaf: int, level: Level, *, keeps_side: bool = False) -> None:
        """Give a leaf's level; the price seen last is on that side of it on which it lies, so that the change is no crossing.

        keeps_side : prices were rescaled together with the level, as by a split: the side stays what it was
        """
        raise NotImplementedError

    def prime(self, series: Series, bars: BarArrays, sessions: SessionTable | None = None) -> None:
        """Take the complete bars of a series, from the first stored one on, into indicators that have not begun yet.

        Call it after ``put``, before bars are evaluated; without it indicators stay unknown. Rules do not look at these bars: those
        they have not seen (``unseen_from``) belong to ``evaluate_bars`` afterwards. May compile kernels: warm them before.
        sessions : of the instrument; without it UTC days stand for them and every bar has its nominal length
        """
        raise NotImplementedError

    def unseen_from(self, series: Series) -> int | None:
        """The label of the newest bar that every restored rule of the series has seen; None where none was restored."""
        raise NotImplementedError

    def evaluate(self, change: LiveChange) -> list[Turned]:
        """What fires, in the order of event times."""
        raise NotImplementedError

    def evaluate_bars(self, series: Series, bars: BarArrays, *, is_late: bool = True) -> list[Turned]:
        """What complete bars that came without their trades make fire, in the order of event times."""
        raise NotImplementedError

    def tick_time(self, now_ns: int) -> list[Turned]:
        """What moments at or before ``now_ns`` make fire. A clock that goes back changes nothing."""
        raise NotImplementedError

    def state(self, alert_id: str) -> bytes:
        """Everything a rule remembers. Raises NotFound."""
        raise NotImplementedError

    def restore(self, alert_id: str, state: bytes) -> bool:
        """Go on from a kept state, after ``put``; False, and nothing changes, where it is of another expression.

        Raises NotFound, and CorruptData where it cannot be read.
        """
        raise NotImplementedError

    def figures(self, alert_id: str) -> tuple[float, float]:
        """Both sides of the rule's first comparison as they stand, NaN where unknown. Raises NotFound."""
        raise NotImplementedError
