"""Sources that come late or fail: their facts are unavailable and say why, the others stand, and nothing comes in afterwards."""

import asyncio

import pytest

from backend.assistant.analysis.analyst import Analyst
from backend.assistant.analysis.card import SectionKey
from backend.assistant.facts.outside import Headline, Mood, Ratio
from backend.assistant.facts.sources import Sources
from backend.assistant.stages import Stages
from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, Series
from backend.errors import NotFound, Unavailable
from tests.fakes.fact_views import APPLE, DAYS, FactMarket, apple_days, gatherer_of, weekdays
from tests.fakes.scripted_writers import Deadlines
from tests.fakes.waiting import until

NOW = 20_000 * DAY_NS
HEADLINE = Headline("Apple rises", "Wire", NOW - DAY_NS)


class Desk:
    """A gatherer with sources, on deadlines that a test lets pass."""

    def __init__(self, sources):
        self.deadlines = Deadlines()
        self.stages = Stages(ManualClock(0), self.deadlines.sleep)
        market = FactMarket(weekdays("1980-01-01", "2026-12-31"), {Series(APPLE.id, DAYS): apple_days(300)})
        self._gatherer = gatherer_of(market, NOW, sources=sources)

    async def gather(self):
        return await self._gatherer.gather(APPLE.id, DAYS, as_of_ns=NOW, stages=self.stages)


def giving(value):
    async def ask(_instrument, _as_of_ns):
        return value

    return ask


async def never(_instrument, _as_of_ns):
    await asyncio.Event().wait()


def sections_of(facts):
    return {one.key: one.tagged for one in Analyst(None).analyse(facts, APPLE, Series(APPLE.id, DAYS)).sections}


async def test_a_source_that_never_ends_is_unavailable_with_its_reason_and_holds_no_other():
    desk = Desk(Sources(news=never, mood=giving(Mood(0.4, "bullish", "Posts", NOW)), ratios=never))
    desk.deadlines.pass_all()
    facts = await desk.gather()
    news, ratios = facts.named("news.1"), facts.named("fundamental.ratios")
    assert (news.value, news.why_not) == (None, "The news did not come within 1 s.")
    assert (ratios.value, ratios.why_not) == (None, "The fundamentals did not come within 1 s.")
    assert facts.named("sentiment.score").value == 0.4
    assert facts.named("price.last").is_available
    cut = {stage.name: stage.is_cut for stage in desk.stages.over}
    assert cut == {"news": True, "sentiment": False, "fundamentals": True, "bars": False, "facts": False}
    assert "are at hand" in sections_of(facts)[SectionKey.FUNDAMENTAL]


async def test_what_comes_too_late_stays_out():
    told = []

    async def slow(_instrument, _as_of_ns):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:  # a source that gives what it has all the same
            told.append(HEADLINE)
        return (HEADLINE,)

    desk = Desk(Sources(news=slow))
    desk.deadlines.pass_all()
    facts = await desk.gather()
    await until(lambda: told, 30)
    assert facts.named("news.1").value is None
    assert not any(fact.value == HEADLINE.words for fact in facts.values())


async def test_a_source_that_fails_is_unavailable_in_its_own_words():
    async def down(_instrument, _as_of_ns):
        raise Unavailable("The wire is down.")

    facts = await Desk(Sources(news=down, mood=down)).gather()
    assert facts.named("news.1").why_not == "The wire is down."
    assert facts.named("sentiment.label").why_not == "The wire is down."
    assert facts.named("fundamental.ratios").why_not == "No fundamental figures are stored."
    sentiment = sections_of(facts)[SectionKey.SENTIMENT]
    assert sentiment.startswith("No news and no social sentiment are at hand")


async def test_sources_are_asked_all_at_once():
    begun = []
    all_begun = asyncio.Event()

    def ask(value):
        async def one(_instrument, _as_of_ns):
            begun.append(value)
            if len(begun) == 3:
                all_begun.set()
            await all_begun.wait()
            return value

        return one

    ratio = Ratio("price_to_earnings", "Price to earnings", 28.5, "FY 2025", "10-K", "price / earnings a share", NOW)
    facts = await Desk(Sources(ask((HEADLINE,)), ask(Mood(0.4, "bullish", "Posts", NOW)), ask((ratio,)))).gather()
    assert [facts.named(name).is_available for name in ("news.1", "sentiment.score", "fundamental.ratios")] == [True] * 3


async def test_sources_that_know_nothing_are_told_apart_from_those_that_are_not_connected():
    facts = await Desk(Sources(giving(()), giving(None), giving(()))).gather()
    assert facts.named("news.1").why_not == "There is no more news of it."
    assert facts.named("sentiment.score").why_not == "Its source tells no social sentiment of it."
    assert facts.named("fundamental.ratios").why_not == "No fundamental figures are stored."
    assert "connected" not in sections_of(facts)[SectionKey.SENTIMENT]


async def test_where_there_are_no_bars_nobody_waits_for_sources():
    desk = Desk(Sources(news=never))
    with pytest.raises(NotFound, match="was complete by then"):
        await desk._gatherer.gather(APPLE.id, DAYS, as_of_ns=DAY_NS, stages=desk.stages)
