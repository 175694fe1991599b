"""What was seen in a chart as text: what code found is told by facts that lead to their bars, the rest as what it is."""

from collections.abc import Sequence
from typing import Final

from backend.assistant.facts.draft import Draft, Term, numbered
from backend.assistant.facts.fact import BarRange, FactSet, Unit
from backend.assistant.grounding.span import Span
from backend.assistant.grounding.tags import join_spans, render_tags
from backend.assistant.sight.checking import Compared, Group
from backend.assistant.sight.naming import Named
from backend.domain.bars import BarArrays, Series

_BOTH: Final = "Seen by the model and found by code"
_UNCONFIRMED: Final = "Seen by the model, not confirmed"
_UNNAMED: Final = "Found by code, not named by the model"
_ALONE: Final = "Found by code on the bars shown"
_NOTHING: Final = "Code finds no pattern on the bars shown."


def facts_of(groups: Sequence[Group], bars: BarArrays, series: Series, now_ns: int) -> FactSet:
    """Two facts a group: its name, with the bars and corners of the newest find, and how many are in view."""
    source = f"{series}, the bars in view"
    drafts = []
    for group in groups:
        one, name = group.newest, _name(group.named)
        reach = BarRange(series, one.start_ns, max(one.end_ns, int(bars.event_ns[one.known])))
        drafts += [
            Draft(
                term=Term(name, one.name, Unit.WORD, one.rule),
                value=one.name.lower(),
                source=source,
                bars=reach,
                known_ns=one.known_ns,
                points=one.points,
            ),
            Draft(
                term=Term(f"{name}.count", f"Finds of {one.name.lower()} in view", Unit.COUNT, "number in view", decimals=0),
                value=len(group.finds),
                source=source,
                bars=BarRange(series, group.finds[0].start_ns, reach.to_ns),
            ),
        ]
    return numbered(drafts, as_of_ns=now_ns, price_decimals=2)


def tell(compared: Compared, facts: FactSet, *, has_looked: bool, why_not: str = "") -> tuple[Span, ...]:
    """All of it as markdown. ``has_looked`` : whether a model named anything at all; else ``why_not`` says why none did."""
    spans: list[Span] = []
    if has_looked:
        spans += _section(_BOTH, [_line(group, facts) for group in compared.both])
        # A name comes from the closed list, and stands under words that say what it is worth.
        spans += _section(_UNCONFIRMED, [(Span(f"{one.words}\n"),) for one in compared.unconfirmed])
        if not compared.both and not compared.unconfirmed:
            spans.append(Span("The model names no pattern.\n\n"))
    title = _UNNAMED if has_looked else _ALONE
    spans += _section(title, [_line(group, facts) for group in compared.unnamed])
    if not compared.both and not compared.unnamed:
        spans.append(Span(f"{_NOTHING}\n\n"))
    if why_not:
        spans.append(Span(why_not))
    return join_spans(spans)


def _section(title: str, lines: Sequence[Sequence[Span]]) -> list[Span]:
    if not lines:
        return []
    return [Span(f"**{title}**\n\n"), *(span for line in lines for span in (Span("- "), *line)), Span("\n")]


def _line(group: Group, facts: FactSet) -> tuple[Span, ...]:
    name, count = (facts.named(f"{_name(group.named)}{part}") for part in ("", ".count"))
    assert name is not None
    assert count is not None
    times = f", the newest of {{{count.id}}} in view" if len(group.finds) > 1 else ""
    return render_tags(f"{{{name.id}}}{times}\n", facts)


def _name(named: Named) -> str:
    return f"seen.{named.kind}.{named.bias}"
