"""When the rules of a trade idea are met, what they make of a newer price, and which words say that they are not."""

import dataclasses

import numpy as np
import pytest

from backend.assistant.facts.computing import compute_facts
from backend.assistant.facts.view import Person, Seen
from backend.domain.bars import MINUTE_NS, BarArrays, BarSpec, Series
from tests.fakes.fact_views import APPLE, apple_days, line_of, view_of

MINUTES = Series(APPLE.id, BarSpec.parse("1m"))


@pytest.fixture(scope="module")
def view():
    """Apple on 2004-04-28: an uptrend that came back to its support."""
    bars = apple_days(adjusted=True)
    return view_of(bars[: int(np.searchsorted(bars.event_ns, np.datetime64("2004-04-28", "ns").astype(np.int64))) + 1])


def numbers(facts):
    return [facts.named(f"idea.{name}").number for name in ("entry", "stop", "target", "reward_to_risk")]


def with_price(view, price):
    """The same a minute later at another price."""
    known_ns = view.main.known_ns[-1:] + MINUTE_NS
    column = np.array([price])
    bars = BarArrays(known_ns - MINUTE_NS, *(column.copy() for _ in range(4)), np.array([1.0]))
    now = Seen(MINUTES, bars, known_ns, "minutes")
    return dataclasses.replace(view, now=now, as_of_ns=int(known_ns[0]))


def test_entry_stop_and_target_are_the_levels_that_the_rules_name(view):
    facts = compute_facts(view)
    entry, stop, target, reward = numbers(facts)
    atr, edge = facts.named("volatility.atr").number, facts.named("level.support.1.edge").number
    assert entry == facts.named("price.last").number
    assert stop == pytest.approx(edge - atr)
    assert target == facts.named("price.high_52w").number
    assert facts.named("idea.goal").value == "the high of the year"
    assert reward == pytest.approx((target - entry) / (entry - stop))
    assert facts.named("idea.risk").number == pytest.approx(100 * (entry - stop) / entry)


def test_a_longer_style_puts_the_stop_farther_away(view):
    stops = {}
    for style in ("day", "swing"):
        facts = compute_facts(dataclasses.replace(view, person=Person(style, "high")))
        stops[style] = facts.named("idea.stop").number
    assert stops["swing"] < stops["day"]
    far = compute_facts(dataclasses.replace(view, person=Person("invest", "low")))
    assert "too little to gain" in far.named("idea.entry").why_not


def test_an_idea_enters_at_the_newest_price(view):
    last = float(view.main.bars.close[-1])
    facts = compute_facts(with_price(view, last * 1.002))
    assert facts.named("idea.entry").number == last * 1.002
    assert facts.named("price.change_now").number == pytest.approx(0.2)
    assert facts.named("price.last").number == last


def test_a_price_that_went_through_its_level_or_far_from_it_gives_no_idea(view):
    facts = compute_facts(view)
    edge = facts.named("level.support.1.edge").number
    through = compute_facts(with_price(view, edge - 0.01))
    assert "gone through" in through.named("idea.entry").why_not
    far = compute_facts(with_price(view, edge + 3 * facts.named("volatility.atr").number))
    assert "too far" in far.named("idea.entry").why_not


def test_without_a_trend_or_ranges_or_prices_above_zero_no_idea_is_made():
    flat = np.tile([10.0, 10.1, 10.0, 9.9], 150)
    assert "too few bars" in compute_facts(view_of(line_of(flat[:60]))).named("idea.entry").why_not
    rising = compute_facts(view_of(line_of(np.linspace(10, 20, 400))))
    assert "highs and lows" in rising.named("idea.entry").why_not
    assert "positive" in compute_facts(view_of(line_of(np.linspace(-5, 20, 400)))).named("idea.entry").why_not
