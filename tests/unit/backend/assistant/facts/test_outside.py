"""News, moods and ratios become facts that say where they are from, and nothing that was not known yet."""

import dataclasses

import pytest

from backend.assistant.facts.computing import compute_facts
from backend.assistant.facts.outside import Headline, Mood, Outside, Ratio, outside_facts, rank_news
from backend.assistant.facts.sources import Sources
from backend.domain.bars import DAY_NS, Series
from tests.fakes.fact_views import APPLE, DAYS, FactMarket, apple_days, gatherer_of, view_of, weekdays

NOW = 20_000 * DAY_NS
PE = Ratio("price_to_earnings", "Price to earnings", 28.5, "FY 2025", "10-K of 2025-10-31", "price / earnings a share", NOW)


def facts_by_name(outside, as_of_ns=NOW):
    return {draft.term.name: draft for draft in outside_facts(outside, as_of_ns)}


def test_news_is_ranked_by_relevance_that_halves_every_three_days():
    fresh, old = Headline("Fresh", "A", NOW - DAY_NS, 0.6), Headline("Old", "A", NOW - 4 * DAY_NS, 1.0)
    assert rank_news((old, fresh), NOW) == (fresh, old)
    assert rank_news((old, dataclasses.replace(fresh, relevance=0.4)), NOW)[0] is old


def test_no_headline_is_told_twice_and_none_of_later():
    one = Headline("Apple  rises", "A", NOW - DAY_NS)
    copy = Headline("APPLE rises", "B", NOW - 2 * DAY_NS)
    later, empty = Headline("Tomorrow", "A", NOW + 1), Headline(" \n ", "A", NOW)
    assert rank_news((later, copy, empty, one), NOW) == (one,)


def test_the_three_first_are_facts_with_their_source_and_day():
    news = tuple(Headline(f"News\nof {n}", "Wire", NOW - n * DAY_NS) for n in (4, 0, 2, 1))
    facts = facts_by_name(Outside(news=news))
    assert [facts[f"news.{n}"].value for n in (1, 2, 3)] == ["News of 0", "News of 1", "News of 2"]
    assert facts["news.2"].source == "Wire, 2024-10-03"
    assert facts["news.2"].as_of_ns == NOW - DAY_NS


def test_what_no_source_gives_is_unavailable_and_a_source_that_knows_nothing_is_told_apart():
    without, empty = facts_by_name(Outside()), facts_by_name(Outside(news=(), ratios=()))
    assert all(draft.value is None and draft.why_not for draft in without.values())
    assert without["news.1"].why_not == "No news source is connected."
    assert empty["news.1"].why_not == "There is no more news of it."


@pytest.mark.parametrize("score", [1.01, -7.0, float("nan"), float("inf")])
def test_a_score_that_is_none_is_unavailable(score):
    facts = facts_by_name(Outside(mood=Mood(score, "bullish", "Posts", NOW)))
    assert facts["sentiment.score"].value is None
    assert facts["sentiment.label"].value is None


def test_what_was_not_known_yet_is_not_told():
    outside = Outside(mood=Mood(0.4, "bullish", "Posts", NOW + 1), ratios=(dataclasses.replace(PE, filed_ns=NOW + 1),))
    assert all(draft.value is None for draft in facts_by_name(outside).values())


def test_a_ratio_has_its_period_its_filing_and_its_formula_and_only_the_newest_counts():
    view = view_of(apple_days(300))
    old = dataclasses.replace(PE, value=20.0, period="FY 2024", filed_ns=1)
    broken = dataclasses.replace(PE, name="bad", value=float("nan"), filed_ns=1)
    outside = Outside(ratios=(dataclasses.replace(PE, filed_ns=view.as_of_ns), old, broken))
    facts = compute_facts(dataclasses.replace(view, outside=outside))
    (ratio,) = facts.under("fundamental.ratio.")
    assert (ratio.label, ratio.value, ratio.source) == ("Price to earnings, FY 2025", 28.5, "10-K of 2025-10-31")
    assert ratio.formula == "price / earnings a share"
    named = facts.named("fundamental.ratios")
    assert (named.value, named.inputs) == ("Price to earnings", (ratio.id,))


def test_facts_keep_their_numbers_whatever_is_known_from_outside():
    view = view_of(apple_days(300))
    bare = compute_facts(view)
    ratio = dataclasses.replace(PE, filed_ns=1)
    outside = Outside(news=(Headline("A", "B", 1),), mood=Mood(0.2, "calm", "Posts", 1), ratios=(ratio,))
    rich = compute_facts(dataclasses.replace(view, outside=outside))
    assert [rich.named(name).id for name in ("price.last", "oscillator.rsi", "risk.var")] == [
        bare.named(name).id for name in ("price.last", "oscillator.rsi", "risk.var")
    ]


async def test_a_gatherer_asks_for_what_was_known_at_its_moment():
    asked = []

    async def news(instrument, as_of_ns):
        asked.append((instrument.id, as_of_ns))
        return (Headline("Known", "Wire", 1),)

    bars = apple_days(300)
    market = FactMarket(weekdays("1980-01-01", "2026-12-31"), {Series(APPLE.id, DAYS): bars})
    facts = await gatherer_of(market, NOW, sources=Sources(news=news)).gather(APPLE.id, DAYS, as_of_ns=NOW)
    assert facts.named("news.1").value == "Known"
    assert asked == [(APPLE.id, NOW)]
