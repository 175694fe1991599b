"""Tags: a text that names facts as {F12} in place of numbers, and its rendering with the facts' values."""

import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet
from backend.assistant.grounding.span import Mark, Span
from backend.assistant.grounding.values import NOT_AVAILABLE, format_fact
from backend.errors import InvalidInput

_TAG: Final = re.compile(r"\{([^{}\n]{0,60})\}")
_ID: Final = re.compile(r"[A-Z][A-Za-z]{0,7}[0-9]{1,6}", re.ASCII)
# Words after which a fall is written without its minus: "fell by 3.20%", "a loss of 3.20%".
_FALLING: Final = re.compile(
    r"\b(?:fell|falls?|fallen|falling|dropp?(?:ed|s|ing)?|declin(?:ed?|es|ing)|los(?:t|es|ing|s(?:es)? of)|decreas(?:ed?|es|ing)|"
    r"down|slid|slipp?(?:ed|s)|sank|shed|dipp?(?:ed|s)|plunged|tumbled|drop of|fall of|decline of|decrease of|drawdown of)"
    r"(?:\s+(?:by|of|some|about|around|roughly|nearly|just|only|another|a further))*\s*\Z",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(r"[.!?](?:[\"'\u201d\u2019)\]*_]*)(?=\s|$)|\n")


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag in a text: ``text[start:end]`` is ``{fact_id}``."""

    start: int
    end: int
    fact_id: str


def parse_tags(tagged: str, fact_ids: Collection[str] | None = None) -> tuple[Tag, ...]:
    """The tags of a text, in order. Raises InvalidInput for a brace that is no tag, and for ids that are not among ``fact_ids``."""
    tags = []
    at = 0
    for match in _TAG.finditer(tagged):
        _check_no_brace(tagged, at, match.start())
        at = match.end()
        fact_id = match[1]
        if not _ID.fullmatch(fact_id):
            raise InvalidInput(f"{match[0]!r} is not a tag.", hint="Write a fact's id in braces, as {F12}.", code="tags.shape")
        if fact_ids is not None and fact_id not in fact_ids:
            raise InvalidInput(
                f"There is no fact {fact_id}.", hint="Use only the ids of the facts that were given.", code="tags.unknown"
            )
        tags.append(Tag(match.start(), match.end(), fact_id))
    _check_no_brace(tagged, at, len(tagged))
    return tuple(tags)


def render_tags(tagged: str, facts: FactSet, *, zone: tzinfo = UTC) -> tuple[Span, ...]:
    """The text with each tag replaced by its fact's value; spans without gaps.

    A sentence in which a fact is unavailable would say something of a number that is not there: it is replaced by one that
    tells what is missing and why. A minus is left away after words that already say it, as "fell by".
    Raises InvalidInput for what is no tag or names no fact.
    """
    tags = parse_tags(tagged, facts)
    spans: list[Span] = []
    for start, end in sentences(tagged, tags):
        inside = [tag for tag in tags if start <= tag.start < end]
        missing = [facts[tag.fact_id] for tag in inside if format_fact(facts[tag.fact_id]) == NOT_AVAILABLE]
        spans += _tell_missing(tagged[start:end], missing) if missing else _render(tagged, (start, end), inside, facts, zone)
    return join_spans(spans)


def join_spans(spans: list[Span] | tuple[Span, ...]) -> tuple[Span, ...]:
    """The same text with neighbouring plain pieces made one."""
    joined: list[Span] = []
    for span in spans:
        if not span.text:
            continue
        if joined and span.mark is Mark.PLAIN is joined[-1].mark:
            joined[-1] = Span(joined[-1].text + span.text)
        else:
            joined.append(span)
    return tuple(joined)


def sentences(text: str, tags: tuple[Tag, ...] = ()) -> tuple[tuple[int, int], ...]:
    """Where each sentence stands, with the white space after it; (0, n) in all, without gaps. Lines end sentences too."""
    edges = [0]
    for match in _SENTENCE_END.finditer(text):
        end = match.end() + len(text[match.end() :]) - len(text[match.end() :].lstrip(" "))
        if end > edges[-1] and not any(tag.start < end < tag.end for tag in tags):
            edges.append(end)
    if edges[-1] < len(text):
        edges.append(len(text))
    return tuple(itertools.pairwise(edges))


def _render(tagged: str, stretch: tuple[int, int], tags: list[Tag], facts: FactSet, zone: tzinfo) -> list[Span]:
    at, end = stretch
    spans = []
    for tag in tags:
        before, fact = tagged[at : tag.start], facts[tag.fact_id]
        is_unsigned = _is_negative(fact) and _FALLING.search(tagged[max(0, tag.start - 60) : tag.start]) is not None
        spans.append(Span(before))
        spans.append(Span(format_fact(fact, zone=zone, is_unsigned=is_unsigned), Mark.NUMBER, fact.id, fact.label))
        at = tag.end
    return [*spans, Span(tagged[at:end])]


def _is_negative(fact: Fact) -> bool:
    return isinstance(fact.value, int | float) and not isinstance(fact.value, bool) and fact.value < 0


def _tell_missing(sentence: str, missing: list[Fact]) -> list[Span]:
    """The sentence's place taken by what is missing; its lead-in marks and the space after it stay."""
    lead = re.match(r"\s*(?:[-*+>]\s+|#{1,6}\s+)?", sentence)
    after = sentence[len(sentence.rstrip()) :]
    told = dict.fromkeys(_say_missing(fact) for fact in missing)
    return [Span(f"{lead[0] if lead else ''}{' '.join(told)}{after}")]


def _say_missing(fact: Fact) -> str:
    why = fact.why_not.rstrip(".")
    return f"{fact.label} is {NOT_AVAILABLE} ({why})." if why else f"{fact.label} is {NOT_AVAILABLE}."


def _check_no_brace(tagged: str, start: int, end: int) -> None:
    """Outside of tags no brace may stand: half a tag would be shown as text."""
    if any(brace in tagged[start:end] for brace in "{}"):
        raise InvalidInput("A brace stands alone in the text.", hint="Write tags whole, as {F12}.", code="tags.brace")
