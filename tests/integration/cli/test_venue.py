"""`trii venue` as its user meets it: addresses that answer, until Ctrl-C, and no home."""

import json
import signal
import socket
import urllib.request

import pytest

from tests.fakes.trii import Trii, finish

pytestmark = pytest.mark.posix


def test_the_venue_says_where_it_is_answers_there_and_ends_with_ctrl_c(trii: Trii) -> None:
    process = trii.start("venue", "--rate", "50", "--seed", "3", "--json")
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    binance = next(each for each in told["venues"] if each["name"] == "binance")
    with urllib.request.urlopen(f"{binance['rest_url']}/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=3") as answer:
        bars = json.load(answer)
    process.send_signal(signal.SIGINT)
    said = finish(process)

    assert (told["seed"], told["rate"], told["faults"]) == (3, 50, False)
    assert [each["name"] for each in told["venues"]] == ["binance", "kraken", "alpaca", "quotes"]
    assert len(bars) == 3
    assert (said.code, said.err) == (0, "")
    assert not trii.home.root.exists()


def test_a_person_is_told_every_address_and_the_keys(trii: Trii) -> None:
    process = trii.start("venue")
    assert process.stdout is not None
    lines = [process.stdout.readline().decode()]
    while "Ctrl-C" not in lines[-1]:
        lines.append(process.stdout.readline().decode())
    process.send_signal(signal.SIGTERM)

    assert finish(process).code == 0
    text = "".join(lines)
    assert all(word in text for word in ("ws://127.0.0.1:", "/v2", "BTCUSDT", "XBTUSD", "AAPL", "demo-key", "demo-secret"))


def test_a_port_that_is_taken_is_refused_in_words(trii: Trii) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = trii("venue", "--port", min(port, 65_500))
    assert said.code == 5
    assert f"Port {port} cannot be used for binance" in said.err


@pytest.mark.parametrize("words", [("--rate", "-1"), ("--port", "70000"), ("--seed", "x")])
def test_impossible_options_are_refused_before_anything_listens(trii: Trii, words: tuple[str, ...]) -> None:
    assert trii("venue", *words).code == 2
