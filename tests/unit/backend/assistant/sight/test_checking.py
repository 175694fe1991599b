"""What is named and what is found, sorted; finds are those that end in view."""

from backend.assistant.sight.checking import compare, find_in_view
from backend.assistant.sight.naming import Named
from backend.assistant.sight.telling import facts_of, tell
from backend.domain.bars import BarArrays, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.patterns.found import Bias, ChartKind
from tests.fakes.pattern_bars import drawing, random_walk

TOP = Named(ChartKind.DOUBLE_TOP, Bias.BEARISH)
FLAG = Named(ChartKind.BULL_FLAG, Bias.BULLISH)
SERIES = Series(InstrumentId("TST", "XNAS"), BarSpec.parse("1d"))
CORNERS = [(0, 100.0), (40, 130.0), (60, 160.0), (80, 140.0), (100, 160.0), (130, 120.0), (150, 118.0)]


def test_a_drawn_double_top_is_found_in_view_and_not_in_a_view_behind_it():
    bars = drawing(CORNERS)
    found = {group.named: group for group in find_in_view(bars, 0)}
    assert TOP in found
    end = found[TOP].newest.end
    assert TOP not in {group.named for group in find_in_view(bars, end + 1)}
    assert all(one.end >= 100 for group in find_in_view(bars, 100) for one in group.finds)


def test_finds_of_one_kind_are_one_group_whose_newest_is_told():
    groups = find_in_view(random_walk(400, 3), 100)
    assert len({group.named for group in groups}) == len(groups)
    many = max(groups, key=lambda group: len(group.finds))
    assert len(many.finds) > 1
    assert many.newest.known == max(one.known for one in many.finds)


def test_named_and_found_are_sorted_by_kind_and_side():
    groups = find_in_view(drawing(CORNERS), 0)
    wrong_side = Named(ChartKind.DOUBLE_TOP, Bias.BULLISH)
    compared = compare((FLAG, wrong_side, TOP), groups)
    assert [group.named for group in compared.both] == [TOP]
    assert compared.unconfirmed == (FLAG, wrong_side)
    assert len(compared.unnamed) == len(groups) - 1


def test_only_what_was_found_is_told_by_facts():
    bars = drawing(CORNERS)
    groups = find_in_view(bars, 0)
    facts = facts_of(groups, bars, SERIES, 1)
    spans = tell(compare((TOP, FLAG), groups), facts, has_looked=True)
    text = "".join(span.text for span in spans)
    told = [span for span in spans if span.fact]
    assert "bull flag, speaking for a rise" in text
    assert "bull flag" not in {facts[span.fact].value for span in told}
    assert {facts[span.fact].value for span in told} >= {group.newest.name.lower() for group in groups}
    top = facts.named("seen.double_top.bearish")
    assert top.bars.from_ns <= top.points[0][0] <= top.bars.to_ns


def test_bars_of_closes_alone_draw_nothing():
    bars = drawing(CORNERS)
    closes = BarArrays(bars.event_ns.copy(), *(bars.close.copy() for _ in range(4)), bars.volume.copy())
    assert not closes.is_close_only or find_in_view(closes, 0) == ()
