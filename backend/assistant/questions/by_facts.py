"""What is told of a stretch of bars by the formulas of the facts: its trend, its Sharpe ratio, its beta."""

from collections.abc import Sequence

import numpy as np

from backend.assistant.facts.fact import BarRange, Unit
from backend.assistant.facts.risks import BETA, SHARPE, beta_of, shared_returns, sharpe_of
from backend.assistant.facts.settings import LONG, MIDDLE
from backend.assistant.facts.trends import DIRECTION, direction_of
from backend.assistant.facts.volatilities import sessions_a_year
from backend.assistant.questions.frames import Frame
from backend.assistant.questions.plan import Indicator, Operand, Plan, Price
from backend.assistant.questions.reckoning import compute_value
from backend.assistant.questions.telling import FactBook, Origin, noun_of
from backend.assistant.questions.told import Told, base_row, stretch_words, stretches

_RETURNS_MIN = 3


def tell_trend(_: Plan, frame: Frame, book: FactBook) -> Told:
    """Which way the trend goes at the last bar, and the values that say so."""
    row, name = frame.stop - 1, book.name(frame)
    when = book.at("Bar", frame, row)
    direction = direction_of(frame.bars[: frame.stop])
    if direction is None:
        many = noun_of(frame, LONG)
        return Told(f"The trend of {name} {when} is not known: it takes {book.asked(LONG, frame, 'Bars it takes')} {many}.")
    sides = []
    values: list[Operand] = [Price("close"), *(Indicator("sma", "value", (float(n),)) for n in (MIDDLE, LONG))]
    for value in values:
        at = float(compute_value(value, frame)[row])
        sides.append(book.value("value", "Value", at, value, (frame, row)))
    numbers = [book.asked(n, frame, "Bars of the average") for n in (MIDDLE, LONG)]
    origin = Origin((row, row), DIRECTION.formula, tuple(sides))
    main = book.add("trend", "Direction of the trend", direction, Unit.WORD, frame, origin)
    averages = f"the SMA {numbers[0]} at {sides[1]} and the SMA {numbers[1]} at {sides[2]}"
    sentence = f"The trend of {name} {when} goes {main}: the close is {sides[0]}, {averages}."
    if direction == "sideways":
        sentence = f"The trend of {name} {when} is neither up nor down but {main}: the close is {sides[0]}, {averages}."
    return Told(sentence, main, stretches(frame, np.array([row])))


def tell_sharpe(_: Plan, frame: Frame, book: FactBook) -> Told:
    """The Sharpe ratio of the daily returns of the period."""
    base, stop, name, when = base_row(frame), frame.stop, book.name(frame), stretch_words(frame, book)
    closes = frame.bars.close[base:stop]
    if len(closes) <= _RETURNS_MIN or np.any(closes <= 0):
        return Told(f"There are too few prices above zero of {name} {when} for a Sharpe ratio.")
    returns = closes[1:] / closes[:-1] - 1
    n_a_year = sessions_a_year(frame.bars.event_ns[:stop])
    value = sharpe_of(returns, n_a_year)
    if value is None:
        return Told(f"The closes of {name} have not moved {when}, so that there is no Sharpe ratio.")
    count = book.count("count", "Returns that count", len(returns), frame, Origin((base, stop - 1), "number of daily returns"))
    yearly = book.count("sessions.per_year", "Sessions in a year", n_a_year, frame, Origin(formula="chosen by custom"))
    main = book.add("sharpe", "Sharpe ratio", value, Unit.RATIO, frame, Origin((base, stop - 1), SHARPE.formula, (count, yearly)))
    sentence = (
        f"The Sharpe ratio of {name} {when} is {main}, from {count} daily returns at {yearly} sessions a year and a rate of zero."
    )
    return Told(sentence, main)


def tell_beta(frames: Sequence[Frame], book: FactBook) -> Told:
    """The beta of the first instrument against the second, over the bars of the period that both have."""
    one, other = frames
    names = book.name(one), book.name(other)
    if not one.n_rows or not other.n_rows:
        return Told(f"{names[0]} and {names[1]} have no bars together in that time.")
    base, last = base_row(one), one.stop - 1
    mine, theirs = shared_returns(one.bars[: one.stop], other.bars[: other.stop], int(one.bars.event_ns[base]))
    if len(mine) < _RETURNS_MIN or not float(theirs.var()):
        return Told(f"{names[0]} and {names[1]} have too few changes together in that time for a beta.")
    count = book.count("count", "Returns that count", len(mine), one, Origin((base, last), "bars of both, with the one before"))
    main = book.add("beta", "Beta", beta_of(mine, theirs), Unit.RATIO, one, Origin((base, last), BETA.formula, (count, *names)))
    sentence = f"The beta of {names[0]} against {names[1]} {stretch_words(one, book)} is {main}, from {count} changes of both."
    times = one.bars.event_ns
    return Told(sentence, main, tuple(BarRange(frame.series, int(times[base]), int(times[last])) for frame in frames))
