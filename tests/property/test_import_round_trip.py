"""Bars written in any dialect come back equal, recognised without being told how they were written."""

import csv
import datetime as dt
import io
import tempfile
import zoneinfo
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.bars import BarSpec
from backend.market.importers import Choices
from tests.fakes.importing import take_tables

STEPS = {"1m": 60, "5m": 300, "1h": 3600, "1d": 86_400}
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney", "+05:30"]
DATES = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d %b %Y", "%b %d, %Y"]
CLOCKS = ["%H:%M:%S", "%H:%M", "%I:%M %p", "%I:%M:%S %p"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]
HEADERS = [
    ["Date", "Time", "Open", "High", "Low", "Close", "Volume"],
    ["Datum", "Uhrzeit", "Eröffnung", "Hoch", "Tief", "Schluss", "Volumen"],
    ["Fecha", "Hora", "Apertura", "Máximo", "Mínimo", "Cierre", "Volumen"],
    ["<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>"],
    None,
]


@dataclass(frozen=True)
class Written:
    """How a table is written."""

    delimiter: str
    decimal: str
    thousands: str
    date: str
    clock: str
    is_split: bool
    zone: str
    tells_zone: bool
    header: list[str] | None
    newline: str
    encoding: str
    is_reversed: bool
    is_quoted: bool


@st.composite
def dialects(draw):
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    decimal = draw(st.sampled_from([".", ","]))
    thousands = draw(st.sampled_from(["", "'", " "] + ([","] if decimal == "." else ["."])))
    date = draw(st.sampled_from(DATES))
    return Written(
        delimiter=delimiter,
        decimal=decimal,
        thousands=thousands,
        date=date,
        clock=draw(st.sampled_from(CLOCKS)),
        is_split=draw(st.booleans()),
        zone=draw(st.sampled_from(ZONES)),
        tells_zone=draw(st.booleans()),
        header=draw(st.sampled_from(HEADERS)),
        newline=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        encoding=draw(st.sampled_from(ENCODINGS)),
        is_reversed=draw(st.booleans()),
        is_quoted=draw(st.booleans()),
    )


def zone_of(name):
    return dt.timezone(dt.timedelta(hours=5, minutes=30)) if name.startswith("+") else zoneinfo.ZoneInfo(name)


def number(value, written):
    text = f"{value:,}" if written.thousands else f"{value}"
    return text.translate(str.maketrans({",": written.thousands, ".": written.decimal}))


def cells_of(bar, written, spec):
    moment = dt.datetime.fromtimestamp(bar[0], dt.UTC)
    if spec == "1d":
        stamp = [moment.strftime(written.date)]
    else:
        local = moment.astimezone(zone_of(written.zone))
        clock = local.strftime(written.clock)
        if written.tells_zone:
            offset = local.strftime("%z")
            clock += f" {offset[:3]}:{offset[3:]}"
        stamp = [local.strftime(written.date), clock]
        stamp = stamp if written.is_split else [" ".join(stamp)]
    return [*stamp, *(number(value, written) for value in bar[1:])]


def write_table(bars, written, spec):
    sink = io.StringIO()
    quoting = csv.QUOTE_ALL if written.is_quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(sink, delimiter=written.delimiter, lineterminator=written.newline, quoting=quoting)
    if written.header is not None:
        names = list(written.header)
        if spec == "1d" or not written.is_split:
            del names[1]
        writer.writerow(names)
    writer.writerows(cells_of(bar, written, spec) for bar in (reversed(bars) if written.is_reversed else bars))
    return sink.getvalue().encode(written.encoding)


@st.composite
def tables(draw):
    """A spec and 40 to 90 bars of it, evenly spaced, so that a day above 12 or the spacing tells the order of dates."""
    spec = draw(st.sampled_from(list(STEPS)))
    n_bars = draw(st.integers(40, 90))
    start = draw(st.integers(dt.date(2015, 1, 1).toordinal(), dt.date(2024, 1, 1).toordinal()))
    first = (start - dt.date(1970, 1, 1).toordinal()) * 86_400
    base = draw(st.integers(1_000_00, 9_000_00))
    deltas = draw(st.lists(st.integers(-500, 500), min_size=4 * n_bars, max_size=4 * n_bars))
    bars = []
    for i in range(n_bars):
        prices = sorted(base + delta for delta in deltas[4 * i : 4 * i + 4])
        low, one, two, high = (Decimal(price) / 100 for price in prices)
        opened, close = (one, two) if deltas[4 * i] % 2 else (two, one)
        bars.append((first + i * STEPS[spec], opened, high, low, close, 1000 + abs(deltas[4 * i])))
    return spec, bars


def is_ambiguous(bars, written, spec):
    """Whether clocks are set back within the bars, where wall-clock times without a zone repeat."""
    if written.tells_zone or spec == "1d":
        return False
    zone = zone_of(written.zone)
    offsets = {dt.datetime.fromtimestamp(bar[0], dt.UTC).astimezone(zone).utcoffset() for bar in (bars[0], bars[-1])}
    return len(offsets) > 1


@settings(max_examples=120)
@given(tables(), dialects())
def test_what_is_written_in_any_dialect_is_read_back_equal(table, written):
    spec, bars = table
    zoned = spec != "1d" and not written.tells_zone
    order = {"%d": "dmy", "%m": "mdy"}.get(written.date[:2])
    choices = Choices(
        instrument="X.BINANCE",
        timezone=written.zone if zoned else None,
        interval=spec if is_ambiguous(bars, written, spec) else None,
        date_order=order if spec != "1d" else None,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(write_table(bars, written, spec))
        (taken,) = take_tables(path, choices)
    assert taken.plan.problems == ()
    assert taken.plan.spec == BarSpec.parse(spec)
    assert taken.tally.n_refused == 0, taken.notes[:3]
    assert (taken.bars.event_ns // 10**9).tolist() == [bar[0] for bar in bars]
    expected = np.array([[float(value) for value in bar[1:]] for bar in bars])
    assert np.array_equal(np.column_stack(taken.bars.columns()), expected)
