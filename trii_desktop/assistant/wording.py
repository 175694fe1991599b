"""Words of the dock: modes, phases, values of facts, and how an answer came about."""

import re
from typing import Final

from backend.assistant.answers import Answer, Automatic, Choice, Mode, Phase, Provenance, Reach
from backend.assistant.facts.fact import Fact, FactSet
from backend.assistant.grounding.span import Mark
from backend.assistant.grounding.values import format_fact
from backend.assistant.stages import Stage
from trii_desktop.assistant.markdown.blocks import Run
from trii_desktop.assistant.markdown.parsing import shown_text

MODES: Final = {
    Mode.FAST: ("Fast", "A short answer, at once"),
    Mode.DEEP: ("Deep Thinking", "A longer answer of a larger model"),
    Mode.ANALYSIS: ("Stock Analysis", "Facts, levels and a trade idea of the chart, computed by code"),
    Mode.SEARCH: ("Normal Search", "Instruments, bars, help and history; needs no model"),
}
CHOICES: Final[dict[Choice, tuple[str, str]]] = {
    Automatic.AUTO: ("Automatic", "Each question in the mode that answers it best; the answer says which and why"),
} | dict(MODES.items())
NEEDS_NO_MODEL: Final = frozenset({Mode.ANALYSIS, Mode.SEARCH})
PHASES: Final = {
    Phase.WAITING: "Waiting its turn",
    Phase.COMPUTING: "Computing facts",
    Phase.READING: "Reading",
    Phase.THINKING: "Thinking",
    Phase.WRITING: "Writing",
    Phase.DONE: "Done",
    Phase.STOPPED: "Stopped",
    Phase.FAILED: "Not answered",
}
REACHES: Final = {
    Reach.LOCAL_ONLY: "Only on this computer",
    Reach.PREFER_LOCAL: "Here, else a service",
    Reach.ALLOW_CLOUD: "Services allowed",
}
PLACES: Final = {"code": "computed, no model", "this process": "this computer", "own process": "this computer"}
_TAG: Final = re.compile(r"\{(F\d+)\}")
KEPT: Final = "\u00a0"  # a space at which no line ends


def fact_words(fact: Fact) -> str:
    """A fact's value as it is shown; "not available" where there is none."""
    return shown_text(format_fact(fact))


def number_run(fact_id: str, facts: FactSet) -> Run:
    """The value of a fact as a run that leads to it; an unknown id is shown as unverified."""
    fact = facts.get(fact_id)
    if fact is None:
        return Run(fact_id, Mark.UNVERIFIED)
    return Run(fact_words(fact), Mark.NUMBER, fact.id) if fact.is_available else Run(fact_words(fact), is_italic=True)


def tagged_runs(text: str, facts: FactSet) -> tuple[Run, ...]:
    """Text with tags such as {F12} as runs, each tag as the value of its fact."""
    pieces = _TAG.split(text)  # words, id, words, id, …
    runs = (number_run(piece, facts) if place % 2 else Run(shown_text(piece)) for place, piece in enumerate(pieces))
    return tuple(run for run in runs if run.text)


def seconds_words(time_ms: float) -> str:
    """``85 ms`` or ``1.8 s``."""
    return f"{time_ms:.0f}{KEPT}ms" if time_ms < 1_000 else f"{time_ms / 1_000:.1f}{KEPT}s"


def provenance_words(answer: Answer) -> str:
    """How an answer came about, in one line; empty while that is not known."""
    made = answer.provenance
    if made is None:
        return ""
    parts = [MODES[made.mode][0]]
    if made.model:
        parts.append(made.model)
    parts.append(PLACES.get(made.place, made.place))
    if made.is_cached:
        parts.append("repeated from before")
    elif answer.first_word_ms > 0:
        parts.append(f"first word after {seconds_words(answer.first_word_ms)}, {seconds_words(made.total_ms)} in all")
    elif made.total_ms > 0:
        parts.append(seconds_words(made.total_ms))
    if made.cost_usd > 0:
        parts.append(f"US$ {made.cost_usd:.4f}")
    return " · ".join(parts)


def stages_words(made: Provenance) -> str:
    """How long each stage of an analysis took, and which was cut; empty where there were none."""
    return " · ".join(map(_stage_words, made.stages))


def _stage_words(stage: Stage) -> str:
    if stage.is_cut:
        return f"{stage.name} not there by {seconds_words(stage.due_ms)}, cut"
    return f"{stage.name} {seconds_words(stage.took_ms)}{', late' if stage.is_late else ''}"


def mode_words(answer: Answer) -> str:
    """The mode in which an answer is made; as it was asked, while none is chosen for it yet."""
    asked = answer.question
    if answer.provenance is not None:
        return MODES[answer.provenance.mode][0]
    return CHOICES[asked.choice if answer.phase is Phase.WAITING else asked.mode][0]


def chosen_words(made: Provenance) -> str:
    """Which mode was chosen for a question that left it open, and why; empty where a person chose."""
    return f"Automatic chose {MODES[made.mode][0]}: {made.chosen}" if made.chosen else ""


def checks_words(answer: Answer) -> str:
    """What checking left out or struck through; empty where there is nothing to say."""
    checks, said = answer.checks, []
    if answer.provenance is not None and answer.provenance.is_repeating:
        said.append("Stopped: it repeated itself")
    if checks.n_unverified:
        said.append("1 number is unverified" if checks.n_unverified == 1 else f"{checks.n_unverified} numbers are unverified")
    if checks.n_untrue:
        said.append("1 statement is untrue" if checks.n_untrue == 1 else f"{checks.n_untrue} statements are untrue")
    if checks.n_unjudged:
        said.append("1 statement is not checked" if checks.n_unjudged == 1 else f"{checks.n_unjudged} statements are not checked")
    if checks.n_claims_dropped:
        n = checks.n_claims_dropped
        said.append(f"{'1 claim was' if n == 1 else f'{n} claims were'} left out: untrue or unknown")
    return " · ".join(said)
