"""The checks of a model's words: no numbers, no advice, every comparison a true claim, every tag called by its name."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from backend.assistant.facts.fact import Fact, FactSet
from backend.assistant.grounding.claim import Claim, Op, Verdict
from backend.assistant.grounding.comparatives import find_comparatives
from backend.assistant.grounding.narrative import check_narrative
from backend.assistant.grounding.span import Span
from backend.assistant.grounding.tags import Tag, parse_tags, sentences
from backend.errors import InvalidInput

N_CHARS_MAX: Final = 2_000
_PLAIN: Final = re.compile(r"[A-Za-z0-9 ,;:.'()%{}\n-]*")
_WORD: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
_ADVICE: Final = frozenset({
    "buy", "sell", "buying", "selling", "guarantee", "guaranteed", "guarantees", "certain", "certainly", "surely", "definitely",
    "will", "must", "should", "recommend", "recommended", "advise", "advice", "promise", "promises", "riskless", "risk-free",
})  # fmt: skip
_OTHER_WAY: Final = {Op.ABOVE: Op.BELOW, Op.BELOW: Op.ABOVE, Op.NEAR: Op.NEAR}
# A denial turns a comparison round, and no claim stands for what is denied or only supposed.
_DENIAL: Final = frozenset({
    "not", "no", "never", "neither", "nor", "without", "hardly", "barely", "unlikely", "unless", "whether", "if", "isn", "aren",
    "wasn", "doesn", "fails", "failed", "lacks",
})  # fmt: skip
# What a word before a tag may stand for: beginnings of names of facts.
_TOPICS: Final = {
    "support": ("level.support", "pivot.support"),
    "resistance": ("level.resistance", "pivot.resistance"),
    "rsi": ("oscillator.rsi",),
    "stochastic": ("stochastic.",),
    "macd": ("macd.",),
    "signal": ("macd.signal",),
    "adx": ("trend.adx",),
    "volume": ("volume.",),
    "average": ("average.", "volume.average", "volatility.atr", "risk.cvar"),
    "close": ("price.last", "price.previous_close"),
    "closed": ("price.last", "price.previous_close"),
    "price": ("price.",),
    "change": ("price.change",),
    "volatility": ("volatility.",),
    "range": ("volatility.atr", "price.position", "price.high", "price.low"),
    "drawdown": ("risk.drawdown",),
    "fall": ("risk.drawdown", "price.change"),
    "beta": ("risk.beta",),
    "sharpe": ("risk.sharpe",),
    "correlation": ("risk.correlation",),
    "swing": ("swing.",),
    "gap": ("gap.",),
    "pattern": ("pattern.",),
    "candle": ("candle.",),
    "touches": ("level.",),
    "touched": ("level.",),
}


def check_wording(tagged: str, facts: FactSet, verdicts: Sequence[Verdict]) -> tuple[Span, ...]:
    """The rendered words of one section. Raises InvalidInput with the first thing that is wrong with them.

    verdicts : the true claims that its comparisons may rest on
    """
    spans = check_narrative(tagged, facts)
    if len(tagged) > N_CHARS_MAX or not _PLAIN.fullmatch(tagged):
        raise _wrong("The words are long, or hold more than letters and plain marks.", "plain")
    told = next((word for word in _WORD.findall(tagged.lower()) if word in _ADVICE), None)
    if told is not None:
        raise _wrong(f"The words advise or foretell: {told!r}.", "advice")
    denied = next((word for word in _WORD.findall(tagged.lower()) if word in _DENIAL), None)
    if denied is not None:
        raise _wrong(f"The words deny or suppose: {denied!r}.", "denial")
    tags = parse_tags(tagged, facts)
    missing = next((tag.fact_id for tag in tags if not facts[tag.fact_id].is_available), None)
    if missing is not None:
        raise _wrong(f"The words name {missing}, which is not available.", "unavailable")
    for start, end in sentences(tagged, tags):
        if tagged[start:end].strip():
            _check_sentence(tagged, (start, end), [tag for tag in tags if start <= tag.start < end], facts, verdicts)
    return spans


def _check_sentence(
    tagged: str, stretch: tuple[int, int], tags: Sequence[Tag], facts: FactSet, verdicts: Sequence[Verdict]
) -> None:
    if not tags:
        raise _wrong(f"A sentence names no fact: {tagged[stretch[0] : stretch[1]].strip()!r}.", "no_tag")
    at = stretch[0]
    for tag in tags:
        _check_called(tagged[at : tag.start], tagged[stretch[0] : tag.start], facts[tag.fact_id])
        at = tag.end
    named = [tag.fact_id for tag in tags]
    grounds = {op for verdict in verdicts if verdict.is_true for op in _grounds(verdict.claim, named)}
    for found in find_comparatives(tagged[stretch[0] : stretch[1]]):
        if found.op is None or found.op not in grounds:
            word = tagged[stretch[0] + found.start : stretch[0] + found.end]
            raise _wrong(f"No true claim stands for {word!r}.", "comparison")


def _check_called(just_before: str, before: str, fact: Fact) -> None:
    """The nearest topic before a tag must be what the tag is; a topic said earlier may serve where none stands between."""
    topics = [word for word in _WORD.findall(just_before.lower()) if word in _TOPICS]
    topics = topics or [word for word in _WORD.findall(before.lower()) if word in _TOPICS]
    if topics and not fact.name.startswith(_TOPICS[topics[-1]]):
        raise _wrong(f"{fact.label} is called {topics[-1]}.", "name")
    words = set(_WORD.findall(before.lower()))
    own = {word for word in _WORD.findall(fact.label.lower()) if len(word) > 2}
    if not topics and not own & words:
        raise _wrong(f"{fact.label} is not called by its name.", "name")


def _grounds(claim: Claim, named: Sequence[str]) -> Iterator[Op]:
    """What a true claim lets a sentence say that names its facts in its order, or in the other with the other word."""
    args = tuple(claim.args)
    if _in_order(args, named):
        yield claim.op
        if claim.op is Op.DOUBLED:
            yield Op.HIGHER_THAN_USUAL
    elif claim.op in _OTHER_WAY and _in_order(args[::-1], named):
        yield _OTHER_WAY[claim.op]


def _in_order(args: Sequence[str], named: Sequence[str]) -> bool:
    left = iter(named)
    return all(arg in left for arg in args)


def _wrong(message: str, code: str) -> InvalidInput:
    return InvalidInput(message, hint="The plain wording is shown instead.", code=f"wording.{code}")
