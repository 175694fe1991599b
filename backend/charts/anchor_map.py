"""Where the moments of anchors stand among the bars of one chart, also beyond the newest, and what raw prices become there."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from backend.domain.bars import DAY_NS, BarSpec, Float64s, Int64s
from backend.domain.sessions import SessionTable
from backend.market.history import NO_FACTORS, PriceFactors
from backend.market.resample import dated_labels

AHEAD_MAX: Final = 4_096  # bars beyond the newest that follow the calendar; later ones are evenly apart
_NONE: Final = np.empty(0, np.int64)
NO_SESSIONS: Final = SessionTable("", _NONE, _NONE, _NONE)


@dataclass(frozen=True, slots=True, eq=False)
class AnchorMap:
    """Made for one instrument and one way of cutting its bars.

    spec : of the chart's bars
    sessions : of the instrument; none where nobody needed them yet
    factors : of the instrument; none on charts of raw prices
    """

    crosses_bridge: ClassVar[str] = "immutable; nobody writes to the tables it shares"

    spec: BarSpec
    sessions: SessionTable = NO_SESSIONS
    factors: PriceFactors = NO_FACTORS

    def as_of(self, now_ns: int | None) -> "AnchorMap":
        """The same with the corporate actions that had come by ``now_ns``, as a replay shows them; None leaves all."""
        if now_ns is None:
            return self
        known, factors = slice(int(np.searchsorted(self.factors.open_ns, now_ns, side="right"))), self.factors
        return replace(self, factors=PriceFactors(factors.label_ns[known], factors.open_ns[known], factors.price[known]))

    def factor_at(self, event_ns: Int64s, is_date: npt.NDArray[np.bool_]) -> Float64s:
        """float64[n]: what a raw price of each moment is multiplied with on this chart."""
        factors = self.factors
        if not len(factors.price):
            return np.ones(len(event_ns))
        product = np.append(np.cumprod(factors.price[::-1])[::-1], 1.0)
        by_label = np.searchsorted(factors.label_ns, event_ns, side="right")
        by_open = np.searchsorted(factors.open_ns, event_ns, side="right")
        found: Float64s = product[np.where(is_date, by_label, by_open)]
        return found

    def times_on(self, event_ns: Int64s, is_date: npt.NDArray[np.bool_]) -> Int64s:
        """int64[n]: each moment as this chart tells it: the label of its session where bars are dated, else an instant."""
        if not len(self.sessions):
            return event_ns // DAY_NS * DAY_NS if self.spec.is_dated else event_ns
        if self.spec.is_dated:
            return np.where(is_date, event_ns, self._labels(event_ns))
        return np.where(is_date, self.sessions.opens_of(event_ns), event_ns)

    def times_ahead(self, newest_ns: int, n_bars: int) -> Int64s:
        """int64[≤ n_bars]: when the bars after the one of ``newest_ns`` will begin, as far as the calendar says."""
        sessions, spec = self.sessions, self.spec
        if not len(sessions) or not spec.is_time or n_bars <= 0:
            return _NONE
        if spec.is_dated:
            coming = sessions.label_ns[int(np.searchsorted(sessions.label_ns, newest_ns, side="right")) :]
            labels = np.unique(dated_labels(coming[: n_bars * 32 * int(spec.step)], spec, sessions))
            return labels[labels > newest_ns][:n_bars].astype(np.int64)
        step_ns = spec.duration_ns
        assert step_ns is not None, "Bars cut by the clock have a length."
        first = int(np.searchsorted(sessions.close_ns, newest_ns, side="right"))
        found: list[Int64s] = []
        n_found = 0
        for row in range(first, len(sessions)):
            starts = np.arange(int(sessions.open_ns[row]), int(sessions.close_ns[row]), step_ns, dtype=np.int64)
            starts = starts[starts > newest_ns]
            found.append(starts)
            n_found += len(starts)
            if n_found >= n_bars:
                break
        return np.concatenate(found)[:n_bars] if found else _NONE

    def _labels(self, event_ns: Int64s) -> Int64s:
        # An instant belongs to its session; while the market is shut, to the nearer of the sessions before and after.
        sessions = self.sessions
        last = len(sessions) - 1
        after = np.searchsorted(sessions.close_ns, event_ns, side="right")
        before, after = np.clip(after - 1, 0, last), np.clip(after, 0, last)
        is_nearer_before = event_ns - sessions.close_ns[before] < sessions.open_ns[after] - event_ns
        is_inside = (event_ns >= sessions.open_ns[after]) & (event_ns < sessions.close_ns[after])
        row = np.where(is_nearer_before & ~is_inside, before, after)
        day_ns = event_ns // DAY_NS * DAY_NS
        first_ns = min(sessions.open_ns[0], sessions.label_ns[0])
        end_ns = max(sessions.close_ns[-1], sessions.label_ns[-1] + DAY_NS)
        is_known = (event_ns >= first_ns) & (event_ns < end_ns)
        return np.where(is_known, sessions.label_ns[row], day_ns).astype(np.int64)
