"""`trii alerts` as a process on a real home: made, listed, tried, switched, written out and read back."""

import json

import pytest

from tests.fakes.trii import Trii


def test_an_alert_is_made_listed_switched_and_forgotten(either: Trii) -> None:
    made = either(
        "alerts", "add", "AAPL", "price > 180 and rsi(14) < 30", "--name", "Dip", "--channel", "phone", "--repeat", "always"
    )
    assert made.code == 0, made.err
    assert "Price above 180.00 and RSI 14 below 30 on 1m" in made.out

    (row,) = either("alerts", "list", "--json").json
    assert (row["symbol"], row["name"], row["enabled"]) == ("AAPL.XNAS", "Dip", True)
    assert row["notification_methods"] == ["push", "phone"]
    assert [one.get("type", one.get("indicator")) for one in row["conditions"]] == ["price", "rsi"]
    assert "Dip" in either("alerts", "list", "AAPL").out
    assert either("alerts", "list", "WTI").out == ""

    short = row["id"][:8]
    assert either("alerts", "disable", short).code == 0
    assert either("alerts", "list", "--json").json[0]["standing"] == "off"
    assert either("alerts", "enable", short, "--json").json["enabled"] is True
    gone = either("alerts", "remove", short)
    assert gone.code == 0, gone.err
    assert either("alerts", "list", "--json").json == []


def test_the_founding_json_is_taken_as_it_is(stocked: Trii) -> None:
    founding = '[{"type":"price","operator":">","value":180},{"indicator":"RSI","operator":"<","value":30}]'
    made = stocked("alerts", "add", "AAPL", "--conditions", founding, "--json")
    assert made.code == 0, made.err
    assert made.json["text"] == "price > 180.0 and rsi(period=14) < 30.0"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "NOPE", "price > 1"), 3, "NOPE"),
        (("add", "AAPL", "price > "), 4, "The end"),
        (("add", "AAPL", "foo(3) > 1"), 4, "foo"),
        (("add", "AAPL"), 2, "Say what"),
        (("add", "AAPL", "--conditions", '[{"type":"mood","value":1}]'), 4, "Condition 1 has the type 'mood'"),
        (("add", "AAPL", "--conditions", "[{"), 4, "no JSON"),
        (("add", "AAPL", "price > 1", "--expires", "2001-01-01"), 4, "past"),
        (("remove", "12345"), 3, "12345"),
    ],
)
def test_what_cannot_be_is_refused_in_words(stocked: Trii, words: tuple[str, ...], code: int, said: str) -> None:
    answer = stocked("alerts", *words)
    assert answer.code == code
    assert said in answer.err


def test_a_test_tells_what_would_have_fired_and_keeps_nothing(stocked: Trii) -> None:
    words = ("alerts", "test", "AAPL", "price crosses above sma(50)", "--interval", "1d", "--on", "close", "--repeat", "always")
    firings = stocked(*words, "--json").json
    assert len(firings) > 3
    assert all(firing["price"] > firing["value"] for firing in firings)
    assert [firing["time"] for firing in firings] == sorted(firing["time"] for firing in firings)
    told = stocked(*words, "--from", "2010")
    assert "SMA 50" in told.out
    assert "It would have fired" in told.err
    assert stocked("alerts", "list", "--json").json == []
    assert stocked("alerts", "history", "--json").json == []


def test_alerts_written_out_are_read_back_the_same(stocked: Trii) -> None:
    for text in ("price crosses above 180", "percent >= 5 or volume(20) > 2"):
        assert stocked("alerts", "add", "AAPL", text, "--cooldown", "5m", "--note", "Ünder “quotes”").code == 0
    before = stocked("alerts", "list", "--json").json
    assert stocked("alerts", "export", "--out", "alerts.json").code == 0
    for row in before:
        assert stocked("alerts", "remove", row["id"]).code == 0
    assert stocked("alerts", "import", "alerts.json").out == "2 alerts added; 0 were there already.\n"
    assert stocked("alerts", "import", "alerts.json", "--json").json == {"added": 0, "there": 2}
    assert sorted(stocked("alerts", "list", "--json").json, key=str) == sorted(before, key=str)


def test_a_file_with_one_bad_alert_adds_none(stocked: Trii) -> None:
    good = {"symbol": "AAPL.XNAS", "conditions": [{"type": "price", "operator": ">", "value": 180}]}
    (stocked.folder / "alerts.json").write_text(json.dumps([good, {**good, "enabled": "yes"}]))
    answer = stocked("alerts", "import", "alerts.json")
    assert answer.code == 4
    assert "Alert 2 of the file" in answer.err
    assert stocked("alerts", "list", "--json").json == []
