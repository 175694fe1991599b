"""Whether an instrument's market was open at given event times, by its calendar."""

import asyncio

import numpy as np

from backend.domain.bars import BarSpec, Int64s
from backend.domain.instruments import Instrument
from backend.domain.sessions import SessionTable
from backend.errors import NotFound
from backend.market.calendars import ALWAYS, Calendars
from backend.market.importers.checks import IsOpen
from backend.market.importers.zones import Flags


async def open_times(calendars: Calendars, instrument: Instrument, spec: BarSpec) -> IsOpen | None:
    """A function that tells which event times lie in sessions; None where every time does or nothing is known.

    Bars of weeks and months span closed days, and indices are quoted outside the hours of their shares.
    """
    is_daily = spec.is_dated and spec.duration_ns is not None and str(spec.unit) == "d"
    if instrument.calendar == ALWAYS or not (is_daily or spec.is_intraday):
        return None
    try:
        table = await asyncio.to_thread(calendars.sessions, instrument.calendar)
    except NotFound:
        return None
    return _by_label(table) if is_daily else _by_instant(table)


def _by_label(table: SessionTable) -> IsOpen:
    def is_open(label_ns: Int64s) -> Flags:
        return (table.row_of_label(label_ns) >= 0) | _outside(label_ns, table.label_ns)

    return is_open


def _by_instant(table: SessionTable) -> IsOpen:
    def is_open(event_ns: Int64s) -> Flags:
        return (table.row_at(event_ns) >= 0) | _outside(event_ns, table.open_ns)

    return is_open


def _outside(times: Int64s, known: Int64s) -> Flags:
    """Times of which the calendar knows nothing."""
    if not len(known):
        return np.ones(len(times), np.bool_)
    flags: Flags = (times < known[0]) | (times > known[-1])
    return flags
