"""Answers about one instrument: facts, a sentence in tags, the bars that match, and rows for a table."""

import dataclasses
from collections.abc import Callable
from typing import Final

import numpy as np
from msgspec.structs import replace

from backend.assistant.facts.fact import Unit
from backend.assistant.questions.by_facts import tell_sharpe, tell_trend
from backend.assistant.questions.frames import Frame, in_season, shared_bars
from backend.assistant.questions.listing import columns_of, listed
from backend.assistant.questions.plan import N_ROWS_MAX, Ask, Change, Distance, Extreme, Operand, Plan, Price
from backend.assistant.questions.reckoning import compute_value
from backend.assistant.questions.seasons import tell_seasons
from backend.assistant.questions.splitting import tell_split
from backend.assistant.questions.telling import (
    FactBook,
    Origin,
    among_words,
    bar_noun,
    condition_words,
    each_of,
    formula_of,
    noun_of,
    operand_words,
    subject_words,
    unit_of,
)
from backend.assistant.questions.told import Told, base_row, capital, matching_rows, stretch_words, stretches
from backend.assistant.questions.whether import tell_whether
from backend.assistant.questions.wording import format_condition
from backend.domain.bars import DAY_NS, Float64s, Int64s
from backend.indicators.columns import Columns

_YEAR_NS: Final = 365.25 * DAY_NS


def tell(plan: Plan, frame: Frame, book: FactBook) -> Told:
    """Answer ``plan`` for one instrument, adding facts to ``book``."""
    if not np.any(in_season(frame)[frame.first : frame.stop]):
        return _nothing(plan, frame, book)
    if plan.by:
        return tell_split(plan, frame, book, _TELLERS[plan.ask])
    return _TELLERS[plan.ask](plan, frame, book)


def _nothing(plan: Plan, frame: Frame, book: FactBook) -> Told:
    name = book.name(frame)
    noun = "bars" if bar_noun(frame, 1) == "bar" else f"{each_of(frame)} bars"
    if not len(frame.bars):
        why = f"There are no {noun} of {name} up to the end of that time."
        book.add("answer", "Answer", None, Unit.WORD, frame, Origin(why_not="no bars"))
        return Told(why)
    if frame.n_rows:
        book.add("answer", "Answer", None, Unit.WORD, frame, Origin(why_not=f"no {noun_of(frame, 2)}"))
        return Told(f"{name} has no {noun_of(frame, 2)} {stretch_words(frame, book)}.")
    newest = book.day("Newest bar", frame, len(frame.bars) - 1)
    book.add("answer", "Answer", None, Unit.WORD, frame, Origin(why_not=f"no bars in that time: {plan.interval}"))
    return Told(f"{name} has no {noun} in that time: its newest one up to then is of {newest}.")


def _matched(plan: Plan, frame: Frame, book: FactBook) -> Told:
    """Count, share and list."""
    rows, n_known = matching_rows(plan, frame)
    name, words, during = (
        subject_words(plan.where, book, frame),
        condition_words(plan.where, book, frame),
        stretch_words(frame, book),
    )
    formula = f"bars with {' and '.join(map(format_condition, plan.where))}"
    count = book.count("count", "Bars that match", len(rows), frame, Origin(formula=f"number of {formula}"))
    total = book.count("total", "Bars looked at", n_known, frame, Origin(formula="number of bars at which all values are known"))
    share = ""
    if n_known:
        origin = Origin(formula="count / total * 100", inputs=(count, total))
        share = book.add("share", "Share of bars", 100.0 * len(rows) / n_known, Unit.PERCENT, frame, origin)
    noun = noun_of(frame, n_known)
    if not share:
        return Told(f"There are too few {noun} of {name} before that time to know any of these values.")
    if plan.ask is Ask.SHARE:
        sentence = f"For {name}, {words} on {share} of {noun} {during}: on {count} of {total}."
        return Told(sentence, share, stretches(frame, rows))
    sentence = f"For {name}, {words} on {count} of {total} {noun} {during} ({share})."
    told = Told(sentence, count, stretches(frame, rows))
    if plan.ask is Ask.LIST and len(rows):
        told.heads, told.rows = listed(plan, frame, book, rows)
        if len(rows) > N_ROWS_MAX:
            told.sentence += f" The newest {book.asked(N_ROWS_MAX, frame, 'Rows shown')} are listed."
    return told


