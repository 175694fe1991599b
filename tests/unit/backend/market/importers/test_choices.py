"""What the user chooses is done, whatever was detected; a choice that cannot be is refused with what can."""

import numpy as np
import pytest

from backend.errors import InvalidInput
from backend.market.importers.plan import Role, TimeForm
from tests.fakes.importing import take_text

AMBIGUOUS = "Date,Open,High,Low,Close\n01/02/2020,1,2,1,2\n"
MINUTES = "time,a,b,c,d,e\n2020-06-01 09:30,1,2,0.5,1.5,10\n2020-06-01 09:31,1,2,0.5,1.5,11\n2020-06-01 09:32,1,2,0.5,1.5,12\n"


def first(taken):
    return np.datetime_as_string(taken.bars.event_ns[:1].astype("M8[ns]"), "m")[0]


def test_an_ambiguous_date_asks_and_each_answer_is_obeyed(tmp_path):
    asked = take_text(tmp_path, AMBIGUOUS, interval="1d")
    assert "begin with the day or the month" in asked.plan.problems[0]
    assert first(take_text(tmp_path, AMBIGUOUS, interval="1d", date_order="dmy")) == "2020-02-01T00:00"
    assert first(take_text(tmp_path, AMBIGUOUS, interval="1d", date_order="mdy")) == "2020-01-02T00:00"


def test_columns_of_unknown_names_are_found_by_what_they_hold_and_can_be_named(tmp_path):
    found = take_text(tmp_path, MINUTES, "X_1m.csv", instrument="X.BINANCE")
    assert [column.role for column in found.plan.columns][:5] == [Role.TIME, Role.OPEN, Role.HIGH, Role.LOW, Role.CLOSE]
    chosen = take_text(tmp_path, MINUTES, "X_1m.csv", instrument="X.BINANCE", columns={"volume": "e", "close": "#3", "open": ""})
    assert chosen.plan.column_of(Role.VOLUME).name == "e"
    assert chosen.bars.close.tolist() == [2, 2, 2]
    assert chosen.bars.is_close_only


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/New_York", "2020-06-01T13:30"),
        ("+02:00", "2020-06-01T07:30"),
        ("UTC", "2020-06-01T09:30"),
        (None, "2020-06-01T13:30"),
    ],
)
def test_times_are_read_in_the_chosen_zone_else_in_that_of_the_market(tmp_path, zone, expected):
    taken = take_text(tmp_path, MINUTES, "X_1m.csv", instrument="X.XNYS", timezone=zone)
    assert first(taken) == expected


def test_times_of_the_close_are_moved_to_the_opening(tmp_path):
    taken = take_text(tmp_path, MINUTES, "X_1m.csv", instrument="X.BINANCE", stamp="close")
    assert first(taken) == "2020-06-01T09:29"


def test_instants_of_daily_bars_become_dates_of_the_market(tmp_path):
    rows = "".join(f"{1577975400 + d * 86400},1,2,1,2\n" for d in range(4))
    taken = take_text(tmp_path, "time,open,high,low,close\n" + rows, "X.csv", instrument="X.XNYS", interval="1d")
    assert first(taken) == "2020-01-02T00:00"
    rows = "".join(f"{1577923200 + d * 86400},1,2,1,2\n" for d in range(4))
    taken = take_text(tmp_path, "time,open,high,low,close\n" + rows, "X.csv", instrument="X.XNYS", interval="1d")
    assert first(taken) == "2020-01-02T00:00"
    assert taken.plan.takes_labels


def test_the_interval_is_that_of_the_rows_unless_chosen(tmp_path):
    guessed = take_text(tmp_path, MINUTES, "X_1h.csv", instrument="X.BINANCE")
    assert str(guessed.plan.spec) == "1m"
    note = next(note for note in guessed.plan.notes if note.decision == "interval")
    assert not note.is_sure
    assert "says 1h" in note.reason
    assert str(take_text(tmp_path, MINUTES, "X.csv", instrument="X.BINANCE", interval="5m").plan.spec) == "5m"


def test_a_new_instrument_takes_what_is_said_of_it(tmp_path):
    text = "Date,Close\n2020-01-02,-1.5\n2020-01-03,2\n"
    made = take_text(
        tmp_path, text, "X.csv", instrument="SPRD.LOCAL", kind="spread", currency="eur", calendar="XETR", name="A spread"
    )
    instrument = made.plan.instrument
    assert (instrument.kind, instrument.currency, instrument.calendar, instrument.name) == ("spread", "EUR", "XETR", "A spread")
    assert made.bars.close.tolist() == [-1.5, 2]


def test_header_delimiter_and_marks_can_be_chosen(tmp_path):
    text = "made by a program\nA~B\n2020-01-02~1'000,5\n2020-01-03~1'001,5\n"
    taken = take_text(
        tmp_path,
        text,
        "X.csv",
        instrument="X.XNYS",
        delimiter="~",
        header_row=2,
        decimal=",",
        thousands="'",
        columns={"close": "B"},
    )
    assert taken.bars.close.tolist() == [1000.5, 1001.5]


def test_a_count_can_be_told_its_unit(tmp_path):
    text = "t,c\n100000000000,1\n100000060000,2\n100000120000,3\n"
    taken = take_text(tmp_path, text, "X.csv", instrument="X.BINANCE", time_form=TimeForm.EPOCH_S)
    assert taken.tally.n_refused == 3
    taken = take_text(tmp_path, text, "X.csv", instrument="X.BINANCE", time_form=TimeForm.EPOCH_MS)
    assert first(taken) == "1973-03-03T09:46"


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"delimiter": "ab"}, "cannot separate"),
        ({"header_row": 900}, "not among the first"),
        ({"columns": {"close": "Nowhere"}}, "no column 'Nowhere'"),
        ({"columns": {"profit": "Close"}}, "not a role"),
        ({"timezone": "Mars/Olympus"}, "not a time zone"),
        ({"interval": "soon"}, "not a bar interval"),
        ({"encoding": "klingon"}, "not an encoding"),
        ({"kind": "wish"}, "no kind of instrument"),
        ({"decimal": ",", "thousands": ","}, "cannot have"),
        ({"instrument": "A?.XNYS"}, "cannot be an instrument's code"),
    ],
)
def test_an_impossible_choice_is_refused_with_a_way_out(tmp_path, choices, words):
    with pytest.raises(InvalidInput, match=words) as caught:
        take_text(tmp_path, AMBIGUOUS, **{"instrument": "X.XNYS", "interval": "1d", **choices})
    assert caught.value.hint
