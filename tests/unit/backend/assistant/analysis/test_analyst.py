"""The analysis by code alone: five sections, every number a fact, every claim true, an idea only where levels give one."""

import functools
import re
from dataclasses import replace

import pytest

from backend.assistant.analysis.analyst import FOUNDING_INPUTS, Analyst
from backend.assistant.analysis.applying import count_checks
from backend.assistant.analysis.card import Direction, SectionKey, SketchKind
from backend.assistant.facts.computing import compute_facts
from backend.assistant.facts.fact import FactSet
from backend.assistant.facts.view import Person, Position
from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.judging import judge
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.numbers import find_numbers
from backend.assistant.grounding.span import Mark
from backend.assistant.grounding.tags import render_tags
from tests.fakes.fact_views import APPLE, SWING, apple_days, line_of, view_of, with_columns
from tests.fakes.hostile_bars import hostile_series

TAG = re.compile(r"\{F\d+\}")


def analysed(bars, **options):
    """The facts and the analysis of bars."""
    view = view_of(bars, **options)
    facts = compute_facts(view)
    return facts, Analyst(None).analyse(facts, APPLE, view.main.series)


def text_of(section):
    return "".join(span.text for span in section.spans)


@pytest.fixture(scope="module")
def bars():
    return apple_days(adjusted=True)


def days_through_the_years(bars):
    return [bars[: row + 1] for row in (0, 1, 4, 30, 120, 260, *range(400, len(bars), 230))]


def test_the_five_founding_sections_come_in_their_order(bars):
    _, analysis = analysed(bars)
    assert [section.key for section in analysis.sections] == list(SectionKey)
    assert all(text_of(section).strip() for section in analysis.sections)
    assert analysis.is_plain_wording


@pytest.mark.parametrize(
    ("line", "words"), [(0.1512, "just below its signal (0.15 to 0.15)"), (0.11, "below its signal (0.11 to 0.15)")]
)
def test_figures_that_read_alike_are_not_said_to_stand_apart(bars, line, words):
    view = view_of(bars)
    to_be = {"macd.line": line, "macd.signal": 0.1539}
    facts = FactSet(replace(one, value=to_be.get(one.name, one.value)) for one in compute_facts(view).values())
    text = text_of(Analyst(None).analyse(facts, APPLE, view.main.series).sections[0])
    assert f"The MACD is {words}." in text


def test_every_number_of_the_wording_is_a_fact(bars):
    for some in days_through_the_years(bars):
        facts, analysis = analysed(some)
        for section in analysis.sections:
            assert not find_numbers(TAG.sub("\ufffc", section.tagged)), section.tagged
            assert section.spans == render_tags(section.tagged, facts)
            assert all(facts[fact_id].is_available for fact_id in section.facts)


def test_the_check_of_free_text_doubts_hardly_a_number_of_the_wording(bars):
    marks = []
    for some in days_through_the_years(bars):
        facts, analysis = analysed(some)
        for section in analysis.sections:
            marks += [span.mark for span in check_text(text_of(section), Known(facts)) if span.mark is not Mark.PLAIN]
    assert len(marks) > 500
    assert marks.count(Mark.UNVERIFIED) <= 0.02 * len(marks)


def test_an_analysis_of_real_bars_always_states_numbers(bars):
    for some in days_through_the_years(bars):
        _, analysis = analysed(some)
        assert count_checks(analysis).n_numbers >= 3
        assert any(span.mark is Mark.NUMBER for span in analysis.sections[0].spans)


def test_every_claim_shown_is_true(bars):
    n_claims = 0
    for some in days_through_the_years(bars):
        facts, analysis = analysed(some)
        for section in analysis.sections:
            for verdict in section.verdicts:
                n_claims += 1
                assert judge(verdict.claim, facts).is_true is True
                assert not find_numbers(TAG.sub("\ufffc", verdict.claim.text))
    assert n_claims > 100


def test_the_founding_inputs_are_named_available_or_not(bars):
    facts, analysis = analysed(bars)
    assert [facts[fact_id].name for fact_id in analysis.inputs] == list(FOUNDING_INPUTS)


@functools.cache
def ideas_of(bars, person=SWING):
    """Every facts and analysis with an idea, of days through the years."""
    found = []
    for row in range(400, len(bars), 61):
        facts, analysis = analysed(bars[: row + 1], person=person)
        if analysis.idea is not None:
            found.append((facts, analysis))
    return found


