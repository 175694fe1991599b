"""Bars of a longer spec that grow with one-minute bars: the same bits as history resampled from them."""

import math
from typing import Final

import numpy as np

from backend.domain.bars import MINUTE_NS, Bar, BarArrays, BarSpec
from backend.domain.sessions import SessionTable
from backend.market.resample import known_ns, resample

MINUTE: Final = BarSpec.parse("1m")


class Fold:
    """One spec of one instrument. ``done`` holds the complete minutes of the bar under way, in order, folded into one."""

    def __init__(self, spec: BarSpec, sessions: SessionTable) -> None:
        self.spec = spec
        self._sessions = sessions
        self._done: Bar | None = None
        self._labelled: tuple[int, int | None] = (-1, None)
        self._ends: tuple[int, int] = (-1, 0)

    def label(self, minute_ns: int) -> int | None:
        """Event time of the bar that holds the minute; None where no bar of this spec does (outside sessions)."""
        if self._labelled[0] != minute_ns:
            one = BarArrays.of([Bar(minute_ns, 1.0, 1.0, 1.0, 1.0, 1.0)])
            made = resample(one, MINUTE, self.spec, self._sessions)
            self._labelled = (minute_ns, int(made.event_ns[0]) if len(made) else None)
        return self._labelled[1]

    def begin(self, bars: BarArrays) -> None:
        """Start anew from the newest of ``bars`` of this spec, as history has them up to the minute under way."""
        self._done = bars.bar(-1) if len(bars) else None

    def add(self, minute: Bar) -> Bar | None:
        """Take a complete minute; the bar that this closes."""
        label = self.label(minute.event_ns)
        if label is None:
            return None
        done = self._done
        if done is not None and label < done.event_ns:
            return None  # a bar that was closed by the clock stays as it is
        if done is None or label > done.event_ns:
            self._done = _moved(minute, label)
            return done
        self._done = merged(done, minute)
        return None

    def forming(self, minute: Bar | None) -> Bar | None:
        """The bar under way, with a minute that is under way itself."""
        done = self._done
        if minute is None:
            return done
        label = self.label(minute.event_ns)
        if label is None or (done is not None and label < done.event_ns):
            return done
        if done is None or label > done.event_ns:
            return _moved(minute, label)
        return merged(done, minute)

    def close(self, to_ns: int) -> Bar | None:
        """The bar under way where it was complete by ``to_ns``; then the next one begins with what comes."""
        if self._done is None:
            return None
        if self._ends[0] != self._done.event_ns:
            self._ends = (self._done.event_ns, ends_ns(self.spec, self._done.event_ns, self._sessions))
        if self._ends[1] > to_ns:
            return None
        closed, self._done = self._done, None
        return closed


def ends_ns(spec: BarSpec, event_ns: int, sessions: SessionTable) -> int:
    """The instant at which a bar is complete."""
    return int(known_ns(spec, np.array([event_ns], np.int64), sessions)[0])


def merged(first: Bar, then: Bar) -> Bar:
    """Two neighbours as one bar, which begins where ``first`` does; a volume that one does not know counts as none."""
    if math.isnan(first.volume) or math.isnan(then.volume):
        volume = then.volume if math.isnan(first.volume) else first.volume
    else:
        volume = first.volume + then.volume
    return Bar(first.event_ns, first.open, max(first.high, then.high), min(first.low, then.low), then.close, volume)


def _moved(bar: Bar, event_ns: int) -> Bar:
    return Bar(event_ns, bar.open, bar.high, bar.low, bar.close, bar.volume)


assert MINUTE.duration_ns == MINUTE_NS, "Folds are made of minutes."
