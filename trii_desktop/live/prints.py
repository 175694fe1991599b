"""What a list of prints shows, as arrays: the newest that are large enough, which side took them, which stand out."""

from datetime import datetime, tzinfo
from typing import Final

import numpy as np
import numpy.typing as npt

from backend.domain.bars import Float64s
from backend.domain.ticks import Aggressor, TradeArrays
from backend.live.tape import READ_MAX
from trii_desktop.sight.freshness import Tape

WINDOW: Final = READ_MAX  # prints that can be scrolled through
GLANCE: Final = 512  # prints read a frame while the newest are shown; more than any screen has lines
BIG_SHARE: Final = 0.99  # a print larger than this share of those before it stands out
_BIG_SAMPLE: Final = 5_000
_MEASURE_EVERY: Final = 500  # prints after which it is measured again, so that rows do not change while they are read
_MEASURE_EVERY_MAX: Final = 5_000
DECIMALS_MAX: Final = 8

Int8s = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]


class Reel:
    """Follows a tape. While it is paused what is shown stands still and what comes is counted.

    As long as the newest are shown and none is left out, few rows a frame are read; the others when someone looks for them.

    min_quantity : smaller prints are left out
    big_quantity : prints from this size on stand out; None measures it: what 99 % of the newest stay below
    """

    def __init__(self) -> None:
        self.min_quantity = 0.0
        self.big_quantity: float | None = None
        self.is_paused = False
        self.n_new = 0
        self.trades = TradeArrays.empty()
        self.sides: Int8s = np.empty(0, np.int8)
        self.late: Flags = np.empty(0, np.bool_)
        self._tape: Tape | None = None
        self._version = -1
        self._n_seen = 0  # trades of the tape when what is shown was taken
        self._measure_at = 0
        self._measured = float("inf")

    def look(self, tape: Tape | None, *, is_forced: bool = False) -> bool:
        """Take what is new, and say whether there was anything."""
        if tape is not self._tape:
            self._start(tape)
            is_forced = True
        if tape is None:
            return is_forced
        version = tape.version
        if version == self._version and not is_forced:
            return False
        self._version = version
        if self.is_paused:
            return self._count(tape)
        self._take(tape, GLANCE if self.min_quantity <= 0 else WINDOW)
        return True

    def is_behind(self, tape: Tape | None) -> bool:
        """Whether ``tape`` has what was not looked at yet."""
        return tape is not self._tape or (tape is not None and tape.version != self._version)

    def pause(self) -> None:
        """Let what is shown stand still, with all that is held of what came before it."""
        if not self.is_paused and self._tape is not None:
            self._take(self._tape, WINDOW, stop=self._n_seen)
        self.is_paused = True

    def resume(self) -> bool:
        """Show the newest again; whether anything is other than before."""
        self.is_paused, self.n_new = False, 0
        return self.look(self._tape, is_forced=True)

    def leave_out_below(self, quantity: float) -> None:
        """Show only prints of this size and larger, from now on and of those that came."""
        self.min_quantity = quantity
        self.is_paused, self.n_new = False, 0
        self.look(self._tape, is_forced=True)

    @property
    def n_rows(self) -> int:
        """How many prints can be scrolled through."""
        if self.is_paused or self.min_quantity > 0:
            return len(self.trades)
        return min(self._n_seen, WINDOW)

    @property
    def big_from(self) -> float:
        """The size from which prints stand out; infinite where too few came to tell."""
        return self._measured if self.big_quantity is None else self.big_quantity

    def _start(self, tape: Tape | None) -> None:
        self._tape, self._version, self._n_seen = tape, -1, 0
        self._measure_at, self._measured = 0, float("inf")
        self.is_paused, self.n_new = False, 0
        self.trades, self.sides, self.late = TradeArrays.empty(), np.empty(0, np.int8), np.empty(0, np.bool_)

    def _count(self, tape: Tape) -> bool:
        fresh = tape.rows(min(max(tape.n_trades - self._n_seen, 0), WINDOW)).trades
        before, self.n_new = self.n_new, int(np.count_nonzero(fresh.quantity >= self.min_quantity))
        return self.n_new != before

    def _take(self, tape: Tape, n_max: int, stop: int | None = None) -> None:
        rows = tape.rows(n_max)
        n_kept = len(rows) if stop is None else max(min(stop - rows.first, len(rows)), 0)
        self._n_seen = rows.first + n_kept
        trades, late = rows.trades[:n_kept], rows.is_late[:n_kept]
        sides = sides_of(trades)
        if self._n_seen >= self._measure_at:
            self._measure_at = self._n_seen + min(max(_MEASURE_EVERY, self._n_seen // 10), _MEASURE_EVERY_MAX)
            self._measured = big_quantity_of(tape.rows(_BIG_SAMPLE).trades.quantity)
        if self.min_quantity > 0:
            kept = np.flatnonzero(trades.quantity >= self.min_quantity)
            trades = TradeArrays(trades.event_ns[kept], trades.price[kept], trades.quantity[kept], trades.aggressor[kept])
            sides, late = sides[kept], late[kept]
        self.trades, self.sides, self.late = trades, sides, late


def sides_of(trades: TradeArrays) -> Int8s:
    """1 where the buyer took it, -1 where the seller did, as the venue says, else by the last change of the price; 0 unknown."""
    told = np.where(trades.aggressor == Aggressor.BUYER, 1, np.where(trades.aggressor == Aggressor.SELLER, -1, 0)).astype(np.int8)
    if not len(trades) or np.all(told):
        return told
    steps = np.sign(np.diff(trades.price, prepend=trades.price[0])).astype(np.int8)
    rows = np.maximum.accumulate(np.where(steps != 0, np.arange(len(steps)), 0))
    return np.where(told != 0, told, steps[rows]).astype(np.int8)


def big_quantity_of(quantity: Float64s) -> float:
    """The size that 99 % of the newest prints stay below; infinite where there are fewer than 100 or all are equal."""
    if len(quantity) * (1 - BIG_SHARE) < 1:
        return float("inf")
    place = int(len(quantity) * BIG_SHARE)
    parted = np.partition(quantity, (0, place))
    return float(parted[place]) if parted[place] > parted[0] else float("inf")


def needed_decimals(values: Float64s, least: int = 0) -> int:
    """The fewest digits after the point, from ``least`` on, that tell these values as they are; 8 at most."""
    for decimals in range(least, DECIMALS_MAX):
        if np.all(np.abs(np.round(values, decimals) - values) <= 1e-9 * np.maximum(np.abs(values), 1)):
            return decimals
    return DECIMALS_MAX


def format_print_time(event_ns: int, zone: tzinfo) -> str:
    """``14:32:07.123`` in ``zone``."""
    second, rest_ns = divmod(event_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(second, zone):%H:%M:%S}.{rest_ns // 1_000_000:03d}"