def test_an_idea_takes_its_prices_from_levels_and_its_reward_from_them(bars):
    found = ideas_of(bars)
    assert len(found) >= 3
    for facts, analysis in found:
        idea = analysis.idea
        entry, stop, target, reward = (facts[one].number for one in (idea.entry, idea.stop, idea.target, idea.reward_to_risk))
        is_long = idea.direction is Direction.LONG
        assert stop < entry < target if is_long else target < entry < stop
        assert reward == pytest.approx(abs(target - entry) / abs(entry - stop))
        assert reward >= facts.named("idea.least").number
        computed = [fact.number for fact in (*facts.under("level."), facts.named("price.high_52w"), facts.named("price.low_52w"))
                    if fact.is_available]  # fmt: skip
        assert target in computed
        assert entry in [*computed, facts.named("price.last").number]
        assert facts.named("trend.direction").value == ("up" if is_long else "down")
        words = text_of(analysis.sections[3])
        assert words.startswith("Long" if is_long else "Short")
        assert {idea.entry, idea.stop, idea.target, idea.reward_to_risk} <= set(analysis.sections[3].facts)


def test_less_risk_tolerance_asks_for_more_reward(bars):
    dates = {}
    for risk, least in (("low", 2.5), ("medium", 2.0), ("high", 1.5)):
        found = ideas_of(bars, person=Person("day", risk))
        assert all(facts.named("idea.reward_to_risk").number >= least for facts, _ in found)
        dates[risk] = {facts.named("price.date").value for facts, _ in found}
    assert dates["low"] <= dates["medium"] <= dates["high"]


def test_old_bars_give_no_idea_and_say_how_old_they_are(bars):
    fresh = ideas_of(bars)[0][0].named("price.date").value
    row = next(row for row in range(len(bars)) if analysed_date(bars, row) == fresh)
    facts, analysis = analysed(bars[: row + 1], age_days=40)
    assert analysis.idea is None
    assert "too old" in facts.named("idea.entry").why_not
    assert text_of(analysis.sections[0]).startswith("The newest bar is 40 days old")
    assert "too old" in text_of(analysis.sections[3])


def analysed_date(bars, row):
    import datetime as dt

    return dt.datetime.fromtimestamp(int(bars.event_ns[row]) / 1e9, dt.UTC).date().isoformat()


def test_sketches_show_facts_that_are_there(bars):
    facts, analysis = ideas_of(bars)[0]
    kinds = {sketch.kind for sketch in analysis.sketches}
    assert SketchKind.LEVEL in kinds
    for sketch in analysis.sketches:
        assert facts[sketch.fact].is_available
        assert sketch.points
        assert len(sketch.points) >= (2 if sketch.kind is SketchKind.LINE else 1)
    drawn = {sketch.fact for sketch in analysis.sketches}
    assert {analysis.idea.entry, analysis.idea.stop, analysis.idea.target} <= drawn


def test_a_position_is_told_with_the_idea(bars):
    _, analysis = analysed(bars, position=Position(100.0, 40.0))
    assert "You hold 100 at 40.00" in text_of(analysis.sections[3])


def test_pivots_are_told_to_those_who_trade_within_sessions(bars):
    _, day = analysed(bars, person=Person("day", "medium"))
    _, swing = analysed(bars)
    assert "the pivot is" in text_of(day.sections[0])
    assert "the pivot is" not in text_of(swing.sections[0])


def test_what_is_not_there_is_not_talked_about(bars):
    _, silent = analysed(with_columns(bars, volume=bars.volume * 0))
    assert "No volume is stored" in text_of(silent.sections[0])
    _, line = analysed(line_of(100 + bars.close[-600:]))
    assert "ADX" not in text_of(line.sections[0])
    assert "No trade idea" in text_of(line.sections[3])
    _, short = analysed(bars[:10])
    assert "too short" in text_of(short.sections[0])
    assert "unknown" in text_of(short.sections[4])


@pytest.mark.parametrize("kind", list(hostile_series()))
def test_strange_series_are_told_without_a_number_that_is_no_fact(kind):
    bars = hostile_series()[kind]
    if not len(bars):
        return
    facts, analysis = analysed(bars)
    for section in analysis.sections:
        assert text_of(section).strip()
        assert not find_numbers(TAG.sub("\ufffc", section.tagged))
        assert "nan" not in text_of(section).lower().split()
        assert all(judge(verdict.claim, facts).is_true for verdict in section.verdicts)
