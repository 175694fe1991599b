"""A device's copy of one room: how far it goes, what waits behind a gap, and the proof that it is the server's history.

An event is taken only as the next one, and only where the chain hash after it is the one the server states. So the cursor never
passes what is missing, and a copy that differs says so instead of going on.
"""

import enum
from typing import Final

import msgspec

from sync_server.protocol import chain
from sync_server.protocol.events import Cursor, Event
from sync_server.protocol.limits import MAX_HELD
from sync_server.protocol.messages import Ev, RoomHead

_START: Final = chain.to_text(chain.START)


class Fit(enum.Enum):
    """How a run of events stands to a copy."""

    TAKEN = "taken"  # it went on
    KNOWN = "known"  # nothing new
    GAP = "gap"  # something before it is missing: ask for it
    BROKEN = "broken"  # not what the server's own hash says, or not a continuation of this copy


class Step(msgspec.Struct, frozen=True):
    """Events that a copy took, and its cursor after them."""

    cursor: Cursor
    events: tuple[Event, ...]


class Replica:
    """The cursor of a room's copy, and runs of events that came before those in between."""

    def __init__(self, cursor: Cursor, oldest: int = 0) -> None:
        self.cursor = cursor
        self.oldest = oldest  # sequence number of the oldest event held, 0 where none is
        self.served_from = 1  # oldest event that the server would give
        self.goal = 0  # newest event heard of
        self.n_broken = 0  # answers in a row that did not fit
        self.n_starts = 0  # times in a row that it began anew and then took nothing
        self.is_left = False
        self._held: dict[int, Ev] = {}
        self._n_held = 0

    @property
    def is_behind(self) -> bool:
        """Whether there is something to ask for."""
        return not self.is_left and self.goal > self.cursor.s

    @property
    def first_held(self) -> int:
        """The oldest event held; where none is, the one that would come next."""
        return self.oldest or self.cursor.s + 1

    def head(self, head: RoomHead) -> None:
        """The server says where the room stands: this person belongs to it."""
        self.is_left = False
        self.served_from = head.floor
        if head.e >= self.cursor.e:
            self.aim(head.s)
            if head.e > self.cursor.e and self.cursor.s:  # what it holds may no longer be history: ask, whatever the numbers
                self.aim(self.cursor.s + 1)

    def aim(self, s: int) -> None:
        """There is an event ``s``."""
        self.goal = max(self.goal, s)

    def take(self, ev: Ev, *, is_answer: bool) -> tuple[Fit, list[Step]]:
        """Take a run of events in, with those it sets free; ``is_answer``: it was asked for at this very place."""
        if not is_run(ev):
            return Fit.BROKEN, []
        if not ev.ev:
            return self._end(ev, is_answer=is_answer), []
        self.aim(ev.last)
        if ev.last <= self.cursor.s:
            return self._of_the_past(ev), []
        if ev.first > self.cursor.s + 1:
            self._hold(ev)
            return Fit.GAP, []
        return self._go_on(ev, is_answer=is_answer)

    def _go_on(self, ev: Ev, *, is_answer: bool) -> tuple[Fit, list[Step]]:
        if ev.e < self.cursor.e and not is_answer:  # said before the epoch changed
            return Fit.KNOWN, []
        step = self._fit(ev)
        if step is None:
            return (Fit.GAP if ev.e > self.cursor.e and not is_answer else Fit.BROKEN), []
        return Fit.TAKEN, [step, *self._set_free()]

    def _of_the_past(self, ev: Ev) -> Fit:
        if ev.e <= self.cursor.e:
            return Fit.KNOWN
        self.aim(self.cursor.s + 1)
        return Fit.GAP

    def _end(self, ev: Ev, *, is_answer: bool) -> Fit:
        """An answer without events: there is nothing after ``ev.last``."""
        if not is_answer or ev.last != self.cursor.s:
            return Fit.KNOWN
        self.goal = self.cursor.s
        return Fit.BROKEN if ev.h and ev.h != (self.cursor.h or _START) else Fit.KNOWN

    def _fit(self, ev: Ev) -> Step | None:
        """Go on with a run whose first event is next or overlaps; None where its hash does not follow from this copy."""
        events = ev.ev[self.cursor.s + 1 - ev.first :]
        try:
            before = chain.from_text(self.cursor.h or _START)
        except ValueError:
            return None
        is_whole = all(chain.is_intact(event) for event in events)
        if not is_whole or chain.to_text(chain.hash_after(before, ev.e, events)) != ev.h:
            return None
        self.oldest = self.oldest or events[0].s
        self.n_broken = self.n_starts = 0
        self.cursor = Cursor(self.cursor.r, max(ev.e, self.cursor.e), ev.last, ev.h)
        return Step(self.cursor, events)

    def _hold(self, ev: Ev) -> None:
        if ev.first not in self._held and self._n_held + len(ev.ev) <= MAX_HELD:
            self._held[ev.first] = ev
            self._n_held += len(ev.ev)

    def _set_free(self) -> list[Step]:
        steps = []
        for first in sorted(self._held):
            if first > self.cursor.s + 1:
                break
            ev = self._held.pop(first)
            self._n_held -= len(ev.ev)
            if ev.last > self.cursor.s and ev.e >= self.cursor.e and (step := self._fit(ev)):
                steps.append(step)
        return steps

    def start(self, cursor: Cursor, oldest: int) -> None:
        """Go on from another place: what waited behind a gap is asked for again."""
        self.cursor, self.oldest = cursor, oldest
        self.n_starts += 1
        self._held.clear()
        self._n_held = 0
        self.aim(cursor.s + 1)  # whatever there is, an answer without events says the end


def is_run(ev: Ev) -> bool:
    """Whether a message is a run of events without a hole, as long as it says."""
    is_long_as_said = len(ev.ev) == ev.last - ev.first + 1 and ev.first > 0
    return is_long_as_said and all(event.s == s for s, event in enumerate(ev.ev, ev.first))
