"""What a model may propose of a question: parts that code read, numbers of the question alone, checked before anything runs."""

import json

import pytest

from backend.assistant.questions.offers import read_offer
from backend.assistant.questions.plan import Ask, Change, Condition, Indicator, Number, Op, Price, Recent, Span
from backend.assistant.questions.proposals import parse_proposal
from backend.errors import InvalidInput
from tests.fakes.asking import SAMPLE_NAMES

CLOSE = {"kind": "price", "field": "close"}
SMA = {"kind": "indicator", "name": "sma", "output": "value", "numbers": [50]}
FINISHED = "On how many sessions in 2012 did Apple finish above the mean of its last 50 closes?"


def offer_of(text, **more):
    offer = read_offer(text, SAMPLE_NAMES, **more)
    assert offer is not None, text
    return offer


def test_instruments_times_and_numbers_are_read_by_code():
    offer = offer_of(FINISHED)
    assert (offer.instruments, offer.watchlist, offer.interval) == (("AAPL.XNAS",), None, "1d")
    assert offer.period == Span("2012-01-01", "2012-12-31")
    assert offer.numbers == (50.0,)
    assert offer_of("how often did it sink more than three percent", instrument="SPX.INDEX").numbers == (3.0,)
    assert offer_of("how often did it sink more than three percent", instrument="SPX.INDEX").instruments == ("SPX.INDEX",)
    assert offer_of("in the last 20 days how often did apple wander higher than 400").period == Recent(20, "day")


@pytest.mark.parametrize(
    "text",
    [
        "Why did Apple fall 3 % last week?",
        "Tell me a story about Apple",
        "How often did it rise?",  # no instrument
        "How often did DUP finish above 5?",  # which one
        "How often did Apple finish over its 10 week mean?",  # other bars than those that are read
        "Should I buy Apple above 500?",
        "how often " + "x" * 700 + " Apple",
    ],
)
def test_a_question_that_asks_for_no_number_or_leaves_a_doubt_is_not_offered(text):
    assert read_offer(text, SAMPLE_NAMES) is None


def test_a_proposal_becomes_a_plan_with_the_parts_that_code_read():
    offer = offer_of(FINISHED)
    proposal = {"ask": "count", "where": [{"left": CLOSE, "op": "above", "right": SMA}]}
    plan = parse_proposal(json.dumps(proposal), offer)
    assert (plan.ask, plan.instruments, plan.period) == (Ask.COUNT, ("AAPL.XNAS",), offer.period)
    assert plan.where == (Condition(Price("close"), Op.ABOVE, Indicator("sma", "value", (50.0,))),)


def test_a_fall_may_be_said_below_nothing():
    offer = offer_of("When did Apple last sink 3 % in a go?")
    proposal = {"ask": "last", "where": [{"left": {"kind": "change", "n_bars": 1, "unit": "percent"}, "op": "at most"}]}
    proposal["where"][0]["right"] = {"kind": "number", "value": -3}
    assert parse_proposal(json.dumps(proposal), offer).where == (Condition(Change(1), Op.AT_MOST, Number(-3.0)),)


def test_a_model_may_say_that_bars_cannot_answer_it():
    assert parse_proposal('{"ask": "none"}', offer_of(FINISHED)) is None


@pytest.mark.parametrize(
    ("proposal", "said"),
    [
        ({"ask": "mean", "measure": CLOSE}, "leaves out 50"),
        ({"ask": "count", "where": [{"left": CLOSE, "op": "above", "right": {**SMA, "numbers": [20]}}]}, "leaves out 50"),
        ({"ask": "highest", "n": 50, "measure": {"kind": "change", "n_bars": 7}}, "uses 7"),
        ({"ask": "count", "where": [{"left": SMA, "op": "above", "right": {"kind": "number", "value": 430}}]}, "uses 430"),
        ({"ask": "count", "where": [{"left": SMA, "op": "above", "right": {"kind": "number", "value": 1}}]}, "uses 1"),
        ({"ask": "count", "where": [{"left": SMA, "op": "above", "right": SMA}]}, "compared with itself"),
        ({"ask": "highest", "n": 1000, "measure": SMA}, "At most 50"),
        ({"ask": "return", "measure": CLOSE}, "measures nothing else"),
        ({"ask": "count"}, "needs a condition"),
    ],
)
def test_a_proposal_that_leaves_out_or_invents_is_refused_in_words(proposal, said):
    with pytest.raises(InvalidInput, match=said):
        parse_proposal(json.dumps(proposal), offer_of(FINISHED))


def test_a_model_does_not_say_which_condition_goes_with_which_of_several_instruments():
    offer = offer_of("how often did Apple finish higher than 400 with Microsoft sinking")
    level = {"left": CLOSE, "op": "above", "right": {"kind": "number", "value": 400}}
    with pytest.raises(InvalidInput, match="several instruments"):
        parse_proposal(json.dumps({"ask": "count", "where": [level]}), offer)
    where = [{**level, "right": SMA, "instrument": "MSFT.XNAS"}]
    with pytest.raises(InvalidInput, match="several instruments"):
        parse_proposal(json.dumps({"ask": "mean", "measure": CLOSE, "where": where}), offer_of(FINISHED))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "[" * 100_000,
        '{"ask": "dance"}',
        '{"ask": "return", "extra": 1}',
        '{"ask": "return", "instruments": ["MSFT.XNAS"]}',
        '{"ask": "value", "measure": {"kind": "indicator", "name": "os.system", "output": "x"}}',
        '{"ask": "value", "measure": {"kind": "indicator", "name": "sma", "output": "value", "numbers": [0]}}',
        '{"ask": "value", "measure": {"kind": "indicator", "name": "sma", "output": "value", "numbers": []}}',
        '{"ask": "value", "measure": {"kind": "change", "n_bars": 999999}}',
        '{"ask": "value", "measure": {"kind": "price", "field": "__class__"}}',
    ],
)
def test_a_proposal_that_is_no_plan_is_refused_in_words(text):
    with pytest.raises(InvalidInput) as raised:
        parse_proposal(text, offer_of(FINISHED))
    assert raised.value.message
