"""Answers about several instruments: which of them match, how they compare, how they move together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from backend.assistant.facts.fact import BarRange, Unit
from backend.assistant.questions.by_facts import tell_beta
from backend.assistant.questions.frames import Frame
from backend.assistant.questions.plan import CONDITIONED, OF_TWO, Ask, Plan, Recent, Whole
from backend.assistant.questions.single import tell, tell_return
from backend.assistant.questions.telling import FactBook, Origin, condition_words, noun_of
from backend.assistant.questions.together import tell_together
from backend.assistant.questions.told import Told, matching_rows, stretches
from backend.domain.bars import Int64s

SENTENCES_MAX: Final = 3
_PAIRS_MIN: Final = 3
# What the highest and the lowest value of each is called; drawdowns are negative.
_RANKED: Final = {
    Ask.VOLATILITY: ("highest volatility", "lowest"),
    Ask.SHARPE: ("highest Sharpe ratio", "lowest"),
    Ask.DRAWDOWN: ("smallest drawdown", "deepest"),
}


def tell_all(plan: Plan, frames: Sequence[Frame], book: FactBook) -> Told:
    """Answer a plan for every instrument: in a sentence each where they are few, else in a table."""
    if plan.ask in OF_TWO:
        return _correlation(frames, book) if plan.ask is Ask.CORRELATION else tell_beta(frames, book)
    if plan.ask in {Ask.COMPARE, Ask.WHICH}:
        return (_comparison if plan.ask is Ask.COMPARE else _which)(plan, frames, book)
    is_bound = any(one.instrument for one in plan.where)
    if is_bound and plan.ask in CONDITIONED:  # conditions alone are told once of all instruments
        frames = [min(frames, key=_ends_ns)]
    is_ranked = plan.ask in _RANKED and len(frames) > 1
    if is_ranked and len(frames) <= SENTENCES_MAX and all(one.n_rows for one in frames) and not _is_level(frames):
        frames = _levelled(frames)
    told = [tell_together(plan, frame, book) if is_bound else tell(plan, frame, book) for frame in frames]
    if len(told) == 1:
        return told[0]
    verdict = _verdict(plan, frames, told, book) if is_ranked else ""
    matches = tuple(one for each in told for one in each.matches)
    if len(told) <= SENTENCES_MAX:
        heads, rows = _listed(frames, told, book)
        main = next((one.main for one in told if one.main), "")
        return Told("\n\n".join([*(one.sentence for one in told), *([verdict] if verdict else [])]), main, matches, heads, rows)
    count = book.count("instruments", "Instruments", len(frames), frames[0], Origin(formula="number of instruments"))
    rows = [(book.name(frame), one.main or "none") for frame, one in zip(frames, told, strict=True)]
    sentence = f"Here is the answer for each of {count} instruments.{f' {verdict}' if verdict else ''}"
    if any(one.rows for one in told):
        most = book.asked(SENTENCES_MAX, frames[0], "Instruments with lists")
        sentence += f" What is listed of each is told of at most {most} at a time."
    return Told(sentence, rows[0][1], matches, ("Instrument", "Answer"), rows)


def _is_level(frames: Sequence[Frame]) -> bool:
    """Whether all of them have bars from the same day to the same day."""
    ends = {(int(one.bars.event_ns[one.first]), int(one.bars.event_ns[one.stop - 1])) for one in frames if one.n_rows}
    return len(ends) == 1 and all(one.n_rows for one in frames)


def _levelled(frames: Sequence[Frame]) -> list[Frame]:
    """The frames that have bars, cut to the time that all of them reach."""
    usable = [frame for frame in frames if frame.n_rows]
    starts = max(int(frame.bars.event_ns[max(0, frame.first - 1)]) for frame in usable)
    ends = min(int(frame.bars.event_ns[frame.stop - 1]) for frame in usable)
    return [_between(frame, starts, ends) for frame in usable]


def _verdict(plan: Plan, frames: Sequence[Frame], told: Sequence[Told], book: FactBook) -> str:
    """Which of them is ahead; empty where that cannot be told of the same days."""
    if not _is_level(frames) or not all(one.main for one in told):
        return ""
    values = [book.number(one.main) for one in told]
    high, low = (frames[values.index(end(values))] for end in (max, min))
    if high is low:
        return ""
    words = _RANKED[plan.ask]
    return f"The {words[0]} is that of {book.name(high)}, the {words[1]} that of {book.name(low)}."


def _listed(frames: Sequence[Frame], told: Sequence[Told], book: FactBook) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The tables of several instruments as one, each row with its instrument."""
    heads = next((one.heads for one in told if one.rows), ())
    rows = [(book.name(frame), *row) for frame, one in zip(frames, told, strict=True) for row in one.rows]
    return ("Instrument", *heads) if heads else (), rows


def _ends_ns(frame: Frame) -> int:
    return int(frame.bars.event_ns[-1]) if len(frame.bars) else 0


