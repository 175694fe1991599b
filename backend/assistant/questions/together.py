"""Answers about one instrument whose conditions look at others: over the bars that all of them have."""

from dataclasses import replace

import numpy as np

from backend.assistant.facts.fact import BarRange
from backend.assistant.questions.frames import Frame, rows_beside, shared_bars
from backend.assistant.questions.plan import Plan
from backend.assistant.questions.single import tell
from backend.assistant.questions.telling import FactBook, Origin, noun_of
from backend.assistant.questions.told import Told


def tell_together(plan: Plan, frame: Frame, book: FactBook) -> Told:
    """The answer of one instrument over the bars that it shares with those that conditions look at."""
    is_shared = shared_bars(frame)
    rows = np.flatnonzero(is_shared[frame.first : frame.stop]) + frame.first
    if not len(rows):
        names = [book.name(one) for one in (frame, *frame.others.values())]
        return Told(f"{', '.join(names[:-1])} and {names[-1]} have no {noun_of(frame, 2)} together in that time.")
    shared = replace(frame, first=int(rows[0]), stop=int(rows[-1]) + 1)
    told = tell(plan, shared, book)
    if not told.main:
        return told
    n_alone = shared.n_rows - len(rows)
    for other in frame.others.values():
        beside = rows_beside(other, frame)
        first, last = (int(rows_beside(frame, other)[row]) for row in (rows[0], rows[-1]))
        n_alone += int(np.count_nonzero(beside[first : last + 1] < 0))
    if n_alone:
        origin = Origin(formula="number of bars in that time that not all of these instruments have")
        alone = book.count("alone", "Bars left out", n_alone, shared, origin)
        noun = noun_of(frame, n_alone)
        told.sentence += f" Left out: {alone} {noun} of that time that only some of these instruments have."
    told.matches += tuple(
        found for other in frame.others.values() for match in told.matches if (found := _beside(match, frame, other)) is not None
    )
    return told


def _beside(match: BarRange, frame: Frame, other: Frame) -> BarRange | None:
    """The same stretch in the bars of another instrument."""
    inside = (frame.bars.event_ns >= match.from_ns) & (frame.bars.event_ns <= match.to_ns)
    rows = rows_beside(frame, other)[inside]
    rows = rows[rows >= 0]
    times = other.bars.event_ns
    return BarRange(other.series, int(times[rows[0]]), int(times[rows[-1]])) if len(rows) else None