def _dated(plan: Plan, frame: Frame, book: FactBook) -> Told:
    """First and last."""
    rows, n_known = matching_rows(plan, frame)
    name, words, during = (
        subject_words(plan.where, book, frame),
        condition_words(plan.where, book, frame),
        stretch_words(frame, book),
    )
    if not len(rows):
        total = book.count(
            "total", "Bars looked at", n_known, frame, Origin(formula="number of bars at which all values are known")
        )
        book.count("count", "Bars that match", 0, frame, Origin(formula="number of bars that match"))
        return Told(f"For {name}, {words} on none of {total} {noun_of(frame, n_known)} {during}.")
    row = int(rows[0 if plan.ask is Ask.FIRST else -1])
    which = "first" if plan.ask is Ask.FIRST else "last"
    main = book.add(
        which, f"The {which} such bar", frame.day(row), Unit.DATE, frame, Origin((row, row), f"{which} bar that matches")
    )
    values = [f"{one.words(book)} {one.at(row, book)}" for one in columns_of(plan, frame)]
    count = book.count("count", "Bars that match", len(rows), frame, Origin(formula="number of bars that match"))
    then = f": {', '.join(values)}" if values else ""
    one, many = noun_of(frame, 1), noun_of(frame, len(rows))
    there = f"There {'is' if len(rows) == 1 else 'are'} {count} such {many}."
    sentence = f"For {name}, {main} is the {which} {one} {during} on which {words}{then}. {there}"
    return Told(sentence, main, stretches(frame, rows[rows == row]))


def _streak(plan: Plan, frame: Frame, book: FactBook) -> Told:
    rows, n_known = matching_rows(plan, frame)
    name, words, during = (
        subject_words(plan.where, book, frame),
        condition_words(plan.where, book, frame),
        stretch_words(frame, book),
    )
    if not len(rows):
        total = book.count(
            "total", "Bars looked at", n_known, frame, Origin(formula="number of bars at which all values are known")
        )
        return Told(f"For {name}, {words} on none of {total} {noun_of(frame, n_known)} {during}.")
    # Where instruments are looked at together, a bar that not all of them have is none.
    cuts = np.flatnonzero(np.diff(np.cumsum(shared_bars(frame))[rows]) != 1) + 1
    starts, stops = np.append(0, cuts), np.append(cuts, len(rows))
    longest = int((stops - starts).max())
    place = int(np.flatnonzero(stops - starts == longest)[-1])
    first, last = int(rows[starts[place]]), int(rows[stops[place] - 1])
    formula = f"longest run of bars with {' and '.join(map(format_condition, plan.where))}"
    main = book.count("streak", "Longest run of bars", longest, frame, Origin((first, last), formula))
    since, until = book.day("First bar of the run", frame, first), book.day("Last bar of the run", frame, last)
    many = noun_of(frame, 2)
    sentence = f"For {name}, the longest run of {many} {during} on which {words} is {main}, from {since} to {until}."
    n_equal = int(np.count_nonzero(stops - starts == longest))
    if n_equal > 1:
        equal = book.count("streak.equal", "Runs of that length", n_equal, frame, Origin(formula="number of longest runs"))
        sentence += f" It is the newest of {equal} runs of that length."
    return Told(sentence, main, stretches(frame, np.arange(first, last + 1)))


def _chosen(plan: Plan, frame: Frame) -> tuple[Float64s, Int64s]:
    """The measure, and the rows of the period that have it and meet the conditions."""
    assert plan.measure is not None, "A checked plan of this kind measures something."
    values = compute_value(plan.measure, frame)
    rows, _ = matching_rows(plan, frame)
    return values, rows[~np.isnan(values[rows])]


