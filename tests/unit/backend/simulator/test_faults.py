"""Planned faults: each makes messages wrong in its own way, is counted, and ends; mishaps follow their seed."""

import asyncio
import json

import pytest

from backend.clock import ManualClock
from backend.simulator.alpaca import FIELDS as ALPACA
from backend.simulator.bad_frames import FieldNames, Harm, harm_message
from backend.simulator.binance import FIELDS as BINANCE
from backend.simulator.faults import Faults
from backend.simulator.kraken import FIELDS as KRAKEN
from backend.simulator.market import Market, MarketConfig
from backend.simulator.mishaps import Mishaps, Target

TRADES = {
    "binance": (BINANCE, b'{"e":"trade","E":1,"s":"BTCUSDT","t":5,"p":"60000.10","q":"0.5","T":1,"m":true,"M":true}'),
    "kraken": (KRAKEN, b'{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":60000.1,"qty":0.5}]}'),
    "alpaca": (ALPACA, b'[{"T":"t","S":"AAPL","i":5,"x":"V","p":190.5,"s":100,"t":"2024-01-08T14:30:00Z","c":["@"],"z":"C"}]'),
}
QUOTES = {
    "binance": (BINANCE, b'{"u":5,"s":"BTCUSDT","b":"60000.10","B":"1.0","a":"60000.20","A":"2.0"}'),
    "kraken": (
        KRAKEN,
        b'{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":1.5,"bid_qty":1,"ask":2.5,"ask_qty":1}]}',
    ),
    "alpaca": (ALPACA, b'[{"T":"q","S":"AAPL","bp":190.5,"bs":1,"ap":190.6,"as":2}]'),
}
BOOKS = {
    "binance": (BINANCE, b'{"e":"depthUpdate","U":1,"u":2,"b":[["1.0","5.0"]],"a":[["2.0","6.0"]]}'),
    "kraken": (KRAKEN, b'{"channel":"book","data":[{"bids":[{"price":1.0,"qty":5.0}],"asks":[{"price":2.0,"qty":6.0}]}]}'),
}


class Ear:
    """A conversation that only exists."""

    def abort(self):
        raise AssertionError("Nobody asked for that.")

    async def close(self, code, reason):
        raise AssertionError("Nobody asked for that.")


@pytest.fixture
def faults(clock: ManualClock) -> Faults:
    return Faults(BINANCE, clock)


def numbered(n: int) -> list[bytes]:
    return [b'{"t":%d}' % number for number in range(n)]


