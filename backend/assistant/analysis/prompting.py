"""One request to a model: an unchanging prefix from a file, the facts last, and a form in which no number can be written."""

import functools
from pathlib import Path
from typing import Final

from backend.assistant.analysis.card import SectionKey, StockAnalysis
from backend.assistant.engines.engine import Message, Request, Role
from backend.assistant.facts.fact import Fact, FactSet
from backend.assistant.grounding.claim import Op
from backend.assistant.grounding.injection import clean_text, fence_text
from backend.assistant.grounding.narrative import narrative_grammar
from backend.assistant.grounding.values import format_fact

MODE: Final = "analysis"
TEMPLATE: Final = "analysis-1.txt"
FOLDER: Final = Path(__file__).resolve().parents[3] / "resources" / "prompts"
N_TOKENS_MAX: Final = 700
N_CLAIMS_MAX: Final = 6
N_SENTENCES_MAX: Final = 4
WORDED: Final = (SectionKey.TECHNICAL, SectionKey.RISK)
"""The sections that a model may word; the others are code's alone."""

_N_CHARS_NAME: Final = 60
_TOLD: Final = (
    "price.", "volume.last", "volume.ratio", "average.sma", "average.slope", "oscillator.", "macd.line", "macd.signal",
    "stochastic.k", "trend.", "direction.", "band.position", "volatility.", "level.", "swing.", "gap.", "divergence.", "candle.",
    "pattern.", "risk.",
)  # fmt: skip
_ANSWER: Final = r"""root ::= "{{\"claims\":[" claim ("," claim){{0,{n_more}}} "]," technical "," risk "}}"
technical ::= "\"technical\":\"" narrative "\""
risk ::= "\"risk\":\"" narrative "\""
claim ::= "{{\"op\":\"" op "\",\"args\":[" arg ("," arg){{0,2}} "]}}"
op ::= {ops}
arg ::= "\"" id "\""
"""


def analysis_request(facts: FactSet, analysis: StockAnalysis) -> Request:
    """The request for one analysis. Equal facts make the same request, so that its answer can be kept."""
    digest = facts.digest()
    told = told_facts(facts)
    parts = [f"Instrument: {clean_text(str(analysis.instrument), _N_CHARS_NAME)}, bars of {analysis.series.spec}"]
    parts += [f"{fact.id} {fact.label}: {_value(fact)}" for fact in told]
    # Nobody who wrote a name or a headline can know the digest of facts that hold it.
    fenced = fence_text("\n".join(parts), digest[:32], title="facts")
    messages = (Message(Role.SYSTEM, system_text()), Message(Role.USER, f"{fenced}\nWord these facts."))
    return Request(
        id=f"{MODE}-{digest[:16]}",
        messages=messages,
        n_tokens_max=N_TOKENS_MAX,
        grammar=answer_grammar(tuple(fact.id for fact in told)),
        mode=MODE,
    )


@functools.cache
def system_text() -> str:
    """The unchanging prefix, from its file."""
    return (FOLDER / TEMPLATE).read_text(encoding="utf-8").strip()


def told_facts(facts: FactSet) -> tuple[Fact, ...]:
    """The facts that a model is shown: those that have a value and belong to what it may word."""
    return tuple(fact for fact in facts.values() if fact.is_available and fact.name.startswith(_TOLD))


def answer_grammar(fact_ids: tuple[str, ...]) -> str:
    """GBNF of the whole answer. Raises InvalidInput without ids."""
    words = narrative_grammar(fact_ids, n_sentences_max=N_SENTENCES_MAX).replace("root ::=", "narrative ::=", 1)
    ops = " | ".join(f'"{op}"' for op in Op)
    return _ANSWER.format(n_more=N_CLAIMS_MAX - 1, ops=ops) + words


def _value(fact: Fact) -> str:
    text = format_fact(fact)
    return clean_text(text, _N_CHARS_NAME) if isinstance(fact.value, str) else text
