"""Slow, obvious twin of backend/market/resample.py, bar by bar with dates and plain loops."""

import datetime as dt
import math

DAY_NS = 86_400 * 10**9
EPOCH = dt.date(1970, 1, 1)


def date_of(label_ns):
    return EPOCH + dt.timedelta(days=label_ns // DAY_NS)


def label_of(date):
    return (date - EPOCH).days * DAY_NS


def session_at(event_ns, sessions):
    """(label, open, close) of the session that is open at an instant, or None."""
    for session in sessions:
        if session[1] <= event_ns < session[2]:
            return session
    return None


def intraday_start(event_ns, step_ns, sessions):
    anchor = 0
    for _, opens, closes in sessions:
        if opens <= event_ns:
            anchor = opens if event_ns < closes else closes
    return anchor + (event_ns - anchor) // step_ns * step_ns


def week_or_month(date, unit, step):
    """First and last date of the weeks or months around a date."""
    if unit == "w":
        monday = date - dt.timedelta(days=date.weekday())
        weeks = (monday - dt.date(1969, 12, 29)).days // 7
        monday -= dt.timedelta(weeks=weeks % step)
        return monday, monday + dt.timedelta(days=7 * step - 1)
    months = (date.year - 1970) * 12 + date.month - 1
    months -= months % step
    first = dt.date(1970 + months // 12, months % 12 + 1, 1)
    months += step
    return first, dt.date(1970 + months // 12, months % 12 + 1, 1) - dt.timedelta(days=1)


def dated_label(label_ns, unit, step, sessions):
    if unit == "d":
        assert step == 1
        return label_ns
    first, last = week_or_month(date_of(label_ns), unit, step)
    inside = [s[0] for s in sessions if label_of(first) <= s[0] <= label_of(last)]
    return inside[0] if inside else label_of(first)


def resample(bars, target_of):
    """Bars [event_ns, open, high, low, close, volume] joined where ``target_of(event_ns)`` is equal; None leaves out."""
    joined = []
    for event_ns, opened, high, low, close, volume in bars:
        start = target_of(event_ns)
        if start is None:
            continue
        if not joined or joined[-1][0] != start:
            joined.append([start, opened, high, low, close, math.nan])
        bar = joined[-1]
        bar[2], bar[3], bar[4] = max(bar[2], high), min(bar[3], low), close
        if not math.isnan(volume):
            bar[5] = volume if math.isnan(bar[5]) else bar[5] + volume
    return joined
