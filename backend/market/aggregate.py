"""Builds the bars of one series from its trades, batch by batch."""

from typing import Final

import numpy as np

from backend.domain.bars import Bar, BarArrays, BarSpec, BarUnit
from backend.domain.sessions import SessionTable
from backend.domain.ticks import TradeArrays
from backend.errors import InvalidInput
from backend.market.watermark import TradeOrder

ROOM: Final = 65_536
FEW: Final = 4_096


class TradeAggregator:
    """Cuts trades into bars of ``spec``; bars of days and longer are resampled from stored bars instead.

    sessions : the instrument's sessions; bars of seconds, minutes and hours never cross an opening or a close
    lateness_ns : how long trades may come out of order and are still put in order; those that come later change no bar
        and are counted in ``n_late``. None where trades are known to be in order: then others are refused.
    """

    def __init__(self, spec: BarSpec, sessions: SessionTable, *, lateness_ns: int | None = None) -> None:
        if spec.is_dated:
            raise InvalidInput(f"Bars of {spec} are not cut from trades.", hint="Build intraday bars and resample them.")
        from backend.kernels import aggregate as kernel  # noqa: PLC0415 - brings numba, which no start should wait for

        self._kernel = kernel
        kinds = {BarUnit.TICK: kernel.TICK, BarUnit.VOLUME: kernel.VOLUME, BarUnit.RANGE: kernel.RANGE}
        self._kind = kinds.get(spec.unit, kernel.TIME)
        self._size = float(spec.duration_ns or spec.step)
        self._sessions = sessions
        self._mark, self._live = kernel.new_state()
        self._last_ns = np.iinfo(np.int64).min
        self._order = None if lateness_ns is None else TradeOrder(lateness_ns)

    @property
    def n_late(self) -> int:
        """Trades that came too late to enter a bar."""
        return 0 if self._order is None else self._order.n_late

    @property
    def last_ns(self) -> int:
        """No trade before this instant is taken any more: event time of the newest, or the end of a bar that was finished."""
        return self._last_ns

    @property
    def newest_label_ns(self) -> int:
        """Event time of the newest bar that began; the smallest number before any."""
        return int(self._mark[self._kernel.BEFORE])

    def apply(self, trades: TradeArrays) -> BarArrays:
        """The bars that these trades close, oldest first; the newest stays under way, see ``forming``.

        Raises InvalidInput, and changes nothing, for trades out of order, NaN, infinite or of negative quantity.
        """
        if not len(trades):
            return BarArrays.empty()
        self._check(trades)
        return self._take(trades if self._order is None else self._order.apply(trades).ready)

    def advance(self, to_ns: int) -> BarArrays:
        """Wait for no trade up to ``to_ns`` any more, as at a close or in a quiet market; the bars that this closes."""
        return BarArrays.empty() if self._order is None else self._take(self._order.advance(to_ns))

    def _take(self, trades: TradeArrays) -> BarArrays:
        if not len(trades):
            return BarArrays.empty()
        self._last_ns = int(trades.event_ns[-1])
        pieces: list[tuple[np.ndarray, np.ndarray]] = []
        taken = 0
        event_ns, price = np.ascontiguousarray(trades.event_ns), np.ascontiguousarray(trades.price)
        quantity = np.ascontiguousarray(trades.quantity)
        opens_ns, closes_ns = np.ascontiguousarray(self._sessions.open_ns), np.ascontiguousarray(self._sessions.close_ns)
        sweep = self._kernel.aggregate_few if len(trades) <= FEW else self._kernel.aggregate_sweep
        while taken < len(trades):
            room = min(ROOM, len(trades) - taken + 1)
            out_ns, out = np.empty(room, np.int64), np.empty((self._kernel.N_LIVE, room), np.float64)
            n_taken, n_closed = sweep(
                self._kind,
                self._size,
                self._mark,
                self._live,
                event_ns[taken:],
                price[taken:],
                quantity[taken:],
                opens_ns,
                closes_ns,
                out_ns,
                out,
            )
            taken += n_taken
            pieces.append((out_ns[:n_closed], out[:, :n_closed]))
        return BarArrays(np.concatenate([ns for ns, _ in pieces]), *np.concatenate([rows for _, rows in pieces], axis=1))

    def forming(self) -> Bar | None:
        """The bar under way as it stands, or None before the first trade."""
        if not self._mark[self._kernel.HAS_BAR]:
            return None
        return Bar(int(self._mark[self._kernel.START]), *(float(v) for v in self._live))

    def finish(self, to_ns: int) -> BarArrays:
        """Close the bar under way where its time was over by ``to_ns``; trades of it that still come open the next one."""
        mark = self._mark
        if self._kind != self._kernel.TIME or not mark[self._kernel.HAS_BAR] or mark[self._kernel.LIMIT] > to_ns:
            return BarArrays.empty()
        forming = self.forming()
        assert forming is not None, "A bar is under way."
        self._last_ns = max(self._last_ns, int(mark[self._kernel.LIMIT]))
        mark[self._kernel.HAS_BAR] = 0
        return BarArrays.of([forming])

    def copy(self) -> "TradeAggregator":
        """An aggregator that goes on from the same state on its own."""
        twin = object.__new__(TradeAggregator)
        order = None if self._order is None else self._order.copy()
        twin.__dict__.update(self.__dict__, _mark=self._mark.copy(), _live=self._live.copy(), _order=order)
        return twin

    def _check(self, trades: TradeArrays) -> None:
        times = trades.event_ns
        if self._order is None and (times[0] < self._last_ns or np.any(times[1:] < times[:-1])):
            raise InvalidInput("Trades came out of order.", hint="Sort them by event time first.", code="trades.unordered")
        # A sum is NaN or infinite if any term is; finite terms that overflow are no prices either.
        if not (np.isfinite(trades.price.sum()) and np.isfinite(trades.quantity.sum()) and trades.quantity.min() >= 0):
            raise InvalidInput(
                "A trade has a price or quantity that is not a number, or a negative quantity.",
                hint="Drop such trades where they enter.",
                code="trades.impossible",
            )
