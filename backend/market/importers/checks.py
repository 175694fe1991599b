"""Judges rows: what may be stored, what is missing, repaired or refused and why; whole columns at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from backend.domain.bars import DAY_NS, BarArrays, Float64s, Int64s
from backend.errors import InvalidInput
from backend.market.importers.limits import EXCESS_RELATIVE, FUTURE_DAYS, REFUSED_ROWS_MAX, ROW_TEXT_MAX
from backend.market.importers.ordering import drop_repeats, longest_run
from backend.market.importers.plan import Role, Stamp
from backend.market.importers.report import RowKind, RowNote
from backend.market.importers.row_blocks import PRICE_ROLES, RowBlock
from backend.market.importers.zones import Flags, ZoneClock

EARLIEST_NS: Final = -5_364_662_400_000_000_000
"""1800-01-01 UTC; an earlier time is a mistake, not a price."""
_HELD_ROWS: Final = 64
_EXTRAS: Final = (Role.ADJUSTED, Role.DIVIDEND, Role.SPLIT)

IsOpen: TypeAlias = Callable[[Int64s], Flags]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rows of one table must obey.

    is_dated : times are labels of sessions; their date in ``timezone`` counts
    takes_labels : dated instants are midnights UTC already, not to be moved into a zone
    duration_ns : subtracted from times that are those of the close; 0 for months and other uneven bars
    now_ns : rows later than two days after it are refused
    is_open : tells of event times whether the market was open; None to not ask
    """

    timezone: str
    is_dated: bool
    takes_labels: bool
    may_be_negative: bool
    is_descending: bool
    now_ns: int
    stamp: Stamp = "open"
    duration_ns: int = 0
    is_open: IsOpen | None = None


