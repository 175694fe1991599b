"""Written times mean one moment or are refused; never another day than the one that stands there."""

import datetime as dt

import pytest

from backend.market.importers.plan import TimeForm
from backend.market.importers.time_shapes import find_shape
from backend.market.importers.times import NotATime, TimeReader


@pytest.mark.parametrize(
    ("order", "cells", "moment"),
    [
        ("ymd", ["2020-01-02"], "2020-01-02T00:00"),
        ("ymd", ["2020-01-02T10:00:00Z"], "2020-01-02T10:00"),
        ("ymd", ["2020-01-02 16:00:00-05:00"], "2020-01-02T21:00"),
        ("ymd", ["2020-01-02 10"], "2020-01-02T10:00"),
        ("ymd", ["2020.01.02", "00:05"], "2020-01-02T00:05"),
        ("ymd", ["20200102", "000500"], "2020-01-02T00:05"),
        ("ymd", ["20200102", "930"], None),
        ("ymd", ["20200102 170000"], "2020-01-02T17:00"),
        ("ymd", ["202001021705"], "2020-01-02T17:05"),
        ("ymd", ["20200102:093000"], "2020-01-02T09:30"),
        ("dmy", ["01.02.2020 00:05:00.000 GMT+0100"], "2020-01-31T23:05"),
        ("dmy", ["31/12/99 9h30"], "1999-12-31T09:30"),
        ("mdy", ["1/4/1999"], "1999-01-04T00:00"),
        ("mdy", ["1/2/2020, 3:04:05 PM"], "2020-01-02T15:04:05"),
        ("mdy", ["01/02/2020 12:00 AM"], "2020-01-02T00:00"),
        ("ymd", ["Jan 02, 2020"], "2020-01-02T00:00"),
        ("ymd", ["01 Jan 2020", "00:00:00"], "2020-01-01T00:00"),
        ("ymd", ["2. März 2020 15:04"], "2020-03-02T15:04"),
        ("ymd", ["Thu 02-Jan-20"], "2020-01-02T00:00"),
        ("ymd", ["15 août 2019"], "2019-08-15T00:00"),
        ("ymd", ["2020-01"], "2020-01-01T00:00"),
        ("ymd", ["2020Q3"], "2020-07-01T00:00"),
        ("ymd", ["2020-01-02 10:00:00 EST"], "2020-01-02T15:00"),
    ],
)
def test_a_written_time_is_read(order, cells, moment):
    reader = TimeReader(order=order)
    if moment is None:
        with pytest.raises(NotATime):
            reader.read(*cells)
        return
    found = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=reader.read(*cells).wall_ns // 1000)
    assert found == dt.datetime.fromisoformat(moment + "+00:00")


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ("ymd", "2020-02-30"),
        ("ymd", "2020-13-01"),
        ("dmy", "31.04.2020"),
        ("ymd", "01/02/2020"),
        ("ymd", "2020-01-02 24:00:00"),
        ("ymd", "2020-01-02 10:60"),
        ("ymd", "2020-01-02 13:00 PM"),
        ("ymd", "2020-01-02 10:00 XYZ"),
        ("ymd", "2020-01-02 10:00 +25:00"),
        ("ymd", "0001-01-01"),
        ("ymd", "9999-12-31"),
        ("ymd", "May"),
        ("ymd", "\u0662\u0660\u0662\u0660-\u0660\u0661-\u0660\u0662"),
        ("ymd", "2020-01-02" * 20),
    ],
)
def test_a_time_that_is_none_is_refused(order, text):
    with pytest.raises(NotATime):
        TimeReader(order=order).read(text)


@pytest.mark.parametrize(
    ("form", "text", "ns"),
    [
        (TimeForm.EPOCH_S, "1577836800", 1577836800 * 10**9),
        (TimeForm.EPOCH_S, "1577836800.25", 1577836800_250000000),
        (TimeForm.EPOCH_MS, "1577836800123", 1577836800123 * 10**6),
        (TimeForm.EPOCH_US, "1577836800123456", 1577836800123456 * 10**3),
        (TimeForm.EPOCH_NS, "1577836800123456789", 1577836800123456789),
        (TimeForm.EXCEL, "43831.5", 1577836800 * 10**9 + 43200 * 10**9),
    ],
)
def test_a_count_is_read_in_its_unit(form, text, ns):
    assert TimeReader(form=form).read(text).wall_ns == ns


@pytest.mark.parametrize(
    ("cells", "order", "is_sure", "asks"),
    [
        (["01/02/2020", "13/02/2020"], "dmy", True, False),
        (["01/02/2020", "01/13/2020"], "mdy", True, False),
        (["01/02/2020", "02/02/2020", "03/02/2020", "04/02/2020"], "dmy", True, False),
        (["01/02/2020", "01/03/2020", "01/06/2020", "01/07/2020"], "mdy", True, False),
        (["01/01/2020", "01/02/2020", "01/03/2020", "01/04/2020", "01/05/2020", "01/12/2020", "01/01/2021"], "dmy", True, False),
        (["03/02/2020", "04/02/2020", "05/02/2020", "06/02/2020", "07/02/2020", "10/02/2020"], "dmy", True, False),
        (["01.02.2020"], "dmy", False, False),
        (["01/02/2020"], "mdy", False, True),
        (["2020-01-02"], "ymd", True, False),
        (["99/12/31", "00/01/03"], "ymd", True, False),
    ],
)
def test_order_of_day_and_month_is_proved_shown_or_asked(cells, order, is_sure, asks):
    shape = find_shape(cells, None)
    assert (shape.order, shape.is_sure, bool(shape.question)) == (order, is_sure, asks)


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("1577836800", TimeForm.EPOCH_S),
        ("1577836800000", TimeForm.EPOCH_MS),
        ("1735689600000000", TimeForm.EPOCH_US),
        ("1735689600000000000", TimeForm.EPOCH_NS),
        ("20200102", TimeForm.TEXT),
        ("43831.5", TimeForm.EXCEL),
    ],
)
def test_the_unit_of_a_count_is_told_by_its_size(cell, form):
    assert find_shape([cell] * 3, None).form is form
