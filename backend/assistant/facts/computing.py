"""All facts of one view, in their fixed order: pure, and the same for a whole record as for one that ends at the moment."""

from collections.abc import Iterator
from dataclasses import replace

from backend.assistant.facts.averages import average_facts
from backend.assistant.facts.context import instrument_facts, person_facts
from backend.assistant.facts.draft import Draft, numbered
from backend.assistant.facts.fact import FactSet
from backend.assistant.facts.oscillators import oscillator_facts
from backend.assistant.facts.outside import outside_facts, ratio_facts
from backend.assistant.facts.pivots import pivot_facts
from backend.assistant.facts.planning import idea_facts
from backend.assistant.facts.prices import bar_facts, price_facts
from backend.assistant.facts.risks import risk_facts
from backend.assistant.facts.settings import setting_facts
from backend.assistant.facts.shapes import shape_facts
from backend.assistant.facts.trends import trend_facts
from backend.assistant.facts.view import View
from backend.assistant.facts.volatilities import volatility_facts
from backend.assistant.facts.volumes import volume_facts


def compute_facts(view: View) -> FactSet:
    """Every fact of the view. What there is sometimes more and sometimes less of comes last: ratios, and what is drawn."""
    drafts = list(_fixed(view))
    drafts += ratio_facts(view.outside, view.as_of_ns)
    drafts += shape_facts(view)
    drafts += idea_facts(view, {draft.term.name: draft for draft in drafts})
    placed = (replace(one, points=view.seen_of(one.bars.series).as_traded(one.points)) if one.bars else one for one in drafts)
    return numbered(placed, as_of_ns=view.as_of_ns, price_decimals=view.price_decimals)


def _fixed(view: View) -> Iterator[Draft]:
    yield from instrument_facts(view)
    yield from bar_facts(view)
    yield from price_facts(view)
    yield from volume_facts(view)
    yield from person_facts(view)
    yield from outside_facts(view.outside, view.as_of_ns)
    yield from average_facts(view)
    yield from oscillator_facts(view)
    yield from trend_facts(view)
    yield from volatility_facts(view)
    yield from pivot_facts(view)
    yield from risk_facts(view)
    yield from setting_facts()
