"""Tags in a model's free text, as {F12}, become the values of their facts, also while the text still comes."""

import re
from collections.abc import Sequence
from typing import Final

from backend.assistant.facts.fact import FactSet
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.grounding.tags import join_spans
from backend.assistant.grounding.values import format_fact

_BARE: Final = r"(?<![\w.,$\u20ac\u00a3])(F\d{1,4})(?!\w|[.,]\d)"  # an id without its braces
_TAG: Final = re.compile(rf"\{{(F\d+)\}}|\[(F\d{{1,4}})\](?!\()|{_BARE}")


def show_tags(spans: Sequence[Span], facts: FactSet) -> tuple[Span, ...]:
    """Judged spans with each tag in plain text replaced by what its fact says.

    Tags of no fact were marked before; one that the sentence contradicts is shown as its value, still marked.
    """
    shown: list[Span] = []
    for span in spans:
        if span.mark is not Mark.PLAIN:
            tag = _TAG.fullmatch(span.text) if span.mark is Mark.UNVERIFIED else None
            fact = facts.get(_id(tag)) if tag else None
            shown.append(span if fact is None else Span(format_fact(fact), span.mark))
            continue
        at = 0
        for match in _TAG.finditer(span.text):
            fact = facts.get(_id(match))
            if fact is None:
                continue
            shown += (Span(span.text[at : match.start()]), Span(format_fact(fact), Mark.NUMBER, fact.id, fact.label))
            at = match.end()
        shown.append(Span(span.text[at:]))
    return join_spans(shown)


def _id(tag: re.Match[str]) -> str:
    return tag[1] or tag[2] or tag[3]
