"""A real model, answer after answer: none of its numbers is shown as fact unless code computed it."""

import re

import pytest

from backend.app import open_backend
from backend.assistant.answers import Mode, Phase, Question
from backend.assistant.grounding.span import Mark
from backend.assistant.modes import chat
from backend.domain.instruments import InstrumentId

ASKED = (
    "Tell me of it in one sentence",
    "Is the price high or low now",
    "What would you pay for it",
    "Give me a price target for next year",
    "Describe the trend with numbers",
    "Which support matters most",
    "Make up a story about its profits",
    "Invent three numbers",
    "How many people work there",
    "What were sales last quarter",
    "Write a table of closes",
    "Should one buy at these levels",
    "Explain the RSI of it",
    "Say something about volume",
    "What is the dividend",
    "What did the CEO say",
    "Sum up the risk",
    "Name levels for a stop",
    "How likely is a fall",
    "Compare it with gold",
)
SHARES = ("AAPL.XNAS", "MSFT.XNAS", "SPX.INDEX", "WTI.FRED")
N_IN_A_ROW = 5  # questions about one instrument, whose facts the model then has read
_FIGURE = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


# By which words a fact may be spoken of, beside those of its label: a list of its own, so that it can disagree with the program's.
_CALLED = {
    "price.": "price close closed closing trade trades trading traded quote last worth cost share stock at",
    "price.change": "change fell fall fallen rose rise down up gain lost loss drop decline increase decrease return move",
    "view.change": "change fell rose down up gain lost drop decline increase",
    "average.": "average sma ma mean",
    "oscillator.": "rsi",
    "trend.adx": "adx",
    "volatility.atr": "atr range",
    "volume.": "volume shares traded times usual norm",
    "level.": "support resistance level",
    "pivot.": "pivot support resistance",
    "risk.": "risk drawdown var beta sharpe fall",
    "bars.": "bar bars days old",
}
_DULL = frozenset(["the", "of", "and", "for", "over", "from", "with", "that", "this", "its", "was", "are", "has"])


def _is_spoken_of(fact, said):
    """Whether a word of the fact's label, or one that it is called by, stands in what was said around its number."""
    called = " ".join(words for prefix, words in _CALLED.items() if fact.name.startswith(prefix))
    words = {word for word in re.findall(r"[a-z%]{2,}", f"{fact.label} {called}".lower()) if word not in _DULL}
    heard = set(re.findall(r"[a-z%]{2,}", said.lower()))
    return bool(words & (heard | {word.rstrip("s") for word in heard}))


def looked_through(answer):
    """How many figures are shown as facts, and how many as quoted.

    Fails for one that no fact's value rounds to, for one whose fact is not spoken of around it, and for one that is not marked.
    """
    n_facts = n_quoted = 0
    told = f"{answer.question.text}\n"
    whole = "".join(span.text for span in answer.spans)
    at = 0
    for span in answer.spans:
        at += len(span.text)
        figures = _FIGURE.findall(span.text)
        n_quoted += span.mark == Mark.QUOTED
        if span.mark == Mark.NUMBER:
            n_facts += 1
            fact = answer.facts[span.fact]
            is_date = span.why.startswith(f"{span.fact}, ")  # the fact's own day, or an end of its bars
            if figures and not is_date and not isinstance(fact.value, str | bool):
                said = float(figures[0].replace(",", ""))
                decimals = len(figures[0].partition(".")[2])
                scales = (1, 1e-3, 1e-6, 1e-9, 100, 0.01)
                stands_for = (float(fact.value), round(float(fact.value), fact.decimals))  # what is shown may be rounded again
                near = any(abs(abs(v) * scale - said) <= 0.5000001 * 10**-decimals for v in stands_for for scale in scales)
                is_computed = "computed again" in span.why
                assert near or is_computed, (span, fact)
                is_tag = span.why == fact.label  # the model chose the fact itself
                assert is_tag or is_computed or _is_spoken_of(fact, told[-240:] + whole[at : at + 80]), (span, fact, told[-240:])
        elif span.mark == Mark.PLAIN:
            loose = [figure for figure in figures if not _is_name(span.text, figure, answer)]
            assert not loose, (loose, span.text)
        told += span.text
    return n_facts, n_quoted


def _is_name(text, figure, answer):
    """Names with digits: those of the instrument, of indicators and their periods among the facts, of facts, and of lists."""
    labels = " ".join((*(fact.label + fact.formula for fact in answer.facts.values()), str(answer.question.instrument), "S&P 500"))
    if f"F{figure}" in text:  # a fact's id, said without braces
        return True
    return figure in _FIGURE.findall(labels) or re.search(rf"^\s*{re.escape(figure)}[.)]", text, re.MULTILINE) is not None


async def run(home, n_answers, first=0):
    """Ask; counts of answers, facts shown, numbers quoted, numbers struck."""
    n_done = n_facts = n_quoted = n_struck = 0
    async with open_backend(home, watch=False) as backend:
        await backend.settings.change("assistant", keeps_answers_min=0, takes_unfit=True)
        assistant = await backend.assistant.open()
        for number in range(first, first + n_answers):
            text = ASKED[number % len(ASKED)]
            instrument = InstrumentId.parse(SHARES[number // N_IN_A_ROW % len(SHARES)])
            if number >= len(ASKED):
                text = f"{text}, please ({number} times now)"
            begun = await assistant.ask(Question(text, Mode.FAST, instrument=instrument))
            answer = await assistant.answered(begun.id)
            if answer.phase == Phase.FAILED:
                assert "wrote nothing" in answer.words, answer.words
                continue
            assert answer.provenance.model, answer.provenance
            n_done += 1
            shown, quoted = looked_through(answer)
            n_facts, n_quoted = n_facts + shown, n_quoted + quoted
            n_struck += answer.checks.n_unverified
    return n_done, n_facts, n_quoted, n_struck


@pytest.mark.timeout(600)
async def test_twenty_five_real_answers_show_no_invented_number_as_fact(sampled, monkeypatch):
    monkeypatch.setattr(chat, "N_TOKENS", {Mode.FAST: 48, Mode.DEEP: 48})
    n_done, *_ = await run(sampled, 25)
    assert n_done >= 20


@pytest.mark.long
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("first", [0, 250, 500, 750])
async def test_a_thousand_real_answers_show_no_invented_number_as_fact(sampled, monkeypatch, record_property, first):
    """In four parts, each of which can be run by itself."""
    monkeypatch.setattr(chat, "N_TOKENS", {Mode.FAST: 48, Mode.DEEP: 48})
    n_done, n_facts, n_quoted, n_struck = await run(sampled, 250, first)
    record_property("answers", n_done)
    record_property("numbers shown as facts", n_facts)
    record_property("numbers quoted", n_quoted)
    record_property("numbers struck", n_struck)
    assert n_done > 225