def _extreme(plan: Plan, frame: Frame, book: FactBook) -> Told:
    assert plan.measure is not None, "A checked plan of this kind measures something."
    values, rows = _chosen(plan, frame)
    name, words = book.name(frame), operand_words(plan.measure, book, frame)
    where = among_words(plan, book, frame)
    during = stretch_words(frame, book)
    if not len(rows):
        return Told(f"No {words} of {name}{where} is known {during}.")
    # Of equal ones the earliest stands first.
    sign = -1.0 if plan.ask is Ask.HIGHEST else 1.0
    best = rows[np.argsort(sign * values[rows], kind="stable")[: plan.n]]
    row, which = int(best[0]), plan.ask.value
    main = book.value(which, f"The {which} value", float(values[row]), plan.measure, (frame, row))
    beside = _beside_traded(plan.measure, frame, row, book)
    sentence = f"The {which} {words} of {name}{where} {during} is {main}{beside}, {book.at('Its bar', frame, row)}."
    if isinstance(plan.measure, Change) and row >= plan.measure.n_bars:
        before, after = (float(frame.bars.close[at]) for at in (row - plan.measure.n_bars, row))
        closes = [
            book.add("close", "Close", close, Unit.PRICE, frame, Origin((at, at), "close[n]"))
            for close, at in ((before, row - plan.measure.n_bars), (after, row))
        ]
        sentence = f"{sentence[:-1]}: the close went from {closes[0]} to {closes[1]}."
    told = Told(sentence, main, stretches(frame, np.sort(best)))
    if plan.n > 1:
        told.heads = ("Date", capital(words))
        others = [
            (book.day("Bar", frame, at), book.value("value", "Value", float(values[at]), plan.measure, (frame, at)))
            for at in best[1:].tolist()
        ]
        told.rows = [(book.day("Its bar", frame, row), main), *others]
    return told


def _beside_traded(measure: Operand, frame: Frame, row: int, book: FactBook) -> str:
    """What an adjusted price was as it was traded, and when, for the highest or lowest of a window; empty where it is the same."""
    if frame.traded is None or not isinstance(measure, Price | Extreme):
        return ""
    adjusted, when = Columns(frame.bars)[measure.field], ""
    if isinstance(measure, Extreme):
        row = int(np.flatnonzero(adjusted[: row + 1] == compute_value(measure, frame)[row])[-1])
        when = f" {book.at('Its bar', frame, row)}"
    raw = float(Columns(frame.traded)[measure.field][row])
    if raw == adjusted[row]:
        return ""
    as_traded = dataclasses.replace(frame, is_adjusted=False)
    traded = book.add("traded", "As it was traded", raw, Unit.PRICE, as_traded, Origin((row, row), f"{measure.field}[n]"))
    return f" adjusted, {traded} as traded{when}"


def _extremes(plan: Plan, frame: Frame, book: FactBook) -> Told:
    """The highest and the lowest of the measure; the highest high and the lowest low where nothing is measured."""
    sides = ((Ask.HIGHEST, Price("high")), (Ask.LOWEST, Price("low")))
    told = [_extreme(replace(plan, ask=ask, measure=plan.measure or price), frame, book) for ask, price in sides]
    return Told(" ".join(one.sentence for one in told), told[0].main, tuple(match for one in told for match in one.matches))


def _bars(plan: Plan, frame: Frame, book: FactBook) -> Told:
    name, during, n_bars = book.name(frame), stretch_words(frame, book), len(matching_rows(plan, frame)[0])
    main = book.count("bars", "Bars", n_bars, frame, Origin(formula="number of complete bars"))
    noun = noun_of(frame, n_bars)
    noun = f"trading {noun}" if noun.startswith("day") else noun
    return Told(f"{name} has {main} {noun} {during}.", main)


