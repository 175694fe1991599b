"""A question to the assistant, and its answer as it grows: frozen values that windows and commands show."""

import enum
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from backend.assistant.analysis.card import StockAnalysis
from backend.assistant.engines.engine import Done, Finish
from backend.assistant.facts.fact import BarRange, FactSet
from backend.assistant.grounding.claim import Verdict
from backend.assistant.grounding.span import Checks, Span
from backend.assistant.hits import Hit
from backend.assistant.stages import Stage
from backend.domain.bars import Series
from backend.domain.instruments import InstrumentId

__all__ = [
    "Answer",
    "Automatic",
    "ChartSeen",
    "Checks",
    "Choice",
    "Fault",
    "Mode",
    "Phase",
    "Provenance",
    "Question",
    "Reach",
]


class Mode(enum.StrEnum):
    """How a question is answered."""

    FAST = "fast"
    DEEP = "deep"
    ANALYSIS = "analysis"
    SEARCH = "search"


class Automatic(enum.StrEnum):
    """What a person chooses who leaves the mode of each question to the gateway."""

    AUTO = "auto"


Choice: TypeAlias = Mode | Automatic


def parse_choice(text: str) -> Choice:
    """A mode, or automatic, by its name. Raises ValueError for another one."""
    return Automatic.AUTO if text == Automatic.AUTO else Mode(text)


class Reach(enum.StrEnum):
    """Where answers may be made."""

    LOCAL_ONLY = "local_only"
    PREFER_LOCAL = "prefer_local"
    ALLOW_CLOUD = "allow_cloud"


@dataclass(frozen=True, slots=True)
class ChartSeen:
    """A chart that goes with a question: what it shows, and the visible stretch of time."""

    series: Series
    from_ns: int
    to_ns: int
    studies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    parent : the turn that it follows: empty at the start, None after what is shown last
    in_view : of the chart that is seen, and meant where the question and the conversation name nothing
    is_auto : the gateway chooses; ``mode`` is then what it chose, and says nothing before the answer is under way
    looks : what is to be seen in the chart is asked
    picture : the chart as PNG, for a model that sees; it is not kept with the question
    is_patient : a model may word an analysis as long as it takes
    """

    text: str
    mode: Mode
    conversation: str = ""
    parent: str | None = None
    instrument: InstrumentId | None = None
    chart: ChartSeen | None = None
    is_auto: bool = False
    looks: bool = False
    picture: bytes = b""
    is_patient: bool = False
    in_view: InstrumentId | None = None

    @property
    def choice(self) -> Choice:
        """What the person chose."""
        return Automatic.AUTO if self.is_auto else self.mode

    def chosen(self, choice: Choice) -> "Question":
        """The same, to be answered in another mode."""
        if isinstance(choice, Automatic):
            return replace(self, is_auto=True)
        return replace(self, mode=choice, is_auto=False)


class Phase(enum.StrEnum):
    """How far an answer is."""

    WAITING = "waiting"
    COMPUTING = "computing"
    READING = "reading"  # the model reads its prompt
    THINKING = "thinking"  # it thinks aloud
    WRITING = "writing"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Fault(enum.StrEnum):
    """With what it lies that an answer failed, and so what may help."""

    ASKED = "asked"  # with what was asked: ask otherwise
    NAMED = "named"  # with what was named and is not there
    OUTSIDE = "outside"  # with a model, a disk, a network: it may go well later
    PROGRAM = "program"  # with the program itself


@dataclass(frozen=True, slots=True)
class Provenance:
    """How an answer came about, shown with it and kept: mode, model, place, times, what was sent, and why there.

    place : "code" where no model was needed, else the engine's place
    sent : the messages as they went to the model, whole
    reason : the router's words; chosen : why the gateway chose the mode, empty where a person did
    stages : of an analysis, in the order in which they ended
    """

    mode: Mode
    model: str = ""
    place: str = "code"
    reason: str = ""
    sent: tuple[tuple[str, str], ...] = ()
    first_token_ms: float = 0.0
    total_ms: float = 0.0
    is_cached: bool = False
    is_plain_wording: bool = False
    cost_usd: float = 0.0
    facts_digest: str = ""
    done: Done | None = None
    chosen: str = ""
    stages: tuple[Stage, ...] = ()

    @property
    def cut_wording(self) -> Stage | None:
        """The wording by a model that was not there by its deadline; None where none was cut."""
        return next((stage for stage in self.stages if stage.is_cut and stage.by), None)

    @property
    def is_repeating(self) -> bool:
        """Whether the model was stopped because it said the same again and again."""
        return self.done is not None and self.done.finish is Finish.REPEATED


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """An answer as far as it is; a new value each time it grows. Only checked text stands in ``spans``.

    thought : what the model thought aloud before, its own working and no part of the answer; numbers in it are marked as
        everywhere, and nothing else in it is checked
    thought_ms : how long it thought
    """

    id: str
    conversation: str
    question: Question
    phase: Phase
    spans: tuple[Span, ...] = ()
    facts: FactSet = field(default_factory=lambda: FactSet(()))
    verdicts: tuple[Verdict, ...] = ()
    matches: tuple[BarRange, ...] = ()  # bars that the answer is about, to be shown
    hits: tuple[Hit, ...] = ()  # what a search found, the best first
    analysis: StockAnalysis | None = None
    provenance: Provenance | None = None
    checks: Checks = field(default_factory=Checks)
    words: str = ""  # what it does now, or why it failed
    hint: str = ""
    fault: Fault = Fault.OUTSIDE  # of one that failed
    code: str = ""  # of the error, where it lies with what was asked or named
    version: int = 0
    thought: tuple[Span, ...] = ()
    thought_ms: float = 0.0

    @property
    def text(self) -> str:
        """The text alone."""
        return "".join(span.text for span in self.spans)

    @property
    def first_word_ms(self) -> float:
        """What its model took until the first word, thinking aloud before it included; 0 where no model wrote."""
        made = self.provenance
        return made.first_token_ms + self.thought_ms if made is not None and made.first_token_ms else 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self.phase in {Phase.DONE, Phase.STOPPED, Phase.FAILED}
