"""Trading sessions as arrays, and when a bar of a session is complete."""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from backend.domain.bars import Int64s
from backend.errors import InvalidInput


@dataclass(frozen=True, slots=True, eq=False)
class SessionTable:
    """Every session of a calendar between two dates.

    label_ns : int64[n_sessions]   midnight UTC of the session's date, strictly increasing
    open_ns, close_ns : int64[n_sessions]   first instant inside and first instant after, UTC ns
    """

    calendar: str
    label_ns: Int64s
    open_ns: Int64s
    close_ns: Int64s

    def __post_init__(self) -> None:
        if not (len(self.label_ns) == len(self.open_ns) == len(self.close_ns)):
            raise InvalidInput(f"The sessions of {self.calendar} are columns of unequal length.", hint="Rebuild the table.")
        if np.any(self.close_ns[:-1] > self.open_ns[1:]) or np.any(self.open_ns >= self.close_ns):
            raise InvalidInput(f"The sessions of {self.calendar} overlap or are empty.", hint="Rebuild the table.")

    def __len__(self) -> int:
        return len(self.label_ns)

    def row_at(self, instant_ns: Int64s) -> Int64s:
        """Row of the session that contains each instant; -1 where the market is shut."""
        if not len(self):
            return np.full(len(instant_ns), -1, np.int64)
        row = np.searchsorted(self.open_ns, instant_ns, side="right") - 1
        inside = (row >= 0) & (instant_ns < self.close_ns[np.maximum(row, 0)])
        return np.where(inside, row, -1).astype(np.int64)

    def n_opened(self, instant_ns: Int64s) -> Int64s:
        """How many sessions had opened at each instant.

        instant_ns : int64[n]   never decreasing; inside one session, as bars under way are, numpy is not asked (decision 0188)
        """
        if not len(instant_ns):
            return np.empty(0, np.int64)
        first = bisect_right(self.open_ns, int(instant_ns[0]))
        if len(instant_ns) == 1 or first == bisect_right(self.open_ns, int(instant_ns[-1])):
            return np.full(len(instant_ns), first, np.int64)
        return self.open_ns.searchsorted(instant_ns, side="right")

    def opens_of(self, label_ns: Int64s) -> Int64s:
        """The opening of each labelled session, of the next one where that date has none, else the label itself."""
        if not len(self):
            return label_ns
        row = np.searchsorted(self.label_ns, label_ns)
        is_known = (label_ns >= self.label_ns[0]) & (row < len(self))
        return np.where(is_known, self.open_ns[np.minimum(row, len(self) - 1)], label_ns).astype(np.int64)

    def row_of_label(self, label_ns: Int64s) -> Int64s:
        """Row of each session label; -1 where that date has no session."""
        if not len(self):
            return np.full(len(label_ns), -1, np.int64)
        row = np.searchsorted(self.label_ns, label_ns)
        row = np.minimum(row, len(self) - 1)
        return np.where(self.label_ns[row] == label_ns, row, -1).astype(np.int64)

    def next_open_ns(self, instant_ns: int) -> int | None:
        """When a market that is shut before it opens next, after this instant; None where it never shuts or no session is known."""
        row = int(np.searchsorted(self.open_ns, instant_ns, side="right"))
        if row >= len(self) or (row and self.close_ns[row - 1] >= self.open_ns[row]):
            return None
        return int(self.open_ns[row])