def _aggregate(plan: Plan, frame: Frame, book: FactBook) -> Told:
    assert plan.measure is not None, "A checked plan of this kind measures something."
    values, rows = _chosen(plan, frame)
    name, words = book.name(frame), operand_words(plan.measure, book, frame)
    where = among_words(plan, book, frame)
    during = stretch_words(frame, book)
    if not len(rows):
        return Told(f"No {words} of {name}{where} is known {during}.")
    chosen = values[rows]
    value = float({Ask.MEAN: chosen.mean(), Ask.MEDIAN: np.median(chosen), Ask.SUM: chosen.sum()}[plan.ask])
    count = book.count("count", "Bars that count", len(rows), frame, Origin(formula="number of bars with a value"))
    formula = f"{plan.ask.value}({formula_of(plan.measure)})"
    main = book.add(
        plan.ask.value,
        capital(f"the {plan.ask.value}"),
        value,
        unit_of(plan.measure),
        frame,
        Origin(formula=formula, inputs=(count,)),
    )
    called = {Ask.MEAN: "mean", Ask.MEDIAN: "median", Ask.SUM: "total"}[plan.ask]
    return Told(f"The {called} {words} of {name}{where} {during} is {main}, over {count} {noun_of(frame, len(rows))}.", main)


def _value(plan: Plan, frame: Frame, book: FactBook) -> Told:
    assert plan.measure is not None, "A checked plan of this kind measures something."
    row = frame.first if plan.ask is Ask.FIRST_VALUE else frame.stop - 1
    value = float(compute_value(plan.measure, frame)[row])
    name, words, when = book.name(frame), operand_words(plan.measure, book, frame), book.at("Bar", frame, row)
    if np.isnan(value):
        book.add(
            "value",
            "Value",
            None,
            unit_of(plan.measure),
            frame,
            Origin((row, row), formula_of(plan.measure), why_not="too few bars before"),
        )
        return Told(f"The {words} of {name} {when} is not known: there are too few bars before.")
    if not isinstance(plan.measure, Distance):
        main = book.value("value", "Value", value, plan.measure, (frame, row))
        beside = _beside_traded(plan.measure, frame, row, book)
        return Told(f"The {words} of {name} {when} was {main}{beside}.", main, stretches(frame, np.array([row])))
    parts = []
    for side in (plan.measure.value, plan.measure.base):
        at = float(compute_value(side, frame)[row])
        parts.append((operand_words(side, book, frame), book.value("value", "Value", at, side, (frame, row))))
    origin = Origin((row, row), formula_of(plan.measure), (parts[0][1], parts[1][1]))
    main = book.add("distance", "Distance", value, Unit.PERCENT, frame, origin)
    sentence = f"{capital(when)} the {parts[0][0]} of {name}, {parts[0][1]}, was {main} from its {parts[1][0]}, {parts[1][1]}."
    return Told(sentence, main, stretches(frame, np.array([row])))


def tell_return(_: Plan, frame: Frame, book: FactBook) -> Told:
    """The return over the period, from the close before it."""
    base, last = base_row(frame), frame.stop - 1
    close = frame.bars.close
    name = book.name(frame)
    if base == last or close[base] <= 0:
        return Told(f"There are too few bars of {name} for a return in that time.")
    before = book.add("base", "Close before the period", float(close[base]), Unit.PRICE, frame, Origin((base, base), "close[n]"))
    after = book.add("close", "Last close", float(close[last]), Unit.PRICE, frame, Origin((last, last), "close[n]"))
    value = (float(close[last]) / float(close[base]) - 1.0) * 100.0
    main = book.add(
        "return",
        "Return",
        value,
        Unit.PERCENT,
        frame,
        Origin((base, last), "(last close / close before - 1) * 100", (before, after)),
    )
    days = book.at("Bar before the period", frame, base), book.at("Last bar of the period", frame, last)
    since = ", counted from the close before that time" if base < frame.first else ""
    sentence = f"The return of {name} is {main}{since}: its close went from {before} {days[0]} to {after} {days[1]}."
    told = Told(sentence, main)
    told.matches = stretches(frame, np.arange(base, last + 1))
    return told