def _which(plan: Plan, frames: Sequence[Frame], book: FactBook) -> Told:
    """The instruments with a bar that matches in the period."""
    found: list[tuple[Frame, Int64s]] = []
    n_known = 0
    words = condition_words(plan.where, book, frames[0])
    for frame in frames:
        rows, n_looked = matching_rows(plan, frame)
        n_known += n_looked > 0
        if len(rows):
            found.append((frame, rows))
    count = book.count(
        "count", "Instruments that match", len(found), frames[0], Origin(formula="number of instruments with a bar that matches")
    )
    total = book.count(
        "total", "Instruments looked at", n_known, frames[0], Origin(formula="number of instruments with bars in that time")
    )
    when = (
        " at their newest bars"
        if plan.period == Recent(1, "bar")
        else " at any of their bars"
        if isinstance(plan.period, Whole)
        else ""
    )
    if not n_known:
        return Told("None of these instruments has bars in that time from which this could be told.")
    sentence = f"For {count} of {total} instruments {words}{when}"
    if not found:
        return Told(f"{sentence}.", count)
    table = []
    for frame, rows in found:
        n_bars = book.count(
            "bars", "Bars that match", len(rows), frame, Origin((int(rows[0]), int(rows[-1])), "number of bars that match")
        )
        table.append((book.name(frame), n_bars, book.day("Last such bar", frame, int(rows[-1]))))
    names = ", ".join(row[0] for row in table[:SENTENCES_MAX])
    matches = tuple(one for frame, rows in found for one in stretches(frame, rows))
    sentence = f"{sentence}: {names}{', and more in the table' if len(table) > SENTENCES_MAX else ''}."
    heads = ("Instrument", f"{noun_of(frames[0], 2).capitalize()} that match", "Last one")
    return Told(sentence, count, matches, heads, table)


def _comparison(plan: Plan, frames: Sequence[Frame], book: FactBook) -> Told:
    """Returns from the same day to the same day, which all of them reach."""
    usable = [frame for frame in frames if frame.n_rows]
    if len(usable) < 2:
        return Told("Fewer than two of these instruments have bars in that time.")
    shared = _levelled(usable)
    told = [tell_return(plan, frame, book) for frame in shared]
    if not all(one.main for one in told):
        return Told("These instruments have too few bars together in that time.")
    values = [book.number(one.main) for one in told]
    order = sorted(range(len(told)), key=lambda place: -values[place])
    table = [(book.name(shared[place]), told[place].main) for place in order]
    absent = [book.name(frame) for frame in frames if not frame.n_rows]
    best, worst = order[0], order[-1]
    origin = Origin(formula="highest return - lowest return", inputs=(told[best].main, told[worst].main), decimals=2)
    ahead = book.add("ahead", "Ahead by", values[best] - values[worst], Unit.RATIO, shared[best], origin)
    sentences = [one.sentence for one in told]
    if len(told) > SENTENCES_MAX:
        days = [book.at("Bar", shared[0], row) for row in (max(0, shared[0].first - 1), shared[0].stop - 1)]
        sentences = [f"Returns go from the close {days[0]} to that {days[1]}."]
    sentences.append(f"{table[0][0]} did best, ahead of {table[-1][0]} by {ahead} percentage points.")
    sentences += [f"Left out for want of bars in that time: {', '.join(absent)}."] if absent else []
    matches = tuple(one for each in told for one in each.matches)
    return Told(" ".join(sentences), told[best].main, matches, ("Instrument", "Return"), table if len(table) > 2 else [])


def _between(frame: Frame, from_ns: int, to_ns: int) -> Frame:
    """The frame from the bar behind ``from_ns`` to the one at ``to_ns``; a return then starts from the close at ``from_ns``."""
    times = frame.bars.event_ns
    first = int(np.searchsorted(times, from_ns, side="right"))
    return replace(frame, first=min(first, len(times)), stop=int(np.searchsorted(times, to_ns, side="right")))


def _correlation(frames: Sequence[Frame], book: FactBook) -> Told:
    """Pearson's correlation of changes between bars that both have."""
    one, other = frames
    names = book.name(one), book.name(other)
    both, rows, other_rows = np.intersect1d(one.bars.event_ns[: one.stop], other.bars.event_ns[: other.stop], return_indices=True)
    if len(both) < 2 or not one.n_rows or not other.n_rows:
        return Told(f"{names[0]} and {names[1]} have too few bars together in that time.")
    start_ns = max(int(one.bars.event_ns[one.first]), int(other.bars.event_ns[other.first]))
    changes = []
    for frame, places in ((one, rows), (other, other_rows)):
        close = frame.bars.close[places]
        before = np.where(close[:-1] > 0, close[:-1], np.nan)
        changes.append(close[1:] / before - 1.0)
    usable = (both[1:] >= start_ns) & ~np.isnan(changes[0]) & ~np.isnan(changes[1])
    left, right = changes[0][usable], changes[1][usable]
    if len(left) < _PAIRS_MIN or not np.std(left) or not np.std(right):
        return Told(f"{names[0]} and {names[1]} have too few changes together in that time for a correlation.")
    chosen = np.flatnonzero(usable) + 1
    first, last = int(rows[chosen[0]]), int(rows[chosen[-1]])
    count = book.count(
        "count", "Changes that count", len(left), one, Origin((first, last), "bars that both have, with the bar before")
    )
    origin = Origin((first, last), "Pearson correlation of close[n] / close[n-1] - 1 of both", (count, *names))
    value = float(np.clip(np.corrcoef(left, right)[0, 1], -1.0, 1.0))
    main = book.add("correlation", "Correlation", value, Unit.RATIO, one, origin)
    days = book.day("First change", one, first), book.day("Last change", one, last)
    sentence = f"The correlation of {names[0]} and {names[1]} is {main}, from {count} changes between {days[0]} and {days[1]}."
    times = one.bars.event_ns
    matches = tuple(BarRange(frame.series, int(times[first]), int(times[last])) for frame in frames)
    return Told(sentence, main, matches)
