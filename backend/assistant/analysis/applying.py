"""A model's answer, taken apart without trust: true claims are kept, words only where every check of them passes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from backend.assistant.analysis.card import Section, SectionKey, StockAnalysis
from backend.assistant.analysis.prompting import N_CLAIMS_MAX, WORDED
from backend.assistant.analysis.teller import claim_of
from backend.assistant.analysis.wording import check_wording
from backend.assistant.facts.fact import FactSet
from backend.assistant.grounding.claim import Claim, Op, Verdict
from backend.assistant.grounding.judging import judge
from backend.assistant.grounding.span import Checks, Mark
from backend.assistant.grounding.tags import parse_tags
from backend.errors import InvalidInput

N_CHARS_MAX: Final = 20_000
_WORDS_BEGIN: Final = f'"{WORDED[0]}"'


@dataclass(frozen=True, slots=True)
class _Told:
    """What an answer holds, as far as it could be read."""

    claims: tuple[tuple[Op, tuple[str, ...]], ...] = ()
    n_unreadable: int = 0
    words: tuple[str, ...] = ()


def apply_answer(analysis: StockAnalysis, facts: FactSet, text: str) -> tuple[StockAnalysis, Checks]:
    """See ``Analyst.apply``."""
    told = _read(text)
    judged = tuple(judge(claim_of(op, args, facts), facts) for op, args in told.claims if all(arg in facts for arg in args))
    true = tuple(verdict for verdict in judged if verdict.is_true)
    n_dropped = told.n_unreadable + len(told.claims) - len(true)
    sections = _with_claims(analysis.sections, true)
    worded = _worded(sections, facts, told.words)
    made = replace(analysis, sections=worded or sections, is_plain_wording=worded is None)
    return made, count_checks(made, n_dropped)


def count_checks(analysis: StockAnalysis, n_dropped: int = 0) -> Checks:
    """What stands in an analysis, as counts."""
    spans = [span for section in analysis.sections for span in section.spans]
    return Checks(
        n_numbers=sum(span.mark is Mark.NUMBER for span in spans),
        n_unverified=sum(span.mark is Mark.UNVERIFIED for span in spans),
        n_claims=sum(len(section.verdicts) for section in analysis.sections),
        n_claims_dropped=n_dropped,
    )


def _read(text: str) -> _Told:
    """The one JSON object of an answer, also where words or fences stand around it; nothing where there is none."""
    first = text.find("{")
    if first < 0 or len(text) > N_CHARS_MAX:
        return _Told()
    answer = _decoded(text[first : text.rfind("}") + 1])
    if answer is None:
        # An answer that ran out of room has its claims whole and its words cut: the claims can still be judged.
        answer = _decoded(text[first : text.find(_WORDS_BEGIN, first)].rstrip(", \n\t") + "}")
    if answer is None:
        return _Told()
    given = answer.get("claims")
    listed = given if isinstance(given, list) else []
    claims = [claim for one in listed[:N_CLAIMS_MAX] if (claim := _claim(one)) is not None]
    words = tuple(word.strip() if isinstance(word := answer.get(str(key)), str) else "" for key in WORDED)
    return _Told(tuple(claims), len(listed) - len(claims), words)


def _decoded(text: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _claim(given: object) -> tuple[Op, tuple[str, ...]] | None:
    if not isinstance(given, dict):
        return None
    op, args = given.get("op"), given.get("args")
    is_list = isinstance(args, list) and all(isinstance(arg, str) for arg in args)
    if not isinstance(op, str) or op not in {str(one) for one in Op} or not isinstance(args, list) or not is_list:
        return None
    return Op(op), tuple(args)


def _with_claims(sections: tuple[Section, ...], true: Sequence[Verdict]) -> tuple[Section, ...]:
    """True claims join the technical section, each once in the whole analysis."""
    said: set[tuple[Op, tuple[str, ...]]] = {_key(verdict.claim) for section in sections for verdict in section.verdicts}
    new: list[Verdict] = []
    for verdict in true:
        if _key(verdict.claim) not in said:
            said.add(_key(verdict.claim))
            new.append(verdict)
    return tuple(
        replace(section, verdicts=(*section.verdicts, *new)) if section.key is SectionKey.TECHNICAL else section
        for section in sections
    )


def _key(claim: Claim) -> tuple[Op, tuple[str, ...]]:
    return claim.op, claim.args


def _worded(sections: tuple[Section, ...], facts: FactSet, words: tuple[str, ...]) -> tuple[Section, ...] | None:
    """The sections in a model's words; None where any of its words fails a check."""
    if not words or not all(words):
        return None
    verdicts = tuple(verdict for section in sections for verdict in section.verdicts)
    made: dict[SectionKey, Section] = {section.key: section for section in sections}
    for key, tagged in zip(WORDED, words, strict=True):
        try:
            spans = check_wording(tagged, facts, verdicts)
        except InvalidInput:
            return None
        named = tuple(dict.fromkeys(tag.fact_id for tag in parse_tags(tagged, facts)))
        made[key] = replace(made[key], tagged=tagged, spans=spans, facts=named)
    return tuple(made[section.key] for section in sections)