def _drawdown(_: Plan, frame: Frame, book: FactBook) -> Told:
    close = frame.bars.close[frame.first : frame.stop]
    name, during = book.name(frame), stretch_words(frame, book)
    high = np.maximum.accumulate(close)
    if np.any(high <= 0):
        return Told(f"{name} had prices that are not above zero {during}, of which no fall in percent can be told.")
    depth = (close / high - 1.0) * 100.0
    trough = int(np.argmin(depth))
    peak = int(np.argmax(close[: trough + 1]))
    rows = frame.first + peak, frame.first + trough
    main = book.add(
        "drawdown",
        "Deepest drawdown",
        float(depth[trough]),
        Unit.PERCENT,
        frame,
        Origin(rows, "min(close[n] / highest close so far - 1) * 100"),
    )
    if depth[trough] == 0:
        return Told(f"No close of {name} {during} lies below one before it: the deepest drawdown is {main}.", main)
    prices = [
        book.add("close", label, float(close[at - frame.first]), Unit.PRICE, frame, Origin((at, at), "close[n]"))
        for label, at in (("Close at the high", rows[0]), ("Close at the low", rows[1]))
    ]
    days = [book.at(label, frame, at) for label, at in (("Day of the high", rows[0]), ("Day of the low", rows[1]))]
    sentence = f"The deepest drawdown of {name} {during} is {main}: from a close of {prices[0]} {days[0]} to {prices[1]} {days[1]}."
    return Told(sentence, main, stretches(frame, np.arange(rows[0], rows[1] + 1)))


def _volatility(_: Plan, frame: Frame, book: FactBook) -> Told:
    change = compute_value(Change(1), frame)[frame.first : frame.stop]
    change = change[~np.isnan(change)]
    name, during = book.name(frame), stretch_words(frame, book)
    times = frame.bars.event_ns
    if len(change) < 2 or times[-1] == times[0]:
        return Told(f"There are too few bars of {name} {during} for a volatility.")
    per_year = float((len(times) - 1) / ((int(times[-1]) - int(times[0])) / _YEAR_NS))
    count = book.count("count", "Changes that count", len(change), frame, Origin(formula="number of changes"))
    yearly = book.add(
        "bars.per_year",
        "Bars in a year",
        per_year,
        Unit.RATIO,
        frame,
        Origin((0, len(times) - 1), "bars / years of all bars", decimals=1),
    )
    value = float(np.std(change, ddof=1)) * per_year**0.5
    origin = Origin(formula="standard deviation of changes * sqrt(bars in a year)", inputs=(count, yearly))
    main = book.add("volatility", "Volatility of a year", value, Unit.PERCENT, frame, origin)
    return Told(f"The volatility of {name} {during} is {main} a year, from {count} changes at {yearly} bars a year.", main)


_TELLERS: Final[dict[Ask, Callable[[Plan, Frame, FactBook], Told]]] = {
    Ask.COUNT: _matched,
    Ask.SHARE: _matched,
    Ask.LIST: _matched,
    Ask.FIRST: _dated,
    Ask.LAST: _dated,
    Ask.STREAK: _streak,
    Ask.WHETHER: tell_whether,
    Ask.EVERY: tell_whether,
    Ask.BARS: _bars,
    Ask.EXTREMES: _extremes,
    Ask.SEASONS: tell_seasons,
    Ask.TREND: tell_trend,
    Ask.SHARPE: tell_sharpe,
    Ask.HIGHEST: _extreme,
    Ask.LOWEST: _extreme,
    Ask.MEAN: _aggregate,
    Ask.MEDIAN: _aggregate,
    Ask.SUM: _aggregate,
    Ask.VALUE: _value,
    Ask.FIRST_VALUE: _value,
    Ask.RETURN: tell_return,
    Ask.DRAWDOWN: _drawdown,
    Ask.VOLATILITY: _volatility,
}
