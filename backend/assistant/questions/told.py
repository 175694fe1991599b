"""An answer about one instrument as it is told, and the bars that it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.assistant.facts.fact import BarRange
from backend.assistant.questions.frames import Frame
from backend.assistant.questions.plan import Plan
from backend.assistant.questions.reckoning import holds
from backend.assistant.questions.telling import FactBook
from backend.domain.bars import Int64s

MATCHES_MAX: Final = 2_000


@dataclass(slots=True)
class Told:
    """An answer about one instrument. ``main`` is the tag of what was asked, empty where there is nothing."""

    sentence: str
    main: str = ""
    matches: tuple[BarRange, ...] = ()
    heads: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()


def stretches(frame: Frame, rows: Int64s) -> tuple[BarRange, ...]:
    """Runs of neighbouring bars among ``rows``, oldest first; the newest 2,000."""
    if not len(rows):
        return ()
    cuts = np.flatnonzero(np.diff(rows) != 1) + 1
    starts, stops = np.append(0, cuts)[-MATCHES_MAX:], np.append(cuts, len(rows))[-MATCHES_MAX:]
    times = frame.bars.event_ns
    return tuple(
        BarRange(frame.series, int(times[rows[a]]), int(times[rows[b - 1]]))
        for a, b in zip(starts.tolist(), stops.tolist(), strict=True)
    )


def matching_rows(plan: Plan, frame: Frame) -> tuple[Int64s, int]:
    """The rows of the period at which all conditions hold, and at how many they can be looked at."""
    is_true, is_known = holds(plan.where, frame)
    inside = slice(frame.first, frame.stop)
    return np.flatnonzero(is_true[inside]) + frame.first, int(np.count_nonzero(is_known[inside]))


def missing_rows(plan: Plan, frame: Frame) -> Int64s:
    """The rows of the period at which all values are known and the conditions do not hold."""
    is_true, is_known = holds(plan.where, frame)
    inside = slice(frame.first, frame.stop)
    return np.flatnonzero(is_known[inside] & ~is_true[inside]) + frame.first


def base_row(frame: Frame) -> int:
    """The bar whose close a return over the period starts from: the one before it, else the first there is."""
    return max(0, frame.first - 1)


def stretch_words(frame: Frame, book: FactBook) -> str:
    """The first and last bar of the period, as "from {F3} to {F4}"."""
    if frame.n_rows == 1:
        return book.at("Bar", frame, frame.first)
    first, last = book.day("First bar of the period", frame, frame.first), book.day("Last bar of the period", frame, frame.stop - 1)
    return f"from {first} to {last}"


def capital(words: str) -> str:
    """The same words as the beginning of a sentence."""
    return words[:1].upper() + words[1:]
