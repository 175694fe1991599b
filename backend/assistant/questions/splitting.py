"""What is asked of a period, told of each of its weeks, months, quarters or years for itself, in a table."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from backend.assistant.facts.fact import BarRange, Unit
from backend.assistant.questions.frames import THURSDAY, Frame, month_numbers, week_numbers
from backend.assistant.questions.plan import N_ROWS_MAX, Ask, Plan
from backend.assistant.questions.telling import FactBook, Origin, among_words, condition_words, noun_of, operand_words
from backend.assistant.questions.told import Told, capital, stretch_words
from backend.domain.bars import Int64s

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_CALLED: Final = {Ask.SUM: "total", Ask.VALUE: "last", Ask.FIRST_VALUE: "first"}


def tell_split(plan: Plan, frame: Frame, book: FactBook, tell: Callable[[Plan, Frame, FactBook], Told]) -> Told:
    """A row for each piece of the calendar that has bars, oldest first; the newest 50. ``tell`` answers for one of them."""
    # The first bar that is stored has no close before it, from which a return could be told.
    pieces = [piece for piece in _pieces(plan.by, frame) if plan.ask is not Ask.RETURN or piece.first > 0]
    if not pieces:
        return tell(plan, frame, book)
    frame = replace(frame, first=pieces[0].first)
    name, words, during = book.name(frame), _asked_words(plan, frame, book), stretch_words(frame, book)
    rows: list[tuple[str, ...]] = []
    has_day = plan.ask in {Ask.HIGHEST, Ask.LOWEST}
    matches: tuple[BarRange, ...] = ()
    main = ""
    for piece in pieces[-N_ROWS_MAX:]:
        told = tell(plan, piece, book)
        main, matches = told.main or main, (*matches, *told.matches)
        day = ""
        if has_day and told.matches:
            day = book.day("Its bar", piece, int(np.searchsorted(piece.bars.event_ns, told.matches[0].from_ns)))
        label = _label(plan.by, int(piece.bars.event_ns[piece.first]))
        origin = Origin((piece.first, piece.stop - 1), f"{plan.by} of the bars")
        first = book.add("piece", capital(plan.by), label, Unit.DATE, piece, origin)
        rows.append((first, told.main or "not known", *((day,) if has_day else ())))
    if not main:
        return Told(f"No {words} of {name} is known for any {plan.by} {during}.")
    count = book.count("pieces", f"{capital(plan.by)}s", len(pieces), frame, Origin(formula=f"number of {plan.by}s with bars"))
    sentence = f"Here is the {words} of {name} for each of {count} {plan.by}s {during}."
    if len(pieces) > N_ROWS_MAX:
        sentence += f" The newest {book.asked(N_ROWS_MAX, frame, 'Rows shown')} are listed."
    heads = (capital(plan.by), "Answer", *(("Date",) if has_day else ()))
    return Told(sentence, main, matches, heads, rows)


def _pieces(by: str, frame: Frame) -> list[Frame]:
    """The frame cut where the calendar's pieces begin; a bar belongs to the piece in which it begins."""
    numbers = _numbers(by, frame.bars.event_ns[frame.first : frame.stop])
    edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    return [replace(frame, first=frame.first + a, stop=frame.first + b) for a, b in itertools.pairwise(edges)]


def _numbers(by: str, event_ns: Int64s) -> Int64s:
    """int64[n_bars] a number that changes with each piece, counted from 1970-01-01."""
    if by == "week":
        return week_numbers(event_ns)
    return month_numbers(event_ns) // _MONTHS[by]


def _label(by: str, event_ns: int) -> str:
    """A year as 2012, a month or the first one of a quarter as 2012-04, the Monday of a week as 2012-04-02."""
    number = int(_numbers(by, np.array([event_ns]))[0])
    if by == "week":
        return str(np.datetime64(number * 7 - THURSDAY, "D"))
    return str(np.datetime64(number * _MONTHS[by], "M"))[: len("2012") if by == "year" else None]


def _asked_words(plan: Plan, frame: Frame, book: FactBook) -> str:
    """What a row tells, as "highest close" or "number of days on which the close was above {F3}"."""
    many = noun_of(frame, 2)
    if plan.measure is not None:
        words = operand_words(plan.measure, book, frame)
        return f"{_CALLED.get(plan.ask, plan.ask.value)} {words}{among_words(plan, book, frame)}"
    where = f" on which {condition_words(plan.where, book, frame)}" if plan.where else ""
    return {
        Ask.BARS: f"number of {many}",
        Ask.COUNT: f"number of {many}{where}",
        Ask.SHARE: f"share of {many}{where}",
        Ask.DRAWDOWN: "deepest drawdown",
    }.get(plan.ask, plan.ask.value)