@dataclass(slots=True)
class Tally:
    """Counts of judged rows; each row is counted once, repaired and off-calendar ones also among the kept."""

    n_rows: int = 0
    n_kept: int = 0
    n_same: int = 0
    n_missing: int = 0
    n_refused: int = 0
    n_overruled: int = 0
    n_repaired: int = 0
    n_off_calendar: int = 0
    others: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Candidates:
    """Rows that may be stored if their order allows; columns of equal length, in file order."""

    time_ns: Int64s
    columns: dict[Role, Float64s]
    lines: Int64s
    places: Int64s
    block: Int64s

    def __len__(self) -> int:
        return len(self.time_ns)

    def take(self, rows: "slice | Int64s | Flags") -> "Candidates":
        """Only these rows."""
        return Candidates(
            self.time_ns[rows], {r: c[rows] for r, c in self.columns.items()}, self.lines[rows], self.places[rows], self.block[rows]
        )

    def followed_by(self, other: "Candidates") -> "Candidates":
        """These rows and then the others."""
        return Candidates(
            np.concatenate((self.time_ns, other.time_ns)),
            {r: np.concatenate((c, other.columns[r])) for r, c in self.columns.items()},
            np.concatenate((self.lines, other.lines)),
            np.concatenate((self.places, other.places)),
            np.concatenate((self.block, other.block)),
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows fit to store, oldest first, with the extra columns of the file by role."""

    bars: BarArrays
    extras: dict[Role, Float64s]


class RowJudge:
    """Takes a table's blocks in file order and gives back what may be stored; remembers order across blocks.

    note : called with each row that was not simply taken
    """

    def __init__(self, rules: Rules, note: Callable[[RowNote], None]) -> None:
        self.rules = rules
        self.tally = Tally()
        self._note = note
        self._clock = ZoneClock(rules.timezone, is_descending=rules.is_descending)
        self._blocks: dict[int, RowBlock] = {}
        self._n_blocks = 0
        self._held: Candidates | None = None
        self._floor: int | None = None
        self._mended: dict[tuple[int, int], str] = {}

    def take(self, block: RowBlock) -> Judged | None:
        """Judge a block; the newest few rows are held back until what follows them is known."""
        self.tally.n_rows += len(block) + sum(block.others.values())
        for name, count in block.others.items():
            self.tally.others[name] = self.tally.others.get(name, 0) + count
        if not len(block):
            return None
        self._blocks[self._n_blocks] = block
        fresh = self._sound_rows(block)
        self._n_blocks += 1
        self._stop_hopeless()
        rows = fresh if self._held is None else self._held.followed_by(fresh)
        rows = self._ordered(rows)
        cut = max(0, len(rows) - _HELD_ROWS)
        self._held = rows.take(slice(cut, None))
        judged = self._finish_rows(rows.take(slice(0, cut)))
        self._blocks = {i: self._blocks[i] for i in np.unique(self._held.block).tolist()}
        self._mended = {key: words for key, words in self._mended.items() if key[0] in self._blocks}
        return judged

    def finish(self) -> Judged | None:
        """Give out the rows held back."""
        held, self._held = self._held, None
        return None if held is None else self._finish_rows(held)

    def _stop_hopeless(self) -> None:
        refused = self.tally.n_refused
        if refused > REFUSED_ROWS_MAX and 2 * refused > self.tally.n_rows:
            raise InvalidInput(
                f"{refused:,} of the first {self.tally.n_rows:,} rows were refused; nothing was imported.",
                hint="The columns, dates or numbers are read wrongly; look at the preview and correct it.",
                code="import.too_many_refused",
            )

    # --- single rows --------------------------------------------------------------------------------------------------

    def _sound_rows(self, block: RowBlock) -> Candidates:
        is_out = np.zeros(len(block), np.bool_)
        for row, reason in sorted(block.reasons.items()):
            self._refuse(block, row, reason)
            is_out[row] = True
        for role, flags in block.bad.items():
            words = f"{role}: not a finite number"
            self._refuse_all(block, flags, is_out, _always(words))
        prices = [block.values[role] for role in PRICE_ROLES if role in block.values]
        closes = block.values[Role.CLOSE]
        self._pass_missing(block, prices, is_out)
        time_ns = self._event_times(block, is_out)
        columns = self._prices(block, closes, is_out)
        columns[Role.VOLUME] = block.values.get(Role.VOLUME, np.full(len(block), np.nan))
        self._refuse_all(block, columns[Role.VOLUME] < 0, is_out, lambda row: f"volume: {columns[Role.VOLUME][row]:g} is below 0")
        columns |= {role: block.values[role] for role in _EXTRAS if role in block.values}
        places = np.flatnonzero(~is_out)
        every = len(places) == len(block)
        return Candidates(
            time_ns if every else time_ns[places],
            columns if every else {role: column[places] for role, column in columns.items()},
            block.lines if every else block.lines[places],
            places,
            np.full(len(places), self._n_blocks, np.int64),
        )

    def _pass_missing(self, block: RowBlock, prices: list[Float64s], is_out: Flags) -> None:
        has_gap = np.zeros(len(block), np.bool_)
        for column in prices:
            has_gap |= np.isnan(column)
        has_gap |= block.no_time
        has_gap &= ~is_out
        if not has_gap.any():
            return
        for row in np.flatnonzero(has_gap).tolist():
            empty = [role for role in PRICE_ROLES if role in block.values and np.isnan(block.values[role][row])]
            is_out[row] = True
            if block.no_time[row] and len(empty) < len(prices):
                self._refuse(block, row, "time: the cell is empty")
                continue
            self.tally.n_missing += 1
            words = "no prices" if len(empty) == len(prices) else f"no {', '.join(empty)}"
            self._note(RowNote(int(block.lines[row]), RowKind.MISSING, words, block.text(row)[:ROW_TEXT_MAX]))

    def _event_times(self, block: RowBlock, is_out: Flags) -> Int64s:
        rules = self.rules
        times = block.time_ns
        limit = rules.now_ns + FUTURE_DAYS * DAY_NS
        # One day of slack: the exact instant is only known once the zone is applied; later checks are exact.
        wild = (times < EARLIEST_NS - DAY_NS) | (times > limit + DAY_NS)
        if wild.any():
            self._refuse_times(block, wild, is_out, times)
            times = np.where(wild, EARLIEST_NS, times)
        if rules.is_dated:
            times = self._labels(block, times)
        elif not block.is_instant:
            times = self._instants(block, times, is_out)
        if rules.stamp == "close" and rules.duration_ns:
            times = times - rules.duration_ns
        self._refuse_times(block, (times < EARLIEST_NS) | (times > limit), is_out, times)
        return times

    def _labels(self, block: RowBlock, times: Int64s) -> Int64s:
        if block.is_instant and not self.rules.takes_labels:
            times = self._clock.to_wall(times)
        rest = times % DAY_NS
        return times - rest if rest.any() else times

    def _instants(self, block: RowBlock, times: Int64s, is_out: Flags) -> Int64s:
        chosen = np.flatnonzero(~is_out)
        if len(chosen) == len(times):
            utc, exists = self._clock.to_utc(times)
        else:
            some, some_exist = self._clock.to_utc(times[chosen])
            utc, exists = times.copy(), np.ones(len(times), np.bool_)
            utc[chosen], exists[chosen] = some, some_exist
        self._refuse_all(block, ~exists, is_out, _always(f"time: clocks in {self.rules.timezone} skipped this hour"))
        return utc

    def _refuse_times(self, block: RowBlock, wrong: Flags, is_out: Flags, times: Int64s) -> None:
        self._refuse_all(
            block,
            wrong,
            is_out,
            lambda row: f"time: {'before 1800' if times[row] < 0 else 'in the future'}",
        )

    def _prices(self, block: RowBlock, closes: Float64s, is_out: Flags) -> dict[Role, Float64s]:
        values = block.values
        if Role.OPEN not in values:
            columns = dict.fromkeys(PRICE_ROLES, closes)
        else:
            columns = {role: values[role] for role in PRICE_ROLES}
            self._check_range(block, columns, is_out)
        if not self.rules.may_be_negative:
            low = columns[Role.LOW]
            self._refuse_all(block, low <= 0, is_out, lambda row: f"price: {low[row]:g} is not above 0")
        return columns

    def _check_range(self, block: RowBlock, columns: dict[Role, Float64s], is_out: Flags) -> None:
        """Refuse a high below the low, and an open or close outside both unless it is a rounding error; then widen."""
        opened, high, low, close = (columns[role] for role in PRICE_ROLES)
        top, bottom = np.maximum(opened, close), np.minimum(opened, close)
        wrong = (top > high) | (bottom < low)
        wrong |= high < low
        wrong &= ~is_out
        if not wrong.any():
            return
        self._refuse_all(block, high < low, is_out, lambda row: f"high {high[row]:.10g} is below low {low[row]:.10g}")
        allowed = EXCESS_RELATIVE * np.maximum(np.abs(high), np.abs(low))
        with np.errstate(over="ignore"):
            beyond = (top - high > allowed) | (low - bottom > allowed)
        self._refuse_all(
            block,
            wrong & beyond,
            is_out,
            lambda row: f"open {opened[row]:.10g} or close {close[row]:.10g} is outside {low[row]:.10g} to {high[row]:.10g}",
        )
        mended = wrong & ~is_out
        for row in np.flatnonzero(mended).tolist():
            self._mended[self._n_blocks, row] = (
                f"range {low[row]:.12g} to {high[row]:.12g} widened to "
                f"{min(low[row], bottom[row]):.12g} to {max(high[row], top[row]):.12g}"
            )
        columns[Role.HIGH] = np.where(mended, np.maximum(high, top), high)
        columns[Role.LOW] = np.where(mended, np.minimum(low, bottom), low)

    def _refuse_all(self, block: RowBlock, wrong: Flags, is_out: Flags, reason: Callable[[int], str]) -> None:
        if not wrong.any():
            return
        rows = np.flatnonzero(wrong & ~is_out)
        is_out[rows] = True
        for row in rows.tolist():
            self._refuse(block, row, reason(row))

    def _refuse(self, block: RowBlock, row: int, reason: str) -> None:
        self.tally.n_refused += 1
        self._note(RowNote(int(block.lines[row]), RowKind.REFUSED, reason, block.text(row)[:ROW_TEXT_MAX]))

    # --- rows among each other ----------------------------------------------------------------------------------------

    def _ordered(self, rows: Candidates) -> Candidates:
        """Without rows against the file's direction and without repeats of one time."""
        key = -rows.time_ns if self.rules.is_descending else rows.time_ns
        kept = longest_run(key, self._floor)
        if kept is not None:
            direction = "newest first" if self.rules.is_descending else "oldest first"
            for row in np.flatnonzero(~kept).tolist():
                self._tell(rows, row, RowKind.REFUSED, f"time: out of order in a file that is {direction}")
            self.tally.n_refused += int(np.count_nonzero(~kept))
            rows = rows.take(kept)
            key = key[kept]
        repeats = drop_repeats(key, [rows.columns[role] for role in (*PRICE_ROLES, Role.VOLUME)])
        if repeats is None:
            return rows
        for loser, winner in repeats.differing:
            self._tell(rows, loser, RowKind.REPLACED, f"line {rows.lines[winner]} tells this time again with other values")
        self.tally.n_overruled += len(repeats.differing)
        self.tally.n_same += repeats.n_same
        return rows.take(repeats.kept)

    def _finish_rows(self, rows: Candidates) -> Judged | None:
        if not len(rows):
            return None
        self._floor = int(-rows.time_ns[-1] if self.rules.is_descending else rows.time_ns[-1])
        if self.rules.is_open is not None:
            is_open = self.rules.is_open(rows.time_ns)
            for row in np.flatnonzero(~is_open).tolist():
                self._tell(rows, row, RowKind.OFF_CALENDAR, "the market is closed at this time by its calendar")
            self.tally.n_off_calendar += int(np.count_nonzero(~is_open))
        self._tell_mended(rows)
        self.tally.n_kept += len(rows)
        if self.rules.is_descending:
            rows = rows.take(slice(None, None, -1))
        bars = BarArrays(
            np.ascontiguousarray(rows.time_ns), *(np.ascontiguousarray(rows.columns[role]) for role in (*PRICE_ROLES, Role.VOLUME))
        )
        extras: dict[Role, Float64s] = {role: column for role, column in rows.columns.items() if role in _EXTRAS}
        return Judged(bars, extras)

    def _tell_mended(self, rows: Candidates) -> None:
        if not self._mended:
            return
        for row, key in enumerate(zip(rows.block.tolist(), rows.places.tolist(), strict=True)):
            words = self._mended.pop(key, None)
            if words is not None:
                self.tally.n_repaired += 1
                self._tell(rows, row, RowKind.REPAIRED, words)

    def _tell(self, rows: Candidates, row: int, kind: RowKind, reason: str) -> None:
        block = self._blocks[int(rows.block[row])]
        self._note(RowNote(int(rows.lines[row]), kind, reason, block.text(int(rows.places[row]))[:ROW_TEXT_MAX]))


def _always(words: str) -> Callable[[int], str]:
    return lambda _: words


def judge_all(blocks: Iterator[RowBlock], judge: RowJudge) -> Iterator[Judged]:
    """Judge block after block, and what was held back in the end."""
    for block in blocks:
        judged = judge.take(block)
        if judged is not None:
            yield judged
    last = judge.finish()
    if last is not None:
        yield last