@pytest.mark.parametrize("venue", TRADES)
def test_a_harmed_trade_is_wrong_in_exactly_the_planned_way(venue):
    names, message = TRADES[venue]
    text = message.decode()
    price, size = ('"60000.10"', '"0.5"') if venue == "binance" else ("60000.1", "0.5") if venue == "kraken" else ("190.5", "100")

    assert harm_message(message, Harm.TRUNCATED, names) == message[: len(message) // 2]
    wrong = harm_message(message, Harm.WRONG_TYPE, names)
    assert wrong is not None
    assert json.loads(wrong) == json.loads(text.replace(price, f'{{"value":{price}}}', 1))
    negative = harm_message(message, Harm.NEGATIVE, names)
    assert negative is not None
    assert json.loads(negative) == json.loads(text.replace(f":{size}", f':"-{size[1:]}' if venue == "binance" else f":-{size}"))
    nan = harm_message(message, Harm.NOT_A_NUMBER, names)
    assert (
        nan
        == json.dumps(json.loads(text), separators=(",", ":"))
        .replace(json.dumps(json.loads(price)), '"NaN"' if venue == "binance" else "NaN")
        .encode()
    )
    assert harm_message(message, Harm.CROSSED, names) is None
    unknown = harm_message(message, Harm.UNKNOWN, names)
    assert unknown is not None
    assert json.loads(unknown)


@pytest.mark.parametrize(("names", "message"), [*QUOTES.values(), *BOOKS.values()])
def test_a_crossed_message_has_its_sides_exchanged(names: FieldNames, message: bytes):
    crossed = harm_message(message, Harm.CROSSED, names)
    assert crossed is not None
    assert json.loads(crossed) != json.loads(message)
    assert harm_message(crossed, Harm.CROSSED, names) == json.dumps(json.loads(message), separators=(",", ":")).encode()


@pytest.mark.parametrize(("names", "message"), BOOKS.values())
def test_a_level_of_a_book_can_be_negative_or_not_a_number(names: FieldNames, message: bytes):
    for harm, sign in ((Harm.NEGATIVE, "-5.0"), (Harm.NOT_A_NUMBER, "NaN")):
        harmed = harm_message(message, harm, names)
        assert harmed is not None
        assert sign in harmed.decode()


def test_what_cannot_be_wrong_in_that_way_passes_and_the_plan_waits(faults: Faults):
    faults.harm_next(Harm.CROSSED)
    trade, quote = TRADES["binance"][1], QUOTES["binance"][1]
    sent = faults.harm(Ear(), [trade, quote, quote])

    assert sent[0] == trade
    assert sent[1] != quote
    assert sent[2] == quote
    assert faults.counts == {"crossed": 1}
    assert faults.is_quiet


def test_messages_are_lost_sent_twice_and_exchanged(faults: Faults):
    ear, messages = Ear(), numbered(6)
    faults.drop_next(2)
    assert faults.harm(ear, messages) == messages[2:]
    faults.repeat_next(1)
    assert faults.harm(ear, messages[:2]) == [messages[0], messages[0], messages[1]]
    faults.swap_next(1)
    assert faults.harm(ear, messages[:3]) == [messages[1], messages[0], messages[2]]
    assert faults.counts == {"dropped": 2, "sent twice": 1, "swapped": 1}
    assert faults.is_quiet


def test_a_message_held_back_comes_after_the_next_one_however_late(faults: Faults):
    ear, messages = Ear(), numbered(2)
    faults.swap_next()
    assert faults.harm(ear, messages[:1]) == []
    assert not faults.is_quiet
    assert faults.harm(ear, messages[1:]) == [messages[1], messages[0]]


def test_a_plan_chooses_its_messages_by_what_they_hold(faults: Faults):
    messages = numbered(5)
    faults.drop_next(1, containing=b'"t":3')

    assert faults.harm(Ear(), messages) == [*messages[:3], messages[4]]


def test_a_stall_swallows_everything_until_its_time_is_over(faults: Faults, clock: ManualClock):
    faults.stall(2.0)
    assert faults.harm(Ear(), numbered(3)) == []
    clock.advance(1_999_999_999)
    assert faults.harm(Ear(), numbered(3)) == []
    clock.advance(1)
    assert faults.harm(Ear(), numbered(3)) == numbered(3)
    assert faults.is_quiet

    faults.stall()
    clock.advance(10**15)
    assert faults.harm(Ear(), numbered(1)) == []
    faults.resume()
    assert faults.harm(Ear(), numbered(1)) == numbered(1)


def test_clearing_forgets_every_plan(faults: Faults):
    faults.drop_next(5)
    faults.stall()
    faults.refuse_handshakes()
    faults.is_key_refused = True
    faults.clear()

    assert faults.is_quiet
    assert faults.refuse_handshake() is None
    assert not faults.is_key_refused


def test_mishaps_come_in_the_order_of_their_seed(clock: ManualClock):
    def told(seed: int) -> list[str]:
        market = Market((), MarketConfig(), clock)
        heard: list[str] = []
        targets = [Target(name, Faults(BINANCE, clock), lambda n, status: None) for name in ("one", "two")]
        mishaps = Mishaps(targets, market, seed, 6.0, heard.append)

        async def happen() -> None:
            for _ in range(60):
                await mishaps.happen()

        asyncio.run(happen())
        return heard

    assert told(1) == told(1)
    assert told(1) != told(2)
    assert len({words.partition(": ")[2].translate(str.maketrans("", "", "0123456789")) for words in told(1)}) >= 14
