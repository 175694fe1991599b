"""An answer as scripts read it, on the command line and over the API alike: every number with where it comes from."""

from dataclasses import replace
from typing import Any, Final

from backend.assistant.answers import Answer, Fault, Phase
from backend.assistant.grounding.claim import Verdict
from backend.assistant.grounding.span import COMPUTED, Mark, Span
from backend.assistant.hits import quoted_text
from backend.assistant.stages import Stage
from backend.errors import InvalidInput, NotFound, TriiError, Unavailable

_FAMILIES: Final = {Fault.ASKED: InvalidInput, Fault.NAMED: NotFound, Fault.OUTSIDE: Unavailable, Fault.PROGRAM: TriiError}
_TOLD: Final = {
    Mark.UNVERIFIED: "~~{}~~ (unverified)",
    Mark.QUOTED: "{} (your number)",
    Mark.UNTRUE: "~~{}~~ (untrue)",
    Mark.UNCHECKED: "{} (not checked)",
}


def told_text(spans: tuple[Span, ...]) -> str:
    """The text where nothing can be struck through or underlined: what code does not stand behind is called so in words."""
    return "".join(_told(span) for span in spans)


def _told(span: Span) -> str:
    is_computed = span.mark == Mark.QUOTED and span.why.startswith(COMPUTED)  # its arithmetic stands beside it
    return span.text if is_computed else _TOLD.get(span.mark, "{}").format(span.text)


def plain_text(spans: tuple[Span, ...]) -> str:
    """The same for a terminal: what was found is not disarmed, where markdown means nothing."""
    return told_text(tuple(replace(span, text=quoted_text(span)) for span in spans))


def told_spans(spans: tuple[Span, ...]) -> list[dict[str, Any]]:
    """The pieces of a text, each as what it is."""
    return [{"text": span.text, "mark": span.mark, "fact": span.fact or None} for span in spans]


def failure_of(answer: Answer) -> TriiError | None:
    """Why an answer failed, as the error that it is to whoever asked; None for one that did not."""
    if answer.phase is not Phase.FAILED:
        return None
    return _FAMILIES[answer.fault](answer.words, hint=answer.hint, code=answer.code or "assistant.failed")


def answer_json(answer: Answer) -> dict[str, Any]:
    """The answer for scripts: its text, each number's fact, claims, checks and how it came about; no thoughts."""
    made = answer.provenance
    return {
        "conversation": answer.conversation,
        "turn": answer.id,
        "phase": answer.phase,
        "mode": answer.question.mode,
        "chosen": made.chosen if made else "",
        "text": told_text(answer.spans),
        "spans": told_spans(answer.spans),
        "facts": [
            {
                "id": fact.id,
                "name": fact.name,
                "label": fact.label,
                "value": fact.value,
                "unit": fact.unit,
                "formula": fact.formula,
                "source": fact.source,
                "why_not": fact.why_not,
            }
            for fact in answer.facts.values()
        ],
        "claims": [_claim(verdict) for verdict in _verdicts(answer)],
        "checks": {
            "numbers": answer.checks.n_numbers,
            "unverified": answer.checks.n_unverified,
            "claims": answer.checks.n_claims,
            "claims_dropped": answer.checks.n_claims_dropped,
            "untrue": answer.checks.n_untrue,
            "unjudged": answer.checks.n_unjudged,
        },
        "model": made.model if made else "",
        "place": made.place if made else "",
        "reason": made.reason if made else "",
        "first_token_ms": made.first_token_ms if made else 0.0,
        "total_ms": made.total_ms if made else 0.0,
        "finish": made.done.finish if made and made.done else None,
        "cached": made.is_cached if made else False,
        "stages": stages_json(made.stages if made else ()),
    }


def stages_json(stages: tuple[Stage, ...]) -> list[dict[str, Any]]:
    """How long each stage took, when it ended and was due since the beginning, and whether it was cut."""
    return [
        {
            "stage": stage.name,
            "by": stage.by or None,
            "took_ms": round(stage.took_ms, 1),
            "ended_ms": round(stage.ended_ms, 1),
            "due_ms": stage.due_ms or None,
            "late": stage.is_late,
            "cut": stage.is_cut,
        }
        for stage in stages
    ]


def _verdicts(answer: Answer) -> tuple[Verdict, ...]:
    if answer.analysis is None:
        return answer.verdicts
    return tuple(verdict for section in answer.analysis.sections for verdict in section.verdicts)


def _claim(verdict: Verdict) -> dict[str, Any]:
    claim = verdict.claim
    return {"op": claim.op, "args": claim.args, "text": claim.text, "true": verdict.is_true, "why": verdict.why}
