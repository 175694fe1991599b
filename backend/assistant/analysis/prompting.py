"""One request to a model: an unchanging prefix from a file, the facts last, and a form in which no number can be written."""

from collections.abc import Iterator, Sequence
from typing import Final

from backend.assistant.analysis.card import SectionKey, StockAnalysis
from backend.assistant.engines.engine import Message, Request, Role
from backend.assistant.facts.fact import Fact, FactSet, Unit
from backend.assistant.facts.outside import RATIO
from backend.assistant.grounding.claim import Claim, Op
from backend.assistant.grounding.injection import clean_text, fence_text
from backend.assistant.grounding.judging import DISTANCES, judge
from backend.assistant.grounding.narrative import narrative_grammar
from backend.assistant.grounding.values import format_fact

MODE: Final = "analysis"
N_TOKENS_MAX: Final = 500
N_CLAIMS_MAX: Final = 4
N_SENTENCES_MAX: Final = 3
WORDED: Final = (SectionKey.TECHNICAL, SectionKey.RISK)
"""The sections that a model may word; the others are code's alone."""

_N_CHARS_NAME: Final = 60
_N_CHARS_WORDS: Final = 160
_FOUNDING: Final = ("price.last", "price.change_1", "volume.last", "volume.ratio_20", "person.style", "person.risk")
_NEWS: Final = ("news.1", "news.2", "news.3")
_TOLD: Final = frozenset({
    "price.last", "price.now", "price.change_1", "price.change_5", "price.change_21", "price.change_252", "price.high_52w",
    "price.low_52w", "volume.last", "volume.ratio_20", "average.sma_20", "average.sma_50", "average.sma_200", "average.slope_50",
    "oscillator.rsi", "macd.line", "macd.signal", "stochastic.k", "trend.adx", "trend.direction", "volatility.atr",
    "volatility.realised", "volatility.regime", "level.support.1", "level.resistance.1", "candle.any", "pattern.any",
    "risk.drawdown", "risk.var", "risk.cvar", "risk.beta",
})  # fmt: skip
"""What a model is shown: few enough that a small one reads them in the time that there is."""

_DIVERGENCE: Final = "divergence."
_UNARY: Final = tuple(op for op in Op if op not in {Op.ABOVE, Op.BELOW, Op.NEAR, Op.BETWEEN})
_ANSWER: Final = r"""root ::= "{{\"claims\":[" claim ("," claim){{0,{n_more}}} "]," technical "," risk "}}"
technical ::= "\"technical\":\"" narrative "\""
risk ::= "\"risk\":\"" narrative "\""
claim ::= {kinds}
"""


def analysis_request(facts: FactSet, analysis: StockAnalysis, system: str) -> Request:
    """The request for one analysis under the instructions ``system``; equal facts make an equal one, whose answer can be kept."""
    digest = facts.digest
    told = told_facts(facts)
    parts = [f"Instrument: {clean_text(str(analysis.instrument), _N_CHARS_NAME)}, bars of {analysis.series.spec}"]
    parts += [f"{fact.id} {fact.label}: {_value(fact)}" for fact in told]
    parts += ["What else is known; weigh it, do not word it:", *_context(facts)]
    # Nobody who wrote a name or a headline can know the digest of facts that hold it.
    fenced = fence_text("\n".join(parts), digest[:32], title="facts")
    messages = (Message(Role.SYSTEM, system), Message(Role.USER, f"{fenced}\nWord these facts."))
    return Request(
        id=f"{MODE}-{digest[:16]}",
        messages=messages,
        n_tokens_max=N_TOKENS_MAX,
        grammar=answer_grammar(facts),
        mode=MODE,
    )


def _context(facts: FactSet) -> Iterator[str]:
    """The founding inputs that a model weighs and does not word: each by name on a line of its own, or said to be unavailable.

    Headlines, labels and names of filings are others' words: cut short, on one line, and fenced with the rest.
    """
    for name in _FOUNDING:
        if (fact := facts.named(name)) is not None and not _is_told(fact):
            yield _line(fact)
    score, label = facts.named("sentiment.score"), facts.named("sentiment.label")
    if score is not None and label is not None:
        mood = f"{_line(score)} ({clean_text(str(label.value), _N_CHARS_NAME)})" if score.is_available else _line(score)
        yield mood
    for place in _NEWS:
        if (news := facts.named(place)) is not None:
            who = f" [{clean_text(news.source, _N_CHARS_NAME)}]" if news.is_available else ""
            yield f"{_line(news)}{who}"
    ratios = facts.under(RATIO)
    yield from (f"{_line(ratio)} [{clean_text(ratio.source, _N_CHARS_NAME)}]" for ratio in ratios)
    if not ratios and (none := facts.named("fundamental.ratios")) is not None:
        yield _line(none)


def _line(fact: Fact) -> str:
    label = clean_text(fact.label, _N_CHARS_NAME)
    if not fact.is_available:
        return f"{label}: unavailable"
    value = clean_text(format_fact(fact), _N_CHARS_WORDS) if isinstance(fact.value, str) else format_fact(fact)
    return f"{label}: {' '.join(value.split())}"


def told_facts(facts: FactSet) -> tuple[Fact, ...]:
    """The facts that a model is shown: those that have a value and belong to what it may word."""
    return tuple(fact for fact in facts.values() if fact.is_available and _is_told(fact))


def _is_told(fact: Fact) -> bool:
    return fact.name in _TOLD or (fact.name.startswith(_DIVERGENCE) and fact.value is True)


def answer_grammar(facts: FactSet) -> str:
    """GBNF of the whole answer: claims only of facts for which their kind makes sense. Raises InvalidInput without facts."""
    told = told_facts(facts)
    rules = {name: body for name, body in _claim_rules(told, facts) if body}
    words = narrative_grammar([fact.id for fact in told], n_sentences_max=N_SENTENCES_MAX).replace("root ::=", "narrative ::=", 1)
    lines = [f"{name} ::= {body}\n" for name, body in rules.items()]
    return _ANSWER.format(n_more=N_CLAIMS_MAX - 1, kinds=" | ".join(rules)) + "".join(lines) + words


def _claim_rules(told: Sequence[Fact], facts: FactSet) -> Iterator[tuple[str, str]]:
    """A rule for each kind of claim, empty where no fact fits it."""
    places = [fact.id for fact in told if fact.unit is Unit.PRICE and fact.name not in DISTANCES]
    lines = [fact.id for fact in told if fact.name.startswith("macd.")]
    for ids, name, ops in ((places, "places", "above below near"), (lines, "lines", "above below")):
        yield name, _rule(ops.split(), [ids, ids]) if len(ids) > 1 else ""
    yield "within", _rule([Op.BETWEEN], [places, places, places]) if len(places) > 2 else ""
    for op in _UNARY:
        ids = [fact.id for fact in told if judge(Claim(op, (fact.id,)), facts).is_true is not None]
        yield op.replace("_", "-"), _rule([op], [ids]) if ids else ""


def _rule(ops: Sequence[str], args: Sequence[Sequence[str]]) -> str:
    named = " | ".join(f'"{op}"' for op in ops)
    given = r' "," '.join('"\\"" (' + " | ".join(f'"{one}"' for one in ids) + ') "\\""' for ids in args)
    return r'"{\"op\":\"" (' + named + r') "\",\"args\":[" ' + given + ' "]}"'


def _value(fact: Fact) -> str:
    text = format_fact(fact)
    return clean_text(text, _N_CHARS_NAME) if isinstance(fact.value, str) else text
