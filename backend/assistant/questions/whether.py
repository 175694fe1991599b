"""Answers to whether something holds: yes or no with the values of a single bar, or with how often and when last of many."""

import numpy as np

from backend.assistant.facts.fact import Unit
from backend.assistant.questions.frames import Frame, rows_beside
from backend.assistant.questions.plan import Ask, Change, Condition, Number, Op, Plan
from backend.assistant.questions.reckoning import compute_value, holds, seen_by
from backend.assistant.questions.telling import FactBook, Origin, condition_words, noun_of, operand_words, subject_words, unit_of
from backend.assistant.questions.told import Told, matching_rows, missing_rows, stretch_words, stretches
from backend.assistant.questions.wording import format_condition
from backend.domain.bars import Float64s

_CROSSINGS = frozenset({Op.CROSSES, Op.CROSSES_ABOVE, Op.CROSSES_BELOW})


def tell_whether(plan: Plan, frame: Frame, book: FactBook) -> Told:
    """Whether the conditions hold at the bar of the period, or of many bars at any or at every one, as is asked."""
    return _of_bar(plan, frame, book) if frame.n_rows == 1 and not frame.season else _of_bars(plan, frame, book)


def _of_bar(plan: Plan, frame: Frame, book: FactBook) -> Told:
    row = frame.first
    is_true, is_known = (bool(flags[row]) for flags in holds(plan.where, frame))
    name, when = subject_words(plan.where, book, frame), book.at("Bar", frame, row)
    if not is_known:
        return Told(f"That is not known of {name} {when}: there are too few bars before.")
    formula = " and ".join(map(format_condition, plan.where))
    verdict = "Yes" if is_true else "No"
    # The word itself is a fact, so that what it stands on can be looked at.
    main = book.add("whether", "Whether it holds", verdict, Unit.WORD, frame, Origin((row, row), formula))
    parts = []
    for condition in plan.where:
        own = frame.of(condition.instrument)
        numbers, before, words = _beside(condition, own, int(rows_beside(frame, own)[row]), book)
        whose = f" of {book.name(own)}" if condition.instrument else ""
        parts.append(f"{numbers} {when}{before}, {words}{whose}")
    whose = "" if plan.where[0].instrument else f" of {name}"
    return Told(f"{main}: {'; '.join(parts)}{whose}.", main, stretches(frame, np.array([row])) if is_true else ())


def _beside(condition: Condition, frame: Frame, row: int, book: FactBook) -> tuple[str, str, str]:
    """The values of a condition at a bar as "{F3} against {F4}", those of the bar before for a crossing, and what they are."""
    frame = seen_by(condition, frame)
    left, right = compute_value(condition.left, frame), compute_value(condition.right, frame)
    of_left = operand_words(condition.left, book, frame)
    if isinstance(condition.left, Change) and condition.right == Number(0.0):
        n_bars = condition.left.n_bars
        closes = [
            book.add("close", "Close", float(frame.bars.close[at]), Unit.PRICE, frame, Origin((at, at), "close[n]"))
            for at in (row, row - n_bars)
        ]
        change = book.value("value", "Change", float(left[row]), condition.left, (frame, row))
        return f"{closes[0]} against {closes[1]} before, {change}", "", f"the {of_left}"
    beside, before = _pair(condition, (left, right), (frame, row), book), ""
    if condition.op in _CROSSINGS:
        before = f", after {_pair(condition, (left, right), (frame, row - 1), book)} {book.at('Bar before', frame, row - 1)}"
    if isinstance(condition.right, Number):
        return beside, before, f"the {of_left}"
    return beside, before, f"the {of_left} and the {operand_words(condition.right, book, frame)}"


def _pair(condition: Condition, values: tuple[Float64s, Float64s], where: tuple[Frame, int], book: FactBook) -> str:
    frame, row = where
    left = book.value("value", "Value", float(values[0][row]), condition.left, where)
    if isinstance(condition.right, Number):
        percent = " percent" if unit_of(condition.left) is Unit.PERCENT else ""
        return f"{left} against {book.asked(condition.right.value, frame)}{percent}"
    return f"{left} against {book.value('value', 'Value', float(values[1][row]), condition.right, where)}"


def _of_bars(plan: Plan, frame: Frame, book: FactBook) -> Told:
    rows, n_known = matching_rows(plan, frame)
    name, words, when = subject_words(plan.where, book, frame), condition_words(plan.where, book, frame), stretch_words(frame, book)
    if not n_known:
        return Told(f"There are too few {noun_of(frame, 2)} of {name} before that time to know any of these values.")
    formula = f"number of bars with {' and '.join(map(format_condition, plan.where))}"
    count = book.count("count", "Bars that match", len(rows), frame, Origin(formula=formula))
    total = book.count("total", "Bars looked at", n_known, frame, Origin(formula="number of bars at which all values are known"))
    many = noun_of(frame, n_known)
    is_so = len(rows) == n_known if plan.ask is Ask.EVERY else len(rows) > 0
    verdict = "Yes" if is_so else "No"
    main = book.add("whether", "Whether it holds", verdict, Unit.WORD, frame, Origin(None, formula, (count, total)))
    if not len(rows):
        return Told(f"{main}: of {name}, {words} on {count} of {total} {many} {when}.", main)
    last = f"the last time {book.at('Last such bar', frame, int(rows[-1]))}"
    if plan.ask is Ask.EVERY:
        others = missing_rows(plan, frame)
        other = book.at("First other bar", frame, int(others[0])) if len(others) else ""
        last = f"but not {other}, the first of the others" if other else "on each of them"
    sentence = f"{main}: of {name}, {words} on {count} of {total} {many} {when}, {last}."
    return Told(sentence, main, stretches(frame, rows))
