"""`trii channels` in processes of its own, alone and served: addresses come unseen, stay masked, and messages arrive."""

import pytest

from tests.fakes.sinks import Answer, http_sink


@pytest.fixture
def sink():
    with http_sink() as made:
        yield made


def add(trii, sink, *words, name="phone"):
    address = trii.folder / "address.txt"
    address.write_text(sink.address("s3cr3t-hook") + "\n")
    return trii("channels", "add", name, "--address-file", address, *words)


def test_a_channel_is_added_tested_listed_and_removed(either, sink):
    said = add(either, sink, "--quiet", "mon-fri 22:00-07:00", "--zone", "Europe/Berlin", "--rate", "6/10", "--roll-up", "5")
    assert said.code == 0, said.err
    assert "****" in said.out
    assert "own network" in said.err
    tested = either("channels", "test", "phone")
    assert (tested.code, len(sink.received)) == (0, 1), tested.err
    (listed,) = either("--json", "channels", "list").json
    assert listed["address"] == f"json://127.0.0.1:{sink.port}/****"
    assert (listed["rate"], listed["quiet"], listed["zone"]) == (
        {"n": 6, "minutes": 10.0},
        ["mon,tue,wed,thu,fri 22:00-07:00"],
        "Europe/Berlin",
    )
    changed = either("--json", "channels", "add", "phone", "--quiet", "none", "--then", "drop")
    assert (changed.json["quiet"], changed.json["rate"]["n"]) == ([], 6)
    (logged,) = either("--json", "channels", "log").json
    assert (logged["kind"], logged["state"]) == ("test", "sent")
    assert either("channels", "remove", "phone").code == 0
    assert either("channels", "test", "phone").code == 3


def test_a_failed_test_says_what_failed_and_where(stocked, sink):
    add(stocked, sink)
    sink.answers = [Answer(404, b"no room s3cr3t-hook")]
    said = stocked("channels", "test", "phone")
    assert said.code == 5
    assert "The service knows no such address (404)" in said.err
    assert "s3cr3t" not in said.err + said.out
    log = stocked("channels", "log", "--attempts")
    assert "dead" in log.out
    assert "s3cr3t" not in log.out
    (one,) = stocked("--json", "channels", "log").json
    assert stocked("channels", "retry", one["delivery"]).code == 6


def test_off_and_on_and_what_is_refused(stocked, sink):
    add(stocked, sink)
    assert stocked("--json", "channels", "off", "phone").json["on"] is False
    assert stocked("--json", "channels", "on", "phone").json["on"] is True
    for words, code in (
        (("--rate", "0/10"), 4),
        (("--rate", "often"), 2),
        (("--quiet", "at night"), 4),
        (("--zone", "Nowhere/Else"), 2),
        (("--roll-up", "-1"), 4),
    ):
        assert stocked("channels", "add", "phone", *words).code == code, words
    assert stocked("channels", "add", "other", "--address-file", "missing.txt").code in (3, 5)
    assert add(stocked, sink, "--quiet", "22:00-07:00", name="new").code == 4
    bad = stocked.folder / "bad.txt"
    bad.write_text("syslog://s3cr3t")
    refused = stocked("channels", "add", "bad", "--address-file", bad)
    assert refused.code == 4
    assert "s3cr3t" not in refused.err


def test_nobody_to_ask_is_told(stocked):
    said = stocked("channels", "add", "phone")
    assert said.code == 5
    assert "--address-file" in said.err
