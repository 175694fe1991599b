"""What a measure comes to on each weekday, or in each month of the year."""

import calendar

import numpy as np

from backend.assistant.facts.fact import Unit
from backend.assistant.questions.frames import Frame, weekdays, year_months
from backend.assistant.questions.plan import MONTHLY, Change, Plan
from backend.assistant.questions.reckoning import compute_value
from backend.assistant.questions.telling import FactBook, Origin, formula_of, noun_of, operand_words, unit_of
from backend.assistant.questions.told import Told, capital, stretch_words


def tell_seasons(plan: Plan, frame: Frame, book: FactBook) -> Told:
    """The mean of each weekday or month with how many bars it has; the highest and the lowest of them in a sentence."""
    assert plan.measure is not None, "A checked plan of this kind measures something."
    values = compute_value(plan.measure, frame)[frame.first : frame.stop]
    is_monthly = plan.interval == MONTHLY
    places = (year_months if is_monthly else weekdays)(frame.bars.event_ns[frame.first : frame.stop])
    called = calendar.month_name[1:] if is_monthly else calendar.day_name
    name, words, when = book.name(frame), operand_words(plan.measure, book, frame), stretch_words(frame, book)
    found: list[tuple[float, str, str, str]] = []
    has_share = isinstance(plan.measure, Change)
    rows: list[tuple[str, ...]] = []
    for place, season in enumerate(called):
        own = values[places == place]
        own = own[~np.isnan(own)]
        if not len(own):
            continue
        count = book.count("count", f"{season}s that count", len(own), frame, Origin(formula=f"number of {season}s with a value"))
        origin = Origin(None, f"mean({formula_of(plan.measure)}) of {season}s", (count,))
        mean = book.add("mean", f"Mean of {season}s", float(own.mean()), unit_of(plan.measure), frame, origin)
        cells = [season, mean, count]
        if has_share:
            share = 100.0 * float(np.mean(own > 0))
            origin = Origin(None, f"{season}s that rose / {season}s * 100", (count,))
            cells.append(book.add("share", f"Share of {season}s that rose", share, Unit.PERCENT, frame, origin))
        rows.append(tuple(cells))
        found.append((float(own.mean()), season, mean, count))
    if not found:
        return Told(f"No {words} of {name} is known {when}.")
    best, worst = max(found), min(found)
    by = "month of the year" if is_monthly else "weekday"
    sentence = (
        f"By {by}, the mean {words} of {name} {when} is highest on {best[1]}s, {best[2]} over {best[3]} of them, "
        f"and lowest on {worst[1]}s, {worst[2]} over {worst[3]}."
    )
    if is_monthly:
        sentence = sentence.replace(f" on {best[1]}s", f" in {best[1]}").replace(f" on {worst[1]}s", f" in {worst[1]}")
    heads = (capital(by), capital(f"mean {words}"), capital(noun_of(frame, 2)), *(("Share that rose",) if has_share else ()))
    return Told(sentence, best[2], (), heads, rows)
